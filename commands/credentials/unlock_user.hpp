#pragma once
#include "commands/services.hpp"

namespace keyledger::commands {

// Lets a user try their password again from every network; does nothing if nothing failed. Takes kWriteUsers, and
// authority over all that they hold.
Answer<Receipt> unlock_user(Services& services, Bearer bearer, UserId user_id, Caller caller);
// The same at the machine, by its operator: the way out for the only administrator. kUserUnknown.
Answer<Receipt> unlock_user_as_operator(Services& services, UserId user_id, Caller caller);

}  // namespace keyledger::commands
