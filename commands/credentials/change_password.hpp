#pragma once
#include "commands/services.hpp"

namespace keyledger::commands {

struct PasswordChange {
    Bearer bearer;
    Secret current_password;
    Secret new_password;
};

// Ends every other session of the user in the same event. A wrong current password counts as a failed log-in: a stolen
// access token is no licence to guess.
Answer<Receipt> change_password(Services& services, PasswordChange change, Caller caller);

}  // namespace keyledger::commands
