#pragma once
// OpenID AuthZEN Authorization API 1.0: may this subject do that? Answered at the head of the log (I8).
#include "api/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

inline constexpr std::size_t kMaxEvaluations = 50;
inline constexpr std::size_t kMaxEvaluatedIdBytes = 512;  // of a resource: not looked at

Reply evaluate(Context& context, Request& request);
Reply evaluate_all(Context& context, Request& request);
Reply authzen_configuration(Context& context, Request& request);

}  // namespace keyledger::api::routes
