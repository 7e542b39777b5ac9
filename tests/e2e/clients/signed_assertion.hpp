#pragma once
// What clients sign to prove who they are (RFC 7523).
#include <string>

#include "security/keys/signing_key.hpp"
#include "security/primitives/base64url.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {

inline constexpr const char* kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// Signs what a client would, with its claims replaced.
struct Assertion {
    std::string account;
    std::string id = unique("assertion");
    std::string audience = std::string("\"") + kIssuer + "\"";
    std::int64_t lives_s = 60;
    std::string header = {};  // what it says beside `alg`, from a comma on
    std::string claims = {};  // and beside the usual claims

    std::string by(const security::SigningKey& key, std::int64_t now_s) const {
        const std::string start = R"({"alg":")" + std::string(name_of(key.algorithm())) + "\"" + header + "}";
        const std::string payload = R"({"iss":")" + account + R"(","sub":")" + account + R"(","aud":)" + audience +
                                    R"(,"jti":")" + id + R"(","iat":)" + std::to_string(now_s) + R"(,"exp":)" +
                                    std::to_string(now_s + lives_s) + claims + "}";
        const std::string text = security::base64url_encode(start) + "." + security::base64url_encode(payload);
        return watch_secret(text + "." + security::base64url_encode(key.sign(text)));
    }
};
inline std::string jwk_of(const security::SigningKey& key) {
    std::string text;
    for (const auto& [name, value] : key.public_members())
        text += (text.empty() ? "{\"" : ",\"") + name + "\":\"" + value + "\"";
    return text + "}";
}

}  // namespace keyledger::test
