#pragma once
// Security answers that append nothing: is this token good, who is this? Answered from folds that include everything
// which had been appended before the question, on any node (I8); when the store is away, there is no answer (I12).
#include "commands/services.hpp"

namespace keyledger::commands {

struct Known {
    User user;
    Session session;
};

// The holder of a bearer token; kInvalidToken when it no longer holds.
Answer<Known> who_holds(Services& services, Bearer bearer, Deadline deadline);
// And he must be an administrator; kForbidden otherwise.
Answer<Known> administrator_holding(Services& services, Bearer bearer, Deadline deadline);

// The session of a token and its user, whatever their state.
Answer<Known> session_at_head(Services& services, Uuid session_id, Deadline deadline);
Answer<User> user_at_head(Services& services, Uuid user_id, Deadline deadline);
// The same for the answer to a command that was carried out just now. Where the store can't be read any more it is
// kOutcomeUnknown: "nothing was done" would not be true, and a repeat under the same Idempotency-Key tells.
Answer<User> user_after_command(Services& services, Uuid user_id, Deadline deadline);

}  // namespace keyledger::commands
