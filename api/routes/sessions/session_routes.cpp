// Sessions begin with a password, go on with refresh tokens, are proven again, and are ended: by their user or by an
// administrator.
#include "api/routes/call.hpp"
#include "api/routes/factors/read_factor.hpp"
#include "api/routes/sessions/token_answer.hpp"
#include "commands/sessions/clean_up_sessions.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/log_in.hpp"
#include "commands/sessions/reauthenticate.hpp"
#include "commands/sessions/refresh_session.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

Reply log_in(Call& call) {
    JsonFields body(call.request);
    commands::LogIn login;
    login.email = body.optional_string("email", kMaxTypedUsernameBytes).value_or("");
    login.username = body.optional_string("username", kMaxTypedUsernameBytes).value_or("");
    login.password = body.required_secret("password", kMaxPasswordBytes);
    login.resource = body.optional_string("resource", kMaxResourceBytes);
    login.client = first_party(call.context);
    if (login.email.empty() == login.username.empty())
        body.refuse("email", "Give either 'email' or 'username', and not both.");
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto grant = co_await commands::log_in(call.services(), std::move(login), caller_of(call.request));
    if (!grant) co_return refuse(call, grant.error());
    const auto tokens = co_await call.context.tokens.issue(*grant);
    co_return with_device(token_answer(tokens, grant->session_id, grant->position), grant->device);
}

Reply refresh(Call& call) {
    JsonFields body(call.request);
    const Secret token = body.required_secret("refresh_token", kMaxTokenBytes);
    commands::Refresh refresh;
    refresh.resource = body.optional_string("resource", kMaxResourceBytes);
    refresh.client = first_party(call.context);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto presented = call.context.tokens.read_refresh(token.reveal());
    if (!presented) co_return refuse(call, CommandError(refusals::kInvalidGrant));
    refresh.token = std::move(*presented);
    auto grant = co_await commands::refresh_session(call.services(), std::move(refresh), caller_of(call.request));
    if (!grant) co_return refuse(call, grant.error());
    const auto tokens = co_await call.context.tokens.issue(*grant);
    co_return token_answer(tokens, grant->session_id, grant->position);
}

Reply reauthenticate(Call& call) {
    JsonFields body(call.request);
    commands::Reauthentication again;
    again.bearer = call.bearer();
    again.proof = read_own_proof(body, "password");
    again.resource = body.optional_string("resource", kMaxResourceBytes);
    again.client = first_party(call.context);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    commands::Caller caller = caller_of(call.request).acting_as(call.bearer().user_id);
    caller.session_id = call.bearer().session_id;
    auto grant = co_await commands::reauthenticate(call.services(), std::move(again), std::move(caller));
    if (!grant) co_return refuse(call, grant.error());
    const auto tokens = co_await call.context.tokens.issue(*grant);
    co_return access_token_answer(tokens, grant->session_id, grant->position);
}

Reply log_out(Call& call) {
    auto outcome = co_await commands::log_out(call.services(), call.bearer(), call.caller());
    co_return done(call, outcome);
}

Reply end_my_sessions(Call& call) {
    FormFields query = FormFields::of_query(call.request);
    const auto include_current = query.optional_string("include_current", 5);
    if (include_current && include_current != "true" && include_current != "false")
        query.refuse("include_current", "Give 'true' or 'false'.");
    auto read = call.finish(query);
    if (!read) co_return read.error();
    const auto sessions_to_keep =
        include_current == "true" ? commands::SessionsToKeep::kNoSession : commands::SessionsToKeep::kCurrentSession;
    auto outcome =
        co_await commands::revoke_all_sessions(call.services(), call.bearer(), sessions_to_keep, call.caller());
    co_return done(call, outcome);
}

Reply end_my_session(Call& call) {
    auto outcome = co_await commands::revoke_session(call.services(), call.bearer(), call.id<Session>(), call.caller());
    co_return done(call, outcome);
}

Reply clean_up_sessions(Call& call) {
    auto outcome = co_await commands::clean_up_sessions(call.services(), call.bearer(), call.caller());
    co_return done(call, outcome);
}

Reply end_user_sessions(Call& call) {
    auto outcome =
        co_await commands::revoke_sessions_of(call.services(), call.bearer(), call.id<User>(), call.caller());
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"logIn", kPost, "/api/v1/auth/login", log_in, kPasswords, kAnybody, {.input = Input::kBody}},
    {"refresh", kPost, "/api/v1/auth/refresh", refresh, kOrdinary, kAnybody, {.input = Input::kBody}},
    {"reauthenticate", kPost, "/api/v1/auth/reauthenticate", reauthenticate, kPasswords, kUser,
     {.input = Input::kBody}},
    {"logOut", kPost, "/api/v1/auth/logout", log_out, kOrdinary, kUser, {.idempotency_key = KeyScope::kSession}},
    {"endMySessions", kDelete, "/api/v1/auth/sessions", end_my_sessions, kOrdinary, kUser,
     {.input = Input::kQuery, .idempotency_key = KeyScope::kSession}},
    {"endMySession", kDelete, "/api/v1/auth/sessions/{id}", end_my_session, kOrdinary, kUser,
     {.bad_id = refusals::kSessionUnknown, .idempotency_key = KeyScope::kUser}},
    {"endUserSessions", kDelete, "/api/v1/admin/users/{id}/sessions", end_user_sessions, kOrdinary, kUser,
     {.bad_id = refusals::kUserUnknown, .idempotency_key = KeyScope::kUser}},
    {"cleanUpSessions", kPost, "/api/v1/admin/cleanup-sessions", clean_up_sessions, kOrdinary, kUser,
     {.idempotency_key = KeyScope::kUser}},
};
// clang-format on

}  // namespace

RouteTable session_routes() { return kRows; }

}  // namespace keyledger::api::routes
