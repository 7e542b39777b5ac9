#include "api/requests/router.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "api/requests/target.hpp"
#include "api/wire/problem.hpp"

namespace keyledger::api {
namespace {

constexpr std::string_view kAllowedRequestHeaders = "Authorization, Content-Type, DPoP, Idempotency-Key, If-Match, "
                                                    "If-None-Match, Keyledger-Min-Position, X-Request-Id, "
                                                    "traceparent";
constexpr std::string_view kExposedResponseHeaders =
    "DPoP-Nonce, ETag, Idempotency-Replayed, Keyledger-Position, Location, RateLimit, RateLimit-Policy, Retry-After, "
    "WWW-Authenticate, X-Request-Id";

bool is_parameter(std::string_view segment) { return segment.starts_with('{'); }

std::vector<std::string> split_pattern(std::string_view path) {
    if (!path.starts_with('/')) throw std::invalid_argument("a route's path starts with a slash: " + std::string(path));
    std::vector<std::string> segments;
    path.remove_prefix(1);
    while (!path.empty()) {
        std::size_t slash = std::min(path.find('/'), path.size());
        std::string segment(path.substr(0, slash));
        bool closed = segment.size() > 2 && segment.ends_with('}');
        if (segment.empty() || slash + 1 == path.size() || (is_parameter(segment) && !closed))
            throw std::invalid_argument("a route's path has a bad segment: " + segment);
        segments.push_back(std::move(segment));
        path.remove_prefix(std::min(slash + 1, path.size()));
    }
    return segments;
}

// Two patterns are the same when they differ in the names of parameters only.
std::vector<std::string> shape(std::vector<std::string> segments) {
    for (std::string& segment : segments)
        if (is_parameter(segment)) segment = "{}";
    return segments;
}

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
    return std::ranges::equal(pattern, segments, [](const std::string& wanted, const std::string& given) {
        return is_parameter(wanted) ? !given.empty() : wanted == given;
    });
}

bool literals_first(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::ranges::lexicographical_compare(a, b, [](const std::string& left, const std::string& right) {
        return !is_parameter(left) && is_parameter(right);
    });
}

constexpr std::string_view kDocumentsOfIssuers[] = {"oauth-authorization-server", "authzen-configuration"};

}  // namespace

std::vector<std::string> path_of_url(std::string_view url) {
    const std::size_t scheme = url.find("://");
    const std::size_t path = scheme == url.npos ? url.npos : url.find('/', scheme + 3);
    if (path == url.npos) return {};
    auto target = parse_target(url.substr(path));
    if (!target || !target->query.empty() || target->segments.empty() || target->segments.back().empty())
        throw std::invalid_argument("'" + std::string(url) + "' has a path that can't be served");
    return std::move(target->segments);
}

Router::Router(std::vector<Route> routes, CorsPolicy cors, std::vector<std::string> base, Dress dress)
    : routes_(std::move(routes)), cors_(std::move(cors)), base_(std::move(base)), dress_(std::move(dress)) {
    if (cors_.credentials && std::ranges::count(cors_.origins, "*") > 0)
        throw std::invalid_argument("CORS: credentials can't be allowed to every origin; name the origins");
    for (std::size_t i = 0; i < routes_.size(); ++i) {
        const Route& route = routes_[i];
        if (route.method == Method::kHead || route.method == Method::kOptions || route.method == Method::kOther)
            throw std::invalid_argument("a route's method is one of GET, POST, PUT, PATCH, DELETE");
        auto segments = split_pattern(route.path);
        auto same =
            std::ranges::find_if(paths_, [&](const Compiled& path) { return shape(path.segments) == shape(segments); });
        if (same == paths_.end()) same = paths_.insert(paths_.end(), Compiled{segments, {}, {}});
        if (same->segments != segments || !same->by_method.emplace(route.method, i).second)
            throw std::invalid_argument("two routes can't be told apart: " + std::string(route.path));
    }
    for (Compiled& path : paths_) {
        for (const auto& [method, index] : path.by_method) {
            path.allow.append(to_string(method)).append(", ");
            if (method == Method::kGet) path.allow.append("HEAD, ");
        }
        path.allow.append("OPTIONS");
    }
    std::ranges::stable_sort(paths_, literals_first, &Compiled::segments);
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        if (std::ranges::any_of(paths_[i].segments, is_parameter)) parameterized_.push_back(i);
        else literal_.emplace(paths_[i].segments, i);
    }
}

// FNV-1a, with a slash before each segment. Nobody makes two paths of ours meet: they are what the table says.
std::size_t Router::HashOfSegments::operator()(const std::vector<std::string>& segments) const noexcept {
    std::uint64_t hash = 0xCBF29CE484222325U;
    const auto add = [&hash](char c) { hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U; };
    for (const std::string& segment : segments) {
        add('/');
        for (const char c : segment) add(c);
    }
    return static_cast<std::size_t>(hash);
}

// A path without parameters is before all that have some and fit the same request.
const Router::Compiled* Router::find_path(const std::vector<std::string>& segments) const {
    if (const auto literal = literal_.find(segments); literal != literal_.end()) return &paths_[literal->second];
    for (const std::size_t i : parameterized_)
        if (fits(paths_[i].segments, segments)) return &paths_[i];
    return nullptr;
}

void Router::localize(Request& request) const {
    auto& segments = request.segments;
    if (base_.empty() || segments.size() < base_.size()) return;
    const bool is_about_base = segments.size() == 2 + base_.size() && segments[0] == ".well-known" &&
                               std::ranges::find(kDocumentsOfIssuers, segments[1]) != std::end(kDocumentsOfIssuers) &&
                               std::equal(base_.begin(), base_.end(), segments.begin() + 2);
    if (is_about_base) segments.resize(2);
    else if (std::equal(base_.begin(), base_.end(), segments.begin()) && find_path(segments) == nullptr)
        segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(base_.size()));
}

