#pragma once
// Who presents a bearer token for this very API: its sole audience is the issuer. Whether the token still holds is not
// asked here; the command, or the answer at the head of the log, does.
#include "api/routes/context.hpp"
#include "commands/sessions/tokens.hpp"

namespace keyledger::api {

// The error is the answer.
Result<commands::AccessClaims, Response> user_of_token(Context& context, const Request& request);
Result<commands::AccessClaims, Response> service_of_token(Context& context, const Request& request);

}  // namespace keyledger::api
