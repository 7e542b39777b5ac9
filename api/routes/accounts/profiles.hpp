#pragma once
// Users and their profiles as JSON, read and written in one place.
#include <array>
#include <string>

#include "api/requests/response.hpp"
#include "api/routes/call.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/update_profile.hpp"
#include "domain/users/user.hpp"

namespace keyledger::api::routes {

// What PUT takes as GET gave it, and does not change.
inline constexpr std::array<std::string_view, 7> kReadOnlyOfUsers{
    "id", "email", "status", "email_verified", "administrator", "created_at", "erase_at"};
// What PUT changes; the caller finishes the body.
commands::ProfileUpdate read_profile(JsonFields& body, const commands::Bearer& bearer);

std::string user_json(const UserId& user_id, const commands::UserAtHead& known);
// A user as whoever reads them is answered, with their ETag, or 304.
Response user_answer(const Request& request, const UserId& user_id, const commands::UserAtHead& known);
// The answer to a change of a profile: the user as they are now, and of a repeated one the id alone.
Reply updated_user(Call& call, UserId user_id, commands::Receipt outcome);

}  // namespace keyledger::api::routes
