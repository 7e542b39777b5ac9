#pragma once
// The public key of a passkey: COSE (RFC 9052 section 7, RFC 9053, RFC 8230) for ES256, RS256 and Ed25519. It has the
// members that its type must have, and none besides (Web Authentication section 6.5.1). Kept as a JWK, so that it is
// judged by the one function that judges keys of others (security/keys/public_key.hpp).
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "security/keys/public_key.hpp"
#include "security/webauthn/cbor.hpp"
#include "security/webauthn/ceremony_error.hpp"

namespace keyledger::security {

// IANA's registry "COSE Algorithms", in the order in which they are offered.
inline constexpr std::int64_t kCoseEs256 = -7;
inline constexpr std::int64_t kCoseEdDsa = -8;
inline constexpr std::int64_t kCoseRs256 = -257;
inline constexpr std::int64_t kOfferedCoseAlgorithms[] = {kCoseEs256, kCoseEdDsa, kCoseRs256};

std::int64_t cose_algorithm(SigningAlgorithm algorithm);

// The JWK of it; the key itself is not judged yet.
Result<std::string, CeremonyError> jwk_of_cose(const CborValue& key);
// Takes milliseconds: never on an I/O thread.
Result<PublicKey, CeremonyError> judged_key(std::string_view jwk);

// As authenticators sign: ES256 in DER (section 6.5.5), in no other form than DER's own.
bool verify_as_authenticator(const PublicKey& key, std::string_view message, std::string_view signature);

}  // namespace keyledger::security
