#pragma once
// Whoever reads the mail of an account opens it where strangers' guesses have closed it. Nobody learns by asking
// whether it is closed, or whose it is.
#include "commands/challenges/challenges.hpp"

namespace keyledger::commands {

// In a step behind such a proof: what strangers tried counts no longer.
StepResult unlock_proven(Services& services, Attempt& attempt, const UserId& user_id);

// `presented`: of purpose kUnlock.
Answer<Receipt> unlock_by_mail(Services& services, Presented presented, Caller caller);

}  // namespace keyledger::commands
