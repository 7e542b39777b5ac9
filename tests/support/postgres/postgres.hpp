#pragma once
// A database for tests, inside the throw-away cluster that KEYLEDGER_TEST_DATABASE_URL names (as a superuser).
//
//     TEST(Store, DoesIt) { PostgresStore store(test::database().service_url()); … }
#include <cstdint>
#include <string>

#include "domain/base/time.hpp"

namespace keyledger::test {

// Fresh, migrated, copied from a template that the first user of the cluster makes; dropped with this object, whoever
// is still connected. Throws std::runtime_error that says what to do when there is no cluster.
class Database {
public:
    Database();
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    // May do everything, also what no attacker should.
    const std::string& owner_url() const { return owner_url_; }
    // A member of keyledger_service, with its rights and no other.
    const std::string& service_url() const { return service_url_; }
    // One statement or several, as the owner; the first field of the first row, or "".
    std::string execute(const std::string& sql) const;
    Instant server_now() const;  // Unix time, by the server's clock

private:
    std::string name_;
    std::string owner_url_;
    std::string service_url_;
};

// The test programme's own: made at first use, dropped when the programme ends. Tests that share it must not assume
// that the log is empty.
Database& database();

// An empty database without any schema.
class EmptyDatabase {
public:
    EmptyDatabase();
    ~EmptyDatabase();
    EmptyDatabase(const EmptyDatabase&) = delete;
    EmptyDatabase& operator=(const EmptyDatabase&) = delete;
    const std::string& owner_url() const { return owner_url_; }
    const std::string& service_url() const { return service_url_; }

private:
    std::string name_;
    std::string owner_url_;
    std::string service_url_;
};

}  // namespace keyledger::test
