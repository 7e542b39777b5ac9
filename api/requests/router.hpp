#pragma once
// Router: from method and path to a handler, with 404, 405 and `Allow`, HEAD by GET, OPTIONS and CORS. Built
// once at start from a constant table, immutable afterwards, so that every I/O thread may share it.
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/requests/request.hpp"
#include "api/requests/response.hpp"

namespace keyledger::api {

struct Route {
    std::string_view operation;  // the operationId in openapi.json, and the label in metrics and logs
    Method method;
    std::string_view path;  // "/api/v1/users/{id}"; literals win against parameters
    Handler handler;
    bool is_typed = false;  // by people: with a slash behind it they are led to it (308), while programs are told 404
};

// What the pages of an origin that was registered may read: nothing, the operations that are there for every
// application, or those and the service's own API.
enum class OriginReach { kNothing, kApplications, kApi };

// Cross-origin access for browsers (Fetch standard). Origins are compared byte by byte; "*" admits every one,
// and Router refuses it together with credentials.
struct CorsPolicy {
    std::vector<std::string> origins;
    bool credentials = false;
    int max_age_s = 600;
    // Operations that say the same to everybody, as discovery and key sets: any origin may read them.
    std::vector<std::string_view> open_operations{};
    // Origins that are known beside those above. Any thread; asked before the caller has proven anything, so it looks
    // into memory. They are never given credentials.
    std::function<OriginReach(std::string_view origin)> registered{};
    std::vector<std::string_view> application_operations{};  // of OriginReach::kApplications
    std::string_view api_segment = "api";                    // paths that begin so are of OriginReach::kApi
};

class Router {
public:
    // Throws std::invalid_argument on two routes that no request can tell apart, on a path without a leading
    // slash, on a route for HEAD or OPTIONS (they are answered here), and on CORS for "*" with credentials.
    // `base`: the issuer's path. Everything is served behind it too, and the issuer's well-known documents where RFC
    // 8414 section 3.1 and AuthZEN section 9.2 put them: between host and path.
    // `dress`: gives answers the form that their reader wants; any thread.
    using Dress = std::function<void(const Request&, Response&)>;
    explicit Router(std::vector<Route> routes, CorsPolicy cors = {}, std::vector<std::string> base = {},
                    Dress dress = {});

    struct Resolution {
        const Handler* handler = nullptr;  // null: `answer` is the answer
        Response answer;
    };
    // Sets the request's operation and path parameters.
    Resolution resolve(Request& request) const;

    // Dresses the answer, and adds what CORS wants on it; for every answer, refusals too, after resolve() if that was
    // called.
    void decorate(const Request& request, Response& response) const;

    std::span<const Route> routes() const noexcept { return routes_; }

private:
    struct Compiled {
        std::vector<std::string> segments;  // "{name}" is a parameter
        std::map<Method, std::size_t> by_method;
        std::string allow;
    };
    struct HashOfSegments {
        std::size_t operator()(const std::vector<std::string>& segments) const noexcept;
    };
    const Compiled* find_path(const std::vector<std::string>& segments) const;
    // The way to a page whose path was given with a slash behind it; nullopt: there is none.
    std::optional<Response> way_to_page(const Request& request) const;
    // Without the base.
    void localize(Request& request) const;
    bool admits(std::string_view origin) const;
    bool is_open(std::string_view operation) const;
    // What a registered origin has to reach to read the answer; kNothing: no registered one reads it.
    OriginReach reach_for(const Request& request, std::string_view operation) const;
    // The path that a preflight asks about; nullptr: it is none.
    const Compiled* preflighted(const Request& request) const;
    struct Sharing {
        std::string_view with;  // of Access-Control-Allow-Origin; empty: nobody
        bool by_origin = false;
        bool credentials = false;
    };
    Sharing sharing_of(const Request& request, std::string_view operation) const;

    std::vector<Route> routes_;
    std::vector<Compiled> paths_;  // literal segments before parameters
    // Places in it: of those without a parameter, by their segments, and of the others in their order.
    std::unordered_map<std::vector<std::string>, std::size_t, HashOfSegments> literal_;
    std::vector<std::size_t> parameterized_;
    CorsPolicy cors_;
    std::vector<std::string> base_;
    Dress dress_;
};

// The segments of a URL's path. Throws std::invalid_argument for a URL that has a path but none that can be served.
std::vector<std::string> path_of_url(std::string_view url);

}  // namespace keyledger::api
