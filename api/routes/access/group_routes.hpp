#pragma once
// Groups, who is in them, what they have, and why a user or a service account may do what it may.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

// Queries (group_queries.cpp).
Reply list_groups(Context& context, Request& request);
Reply show_group(Context& context, Request& request);
Reply list_group_members(Context& context, Request& request);
Reply list_group_roles(Context& context, Request& request);
Reply list_user_groups(Context& context, Request& request);
Reply list_account_groups(Context& context, Request& request);
Reply explain_user(Context& context, Request& request);
Reply explain_account(Context& context, Request& request);
// Commands (group_routes.cpp).
Reply define_group(Context& context, Request& request);
Reply rename_group(Context& context, Request& request);
Reply delete_group(Context& context, Request& request);
Reply add_group_member(Context& context, Request& request);
Reply remove_group_member(Context& context, Request& request);
Reply add_account_to_group(Context& context, Request& request);
Reply remove_account_from_group(Context& context, Request& request);
Reply nest_group(Context& context, Request& request);
Reply unnest_group(Context& context, Request& request);
Reply assign_group_role(Context& context, Request& request);
Reply withdraw_group_role(Context& context, Request& request);

}  // namespace keyledger::api::routes
