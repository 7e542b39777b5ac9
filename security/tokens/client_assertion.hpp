#pragma once
// JWTs that clients authenticate with (RFC 7523 section 3), read as others write them:
// security/tokens/jose.hpp says what is ignored. Narrower than the standard in one point: the audience is
// one. Pure but for the signature.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/keys/public_key.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxAssertionSize = 8 * 1024;

struct ClientAssertion {
    SigningAlgorithm algorithm = SigningAlgorithm::kEs256;
    std::optional<std::string> key_id = {};  // none: the header names none
    std::string issuer = {};
    std::string subject = {};
    std::string audience = {};
    std::string id = {};  // jti; where there is none, a digest of what is signed stands for it
    Instant expires_at;
    std::optional<Instant> issued_at = {};
    std::optional<Instant> not_before = {};
};

// What it claims, unverified. The error is a sentence for whoever made it, and tells them nothing that they
// did not write.
Result<ClientAssertion, std::string> read_client_assertion(std::string_view assertion);
bool is_signed_by(std::string_view assertion, const PublicKey& key);

}  // namespace keyledger::security
