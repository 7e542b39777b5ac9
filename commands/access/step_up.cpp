#include "commands/access/step_up.hpp"

#include "commands/account_services.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {
namespace {

// A token has whole seconds.
bool is_of(const Bearer& bearer, const Proof& proof) {
    return proof.at.whole_seconds() <= bearer.issued_at.whole_seconds();
}

}  // namespace

Result<void, CommandError> require_step_up(const Attempt& attempt, const ActorStreams& actor, const Bearer& bearer,
                                           const Services& services, StepUpFor purpose,
                                           const std::vector<ProofMethod>& proven_now) {
    return steps_up(attempt.state(actor.session), attempt.state(actor.user), bearer, services, purpose, proven_now);
}

Result<void, CommandError> steps_up(const Session& session, const User& user, const Bearer& bearer,
                                    const Services& services, StepUpFor purpose,
                                    const std::vector<ProofMethod>& proven_now) {
    const StepUpRules rules{services.accounts.step_up_window, services.clock.now()};
    StepUpFacts facts{means_of(user), {}};
    for (const Proof& proof : session.proofs)
        if (is_of(bearer, proof)) facts.proofs.push_back(proof);
    for (const ProofMethod method : proven_now) facts.proofs.push_back({method, rules.now});
    Result<void, CommandError> verdict;
    switch (step_up(facts, purpose, rules)) {
        case StepUp::kGranted: break;
        case StepUp::kNeedsPassword: verdict = Unexpected(refusals::kPasswordNotRecent); break;
        case StepUp::kNeedsSecondFactor: verdict = Unexpected(refusals::kSecondFactorNotRecent); break;
        case StepUp::kNeedsProvider: verdict = Unexpected(refusals::kProviderNotRecent); break;
        case StepUp::kNeedsMeans: verdict = Unexpected(refusals::kNothingToStepUpBy); break;
        case StepUp::kMustWait: verdict = Unexpected(refusals::kMeansTooYoung); break;
    }
    return verdict;
}

}  // namespace keyledger::commands
