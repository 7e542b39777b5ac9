#pragma once
// private_key_jwt (OpenID Connect Core 1.0 section 9, RFC 7523 section 3): a JWT by which the service proves to a
// provider that it is its client. Pure but for the signature, which may take a millisecond.
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "domain/base/secret.hpp"
#include "domain/base/time.hpp"

namespace keyledger::integrations {

inline constexpr std::string_view kClientAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
inline constexpr Duration kClientAssertionLasts = minutes(1);

struct ClientAssertionFacts {
    std::string_view client_id{};
    std::string_view audience{};  // the provider's issuer, as RFC 7523's successor has it
    std::string_view id{};        // that was never used before
    std::string_view key_id{};    // as the provider knows the key; empty: it is not named
    Instant now{};
};
// `pem`: an unencrypted PKCS#8 key, of RSA of 2048 bits, P-256 or Ed25519. The error is a word for logs.
Result<std::string, std::string_view> client_assertion(const Secret& pem, const ClientAssertionFacts& facts);

}  // namespace keyledger::integrations
