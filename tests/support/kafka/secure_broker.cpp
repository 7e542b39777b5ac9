#include "tests/support/kafka/secure_broker.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

namespace keyledger::test {
namespace {

std::string value_in(const std::string& answer, const std::string& name) {
    std::istringstream lines(answer);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
    throw std::runtime_error("scripts/services did not start a secure broker: " + answer);
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

}  // namespace

// ctest runs in the repository's root.
std::string SecureBroker::run(const std::string& words) {
    std::FILE* pipe = popen(("scripts/services " + words + " 2>&1").c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("no shell");
    std::string answer;
    char text[256];
    while (std::fgets(text, sizeof text, pipe) != nullptr) answer += text;
    if (pclose(pipe) != 0) throw std::runtime_error("scripts/services " + words + ": " + answer);
    return answer;
}

SecureBroker::SecureBroker() {
    std::string name = std::filesystem::temp_directory_path() / "keyledger-secure-broker-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no directory for a broker");
    directory_ = name;
    const std::string answer = run("start secure-kafka '" + directory_ + "/kafka'");
    brokers_ = value_in(answer, "KAFKA_BROKERS");
    tls_brokers_ = value_in(answer, "KAFKA_TLS_BROKERS");
}

SecureBroker::~SecureBroker() {
    try {
        run("drop kafka '" + directory_ + "/kafka'");
    } catch (const std::exception& error) {
        std::fputs(error.what(), stderr);
    }
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

std::string SecureBroker::password_of(const std::string& user) const {
    std::ifstream in(path(user + ".password"));
    std::string password;
    std::getline(in, password);
    return password;
}

Settings SecureBroker::as(const std::string& user, const std::string& mechanism) const {
    return {{"security.protocol", "sasl_ssl"},
            {"sasl.mechanism", mechanism},
            {"sasl.username", user},
            {"sasl.password", password_of(user)},
            {"ssl.ca.location", path("ca.pem")}};
}

Settings SecureBroker::by_certificate() const {
    return {{"security.protocol", "ssl"},
            {"ssl.ca.location", path("ca.pem")},
            {"ssl.certificate.location", path("keyledger.crt")},
            {"ssl.key.location", path("keyledger.key")}};
}

void SecureBroker::apply_documented_acls(const Settings& replacements) const {
    std::ifstream in("docs/operations.md");
    int count = 0;
    for (std::string line; std::getline(in, line);) {
        const auto command = line.find("kafka-acls --add ");
        if (command == line.npos) continue;
        std::string words = line.substr(command + std::string("kafka-acls ").size());
        for (const auto& [from, to] : replacements) replace_all(words, from, to);
        run("acls '" + directory_ + "/kafka' " + words);
        ++count;
    }
    if (count == 0) throw std::runtime_error("docs/operations.md has no kafka-acls commands");
}

}  // namespace keyledger::test
