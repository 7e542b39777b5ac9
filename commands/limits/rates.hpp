#pragma once
// Limits on failed client authentication and on changes. Taken before any work.
#include "commands/services.hpp"
#include "domain/base/time.hpp"

namespace keyledger::commands {

// ---- failures of clients: by network and by client, on all nodes together -------------------------------------
// Seconds that clients of this network have to wait, as far as this process knows; 0: none. Reads memory alone.
Duration network_retry_after(Services& services, const Caller& caller);
// The same for one client, over all networks. One network alone can't reach this limit, and correct credentials
// always pass: nobody can lock a client out.
Duration client_retry_after(Services& services, const Uuid& client_id);
// Counts a failure, of a client that there is if one is named, and says how to answer it: kInvalidClient, or
// kTooManyAttempts.
asio::awaitable<CommandError> count_client_failure(Services& services, Caller caller,
                                                   std::optional<Uuid> client_id = std::nullopt);

// ---- what somebody changes: by session and by user, on this node -----------------------------------------------
// kTooManyAttempts. Whoever stole one token can't take from its user's other sessions what these may do.
Result<void, CommandError> admit_write(Services& services, const Bearer& bearer);
Result<void, CommandError> admit_refresh(Services& services, const SessionId& session_id);
// The same of a service account that registers applications: as many as a session may change things.
Result<void, CommandError> admit_registration(Services& services, const ServiceAccountId& account_id);
// The same of a client that revokes tokens that the log has no event of. `client_id` may be one of a file.
Result<void, CommandError> admit_revocation(Services& services, std::string_view client_id);

}  // namespace keyledger::commands
