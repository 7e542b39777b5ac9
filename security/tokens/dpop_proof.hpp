#pragma once
// Proofs that somebody holds a key (DPoP, RFC 9449 section 4.2): JWTs that carry the public half of it, and are bound
// to one request. Here is what follows from the text alone; what it is held against, commands/clients/dpop.hpp says.
// Pure but for the signature.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/keys/public_key.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxProofSize = 6 * 1024;

struct ProofOfPossession {
    std::string jwk = {};         // the key's required members, in the form that is hashed
    std::string thumbprint = {};  // RFC 7638, base64url
    std::string id = {};          // jti
    std::string method = {};      // htm
    std::string uri = {};         // htu, as it stands there
    Instant made_at;              // iat
    std::optional<std::string> nonce = {};
    std::optional<std::string> token_digest = {};  // ath
};

// What it claims, unverified, and not yet of a key that is any good. The error is a sentence for whoever made it.
Result<ProofOfPossession, std::string> read_dpop_proof(std::string_view proof);
// Under the key of its own jwk.
bool proof_is_signed_by(std::string_view proof, const PublicKey& key);

// JOSE's names of what may sign one.
std::vector<std::string> dpop_algorithms();

}  // namespace keyledger::security
