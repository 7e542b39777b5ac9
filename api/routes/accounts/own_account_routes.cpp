// What people do for themselves: register, see and change their profile, change their password.
#include "api/routes/accounts/profiles.hpp"
#include "api/routes/call.hpp"
#include "api/routes/honeypot.hpp"
#include "api/routes/refusals.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/register_user.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/credentials/change_password.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

Response registered_answer(const UserId& user_id, const commands::UserAtHead& user) {
    Response response = json(201, user_json(user_id, user));
    response.headers.add("Location",
                         "/api/v1/auth/me");  // once they have logged in; others' are for administrators
    return response;
}

// To a machine that filled in the field which people do not see.
Response pretend_to_register(Call& call, const commands::Registration& registration) {
    const auto email = parse_email(registration.email);
    if (!email) return refuse(call, refusals::kInvalidEmail);
    count_honeypot(call);
    commands::UserAtHead nobody;
    nobody.user.status = User::Status::kActive;
    nobody.user.email = email->text;
    nobody.user.username = registration.username;
    nobody.user.name = registration.name;
    nobody.user.registered_at = call.services().clock.now();
    return registered_answer(UserId{call.services().identifiers.next()}, nobody);
}

Reply register_user(Call& call) {
    JsonFields body(call.request);
    commands::Registration registration;
    registration.email = body.required_string("email", kMaxEmailBytes);
    registration.password = body.required_secret("password", kMaxPasswordBytes);
    registration.username = body.optional_string("username", kMaxTypedUsernameBytes);
    registration.name = body.optional_string("name", kMaxTypedNameBytes);
    const bool is_trapped = fills_honeypot(body);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    if (is_trapped) co_return pretend_to_register(call, registration);
    auto registered =
        co_await commands::register_user(call.services(), std::move(registration), caller_of(call.request));
    if (!registered)
        co_return refuse_new_password(call.request, registered.error(), "password", call.context.least_password_length);
    auto user = co_await commands::user_after_command(call.services(), registered->user_id, call.request.deadline);
    if (!user) co_return refuse(call, user.error());
    co_return at_position(registered_answer(registered->user_id, *user), registered->position);
}

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
    {"registerUser", kPost, "/api/v1/auth/register", register_user, kPasswords, kAnybody, {.input = Input::kBody}},
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
