#pragma once
// A broker of the test's own that speaks TLS, wants SASL or a client's certificate, and lets nobody do what
// no access control list allows. Users: admin (PLAIN), keyledger (PLAIN, SCRAM, or by certificate), consumer
// (SCRAM).
#include <string>
#include <vector>

#include "tests/support/kafka/kafka.hpp"

namespace keyledger::test {

class SecureBroker {
public:
    // By scripts/services; throws std::runtime_error with its words.
    SecureBroker();
    ~SecureBroker();
    SecureBroker(const SecureBroker&) = delete;
    SecureBroker& operator=(const SecureBroker&) = delete;

    const std::string& brokers() const { return brokers_; }          // SASL_SSL
    const std::string& tls_brokers() const { return tls_brokers_; }  // SSL, by the client's certificate
    // Of the folder with certificates, keys and passwords: "ca.pem", "keyledger.crt", "keyledger.key", ...
    std::string path(const std::string& file) const { return directory_ + "/kafka/tls/" + file; }
    std::string password_of(const std::string& user) const;
    // librdkafka's properties.
    Settings as(const std::string& user, const std::string& mechanism = "SCRAM-SHA-512") const;
    Settings by_certificate() const;
    // Every `kafka-acls` command of docs/operations.md, with the words `from` replaced by `to`.
    void apply_documented_acls(const Settings& replacements) const;

private:
    static std::string run(const std::string& words);

    std::string directory_;
    std::string brokers_;
    std::string tls_brokers_;
};

}  // namespace keyledger::test
