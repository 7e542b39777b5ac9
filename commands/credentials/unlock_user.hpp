#pragma once
#include "commands/services.hpp"

namespace keyledger::commands {

// Lets somebody try their password again from everywhere; nothing to do where nothing failed. Takes kWriteUsers, and
// authority over all that they hold.
Answer<Done> unlock_user(Services& services, Bearer bearer, Uuid user_id, Caller caller);
// The same at the machine, by its operator: the way out for the only administrator. kUserUnknown.
Answer<Done> unlock_user_as_operator(Services& services, Uuid user_id, Caller caller);

}  // namespace keyledger::commands
