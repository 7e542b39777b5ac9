#pragma once
// For clients: tokens (RFC 6749), introspection (RFC 7662, RFC 9701), revocation (RFC 7009), the public keys (RFC 7517)
// and where all of it is (RFC 8414).
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

Reply token(Context& context, Request& request);
Reply introspect(Context& context, Request& request);
Reply revoke(Context& context, Request& request);
Reply jwks(Context& context, Request& request);
Reply oauth_metadata(Context& context, Request& request);

}  // namespace keyledger::api::routes
