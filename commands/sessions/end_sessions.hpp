#pragma once
// The ways to end sessions: log out, revoke one of one's own, all others, or (RFC 7009) by the client that
// holds a token.
#include "commands/services.hpp"

namespace keyledger::commands {

Answer<Receipt> log_out(Services& services, Bearer bearer, Caller caller);
// Ending a session that ended before is no error.
Answer<Receipt> revoke_session(Services& services, Bearer bearer, SessionId session_id, Caller caller);

enum class SessionsToKeep { kCurrentSession, kNoSession };
// One event on the user ends them all.
Answer<Receipt> revoke_all_sessions(Services& services, Bearer bearer, SessionsToKeep sessions_to_keep, Caller caller);

// All of somebody else's, with kWriteUsers.
Answer<Receipt> revoke_sessions_of(Services& services, Bearer bearer, UserId user_id, Caller caller);

// For a client that authenticated, of a token that was issued to it, or of anybody's if it may revoke them all; others'
// tokens and unknown ones are no error and change nothing (RFC 7009 section 2.2).
Answer<Receipt> revoke_token(Services& services, SessionId session_id, Client client, Caller caller);

}  // namespace keyledger::commands
