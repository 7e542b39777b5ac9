#include "domain/ladder/step_up.hpp"

#include <algorithm>

#include "domain/users/user.hpp"

namespace keyledger {
namespace {

// What proves more. Mail and recovery codes are nobody's means: those come by mail, and these are used up.
int strength_of(ProofMethod method) {
    switch (method) {
        case ProofMethod::kTotp:
        case ProofMethod::kPasskey: return 2;
        case ProofMethod::kPassword:
        case ProofMethod::kProvider: return 1;
        case ProofMethod::kMail:
        case ProofMethod::kRecoveryCode: return 0;
    }
    return 0;
}

bool proves_now(const StepUpFacts& facts, ProofMethod method, const StepUpRules& rules) {
    return std::ranges::any_of(facts.proofs, [&](const Proof& proof) {
        return proof.method == method && rules.now - proof.at <= rules.window;
    });
}

// A proof does not say by which of the identities it was made, so none of them counts before all do: else whoever
// linked what is theirs just now would step up by it, beside the one with which the account began.
Instant counts_from(const User& user) {
    Instant from;
    for (const LinkedIdentity& identity : user.identities)
        if (identity.linked_by != LinkedBy::kRegistration) from = std::max(from, identity.linked_at + kWaitOfNewFactor);
    return from;
}

}  // namespace

std::vector<Means> means_of(const User& user) {
    std::vector<Means> means;
    if (!user.credential_id.is_nil()) means.push_back({ProofMethod::kPassword, user.password_counts_from});
    if (user.second_factor == User::SecondFactor::kOn)
        means.push_back({ProofMethod::kTotp, user.second_factor_counts_from});
    if (means.empty() && !user.identities.empty()) means.push_back({ProofMethod::kProvider, counts_from(user)});
    return means;
}

StepUp step_up(const StepUpFacts& facts, StepUpFor purpose, const StepUpRules& rules) {
    if (facts.means.empty()) return StepUp::kNeedsMeans;
    const Means* strongest = nullptr;
    for (const Means& means : facts.means) {
        if (rules.now < means.counts_from) continue;
        if (strongest == nullptr || strength_of(means.method) > strength_of(strongest->method)) strongest = &means;
    }
    if (strongest == nullptr) return StepUp::kMustWait;
    if (proves_now(facts, strongest->method, rules)) return StepUp::kGranted;
    if (strongest->method == ProofMethod::kPassword) return StepUp::kNeedsPassword;
    if (strongest->method == ProofMethod::kProvider) return StepUp::kNeedsProvider;
    // The user's stream says that there is a second factor, and not of which kinds.
    if (proves_now(facts, ProofMethod::kPasskey, rules)) return StepUp::kGranted;
    // Codes are made with the factor, and count when it does.
    const bool is_lost = purpose == StepUpFor::kFactors && proves_now(facts, ProofMethod::kRecoveryCode, rules);
    return is_lost ? StepUp::kGranted : StepUp::kNeedsSecondFactor;
}

}  // namespace keyledger
