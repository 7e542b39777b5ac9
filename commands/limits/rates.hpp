#pragma once
// How often clients may fail to prove who they are, and how often somebody may change something. Before any work.
#include "commands/services.hpp"

namespace keyledger::commands {

// ---- failures of clients: by network and by account, on all nodes together -------------------------------------
// Seconds that others of this network have to wait, as far as this process knows; 0: none. Asks nobody.
std::int64_t wait_for_clients_of(Services& services, const Caller& caller);
// The same of who says to be this account, from wherever. No network fills that alone, and what is right passes: nobody
// keeps an account out.
std::int64_t wait_for_account(Services& services, const Uuid& account_id);
// Counts a failure, of an account that there is if one is named, and says how to answer it: kInvalidClient, or
// kTooManyAttempts.
asio::awaitable<CommandError> count_client_failure(Services& services, Caller caller,
                                                   std::optional<Uuid> account_id = std::nullopt);

// ---- what somebody changes: by session and by user, on this node -----------------------------------------------
// kTooManyAttempts. Whoever stole one token can't take from its user's other sessions what these may do.
Result<void, CommandError> take_write(Services& services, const Bearer& bearer);
Result<void, CommandError> take_refresh(Services& services, const Uuid& session_id);

}  // namespace keyledger::commands
