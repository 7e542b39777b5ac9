#pragma once
// For clients: introspection (RFC 7662), revocation (RFC 7009), the public keys (RFC 7517).
#include "api/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

Reply introspect(Context& context, Request& request);
Reply revoke(Context& context, Request& request);
Reply jwks(Context& context, Request& request);

}  // namespace keyledger::api::routes
