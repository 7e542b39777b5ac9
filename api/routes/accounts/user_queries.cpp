// Users, as administrators see them: of the read model, and whether somebody is locked out, at the head of the log.
#include "api/routes/call.hpp"
#include "api/routes/conditions.hpp"
#include "api/routes/reading.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/entity_tags.hpp"
#include "projections/engine/limits.hpp"
#include "projections/models/users.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

void write_user(JsonText& json, const rows::UserRow& user) {
    json.text("id", user.id.to_string())
        .text_or_null("email", user.email)
        .text_or_null("username", user.username)
        .text_or_null("name", user.name)
        .text_or_null("locale", user.locale)
        .text("status", user.status)
        .boolean("email_verified", user.email_verified)
        .boolean("administrator", user.administrator)
        .time("created_at", user.created_at);
}

Reply list_users(Call& call) {
    FormFields query = FormFields::of_query(call.request);
    const std::string search = query.optional_string("search", rows::kMaxSearchBytes).value_or("");
    const PageRequest page = read_page(call, query, "users");
    auto read = call.finish(query);
    if (!read) co_return read.error();
    const auto cursor = cursor_of<rows::UserCursor>(page);
    auto users = co_await rows::list_users(call.context.queries, search, cursor, page.limit, call.request.deadline);
    if (!users) co_return refuse_query(call.request, users.error());
    co_return list_answer(call, page, *users, write_user);
}

Reply show_user(Call& call) {
    auto found = co_await rows::find_user(call.context.queries, call.id<User>(), call.request.deadline);
    if (!found) co_return refuse_query(call.request, found.error());
    if (!found->value) co_return refuse(call, CommandError(refusals::kUserUnknown));
    JsonText json;
    write_user(json, *found->value);
    const rows::UserRow& user = *found->value;
    const std::string state = commands::user_tag({user.email, user.username, user.name, user.is_active(), user.locale});
    co_return with_entity_tag(call.request, at_position(api::json(200, json.finish()), found->position), state);
}

// A text that is no id becomes the nil id, which no user has: only callers with the permission learn that.
Reply show_lock_out(Call& call) {
    auto found = co_await commands::lock_out_of(call.services(), call.id<User>(), call.bearer(), call.request.deadline);
    if (!found) co_return refuse(call, found.error());
    const auto last = found->last_failed_at.is_set() ? std::optional(found->last_failed_at) : std::nullopt;
    JsonText json;
    json.boolean("locked", found->locked)
        .number("failures_in_a_row", found->failures_in_a_row)
        .time_or_null("last_failed_at", last);
    co_return api::json(200, json.finish());
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"listUsers", kGet, "/api/v1/admin/users", list_users, kOrdinary, kUser,
     {.permission = &commands::kReadUsers, .model = rows::kUsersModel, .input = Input::kQuery}},
    {"showUser", kGet, "/api/v1/admin/users/{id}", show_user, kOrdinary, kUser,
     {.permission = &commands::kReadUsers, .model = rows::kUsersModel, .bad_id = refusals::kUserUnknown}},
    {"showLockOut", kGet, "/api/v1/admin/users/{id}/lock-out", show_lock_out, kOrdinary, kUser},
};
// clang-format on

}  // namespace

RouteTable user_queries() { return kRows; }

}  // namespace keyledger::api::routes
