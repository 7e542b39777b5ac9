#include "api/routes/accounts/erasure_routes.hpp"

#include "api/routes/refusals.hpp"
#include "api/wire/read_json.hpp"
#include "api/wire/write_json.hpp"
#include "commands/accounts/erase_user.hpp"

namespace keyledger::api::routes {
namespace {

using commands::Caller;
using commands::CommandError;
using commands::Refusal;

// 204: erased. 202: requested, and due when it says.
Response answer(const Request& request, const Result<commands::Erasure, CommandError>& outcome) {
    if (!outcome) return refuse(request, outcome.error());
    const commands::Done done{outcome->position, outcome->repeated};
    if (outcome->due_at_ms == 0) return with_outcome(no_content(), done);
    JsonText body;
    body.time("erase_at", outcome->due_at_ms);
    return with_outcome(json(202, body.finish()), done);
}

Response done(const Request& request, const Result<commands::Done, CommandError>& outcome) {
    if (!outcome) return refuse(request, outcome.error());
    return with_outcome(no_content(), *outcome);
}

}  // namespace

Reply erase_me(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    JsonFields body(request);
    commands::ErasureRequest erasure;
    erasure.bearer = claims->bearer;
    erasure.current_password = body.required_secret("current_password", kMaxPasswordBytes);
    auto read = body.finish();
    if (!read) co_return read.error();
    Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, {claims->bearer.session_id.to_string()});
    if (!key) co_return key.error();
    auto outcome = co_await commands::request_own_erasure(context.services, std::move(erasure), caller);
    co_return answer(request, outcome);
}

Reply keep_me(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, {claims->bearer.session_id.to_string()});
    if (!key) co_return key.error();
    auto outcome = co_await commands::withdraw_own_erasure(context.services, claims->bearer, caller);
    co_return done(request, outcome);
}

Reply erase_user(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller);
    if (!key) co_return key.error();
    auto outcome = co_await commands::request_erasure(context.services, claims->bearer, *user_id, caller);
    co_return answer(request, outcome);
}

Reply keep_user(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    const auto user_id = Uuid::parse(request.path_parameter("id"));
    if (!user_id) co_return refuse(request, CommandError(Refusal::kUserUnknown));
    Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller);
    if (!key) co_return key.error();
    auto outcome = co_await commands::withdraw_erasure(context.services, claims->bearer, *user_id, caller);
    co_return done(request, outcome);
}

}  // namespace keyledger::api::routes
