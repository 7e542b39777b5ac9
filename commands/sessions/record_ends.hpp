#pragma once
// The end of a session that an application holds, told by the session's own stream: it was over when what it rested on
// was (domain/sessions/grounds.hpp). So consumers of the log, and the application itself (OpenID Connect Back-Channel
// Logout 1.0), hear of each session by one event, whatever ended it.
#include "commands/services.hpp"

namespace keyledger::commands {

// For the reactor, which acts for nobody. Appends nothing where everything that the session rests on holds, nor where
// its end stands there already: to repeat it is no error.
Answer<Receipt> record_end_of_session(Services& services, SessionId session_id, Caller caller);

}  // namespace keyledger::commands