// Relative, for a proxy may have put something before the path; so it never leads to another host, either.
std::optional<Response> Router::way_to_page(const Request& request) const {
    if (request.method != Method::kGet && request.method != Method::kHead) return std::nullopt;
    std::vector<std::string> segments = request.segments;
    if (segments.size() < 2 || !segments.back().empty()) return std::nullopt;
    segments.pop_back();
    const Compiled* path = find_path(segments);
    if (path == nullptr || is_parameter(path->segments.back())) return std::nullopt;
    const auto found = path->by_method.find(Method::kGet);
    if (found == path->by_method.end() || !routes_[found->second].is_typed) return std::nullopt;
    const std::string page = "../" + path->segments.back();
    const std::size_t query = std::min(request.target.find('?'), request.target.size());
    Response answer;
    answer.status = 308;
    answer.headers.add("Location", page + request.target.substr(query));
    answer.headers.add("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
    answer.content_type = "text/html; charset=utf-8";
    answer.body = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>Moved</title></head>\n<body><p><a href=\"" + page +
                  "\">It is here.</a></p></body>\n</html>\n";
    return answer;
}

Router::Resolution Router::resolve(Request& request) const {
    request.operation = kUnmatched;
    if (request.target == "*") return {nullptr, no_content()};
    localize(request);
    const Compiled* path = find_path(request.segments);
    if (auto way = path == nullptr ? way_to_page(request) : std::nullopt) return {nullptr, std::move(*way)};
    if (path == nullptr)
        return {nullptr,
                problem(request, problems::kNotFound, "Nothing is served at this path. /openapi.json lists what is.")};
    if (request.method == Method::kOptions) {
        Response answer = no_content();
        answer.headers.add("Allow", path->allow);
        return {nullptr, std::move(answer)};
    }
    Method method = request.method == Method::kHead ? Method::kGet : request.method;
    auto found = path->by_method.find(method);
    if (found == path->by_method.end()) {
        Response refusal = problem(request, problems::kMethodNotAllowed,
                                   "This path does not have that method. Use one of those in Allow.");
        refusal.headers.add("Allow", path->allow);
        return {nullptr, std::move(refusal)};
    }
    const Route& route = routes_[found->second];
    request.operation = route.operation;
    for (std::size_t i = 0; i < path->segments.size(); ++i) {
        std::string_view name = path->segments[i];
        if (is_parameter(name))
            request.path_parameters.push_back({std::string(name.substr(1, name.size() - 2)), request.segments[i]});
    }
    return {&route.handler, {}};
}

bool Router::admits(std::string_view origin) const {
    return std::ranges::any_of(cors_.origins,
                               [&](const std::string& allowed) { return allowed == "*" || allowed == origin; });
}

bool Router::is_open(std::string_view operation) const {
    return std::ranges::find(cors_.open_operations, operation) != cors_.open_operations.end();
}

OriginReach Router::reach_for(const Request& request, std::string_view operation) const {
    if (!cors_.registered) return OriginReach::kNothing;
    if (std::ranges::find(cors_.application_operations, operation) != cors_.application_operations.end())
        return OriginReach::kApplications;
    const bool is_api = !request.segments.empty() && request.segments.front() == cors_.api_segment;
    return is_api ? OriginReach::kApi : OriginReach::kNothing;
}

const Router::Compiled* Router::preflighted(const Request& request) const {
    if (request.method != Method::kOptions || request.target == "*") return nullptr;
    if (!request.header("Origin") || !request.header("Access-Control-Request-Method")) return nullptr;
    return find_path(request.segments);
}

Router::Sharing Router::sharing_of(const Request& request, std::string_view operation) const {
    if (is_open(operation)) return {"*", false, false};
    const OriginReach needed = reach_for(request, operation);
    // The answer depends on the origin even when there is none: a cache must not give it to another one.
    Sharing sharing;
    sharing.by_origin = needed != OriginReach::kNothing || !cors_.origins.empty();
    const auto origin = request.header("Origin");
    if (!origin) return sharing;
    if (admits(*origin)) {
        const bool every = std::ranges::count(cors_.origins, "*") > 0;
        sharing.with = every ? std::string_view("*") : *origin;
        sharing.credentials = cors_.credentials;
    } else if (needed != OriginReach::kNothing && cors_.registered(*origin) >= needed) {
        sharing.with = *origin;
    }
    return sharing;
}

void Router::decorate(const Request& request, Response& response) const {
    if (dress_) dress_(request, response);
    std::string_view operation = request.operation;
    const Compiled* path = preflighted(request);
    if (path != nullptr) {
        const auto found = path->by_method.find(parse_method(*request.header("Access-Control-Request-Method")));
        if (found != path->by_method.end()) operation = routes_[found->second].operation;
    }
    const Sharing sharing = sharing_of(request, operation);
    if (sharing.by_origin) response.headers.add("Vary", "Origin");
    if (sharing.with.empty()) return;
    response.headers.add("Access-Control-Allow-Origin", sharing.with);
    if (sharing.credentials) response.headers.add("Access-Control-Allow-Credentials", "true");
    if (path == nullptr) {
        response.headers.add("Access-Control-Expose-Headers", kExposedResponseHeaders);
        return;
    }
    response.headers.add("Access-Control-Allow-Methods", path->allow);
    response.headers.add("Access-Control-Allow-Headers", kAllowedRequestHeaders);
    response.headers.add("Access-Control-Max-Age", std::to_string(cors_.max_age_s));
}

}  // namespace keyledger::api
