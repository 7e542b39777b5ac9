#pragma once
// Keys and claims of access tokens, and tokens forged part by part.
#include <string>
#include <vector>

#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"
#include "security/primitives/base64url.hpp"
#include "security/tokens/jwt.hpp"

namespace keyledger::security {

inline constexpr Instant kTokenNow = Instant::at_ms(1'700'000'000'000);

inline Key token_key(std::string id, SigningAlgorithm algorithm) {
    Key key;
    key.id = std::move(id);
    key.purpose = KeyPurpose::kTokenSigning;
    key.algorithm = name_of(algorithm);
    key.signing = std::make_shared<const SigningKey>(SigningKey::generate(algorithm));
    return key;
}

template <class... Keys>
std::shared_ptr<const Keyring> keyring_with(Keys... keys) {
    std::vector<Key> all;
    (all.push_back(std::move(keys)), ...);
    return std::make_shared<const Keyring>(std::move(all));
}

inline AccessTokenClaims some_claims() {
    return {.issuer = "https://id.example.com",
            .subject = *SubjectId::parse("018bcfe5-6800-7000-8000-000000000001"),
            .audiences = {"https://id.example.com"},
            .client_id = "first-party",
            .session = *SessionId::parse("018bcfe5-6800-7000-8000-000000000002"),
            .token_id = *AccessTokenId::parse("018bcfe5-6800-7000-8000-000000000003"),
            .issued_at = kTokenNow,
            .expires_at = kTokenNow + minutes(5),
            .security_stamp = 7,
            .log_id = *Uuid::parse("018bcfe5-6800-7000-8000-000000000004")};
}

inline constexpr TokenExpectation kOwnApi{.issuer = "https://id.example.com",
                                          .sole_audience = "https://id.example.com"};

// Signs whatever header and payload are given: what an attacker would do who has the key, or none.
inline std::string forged(const std::string& header, const std::string& payload, const SigningKey& key) {
    std::string input = base64url_encode(header) + "." + base64url_encode(payload);
    return input + "." + base64url_encode(key.sign(input));
}

inline std::string header_text(std::string_view algorithm, std::string_view key_id) {
    return R"({"alg":")" + std::string(algorithm) + R"(","kid":")" + std::string(key_id) + R"(","typ":"at+jwt"})";
}

inline std::string payload_of(const std::string& token) {
    std::size_t first = token.find('.');
    return *base64url_decode(std::string_view(token).substr(first + 1, token.find('.', first + 1) - first - 1));
}

}  // namespace keyledger::security
