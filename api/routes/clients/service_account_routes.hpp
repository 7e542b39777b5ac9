#pragma once
// Service accounts, their secrets and keys.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

// Queries: the list (query_routes.cpp), and one account at the head of the log.
Reply list_service_accounts(Context& context, Request& request);
Reply show_service_account(Context& context, Request& request);
// Commands.
Reply register_service_account(Context& context, Request& request);
Reply change_service_account(Context& context, Request& request);
Reply delete_service_account(Context& context, Request& request);
Reply add_account_secret(Context& context, Request& request);
Reply remove_account_secret(Context& context, Request& request);
Reply add_account_key(Context& context, Request& request);
Reply remove_account_key(Context& context, Request& request);
Reply assign_account_role(Context& context, Request& request);
Reply withdraw_account_role(Context& context, Request& request);

}  // namespace keyledger::api::routes
