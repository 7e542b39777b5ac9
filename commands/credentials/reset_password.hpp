#pragma once
// A new password for whoever reads the mail of the address, in place of the old one.
#include "commands/challenges/challenges.hpp"
#include "commands/factors/presented_factor.hpp"

namespace keyledger::refusals {

// Whoever reads somebody's mail has one factor, and takes no account that has two; but a second one that was enrolled
// within the last days by no more than the password does not count.
inline constexpr Refusal kResetNeedsFactor{
    RefusalKind::kForbidden, "second-factor-needed", "Second factor needed",
    "This account has a second factor: send a code of it, or a recovery code, along. Who has neither asks an "
    "administrator."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

struct PasswordReset {
    Presented presented;  // of purpose kResetPassword
    Secret new_password;
    std::optional<PresentedFactor> factor{};  // of whoever has a second factor
};

// Ends all sessions, and what had locked the account. The password is judged only behind the proof, for what it is
// compared with tells of the user; the proof is not used up by one that is refused. kNotProven, kResetNeedsFactor,
// kWrongSecondFactor, kTooManyAttempts; kFactorUnknown: a factor was presented, and there is none that counts.
Answer<Receipt> reset_password(Services& services, PasswordReset reset, Caller caller);

}  // namespace keyledger::commands
