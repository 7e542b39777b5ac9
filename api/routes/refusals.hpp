#pragma once
// The one place where a refusal becomes an HTTP answer: by its kind, and by nothing of its own.
#include "api/requests/request.hpp"
#include "api/wire/problem_types.hpp"
#include "commands/runtime/errors.hpp"

namespace keyledger::api {

int status_of(RefusalKind kind);
ProblemType type_of(const Refusal& refusal);

Response refuse(const Request& request, const commands::CommandError& error);

// The same of a command that takes a new password, in that field: one that is not accepted is told why, with the least
// length that there is (code points).
Response refuse_new_password(const Request& request, const commands::CommandError& error, std::string_view field,
                             std::size_t least_length);

// 401 with the challenge that RFC 6750 section 3 and RFC 7617 ask for.
Response refuse_token(const Request& request);
Response refuse_without_token(const Request& request);  // without an error code: nothing was presented
Response refuse_client(const Request& request);
// A token that is good, but of a service account, where only users' open anything.
Response refuse_service(const Request& request);

}  // namespace keyledger::api
