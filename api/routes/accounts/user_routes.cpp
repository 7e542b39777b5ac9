// What administrators do with other people's accounts.
#include "api/routes/accounts/profiles.hpp"
#include "api/routes/call.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "domain/base/precis.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

Reply enable_user(Call& call) {
    auto outcome = co_await commands::enable_user(call.services(), call.bearer(), call.id<User>(), call.caller());
    co_return done(call, outcome);
}

// Without a body: no reason.
Result<std::string, Response> read_reason(const Request& request) {
    if (request.body.empty()) return std::string();
    JsonFields body(request);
    auto reason = free_text(body.optional_string("reason", commands::kMaxReasonBytes).value_or(""));
    if (!reason) body.refuse("reason", explanation_of(reason.error()));
    auto read = body.finish();
    if (!read) return Unexpected(read.error());
    return std::move(*reason);
}

Reply disable_user(Call& call) {
    auto reason = read_reason(call.request);
    if (!reason) co_return reason.error();
    auto key = call.take_key();
    if (!key) co_return key.error();
    auto outcome =
        co_await commands::disable_user(call.services(), call.bearer(), call.id<User>(), *reason, call.caller());
    co_return done(call, outcome);
}

Reply unlock_user(Call& call) {
    auto outcome = co_await commands::unlock_user(call.services(), call.bearer(), call.id<User>(), call.caller());
    co_return done(call, outcome);
}

// What is wrong with the body is said before the id is looked at.
Reply update_user(Call& call) {
    JsonFields body(call.request);
    commands::ProfileUpdate update = read_profile(body, call.bearer());
    const auto user_id = UserId::parse(call.request.path_parameter("id"));
    if (user_id && body.has_any(kReadOnlyOfUsers)) {  // held against what this caller may read
        auto may = co_await commands::access_with_permission(call.services(), commands::kReadUsers, call.bearer(),
                                                             call.request.deadline);
        if (!may) co_return refuse(call, may.error());
        auto known = co_await commands::user_at_head(call.services(), *user_id, call.request.deadline);
        if (!known) co_return refuse(call, known.error());
        body.unchanged(kReadOnlyOfUsers, user_json(*user_id, *known));
    }
    auto read = body.finish();
    if (!read) co_return read.error();
    if (!user_id) co_return refuse(call, CommandError(refusals::kUserUnknown));
    auto key = call.take_key();
    if (!key) co_return key.error();
    auto outcome = co_await commands::update_user(call.services(), *user_id, std::move(update), call.caller());
    if (!outcome) co_return refuse(call, outcome.error());
    Response answer = co_await updated_user(call, *user_id, *outcome);
    co_return answer;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"activateUser", kPost, "/api/v1/admin/users/{id}/activate", enable_user, kOrdinary, kUser,
     {.bad_id = refusals::kUserUnknown, .idempotency_key = KeyScope::kUser}},
    {"deactivateUser", kPost, "/api/v1/admin/users/{id}/deactivate", disable_user, kOrdinary, kUser,
     {.bad_id = refusals::kUserUnknown, .input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"unlockUser", kPost, "/api/v1/admin/users/{id}/unlock", unlock_user, kOrdinary, kUser,
     {.bad_id = refusals::kUserUnknown, .idempotency_key = KeyScope::kUser}},
    {"updateUser", kPut, "/api/v1/admin/users/{id}", update_user, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
};
// clang-format on

}  // namespace

RouteTable user_routes() { return kRows; }

}  // namespace keyledger::api::routes
