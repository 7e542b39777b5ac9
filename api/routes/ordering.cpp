#include "api/routes/ordering.hpp"

#include "api/routes/refusals.hpp"
#include "commands/access/roles.hpp"

namespace keyledger::api::routes {

using commands::CommandError;
using commands::Refusal;

Uuid id_of(const Request& request, std::string_view name) {
    return Uuid::parse(request.path_parameter(name)).value_or(Uuid{});
}

Result<commands::Caller, Response> caller_with_key(Context& context, const Request& request,
                                                   const commands::AccessClaims& claims) {
    commands::Caller caller = caller_of(request, claims);
    auto key = take_idempotency_key(context, request, caller);
    if (!key) return Unexpected(key.error());
    return caller;
}

Reply carry_out(Context& context, Request& request, commands::AccessClaims claims, Order order) {
    auto caller = caller_with_key(context, request, claims);
    if (!caller) co_return caller.error();
    auto outcome = co_await order(claims.bearer, *caller);
    if (!outcome) co_return refuse(request, outcome.error());
    co_return with_outcome(no_content(), *outcome);
}

Reply carry_out(Context& context, Request& request, Order order) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    Response answer = co_await carry_out(context, request, std::move(*claims), std::move(order));
    co_return answer;
}

Reply give_role(Context& context, Request& request, Subject subject) {
    const Uuid role_id = id_of(request, "role");
    const Order order = [&context, subject, role_id](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::assign_role(context.services, bearer, subject, role_id, caller);
    };
    return carry_out(context, request, order);
}

Reply take_role(Context& context, Request& request, Subject subject) {
    const Uuid role_id = id_of(request, "role");
    const Order order = [&](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::withdraw_role(context.services, bearer, subject, role_id, caller);
    };
    Response answer = co_await carry_out(context, request, order);
    if (answer.status == 204 && role_id.is_nil()) co_return refuse(request, CommandError(Refusal::kRoleUnknown));
    co_return answer;
}

}  // namespace keyledger::api::routes
