#pragma once
#include "commands/services.hpp"

namespace keyledger::commands {

// Somebody lost app and recovery codes: an administrator takes all second factors off, and whoever has the password
// gets in. Takes kWriteUsers, and no permission of the target's that the actor lacks. Quiet where there is none.
// kForbidden, kExceedsAuthority, kUserUnknown.
Answer<Receipt> reset_second_factor(Services& services, Bearer bearer, UserId user_id, Caller caller);

}  // namespace keyledger::commands
