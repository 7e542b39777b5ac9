#pragma once
// Step-up: whether what a session proved is recent and strong enough for what changes an account or administers others.
// A stolen access token, and a browser that somebody left open, have a log-in of long ago. Pure.
//
//     const StepUpFacts facts{means_of(user), session.proofs};
//     if (step_up(facts, StepUpFor::kAccount, {window, now}) == StepUp::kGranted) …
#include <vector>

#include "domain/base/time.hpp"
#include "domain/ladder/proofs.hpp"
#include "domain/ladder/waits.hpp"

namespace keyledger {

struct User;

// Something that the user can authenticate with whenever they are asked.
struct Means {
    ProofMethod method = ProofMethod::kPassword;
    Instant counts_from;  // before it, it neither is asked for nor suffices
    bool operator==(const Means&) const = default;
};
// Another provider is one for those alone who have nothing of their own, once all that they are linked with counts:
// those with which the account began at once, others after kWaitOfNewFactor.
std::vector<Means> means_of(const User& user);

enum class StepUpFor {
    kAccount,         // password, address, erasure
    kFactors,         // second factors: a recovery code is enough, for the factor may be lost
    kAdministration,  // what administrators configure, and other users
};

struct StepUpFacts {
    std::vector<Means> means;
    std::vector<Proof> proofs;  // of the session, and of the request itself
};
struct StepUpRules {
    Duration window;  // how recent an authentication has to be
    Instant now;
};

enum class StepUp {
    kGranted,
    kNeedsPassword,
    kNeedsSecondFactor,
    kNeedsProvider,  // a log-in by one of those that they are linked with
    kNeedsMeans,     // there is nothing to authenticate with
    kMustWait,       // none of their means counts yet
};

// The strongest of the means that count must have been proven within the window.
StepUp step_up(const StepUpFacts& facts, StepUpFor purpose, const StepUpRules& rules);

}  // namespace keyledger
