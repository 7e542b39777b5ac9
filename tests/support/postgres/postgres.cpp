#include "tests/support/postgres/postgres.hpp"

#include <libpq-fe.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <pqxx/pqxx>
#include <stdexcept>

#include "eventstore/postgres/migrations/migrator.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"
#include "tests/support/postgres/event_macs.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kServiceUser = "keyledger_test_service";
constexpr const char* kServicePassword = "for-throw-away-clusters-only";

std::string cluster_url() {
    const char* url = std::getenv("KEYLEDGER_TEST_DATABASE_URL");
    if (url == nullptr || *url == '\0')
        throw std::runtime_error("KEYLEDGER_TEST_DATABASE_URL is not set: run this through scripts/test, which "
                                 "starts a PostgreSQL for it");
    return url;
}

std::string percent_encoded(const std::string& text) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    for (unsigned char c : text) {
        if (std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.') {
            out += static_cast<char>(c);
        } else {
            out.append(1, '%').append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
        }
    }
    return out;
}

struct As {
    std::string user;
    std::string password;
};
// The cluster's URL with another database, and another user if one is given.
std::string url_of(const std::string& database, const As* as = nullptr) {
    char* error = nullptr;
    const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> options(
        PQconninfoParse(cluster_url().c_str(), &error), PQconninfoFree);
    if (!options) {
        const std::string what = error != nullptr ? error : "out of memory";
        PQfreemem(error);
        throw std::runtime_error("KEYLEDGER_TEST_DATABASE_URL: " + what);
    }
    std::string url = "postgresql:///" + percent_encoded(database);
    char separator = '?';
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        const std::string keyword = option->keyword;
        if (option->val == nullptr || keyword == "dbname") continue;
        if (as != nullptr && (keyword == "user" || keyword == "password")) continue;
        url.append(1, separator).append(keyword).append(1, '=').append(percent_encoded(option->val));
        separator = '&';
    }
    if (as != nullptr)
        url.append(1, separator)
            .append("user=")
            .append(percent_encoded(as->user))
            .append("&password=")
            .append(percent_encoded(as->password));
    return url;
}

std::string service_url_of(const std::string& database) {
    const As service{kServiceUser, kServicePassword};
    return url_of(database, &service);
}

std::string template_name() {
    std::string all;
    for (const auto& migration : eventstore::postgres::migrations()) all.append(migration.up);
    const auto digest = security::sha256(all);
    return "keyledger_template_" + security::hex_encode(security::view_of(digest)).substr(0, 16);
}

// CREATE and DROP DATABASE can't run in a transaction.
void command(pqxx::connection& connection, const std::string& sql) {
    pqxx::nontransaction work(connection);
    work.exec(sql);
}

bool exists(pqxx::connection& connection, const std::string& database) {
    pqxx::nontransaction work(connection);
    return !work.exec_params("select from pg_database where datname = $1", database).empty();
}

// Built under another name and renamed when complete: what carries the name is whole.
void need_template(pqxx::connection& connection, const std::string& name) {
    command(connection, "select pg_advisory_lock(5426354653)");
    if (!exists(connection, name)) {
        const std::string growing = name + "_growing";
        command(connection, "drop database if exists " + growing + " with (force)");
        command(connection, "create database " + growing + " template template0 encoding 'UTF8'");
        eventstore::postgres::Migrator(url_of(growing), event_macs()).up();
        command(connection, "do $$ begin if not exists (select from pg_roles where rolname = '" +
                                std::string(kServiceUser) + "') then create role " + kServiceUser +
                                " login password '" + kServicePassword + "' in role keyledger_service; end if; end $$");
        command(connection, "alter database " + growing + " rename to " + name);
    }
    command(connection, "select pg_advisory_unlock(5426354653)");
}

std::string fresh_name() {
    static std::atomic<int> count{0};
    return "keyledger_test_" + std::to_string(getpid()) + "_" + std::to_string(++count);
}

void create(const std::string& name, const std::string& from) {
    pqxx::connection connection(cluster_url());
    need_template(connection, template_name());
    command(connection, "drop database if exists " + name + " with (force)");
    command(connection, "create database " + name + " template " + from);
}

void drop(const std::string& name) noexcept {
    try {
        pqxx::connection connection(cluster_url());
        command(connection, "drop database if exists " + name + " with (force)");
    } catch (const std::exception& failure) {
        std::cerr << "could not drop " << name << ": " << failure.what() << '\n';
    }
}

}  // namespace

Database::Database() : name_(fresh_name()), owner_url_(url_of(name_)), service_url_(service_url_of(name_)) {
    create(name_, template_name());
}

Database::~Database() { drop(name_); }

std::string Database::execute(const std::string& sql) const {
    pqxx::connection connection(owner_url_);
    pqxx::nontransaction work(connection);
    const pqxx::result rows = work.exec(sql);
    if (rows.empty() || rows[0].size() == 0 || rows[0][0].is_null()) return "";
    return rows[0][0].c_str();
}

Instant Database::server_now() const {
    return Instant::at_ms(std::stoll(execute("select floor(extract(epoch from clock_timestamp()) * 1000)::bigint")));
}

Database& database() {
    static Database shared;
    return shared;
}

EmptyDatabase::EmptyDatabase() : name_(fresh_name()), owner_url_(url_of(name_)), service_url_(service_url_of(name_)) {
    create(name_, "template0");
}

EmptyDatabase::~EmptyDatabase() { drop(name_); }

}  // namespace keyledger::test
