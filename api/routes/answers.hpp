#pragma once
// The resources as JSON, written in one place.
#include <array>
#include <string>

#include "api/requests/response.hpp"
#include "api/routes/context.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/sessions/tokens.hpp"
#include "domain/users/user.hpp"

namespace keyledger::api::routes {

std::string_view status_name(User::Status status);
// What PUT takes as GET gave it, and does not change.
inline constexpr std::array<std::string_view, 6> kReadOnlyOfUsers{
    "id", "email", "status", "email_verified", "administrator", "created_at"};
std::string user_json(const Uuid& user_id, const commands::Known& known);
// A user as whoever reads them is answered, with their ETag, or 304.
Response user_answer(const Request& request, const Uuid& user_id, const commands::Known& known);
// The answer to a change of a profile: the user as they are now, and of a repeated one the id alone.
boost::asio::awaitable<Response> updated_user(Context& context, const Request& request, Uuid user_id,
                                              commands::Done outcome);
// RFC 6749 section 5.1.
Response token_answer(const commands::IssuedTokens& tokens, const Uuid& session_id, Position position);

}  // namespace keyledger::api::routes
