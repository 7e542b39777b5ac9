#pragma once
// What the routes of administrators' commands share: who orders, under which Idempotency-Key, and what is answered.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/routes/context.hpp"
#include "commands/services.hpp"
#include "domain/access/subject.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

// An id of the path. One that no command knows becomes the nil id, which none has: the command says whether the caller
// may learn of that.
Uuid id_of(const Request& request, std::string_view name);

// The caller, under the key of the request if it has one.
Result<commands::Caller, Response> caller_with_key(Context& context, const Request& request,
                                                   const commands::AccessClaims& claims);

// A command that answers nothing but its position. What the order refers to outlives the answer.
using Order = std::function<commands::Answer<commands::Done>(const commands::Bearer&, const commands::Caller&)>;
Reply carry_out(Context& context, Request& request, commands::AccessClaims claims, Order order);
// Of whoever the request's token names.
Reply carry_out(Context& context, Request& request, Order order);

// The role of the path.
Reply give_role(Context& context, Request& request, Subject subject);
Reply take_role(Context& context, Request& request, Subject subject);

}  // namespace keyledger::api::routes
