#pragma once
// Limits before work: a route's RateLimit is taken before anything else is done with the request. Answers 429 with
// Retry-After, and of limits that all nodes share tells by `RateLimit-Policy` and `RateLimit`
// (draft-ietf-httpapi-ratelimit-headers) how the caller's network stands; never how a user or a client does (I14).
#include "api/requests/router.hpp"
#include "api/routes/context.hpp"
#include "api/routes/route.hpp"
#include "commands/limits/request_limits.hpp"

namespace keyledger::api {

// The rows as routes: behind each row's limit what it needs is seen to, then its handler is called. Rows and context
// must outlive the routes.
std::vector<Route> bind_routes(RouteTable table, Context& context);

// Of the caller's network (/32, /64), and in IPv6 of the site around it (/48), which gets some times as much.
std::vector<eventstore::Bucket> network_buckets(std::string_view what, const IpAddress& caller,
                                                const commands::Rate& rate);

// Takes those, on all nodes together; kTooManyAttempts, or kUnavailable while the store is away.
boost::asio::awaitable<Result<eventstore::RateDecision, commands::CommandError>> take_of_network(
    Context& context, const Request& request, std::vector<eventstore::Bucket> buckets);

// Service accounts ask for tokens: as many times more than people ask with passwords.
inline constexpr std::int64_t kTokensForAPassword = 100;

}  // namespace keyledger::api
