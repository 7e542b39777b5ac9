#pragma once
// OpenID AuthZEN Authorization API 1.0: may this subject do that? Answered at the head of the log (I8).
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

inline constexpr std::size_t kMaxEvaluations = 50;
inline constexpr std::size_t kMaxEvaluatedIdBytes = 512;  // of a resource: not looked at

Reply evaluate(Context& context, Request& request);
Reply evaluate_all(Context& context, Request& request);
// Section 8: the subjects, resources or actions for which an evaluation says yes. At most 1000 a page.
Reply search_subjects(Context& context, Request& request);
// The resources that permissions name, one by one; of somebody who may do it to others too, refused as not listable.
Reply search_resources(Context& context, Request& request);
// Of the actions that some role names.
Reply search_actions(Context& context, Request& request);
Reply authzen_configuration(Context& context, Request& request);

}  // namespace keyledger::api::routes
