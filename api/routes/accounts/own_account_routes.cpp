// What people do for themselves: see and change their profile, change their password.
#include "api/routes/accounts/profiles.hpp"
#include "api/routes/call.hpp"
#include "api/routes/refusals.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/credentials/change_password.hpp"

namespace keyledger::api::routes {
namespace {

Reply change_password(Call& call) {
    JsonFields body(call.request);
    commands::PasswordChange change;
    change.bearer = call.bearer();
    change.current_password = body.required_secret("current_password", kMaxPasswordBytes);
    change.new_password = body.required_secret("new_password", kMaxPasswordBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto outcome = co_await commands::change_password(call.services(), std::move(change), call.caller());
    if (!outcome)
        co_return refuse_new_password(call.request, outcome.error(), "new_password",
                                      call.context.least_password_length);
    co_return done(call, outcome);
}

Reply show_me(Call& call) {
    auto known = co_await commands::bearer_at_head(call.services(), call.bearer(), call.request.deadline);
    if (!known) co_return refuse(call, known.error());
    co_return user_answer(call.request, call.bearer().user_id, *known);
}

Reply update_me(Call& call) {
    const UserId user_id = call.bearer().user_id;
    JsonFields body(call.request);
    commands::ProfileUpdate update = read_profile(body, call.bearer());
    if (body.has_any(kReadOnlyOfUsers)) {
        auto known = co_await commands::bearer_at_head(call.services(), call.bearer(), call.request.deadline);
        if (!known) co_return refuse(call, known.error());
        body.unchanged(kReadOnlyOfUsers, user_json(user_id, *known));
    }
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto outcome = co_await commands::update_profile(call.services(), std::move(update), call.caller());
    if (!outcome) co_return refuse(call, outcome.error());
    Response answer = co_await updated_user(call, user_id, *outcome);
    co_return answer;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"changePassword", kPost, "/api/v1/auth/change-password", change_password, kPasswords, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kSession}},
    {"showMe", kGet, "/api/v1/auth/me", show_me, kOrdinary, kUser},
    {"updateMe", kPut, "/api/v1/auth/me", update_me, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
};
// clang-format on

}  // namespace

RouteTable own_account_routes() { return kRows; }

}  // namespace keyledger::api::routes
