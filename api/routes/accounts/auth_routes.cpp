#include "api/routes/accounts/auth_routes.hpp"

#include "api/routes/answers.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/form.hpp"
#include "api/wire/read_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/register_user.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/credentials/change_password.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/log_in.hpp"
#include "commands/sessions/refresh_session.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::Caller;
using commands::CommandError;

commands::Client first_party(Context& context) {
    return context.clients.find(commands::kFirstPartyClientId)
        .value_or(commands::Client{std::string(commands::kFirstPartyClientId), {}, {}});
}

Response done(const Request& request, const Result<commands::Done, CommandError>& outcome) {
    if (!outcome) return refuse(request, outcome.error());
    return with_outcome(no_content(), *outcome);
}

}  // namespace

Reply register_user(Context& context, Request& request) {
    JsonFields body(request);
    commands::Registration registration;
    registration.email = body.required_string("email", kMaxEmailBytes);
    registration.password = body.required_secret("password", kMaxPasswordBytes);
    registration.username = body.optional_string("username", kMaxTypedUsernameBytes);
    registration.name = body.optional_string("name", kMaxTypedNameBytes);
    auto read = body.finish();
    if (!read) co_return read.error();
    auto registered = co_await commands::register_user(context.services, std::move(registration), caller_of(request));
    if (!registered)
        co_return refuse_new_password(request, registered.error(), "password", context.least_password_length);
    auto user = co_await commands::user_after_command(context.services, registered->user_id, request.deadline);
    if (!user) co_return refuse(request, user.error());
    Response response = json(201, user_json(registered->user_id, *user));
    response.headers.add("Location",
                         "/api/v1/auth/me");  // once they have logged in; others' are for administrators
    co_return at_position(std::move(response), registered->position);
}

Reply log_in(Context& context, Request& request) {
    JsonFields body(request);
    commands::LogIn login;
    login.email = body.optional_string("email", kMaxTypedUsernameBytes).value_or("");
    login.username = body.optional_string("username", kMaxTypedUsernameBytes).value_or("");
    login.password = body.required_secret("password", kMaxPasswordBytes);
    login.resource = body.optional_string("resource", kMaxResourceBytes);
    login.client = first_party(context);
    if (login.email.empty() == login.username.empty())
        body.refuse("email", "Give either 'email' or 'username', and not both.");
    auto read = body.finish();
    if (!read) co_return read.error();
    auto grant = co_await commands::log_in(context.services, std::move(login), caller_of(request));
    if (!grant) co_return refuse(request, grant.error());
    const auto tokens = co_await context.tokens.issue(*grant);
    co_return token_answer(tokens, grant->session_id, grant->position);
}

Reply refresh(Context& context, Request& request) {
    JsonFields body(request);
    const Secret token = body.required_secret("refresh_token", kMaxTokenBytes);
    commands::Refresh refresh;
    refresh.resource = body.optional_string("resource", kMaxResourceBytes);
    refresh.client = first_party(context);
    auto read = body.finish();
    if (!read) co_return read.error();
    auto presented = context.tokens.read_refresh(token.reveal());
    if (!presented) co_return refuse(request, CommandError(commands::Refusal::kInvalidGrant));
    refresh.token = *presented;
    auto grant = co_await commands::refresh_session(context.services, std::move(refresh), caller_of(request));
    if (!grant) co_return refuse(request, grant.error());
    const auto tokens = co_await context.tokens.issue(*grant);
    co_return token_answer(tokens, grant->session_id, grant->position);
}

Reply log_out(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, {claims->bearer.session_id.to_string()});
    if (!key) co_return key.error();
    auto outcome = co_await commands::log_out(context.services, claims->bearer, caller);
    co_return done(request, outcome);
}

Reply change_password(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    JsonFields body(request);
    commands::PasswordChange change;
    change.bearer = claims->bearer;
    change.current_password = body.required_secret("current_password", kMaxPasswordBytes);
    change.new_password = body.required_secret("new_password", kMaxPasswordBytes);
    auto read = body.finish();
    if (!read) co_return read.error();
    Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, {claims->bearer.session_id.to_string()});
    if (!key) co_return key.error();
    auto outcome = co_await commands::change_password(context.services, std::move(change), caller);
    if (!outcome)
        co_return refuse_new_password(request, outcome.error(), "new_password", context.least_password_length);
    co_return done(request, outcome);
}

Reply show_me(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto known = co_await commands::who_holds(context.services, claims->bearer, request.deadline);
    if (!known) co_return refuse(request, known.error());
    co_return user_answer(request, claims->bearer.user_id, *known);
}

Reply update_me(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    JsonFields body(request);
    commands::ProfileUpdate update;
    update.bearer = claims->bearer;
    update.username = body.optional_string("username", kMaxTypedUsernameBytes);
    update.name = body.optional_string("name", kMaxTypedNameBytes);
    if (body.has_any(kReadOnlyOfUsers)) {
        auto known = co_await commands::who_holds(context.services, claims->bearer, request.deadline);
        if (!known) co_return refuse(request, known.error());
        body.unchanged(kReadOnlyOfUsers, user_json(claims->bearer.user_id, *known));
    }
    auto read = body.finish();
    if (!read) co_return read.error();
    Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller);
    if (!key) co_return key.error();
    auto outcome = co_await commands::update_profile(context.services, std::move(update), caller);
    if (!outcome) co_return refuse(request, outcome.error());
    Response answer = co_await updated_user(context, request, claims->bearer.user_id, *outcome);
    co_return answer;
}

Reply end_my_sessions(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    FormFields query = FormFields::of_query(request);
    const auto include_current = query.optional_string("include_current", 5);
    if (include_current && include_current != "true" && include_current != "false")
        query.refuse("include_current", "Give 'true' or 'false'.");
    auto read = query.finish();
    if (!read) co_return read.error();
    Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, {claims->bearer.session_id.to_string()});
    if (!key) co_return key.error();
    const auto sparing = include_current == "true" ? commands::Sparing::kNoSession : commands::Sparing::kCurrentSession;
    auto outcome = co_await commands::revoke_all_sessions(context.services, claims->bearer, sparing, caller);
    co_return done(request, outcome);
}

Reply end_my_session(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    const auto session_id = Uuid::parse(request.path_parameter("id"));
    if (!session_id) co_return refuse(request, CommandError(commands::Refusal::kSessionUnknown));
    Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller);
    if (!key) co_return key.error();
    auto outcome = co_await commands::revoke_session(context.services, claims->bearer, *session_id, caller);
    co_return done(request, outcome);
}

}  // namespace keyledger::api::routes
