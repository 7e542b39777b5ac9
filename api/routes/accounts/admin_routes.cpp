#include "api/routes/accounts/admin_routes.hpp"

#include "api/routes/answers.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/read_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/credentials/unlock_user.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "domain/base/precis.hpp"
#include "domain/users/identity.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;
using commands::Refusal;

}  // namespace

Reply activate_user(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    commands::Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller);
    if (!key) co_return key.error();
    auto outcome = co_await commands::enable_user(context.services, claims->bearer, *user_id, caller);
    if (!outcome) co_return refuse(request, outcome.error());
    co_return with_outcome(no_content(), *outcome);
}

Reply deactivate_user(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    std::string reason;
    if (!request.body.empty()) {
        JsonFields body(request);
        auto text = free_text(body.optional_string("reason", commands::kMaxReasonBytes).value_or(""));
        if (text) reason = std::move(*text);
        else body.refuse("reason", said_of(text.error()));
        auto read = body.finish();
        if (!read) co_return read.error();
    }
    commands::Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller);
    if (!key) co_return key.error();
    auto outcome = co_await commands::disable_user(context.services, claims->bearer, *user_id, reason, caller);
    if (!outcome) co_return refuse(request, outcome.error());
    co_return with_outcome(no_content(), *outcome);
}

Reply unlock_user(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    commands::Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, {});
    if (!key) co_return key.error();
    auto outcome = co_await commands::unlock_user(context.services, claims->bearer, *user_id, caller);
    if (!outcome) co_return refuse(request, outcome.error());
    co_return with_outcome(no_content(), *outcome);
}

Reply update_user(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    JsonFields body(request);
    commands::ProfileUpdate update;
    update.bearer = claims->bearer;
    update.username = body.optional_string("username", kMaxTypedUsernameBytes);
    update.name = body.optional_string("name", kMaxTypedNameBytes);
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (user_id && body.has_any(kReadOnlyOfUsers)) {  // held against what this caller may read
        auto may =
            co_await commands::holder_of(context.services, commands::kReadUsers, claims->bearer, request.deadline);
        if (!may) co_return refuse(request, may.error());
        auto known = co_await commands::user_at_head(context.services, *user_id, request.deadline);
        if (!known) co_return refuse(request, known.error());
        body.unchanged(kReadOnlyOfUsers, user_json(*user_id, *known));
    }
    auto read = body.finish();
    if (!read) co_return read.error();
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    commands::Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller);
    if (!key) co_return key.error();
    auto outcome = co_await commands::update_user(context.services, *user_id, std::move(update), caller);
    if (!outcome) co_return refuse(request, outcome.error());
    Response answer = co_await updated_user(context, request, *user_id, *outcome);
    co_return answer;
}

Reply end_user_sessions(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    commands::Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller);
    if (!key) co_return key.error();
    auto outcome = co_await commands::revoke_sessions_of(context.services, claims->bearer, *user_id, caller);
    if (!outcome) co_return refuse(request, outcome.error());
    co_return with_outcome(no_content(), *outcome);
}

}  // namespace keyledger::api::routes
