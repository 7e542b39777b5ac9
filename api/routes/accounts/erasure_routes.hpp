#pragma once
// People are erased, and requests to erase them taken back while there is time.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

Reply erase_me(Context& context, Request& request);
Reply keep_me(Context& context, Request& request);
Reply erase_user(Context& context, Request& request);
Reply keep_user(Context& context, Request& request);

}  // namespace keyledger::api::routes
