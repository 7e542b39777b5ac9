#pragma once
// For auditors.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

boost::asio::awaitable<Response> show_tree_head(Context& context, Request& request);

}  // namespace keyledger::api::routes
