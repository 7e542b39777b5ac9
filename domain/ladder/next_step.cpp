#include "domain/ladder/next_step.hpp"

#include <algorithm>

namespace keyledger {
namespace {

enum class Rung { kFirst, kSecond };

constexpr bool reaches(ProofMethod method, Rung rung) {
    switch (method) {
        case ProofMethod::kPassword:
        case ProofMethod::kProvider:
        case ProofMethod::kMail: return rung == Rung::kFirst;
        case ProofMethod::kTotp:
        case ProofMethod::kRecoveryCode: return rung == Rung::kSecond;
        case ProofMethod::kPasskey: return true;
    }
    return false;
}

bool reached(const std::vector<Proof>& proven, Rung rung) {
    return std::ranges::any_of(proven, [rung](const Proof& proof) { return reaches(proof.method, rung); });
}

bool is_demanded(const SecondFactorPolicy& policy, const LoginCircumstances& circumstances) {
    const auto has = [&](const RoleId& role) {
        return std::ranges::find(circumstances.roles, role) != circumstances.roles.end();
    };
    return policy.of_all == SecondFactorPolicy::Demand::kOfEverybody || std::ranges::any_of(policy.of_roles, has) ||
           (policy.of_new_devices == SecondFactorPolicy::NewDevices::kDemand &&
            circumstances.device == LoginCircumstances::Device::kNew) ||
           (policy.from_risk && circumstances.risk >= *policy.from_risk);
}

NextStep with_factors(const Factors& factors, const std::vector<Proof>& proven) {
    if (factors.enrolled.empty()) return LadderRefused{refusals::kFactorsMissing};
    if (reached(proven, Rung::kSecond)) return Granted{};
    const auto has = [&](FactorKind kind) {
        return std::ranges::find(factors.enrolled, kind, &Factors::Enrolled::kind) != factors.enrolled.end();
    };
    std::vector<ProofMethod> methods;
    if (has(FactorKind::kPasskey)) methods.push_back(ProofMethod::kPasskey);
    if (has(FactorKind::kTotp)) methods.push_back(ProofMethod::kTotp);
    if (!factors.recovery_codes.empty()) methods.push_back(ProofMethod::kRecoveryCode);
    return NeedsProof{std::move(methods)};
}

}  // namespace

NextStep next_step(const User& user, const Factors& factors, const SecondFactorPolicy& policy,
                   const std::vector<Proof>& proven, const LoginCircumstances& circumstances) {
    if (!reached(proven, Rung::kFirst)) return LadderRefused{refusals::kNothingProven};
    if (user.status != User::Status::kActive) return LadderRefused{refusals::kUserDisabled};
    if (user.second_factor == User::SecondFactor::kOn || !factors.enrolled.empty())
        return with_factors(factors, proven);
    if (!is_demanded(policy, circumstances)) return Granted{};
    const Instant grace_ends = std::max(user.registered_at, policy.since) + policy.grace;
    if (circumstances.now < grace_ends) return Granted{grace_ends};
    return MustEnrol{{FactorKind::kTotp}};
}

}  // namespace keyledger
