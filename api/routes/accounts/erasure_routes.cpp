// People are erased, and requests to erase them taken back while there is time.
#include "api/routes/call.hpp"
#include "api/wire/write_json.hpp"
#include "commands/accounts/erase_user.hpp"

namespace keyledger::api::routes {
namespace {

// 204: erased. 202: requested, and due when it says.
Response answer(const Call& call, const Result<commands::Erasure, commands::CommandError>& outcome) {
    if (!outcome) return refuse(call, outcome.error());
    const commands::Receipt done{outcome->position, outcome->repeated};
    if (!outcome->due_at.is_set()) return with_outcome(no_content(), done);
    JsonText body;
    body.time("erase_at", outcome->due_at);
    return with_outcome(json(202, body.finish()), done);
}

Reply erase_me(Call& call) {
    JsonFields body(call.request);
    commands::ErasureRequest erasure;
    erasure.bearer = call.bearer();
    erasure.current_password = body.required_secret("current_password", kMaxPasswordBytes);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    auto outcome = co_await commands::request_own_erasure(call.services(), std::move(erasure), call.caller());
    co_return answer(call, outcome);
}

Reply withdraw_my_erasure(Call& call) {
    auto outcome = co_await commands::withdraw_own_erasure(call.services(), call.bearer(), call.caller());
    co_return done(call, outcome);
}

Reply erase_user(Call& call) {
    auto outcome = co_await commands::request_erasure(call.services(), call.bearer(), call.id<User>(), call.caller());
    co_return answer(call, outcome);
}

Reply withdraw_erasure(Call& call) {
    auto outcome = co_await commands::withdraw_erasure(call.services(), call.bearer(), call.id<User>(), call.caller());
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"eraseMe", kDelete, "/api/v1/auth/me", erase_me, kPasswords, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kSession, .if_match = IfMatch::kCompared}},
    {"withdrawMyErasure", kDelete, "/api/v1/auth/me/erasure", withdraw_my_erasure, kOrdinary, kUser,
     {.idempotency_key = KeyScope::kSession}},
    {"eraseUser", kDelete, "/api/v1/admin/users/{id}", erase_user, kOrdinary, kUser,
     {.bad_id = refusals::kUserUnknown, .idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
    {"withdrawUserErasure", kDelete, "/api/v1/admin/users/{id}/erasure", withdraw_erasure, kOrdinary, kUser,
     {.bad_id = refusals::kUserUnknown, .idempotency_key = KeyScope::kUser}},
};
// clang-format on

}  // namespace

RouteTable erasure_routes() { return kRows; }

}  // namespace keyledger::api::routes
