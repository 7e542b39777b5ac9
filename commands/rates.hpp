#pragma once
// How often clients may fail to prove who they are, and how often somebody may change something. Before any work.
#include "commands/services.hpp"

namespace keyledger::commands {

// ---- failures of clients: by network, on all nodes together ----------------------------------------------------
// Seconds that others of this network have to wait, as far as this process knows; 0: none. Asks nobody.
std::int64_t wait_for_clients_of(Services& services, const Caller& caller);
// Counts a failure, and says how to answer it: kInvalidClient, or kTooManyAttempts.
asio::awaitable<CommandError> count_client_failure(Services& services, Caller caller);

// ---- what somebody changes: by session and by user, on this node -----------------------------------------------
// kTooManyAttempts. Whoever stole one token can't take from its user's other sessions what these may do.
Result<void, CommandError> take_write(Services& services, const Bearer& bearer);
Result<void, CommandError> take_refresh(Services& services, const Uuid& session_id);

}  // namespace keyledger::commands
