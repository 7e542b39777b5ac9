#pragma once
// Internal to security/: the verification of a JOSE signature (RFC 7518 section 3, RFC 8037). Include it in .cpp files
// only.
#include <string_view>

#include "security/keys/signing_key.hpp"
#include "security/primitives/openssl.hpp"

namespace keyledger::security {

bool verify_signature(EVP_PKEY* key, SigningAlgorithm algorithm, std::string_view message, std::string_view signature);

}  // namespace keyledger::security
