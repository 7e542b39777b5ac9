#pragma once
// The tokens of a session, as log-in and refreshing answer them.
#include "api/routes/context.hpp"
#include "commands/sessions/tokens.hpp"

namespace keyledger::api::routes {

// RFC 6749 section 5.1; and the recovery codes of whoever enrolled their first factor on the way.
Response token_answer(const commands::IssuedTokens& tokens, const SessionId& session_id, Position position,
                      const std::vector<std::string>& recovery_codes = {});

// The client of the routes that take passwords and codes from people.
commands::Client first_party(Context& context);
// The same without a refresh token, for who showed no more than an access token: theirs goes on as it is.
Response access_token_answer(const commands::IssuedTokens& tokens, const SessionId& session_id, Position position);

}  // namespace keyledger::api::routes
