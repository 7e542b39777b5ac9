#pragma once
// The ladder from proofs to a session: the one function by which every way in ends, whatever was proven first, for the
// API and for pages alike. Pure.
//
//     nothing that counts proven first            refused: kNothingProven
//     not active                                  refused: kUserDisabled
//     the user has a second factor                needs one of its kinds, until one of them is proven
//       but their stream of factors tells none    refused: kFactorsMissing
//     has none, and the policy demands none       granted
//     has none, and the policy demands one        must enrol one; until the grace is over granted, with a date
//
// Whoever has a second factor is always asked for it: a policy demands more, never less. A passkey is something to
// begin with and a second factor in one.
#include <optional>
#include <variant>
#include <vector>

#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"
#include "domain/factors/factors.hpp"
#include "domain/ladder/proofs.hpp"
#include "domain/ladder/second_factor_policy.hpp"
#include "domain/users/user.hpp"

namespace keyledger {

// ---- what is known of this attempt -----------------------------------------------------------------------------
// The facts of this attempt, as far as policy asks for them. Where they come from memory that may be behind, they
// demand a factor and never refuse.
struct LoginCircumstances {
    enum class Device { kKnown, kNew };
    Device device = Device::kKnown;
    std::int64_t risk = 0;        // 0 to 100
    std::vector<RoleId> roles{};  // that the user has, by groups too
    Instant now;
};

// ---- what follows ----------------------------------------------------------------------------------------------
struct Granted {
    std::optional<Instant> enrol_before{};  // of whoever must have a second factor by then
    bool operator==(const Granted&) const = default;
};
struct NeedsProof {  // one of them
    std::vector<ProofMethod> methods;
    bool operator==(const NeedsProof&) const = default;
};
struct MustEnrol {  // one of them
    std::vector<FactorKind> kinds;
    bool operator==(const MustEnrol&) const = default;
};
struct LadderRefused {
    RefusalRef why;
    bool operator==(const LadderRefused&) const = default;
};
using NextStep = std::variant<Granted, NeedsProof, MustEnrol, LadderRefused>;

namespace refusals {
// The user's own stream says that there are factors, and theirs is empty: somebody hides it.
inline constexpr Refusal kFactorsMissing = told_as(kCredentialTampered);
// A second factor alone is nobody's: a bug of whoever asks.
inline constexpr Refusal kNothingProven = told_as(kBroken);
}  // namespace refusals

NextStep next_step(const User& user, const Factors& factors, const SecondFactorPolicy& policy,
                   const std::vector<Proof>& proven, const LoginCircumstances& circumstances);

}  // namespace keyledger
