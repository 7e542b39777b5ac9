#pragma once
// What tokens and introspection tell of proofs: `amr`, `auth_time` and `acr` (OpenID Connect Core section 2, RFC 9068
// section 2.2.1, RFC 9470). Pure.
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/time.hpp"
#include "domain/ladder/proofs.hpp"

namespace keyledger {

// The values of `acr`: how many factors, as NIST SP 800-63B-4 counts its levels and other services number theirs. A
// code by mail alone is one; a recovery code stands for the second factor that is not at hand. A passkey is both.
inline constexpr std::string_view kOneFactor = "1";
inline constexpr std::string_view kTwoFactors = "2";

struct Assurance {
    std::string_view level;            // kOneFactor or kTwoFactors
    Instant authenticated_at;          // not set: nothing is known to have been proven
    std::vector<ProofMethod> methods;  // each once, in the order in which they were proven
    bool operator==(const Assurance&) const = default;
};

// The time is that of the newest proof that makes the level: a password of now does not renew a second factor of
// before.
Assurance assurance_of(const std::vector<Proof>& proofs);

// As `amr` has them: of two factors also "mfa" (RFC 8176 section 2), which is what many resource servers look for.
std::vector<std::string> method_names(const Assurance& assurance);

}  // namespace keyledger
