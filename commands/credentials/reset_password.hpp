#pragma once
// A new password for whoever reads the mail of the address, in place of the old one.
#include "commands/challenges/challenges.hpp"

namespace keyledger::refusals {

// Whoever reads somebody's mail has one factor, and takes no account that has two; but a second one that was enrolled
// within the last days by no more than the password does not count.
inline constexpr Refusal kResetNeedsFactor{
    RefusalKind::kForbidden, "second-factor-needed", "Second factor needed",
    "This account has a second factor. Log in with it, or ask an administrator to help."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

struct PasswordReset {
    Presented presented;  // of purpose kResetPassword
    Secret new_password;
};

// Ends all sessions, and what had locked the account. The password is judged only behind the proof, for what it is
// compared with tells of the user; the proof is not used up by one that is refused.
Answer<Receipt> reset_password(Services& services, PasswordReset reset, Caller caller);

}  // namespace keyledger::commands
