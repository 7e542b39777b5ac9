#pragma once
// Users, their sessions, the audit trail. Every route asks the log whether the caller holds the permission.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

// Queries (query_routes.cpp).
Reply list_users(Context& context, Request& request);
Reply show_user(Context& context, Request& request);
Reply list_user_sessions(Context& context, Request& request);
Reply show_lock_out(Context& context, Request& request);  // at the head of the log
Reply list_audit(Context& context, Request& request);
Reply export_audit(Context& context, Request& request);  // a stream: the request must outlive the response
// Commands (admin_routes.cpp).
Reply activate_user(Context& context, Request& request);
Reply deactivate_user(Context& context, Request& request);
Reply unlock_user(Context& context, Request& request);
Reply update_user(Context& context, Request& request);
Reply end_user_sessions(Context& context, Request& request);

}  // namespace keyledger::api::routes
