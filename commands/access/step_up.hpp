#pragma once
// Step-up in commands: the rule is domain/ladder/step_up.hpp's. Commands ask it themselves, of the streams that they
// guard, so that no route can forget it.
#include "commands/access/authority.hpp"
#include "domain/ladder/step_up.hpp"

namespace keyledger::refusals {

constexpr Refusal step_up_required(std::string_view advice) {
    return Refusal(RefusalKind::kForbidden, "step-up-required", "Recent authentication required", advice);
}
inline constexpr Refusal kPasswordNotRecent = step_up_required(
    "This takes an authentication of the last minutes. Send the password to /api/v1/auth/reauthenticate, and this "
    "request again with the token that it gives.");
inline constexpr Refusal kSecondFactorNotRecent = step_up_required(
    "This takes an authentication of the last minutes by your second factor. Send password and code to "
    "/api/v1/auth/reauthenticate, and this request again with the token that it gives.");
inline constexpr Refusal kProviderNotRecent = step_up_required(
    "This takes an authentication of the last minutes. Log in by your provider again (an application asks for that by "
    "prompt=login), and send this request again with a token of that log-in.");
inline constexpr Refusal kNothingToStepUpBy = step_up_required(
    "You have neither password nor second factor. Set a password by mail: a day later it suffices for this.");
inline constexpr Refusal kMeansTooYoung = step_up_required(
    "Your password was set by mail less than a day ago, and does not suffice for this yet; a second factor that was "
    "enrolled with such a password, and an account at another provider that was linked, do after a week. Wait, or ask "
    "an administrator for another password.");

}  // namespace keyledger::refusals

namespace keyledger::commands {

// One of the five above, unless the bearer's session proved enough within the window that is set. What was proven after
// the token was made does not count for it: whoever stole it gains nothing from what its owner proves later.
// `proven_now`: what this very request proves, for a command that goes on to check it.
Result<void, CommandError> require_step_up(const Attempt& attempt, const ActorStreams& actor, const Bearer& bearer,
                                           const Services& services, StepUpFor purpose,
                                           const std::vector<ProofMethod>& proven_now = {});
// The same on folds, for answers that append nothing.
Result<void, CommandError> steps_up(const Session& session, const User& user, const Bearer& bearer,
                                    const Services& services, StepUpFor purpose,
                                    const std::vector<ProofMethod>& proven_now = {});

}  // namespace keyledger::commands
