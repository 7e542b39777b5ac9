#pragma once
// Request: what a handler is given, free of any transport, already checked: one valid Host, a decoded target,
// a body within its limit. It lives in its connection's coroutine frame for the whole call, and one thread at
// a time uses it.
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/requests/network.hpp"
#include "api/requests/response.hpp"
#include "api/wire/headers.hpp"

namespace keyledger::api {

// kOther: a method that no route can have; its name is not kept.
enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };

std::string_view to_string(Method method) noexcept;
// Method names are case-sensitive (RFC 9110 section 9.1).
Method parse_method(std::string_view name) noexcept;

struct Parameter {
    std::string name;
    std::string value;
};
using Parameters = std::vector<Parameter>;

std::optional<std::string_view> find(const Parameters& parameters, std::string_view name) noexcept;

struct Request {
    using Time = std::chrono::steady_clock::time_point;

    Method method = Method::kGet;
    std::string target;                 // as sent; may hold what should not be logged
    std::vector<std::string> segments;  // of the path, each decoded once; never "." or ".."
    Parameters query;                   // decoded, no name twice
    Headers headers;
    std::string body;
    IpAddress client_ip;            // behind trusted proxies
    std::string client_address;     // the same as text
    std::string user_agent;         // empty when not sent; UTF-8, at most kMaxUserAgentBytes
    std::string request_id;         // [A-Za-z0-9._-]{1,64}, of the one that was given, or made: for logs and events
    std::string echoed_request_id;  // goes back: as it was given, whatever it is (AuthZEN section 10.1.3); or the same
    std::string traceparent;        // W3C trace context, version 00: given or made
    bool expects_continue = false;  // RFC 9110 section 10.1.1
    Parameters path_parameters;     // by the names in the route's path
    std::string_view operation;     // the route's; "unmatched" for 404, 405 and preflights
    Time received_at{};             // when the header was complete
    Time deadline{};                // after it nobody waits for the answer; queues and SQL take it from here

    std::optional<std::string_view> header(std::string_view name) const noexcept { return headers.find(name); }
    std::optional<std::string_view> query_parameter(std::string_view name) const noexcept { return find(query, name); }
    // Throws std::logic_error when the route's path has no such parameter.
    std::string_view path_parameter(std::string_view name) const;
};

inline constexpr std::size_t kMaxUserAgentBytes = 512;
inline constexpr std::string_view kUnmatched = "unmatched";

// Answers with values; an exception means broken code or a broken world and becomes a 500 with the request's
// id.
using Handler = std::function<boost::asio::awaitable<Response>(Request&)>;

}  // namespace keyledger::api
