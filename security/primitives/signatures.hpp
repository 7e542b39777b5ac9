#pragma once
// Internal to security/: the verification of a JOSE signature (RFC 7518 section 3, RFC 8037). Include it in .cpp files
// only.
#include <string_view>

#include "security/keys/signing_key.hpp"
#include "security/primitives/openssl.hpp"

namespace keyledger::security {

bool verify_signature(EVP_PKEY* key, SigningAlgorithm algorithm, std::string_view message, std::string_view signature);
// PS256 (RFC 7518 section 3.5): by an RSA key, with SHA-256 for all, and a salt as long as that.
bool verify_pss_signature(EVP_PKEY* key, std::string_view message, std::string_view signature);

}  // namespace keyledger::security
