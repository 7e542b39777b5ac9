#pragma once
#include "commands/services.hpp"

namespace keyledger::commands {

// The same password, hashed under today's parameters. After a good log-in; a failure is no failure of the log-in, and
// a password that was changed in between stays as it was changed.
asio::awaitable<void> renew_password_hash(Services& services, UserId user_id, Secret password, Caller caller);

}  // namespace keyledger::commands
