#pragma once
// Log-in without a password, by a link or a code that comes by mail: completed only by who asked, who keeps a handle.
#include "commands/challenges/challenges.hpp"

namespace keyledger::refusals {

inline constexpr Refusal kLogInByMailOff{
    RefusalKind::kForbidden, "log-in-by-mail-off", "Log-in by mail not offered",
    "This installation does not offer to log in by mail in this way. Log in with the password."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

// ask_challenge() of kLogInByLink or kLogInByCode, where that is offered; else kLogInByMailOff.
Answer<AskedChallenge> ask_log_in_by_mail(Services& services, ChallengeAsk ask, Caller caller);

struct MailedLogIn {
    Presented presented;  // of those purposes
    std::optional<std::string> resource{};
    Client client;
};
// Begins a session. Reading somebody's mail is one factor: an account with a second one does not open by it. From where
// it is too risky (AccountServices::refused_risk) it is kNotProven, and the proof is not used up.
Answer<Grant> log_in_by_mail(Services& services, MailedLogIn log_in, Caller caller);

}  // namespace keyledger::commands
