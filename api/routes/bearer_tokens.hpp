#pragma once
// Who presents a bearer token for this very API: its sole audience is the issuer. Whether the token still holds is not
// asked here; the command, or the answer at the head of the log, does.
#include <string_view>

#include "api/routes/context.hpp"
#include "commands/sessions/tokens.hpp"

namespace keyledger::api {

// The error is the answer; the value is never nullptr.
Result<commands::SharedClaims, Response> holder_of_token(Context& context, const Request& request);  // either
Result<commands::SharedClaims, Response> user_of_token(Context& context, const Request& request);
Result<commands::SharedClaims, Response> service_of_token(Context& context, const Request& request);

// To a token that is good, and for something else: to refresh it would not help. Only where its signature was verified.
Response refuse_token_for_other(const Request& request, std::string_view why);

}  // namespace keyledger::api
