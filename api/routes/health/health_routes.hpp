#pragma once
// Health, and the document that describes this API.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

using Reply = boost::asio::awaitable<Response>;

Reply home(Context& context, Request& request);
Reply health(Context& context, Request& request);
Reply health_live(Context& context, Request& request);
Reply health_ready(Context& context, Request& request);
Reply openapi(Context& context, Request& request);

enum class Detail { kNames, kReasons };
// For both listeners; the reasons are for the management listener only.
Response readiness(Health& health, Detail detail);

}  // namespace keyledger::api::routes
