#pragma once
// Roles, and who has them.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

// Queries (query_routes.cpp).
Reply list_roles(Context& context, Request& request);
Reply show_role(Context& context, Request& request);
Reply list_user_roles(Context& context, Request& request);
// Commands (role_routes.cpp).
Reply define_role(Context& context, Request& request);
Reply change_role(Context& context, Request& request);
Reply delete_role(Context& context, Request& request);
Reply assign_role(Context& context, Request& request);
Reply withdraw_role(Context& context, Request& request);

}  // namespace keyledger::api::routes
