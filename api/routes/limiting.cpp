#include "api/routes/limiting.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>

#include "api/requests/target.hpp"
#include "api/routes/call.hpp"
#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/pages/problem_pages.hpp"
#include "api/routes/refusals.hpp"
#include "commands/runtime/key_on_other_node.hpp"

namespace keyledger::api {
namespace {

using commands::CommandError;
using eventstore::Bucket;

constexpr std::int64_t kNetworksOfASite = 8;
constexpr Duration kAwayFor = seconds(5);

// RFC 9651 lists of one item: what a bucket holds and how long it takes to fill; what is left in it, and how long until
// it is full.
void tell_of(const Bucket& bucket, std::int64_t level_us, Response& response) {
    const auto seconds = [](std::int64_t us) { return std::to_string((us + 999'999) / 1'000'000); };
    std::string policy = "\"network\";q=" + std::to_string(bucket.burst) + ";w=" + seconds(bucket.tolerance_us());
    std::string now = "\"network\";r=" + std::to_string(left_in(bucket, level_us)) + ";t=" + seconds(level_us);
    response.headers.add("RateLimit-Policy", policy);
    response.headers.add("RateLimit", now);
}

Response refuse_at(const RouteRow& row, const Request& request, const CommandError& error) {
    return row.path.starts_with("/oauth2/") ? oauth_refuse(request, error) : refuse(request, error);
}

// Pages that people come to by an address; to those of OAuth programs send them.
bool is_typed(const RouteRow& row) {
    if (row.path == "/docs") return true;
    const auto target = parse_target(row.path);  // nothing where it has parameters
    return target && is_place_of_pages(target->segments) && target->segments.front() != "oauth2";
}

// A value under a key that other nodes have and this node lacks must never be called invalid.
constexpr Duration kKeyringIsLate = seconds(5);

Reply answered(const RouteRow& row, Context& context, Request& request) {
    try {
        Call call(row, context, request);
        auto opened = co_await call.open();
        if (!opened) co_return opened.error();
        Response response = co_await row.handler(call);
        co_return response;
    } catch (const commands::KeyOnOtherNode&) {
    }
    co_return refuse_at(row, request, CommandError(refusals::kUnavailable, kKeyringIsLate));
}

// What a refusal took would tell on whom it was tried (I14): an account that this node has in memory, one that it has
// to read, nobody's. So who has shown nothing yet is told no at the end of a step of so long; where a hash takes
// longer, of the next one.
constexpr std::chrono::milliseconds kRefusalStep{100};

// 403 is none: the way on, of whoever had the password.
bool is_no(const Response& response) { return response.status == 400 || response.status == 401; }

Reply answered_in_even_time(const RouteRow& row, Context& context, Request& request) {
    using Clock = std::chrono::steady_clock;
    const auto began = Clock::now();
    Response response = co_await answered(row, context, request);
    if (row.authentication != Authentication::kAnybody || !is_no(response)) co_return response;
    const auto steps = (Clock::now() - began) / kRefusalStep + 1;
    boost::asio::steady_timer until(co_await boost::asio::this_coro::executor);
    until.expires_at(began + steps * kRefusalStep);
    co_await until.async_wait(boost::asio::use_awaitable);
    co_return response;
}

Reply with_shared_limit(const RouteRow& row, Context& context, Request& request) {
    const auto rate = context.services.settings.limits.passwords;
    std::vector<Bucket> buckets = network_buckets("passwords", request.client_ip, rate);
    const Bucket narrow = buckets.front();
    auto taken = co_await context.services.limits.take(std::move(buckets), request.deadline);
    if (!taken) co_return refuse_at(row, request, CommandError(refusals::kUnavailable, kAwayFor));
    if (taken->wait > Duration()) {
        Response refused = refuse_at(row, request, commands::too_many(*taken));
        tell_of(narrow, taken->first_level_us, refused);
        co_return refused;
    }
    Response response = co_await answered_in_even_time(row, context, request);
    tell_of(narrow, taken->first_level_us, response);
    co_return response;
}

Reply told(Response response) { co_return response; }

Reply with_own_limit(const RouteRow& row, Context& context, Request& request) {
    const auto rate = context.services.settings.limits.requests;
    const auto taken = context.services.limits.take_local(network_buckets("requests", request.client_ip, rate));
    if (taken.wait > Duration()) return told(refuse_at(row, request, commands::too_many(taken)));
    return answered(row, context, request);
}

Reply limited(const RouteRow& row, Context& context, Request& request) {
    switch (row.rate_limit) {
        case RateLimit::kPasswords: return with_shared_limit(row, context, request);
        case RateLimit::kClients:
        case RateLimit::kOrdinary: return with_own_limit(row, context, request);
        case RateLimit::kUndeclared:
        case RateLimit::kUnlimited: break;
    }
    return answered(row, context, request);
}

IpAddress site_of(IpAddress address) {
    std::fill(address.bytes.begin() + 6, address.bytes.end(), std::uint8_t{0});
    return address;
}

}  // namespace

std::vector<Bucket> network_buckets(std::string_view what, const IpAddress& caller, const commands::Rate& rate) {
    std::vector<Bucket> buckets;
    buckets.push_back(commands::bucket_of(what, caller.caller_network().to_string(), rate));
    if (caller.is_v4()) return buckets;
    const commands::Rate wide{rate.per_minute * kNetworksOfASite, rate.burst * kNetworksOfASite};
    buckets.push_back(commands::bucket_of(what, site_of(caller).to_string() + "/48", wide));
    return buckets;
}

boost::asio::awaitable<Result<eventstore::RateDecision, CommandError>> take_of_network(Context& context,
                                                                                       const Request& request,
                                                                                       std::vector<Bucket> buckets) {
    auto taken = co_await context.services.limits.take(std::move(buckets), request.deadline);
    if (!taken) co_return Unexpected(CommandError(refusals::kUnavailable, kAwayFor));
    if (taken->wait > Duration()) co_return Unexpected(commands::too_many(*taken));
    co_return *taken;
}

std::vector<Route> bind_routes(RouteTable table, Context& context) {
    std::vector<Route> routes;
    for (const RouteRow& row : table)
        routes.push_back({row.operation, row.method, row.path,
                          [&row, &context](Request& request) { return limited(row, context, request); },
                          is_typed(row)});
    return routes;
}

}  // namespace keyledger::api
