#pragma once
// JWTs that clients authenticate with (RFC 7523 section 3), read strictly: a header of `alg` and, if at all, `kid` and
// `typ`; strict base64url; no member twice; one audience; times in whole seconds. Pure but for the signature.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "security/public_key.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxAssertionSize = 8 * 1024;

struct ClientAssertion {
    SigningAlgorithm algorithm = SigningAlgorithm::kEs256;
    std::string key_id = {};  // empty: the header names none
    std::string issuer = {};
    std::string subject = {};
    std::string audience = {};
    std::string id = {};
    std::int64_t expires_at_ms = 0;
    std::optional<std::int64_t> issued_at_ms = {};
    std::optional<std::int64_t> not_before_ms = {};
};

// What it claims, unverified.
std::optional<ClientAssertion> read_client_assertion(std::string_view assertion);
bool is_signed_by(std::string_view assertion, const PublicKey& key);

}  // namespace keyledger::security
