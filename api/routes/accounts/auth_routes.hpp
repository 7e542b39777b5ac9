#pragma once
// What users do for themselves: register, log in, refresh, log out, change the password, their profile, their sessions.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

Reply register_user(Context& context, Request& request);
Reply log_in(Context& context, Request& request);
Reply refresh(Context& context, Request& request);
Reply log_out(Context& context, Request& request);
Reply change_password(Context& context, Request& request);
Reply show_me(Context& context, Request& request);
Reply update_me(Context& context, Request& request);
Reply list_my_sessions(Context& context, Request& request);  // in query_routes.cpp
Reply end_my_sessions(Context& context, Request& request);
Reply end_my_session(Context& context, Request& request);

}  // namespace keyledger::api::routes
