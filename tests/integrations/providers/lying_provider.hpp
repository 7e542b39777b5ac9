#pragma once
// A provider of OpenID Connect that tells the truth, but for what a test has it say otherwise.
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "domain/base/time.hpp"
#include "security/keys/signing_key.hpp"
#include "tests/support/raw_server/http_exchange.hpp"

namespace keyledger::test {

class LyingProvider {
public:
    using Json = std::map<std::string, std::string>;  // texts of JSON by name; empty: left out
    // What it says instead. Changed between requests alone.
    struct Lies {
        Json metadata{};
        Json claims{};
        Json tokens{};  // of the token endpoint's answer
        Json user_info{};
        std::string token_header{};           // the whole of it
        std::string key_id{};                 // of every key
        std::string token_status = "200 OK";  // and of the answer
        std::string user_info_status = "200 OK";
        std::string user_info_body{};
        std::string status = "200 OK";  // of metadata and keys
        std::string body{};             // of every answer
        bool lets_wait = false;         // says nothing at all
    };

    explicit LyingProvider(Instant now);

    std::string issuer() const { return "http://127.0.0.1:" + server_.port(); }
    std::string host() const { return "127.0.0.1:" + server_.port(); }
    // What it was asked so far: paths; and the last form of the token endpoint, and Authorization of it or userinfo.
    int asked(const std::string& path);
    std::map<std::string, std::string> last_form();
    std::string last_authorization();
    // Another key, by another name, from now on; the one before is gone.
    void rotate_key();
    void set_nonce(std::string nonce);

    Lies lies;

private:
    void serve(RawConnection& connection);
    std::string answer_to(const HttpRequest& request);
    std::string metadata() const;
    std::string id_token() const;

    const Instant now_;
    mutable std::mutex mutex_;
    int generation_ = 1;
    security::SigningKey key_ = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
    std::string nonce_;
    std::map<std::string, int> asked_;
    HttpRequest last_token_request_;
    RawServer server_;  // last: ended first
};

}  // namespace keyledger::test
