#pragma once
// How the ladder (commands/sessions/half_log_in.hpp) begins a session: with the session's own event and, where the
// number of sessions that a user may have at once is limited, with its admission by the stream that all their log-ins
// write.
#include "commands/services.hpp"

namespace keyledger {
struct Session;
struct StartSession;
struct User;
}  // namespace keyledger

namespace keyledger::commands {

// Log-ins of one user at the same moment wait for each other by conflict while there is such a limit.
int attempts_to_begin(const Services& services);

// In a step, after everything was proven. Ends whom the session displaces, in the same append; kTooManySessions where
// the new one is refused. Without a limit it reads nothing.
StepResult start_session(Services& services, Attempt& attempt, StreamOf<Session> session, StreamOf<User> user,
                         const StartSession& command);

}  // namespace keyledger::commands
