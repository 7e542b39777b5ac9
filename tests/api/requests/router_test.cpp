#include "api/requests/router.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <tuple>

#include "api/requests/target.hpp"
#include "api/wire/problem.hpp"

using namespace keyledger::api;

namespace {

boost::asio::awaitable<Response> answer(Request&) { co_return no_content(); }

const std::vector<Route> kTable{{"list_things", Method::kGet, "/things", answer},
                                {"make_thing", Method::kPost, "/things", answer},
                                {"show_thing", Method::kGet, "/things/{id}", answer},
                                {"own_thing", Method::kGet, "/things/own", answer},
                                {"show_part", Method::kGet, "/things/{id}/parts/{part}", answer}};

Router router(CorsPolicy cors = {}) { return Router(kTable, std::move(cors)); }

Request request_for(Method method, std::string_view target) {
    Request request;
    request.method = method;
    request.segments = parse_target(target).value().segments;
    return request;
}

std::vector<Route> routes(std::initializer_list<std::pair<Method, std::string_view>> wanted) {
    std::vector<Route> made;
    for (const auto& [method, path] : wanted) made.push_back({"op", method, path, {}});
    return made;
}

}  // namespace

TEST(Router, FindsTheOperationAndItsParameters) {
    Router table = router();
    Request request = request_for(Method::kGet, "/things/a%2Fb/parts/7");
    EXPECT_NE(table.resolve(request).handler, nullptr);
    EXPECT_EQ(request.operation, "show_part");
    EXPECT_EQ(request.path_parameter("id"), "a/b");
    EXPECT_EQ(request.path_parameter("part"), "7");
    EXPECT_THROW(request.path_parameter("other"), std::logic_error);
}

// RFC 8414 section 3.1 and AuthZEN 1.0 section 9.2: between host and path.
TEST(Router, ServesAnIssuersDocumentsBehindTheWellKnownName) {
    const std::vector<Route> served{{"oauth", Method::kGet, "/.well-known/oauth-authorization-server", answer},
                                    {"authzen", Method::kGet, "/.well-known/authzen-configuration", answer},
                                    {"jwks", Method::kGet, "/.well-known/jwks.json", answer},
                                    {"thing", Method::kGet, "/things/{id}", answer}};
    const Router plain(served);
    const Router under(served, {}, path_of_url("https://pdp.example/auth/a%20b"));
    const auto operation = [](const Router& table, std::string_view target) {
        Request request = request_for(Method::kGet, target);
        (void)table.resolve(request);
        return std::string(request.operation);
    };
    const std::tuple<std::string, std::string, std::string> kCases[] = {
        {"/.well-known/oauth-authorization-server", "oauth", "oauth"},
        {"/.well-known/oauth-authorization-server/auth/a%20b", "unmatched", "oauth"},
        {"/.well-known/authzen-configuration/auth/a%20b", "unmatched", "authzen"},
        {"/.well-known/authzen-configuration/auth", "unmatched", "unmatched"},
        {"/.well-known/authzen-configuration/auth/a%20b/c", "unmatched", "unmatched"},
        {"/.well-known/authzen-configuration/other/a%20b", "unmatched", "unmatched"},
        {"/.well-known/jwks.json/auth/a%20b", "unmatched", "unmatched"},
        {"/auth/a%20b/.well-known/jwks.json", "unmatched", "jwks"},
        {"/auth/a%20b/.well-known/oauth-authorization-server", "unmatched", "oauth"},
        {"/auth/a%20b/things/7", "unmatched", "thing"},
        {"/auth/things/7", "unmatched", "unmatched"},
        {"/auth/a%20b", "unmatched", "unmatched"},
        {"/things/7", "thing", "thing"}};
    for (const auto& [target, without, with] : kCases) {
        EXPECT_EQ(operation(plain, target), without) << target;
        EXPECT_EQ(operation(under, target), with) << target;
    }
    EXPECT_TRUE(path_of_url("https://pdp.example").empty());
    EXPECT_TRUE(path_of_url("http://127.0.0.1:8080").empty());
    for (const char* bad : {"https://a/", "https://a/b/", "https://a/../b", "https://a/b?c=d", "https://a/b//c/"})
        EXPECT_THROW(path_of_url(bad), std::invalid_argument) << bad;
}

TEST(Router, PrefersLiteralsToParameters) {
    Router table = router();
    Request own = request_for(Method::kGet, "/things/own");
    Request other = request_for(Method::kGet, "/things/other");
    (void)table.resolve(own);
    (void)table.resolve(other);
    EXPECT_EQ(own.operation, "own_thing");
    EXPECT_EQ(other.operation, "show_thing");
}

// However it looks for paths: of all that fit a request, the one whose first parameter comes latest, and so on. Every
// table of a few paths in every order, against a search through all of them.
TEST(Router, FindsWhatASearchThroughAllPathsFinds) {
    using Segments = std::vector<std::string>;
    const auto combined = [](const std::vector<std::string>& words) {
        std::vector<Segments> all{{}};
        for (std::size_t from = 0, length = 1; length <= 3; ++length)
            for (const std::size_t to = all.size(); from < to; ++from)
                for (const std::string& word : words) {
                    Segments longer = all[from];
                    longer.push_back(word);
                    all.push_back(std::move(longer));
                }
        return all;
    };
    const auto path_of = [](const Segments& segments) {
        std::string path;
        for (const std::string& segment : segments) path += '/' + segment;
        return path.empty() ? std::string("/") : path;
    };
    const auto is_parameter = [](const std::string& segment) { return segment == "{p}"; };
    const auto patterns = combined({"a", "b", "{p}"});
    const auto asked = combined({"a", "b", "c", "", "{p}"});
    for (std::size_t step = 1; step < 7; ++step) {
        std::vector<std::string> paths;  // which the routes see for as long as they live
        std::vector<Segments> chosen;
        for (std::size_t i = 0; i < patterns.size(); i += step) {
            chosen.push_back(patterns[patterns.size() - 1 - i]);
            paths.push_back(path_of(chosen.back()));
        }
        std::vector<Route> served;
        for (const std::string& path : paths) served.push_back({path, Method::kGet, path, answer});
        const Router table(served);
        for (const Segments& segments : asked) {
            const Segments* best = nullptr;
            for (const Segments& pattern : chosen) {
                const auto fits = [&](const std::string& wanted, const std::string& given) {
                    return is_parameter(wanted) ? !given.empty() : wanted == given;
                };
                const auto is_before = [&](const std::string& left, const std::string& right) {
                    return !is_parameter(left) && is_parameter(right);
                };
                if (!std::ranges::equal(pattern, segments, fits)) continue;
                if (best == nullptr || std::ranges::lexicographical_compare(pattern, *best, is_before)) best = &pattern;
            }
            Request request;
            request.method = Method::kGet;
            request.segments = segments;
            (void)table.resolve(request);
            EXPECT_EQ(request.operation, best == nullptr ? std::string(kUnmatched) : path_of(*best))
                << path_of(segments) << " of every " << step;
        }
    }
}

TEST(Router, AnswersUnknownPathsWith404) {
    Router table = router();
    for (const char* target : {"/", "/thing", "/things/", "//things", "/things%2Fown", "/Things", "/things/a/parts/"}) {
        Request request = request_for(Method::kGet, target);
        auto resolution = table.resolve(request);
        EXPECT_EQ(resolution.handler, nullptr) << target;
        EXPECT_EQ(resolution.answer.status, 404) << target;
        EXPECT_EQ(request.operation, kUnmatched);
    }
}

// People type addresses, and some end them with a slash.
TEST(Router, LeadsToPagesThatWereGivenASlashBehind) {
    std::vector<Route> served = kTable;
    for (const char* path : {"/docs", "/account/sessions", "/account/{tab}"})
        served.push_back({"page", Method::kGet, path, answer, true});
    served.push_back({"send", Method::kPost, "/send", answer, true});
    const Router table(served, {}, path_of_url("https://pdp.example/auth"));
    const auto led_to = [&](std::string_view target, Method method = Method::kGet) -> std::string {
        Request request = request_for(method, target);
        request.target = std::string(target);
        const auto resolution = table.resolve(request);
        EXPECT_EQ(request.operation, kUnmatched) << target;
        if (resolution.answer.status != 308) return std::to_string(resolution.answer.status);
        return std::string(resolution.answer.headers.find("Location").value_or("none"));
    };
    EXPECT_EQ(led_to("/docs/"), "../docs");
    EXPECT_EQ(led_to("/docs/", Method::kHead), "../docs");
    EXPECT_EQ(led_to("/auth/docs/"), "../docs") << "whatever stands before it";
    EXPECT_EQ(led_to("/account/sessions/?of=%0d%0aA:b&x=//evil.example"), "../sessions?of=%0d%0aA:b&x=//evil.example");
    // Nobody is led to where nothing is served, nor by what they made up; and programs are told.
    for (const char* target : {"/docs//", "//docs/", "/nothing/", "/account/made-up/", "/things/", "/things/own/",
                               "/send/", "//evil.example/docs/", "/docs%2F"})
        EXPECT_EQ(led_to(target), "404") << target;
    for (const Method method : {Method::kPost, Method::kDelete, Method::kOptions})
        EXPECT_EQ(led_to("/docs/", method), "404");
}

TEST(Router, AnswersOtherMethodsWith405AndAllow) {
    Router table = router();
    for (Method method : {Method::kPut, Method::kDelete, Method::kOther}) {
        Request request = request_for(method, "/things");
        auto resolution = table.resolve(request);
        EXPECT_EQ(resolution.answer.status, 405);
        EXPECT_EQ(resolution.answer.headers.find("allow"), "GET, HEAD, POST, OPTIONS");
    }
}

TEST(Router, AnswersHeadWithTheGetRoute) {
    Router table = router();
    Request request = request_for(Method::kHead, "/things/7");
    EXPECT_NE(table.resolve(request).handler, nullptr);
    EXPECT_EQ(request.operation, "show_thing");
}

TEST(Router, AnswersAPreflightForConfiguredOriginsOnly) {
    Router table = router({.origins = {"https://app.example"}, .credentials = true, .max_age_s = 60});
    for (std::string_view origin :
         {"https://app.example", "https://evil.example", "https://app.example.evil", "null"}) {
        Request request = request_for(Method::kOptions, "/things");
        request.headers.add("Origin", origin);
        request.headers.add("Access-Control-Request-Method", "POST");
        Response response = table.resolve(request).answer;
        table.decorate(request, response);
        bool admitted = origin == "https://app.example";
        EXPECT_EQ(response.status, 204);
        EXPECT_EQ(response.headers.find("Vary"), "Origin");
        EXPECT_EQ(response.headers.contains("Access-Control-Allow-Origin"), admitted) << origin;
        EXPECT_EQ(response.headers.contains("Access-Control-Allow-Credentials"), admitted) << origin;
        EXPECT_EQ(response.headers.contains("Access-Control-Allow-Methods"), admitted) << origin;
    }
}

TEST(Router, NeverAllowsCredentialsToEveryOrigin) {
    EXPECT_THROW(router({.origins = {"*"}, .credentials = true}), std::invalid_argument);
    Router table = router({.origins = {"*"}});
    Request request = request_for(Method::kGet, "/things");
    request.headers.add("Origin", "https://any.example");
    Response response;
    table.decorate(request, response);
    EXPECT_EQ(response.headers.find("Access-Control-Allow-Origin"), "*");
    EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Credentials"));
}

// Discovery and key sets: the same for everybody, and nobody sends credentials for them.
TEST(Router, LetsEveryOriginReadWhatIsOpenAndNothingElse) {
    const Router table = router({.origins = {"https://app.example"}, .open_operations = {"list_things"}});
    const auto answered = [&](Method method, std::string_view origin, std::string_view wanted = {}) {
        Request request = request_for(method, "/things");
        if (!origin.empty()) request.headers.add("Origin", origin);
        if (!wanted.empty()) request.headers.add("Access-Control-Request-Method", wanted);
        Response response = table.resolve(request).answer;
        table.decorate(request, response);
        return response;
    };
    for (std::string_view origin : {"https://any.example", "https://app.example", "null", ""}) {
        const Response open = answered(Method::kGet, origin);
        EXPECT_EQ(open.headers.find("Access-Control-Allow-Origin"), "*") << origin;
        EXPECT_FALSE(open.headers.contains("Vary")) << origin;
        EXPECT_FALSE(open.headers.contains("Access-Control-Allow-Credentials")) << origin;
    }
    const Response asked = answered(Method::kOptions, "https://any.example", "GET");
    EXPECT_EQ(asked.headers.find("Access-Control-Allow-Origin"), "*");
    EXPECT_TRUE(asked.headers.contains("Access-Control-Allow-Headers"));
    // Another method of the same path.
    for (const Response& closed :
         {answered(Method::kPost, "https://any.example"), answered(Method::kOptions, "https://any.example", "POST"),
          answered(Method::kOptions, "https://any.example"), answered(Method::kOptions, "https://any.example", "BREW")})
        EXPECT_FALSE(closed.headers.contains("Access-Control-Allow-Origin"));
    const Response admitted = answered(Method::kOptions, "https://app.example", "POST");
    EXPECT_EQ(admitted.headers.find("Access-Control-Allow-Origin"), "https://app.example");
}

// What pages of registered applications may read, and what others learn of that: nothing.
TEST(Router, LetsRegisteredOriginsReachWhatIsForThem) {
    const std::vector<Route> served{{"token", Method::kPost, "/oauth2/token", answer},
                                    {"form", Method::kGet, "/oauth2/token", answer},
                                    {"me", Method::kGet, "/api/v1/me", answer}};
    int asked = 0;
    CorsPolicy policy;
    policy.application_operations = {"token"};
    policy.registered = [&](std::string_view origin) {
        ++asked;
        if (origin == "https://app.example") return OriginReach::kApplications;
        return origin == "https://own.example" ? OriginReach::kApi : OriginReach::kNothing;
    };
    const Router table(served, policy);
    const auto answered = [&](Method method, std::string_view target, std::string_view origin,
                              std::string_view wanted = {}) {
        Request request = request_for(method, target);
        if (!origin.empty()) request.headers.add("Origin", origin);
        if (!wanted.empty()) request.headers.add("Access-Control-Request-Method", wanted);
        Response response = table.resolve(request).answer;
        table.decorate(request, response);
        EXPECT_FALSE(response.headers.contains("Access-Control-Allow-Credentials"));
        return response;
    };
    const auto may = [&](std::string_view origin, std::string_view target, std::string_view method) {
        const Response before = answered(Method::kOptions, target, origin, method);
        const Response after = answered(parse_method(method), target, origin);
        for (const Response& one : {before, after}) {
            const auto allowed = one.headers.find("Access-Control-Allow-Origin");
            EXPECT_TRUE(!allowed || *allowed == origin) << origin << target;
        }
        const bool allows = before.headers.contains("Access-Control-Allow-Origin");
        EXPECT_EQ(before.headers.contains("Access-Control-Allow-Methods"), allows) << origin << target;
        EXPECT_EQ(after.headers.contains("Access-Control-Allow-Origin"), allows) << origin << target;
        EXPECT_EQ(after.headers.contains("Access-Control-Expose-Headers"), allows) << origin << target;
        return allows;
    };
    EXPECT_TRUE(may("https://app.example", "/oauth2/token", "POST"));
    EXPECT_TRUE(may("https://own.example", "/oauth2/token", "POST"));
    EXPECT_TRUE(may("https://own.example", "/api/v1/me", "GET"));
    EXPECT_TRUE(may("https://own.example", "/api/v1/me", "DELETE")) << "a page reads its 405";
    EXPECT_FALSE(may("https://app.example", "/api/v1/me", "GET"));
    EXPECT_FALSE(may("https://app.example", "/oauth2/token", "GET")) << "another operation of that path";
    EXPECT_FALSE(may("https://own.example", "/log-in", "GET"));
    for (const char* origin : {"https://evil.example", "null", "*", ""}) {
        EXPECT_FALSE(may(origin, "/oauth2/token", "POST")) << origin;
        EXPECT_FALSE(may(origin, "/api/v1/me", "GET")) << origin;
    }
    // A cache that keeps an answer to nobody's page gives it to no other.
    for (const char* origin : {"https://app.example", "https://evil.example", ""}) {
        EXPECT_EQ(answered(Method::kPost, "/oauth2/token", origin).headers.find("Vary"), "Origin") << origin;
        EXPECT_EQ(answered(Method::kOptions, "/oauth2/token", "https://evil.example", "POST").headers.find("Vary"),
                  "Origin");
        EXPECT_FALSE(answered(Method::kGet, "/log-in", origin).headers.contains("Vary")) << origin;
    }
    asked = 0;
    (void)answered(Method::kPost, "/oauth2/token", "");
    (void)answered(Method::kGet, "/log-in", "https://app.example");
    EXPECT_EQ(asked, 0) << "looked for without need";
}

TEST(Router, RefusesATableThatIsAmbiguousOrMalformed) {
    EXPECT_THROW(Router(routes({{Method::kGet, "/a"}, {Method::kGet, "/a"}})), std::invalid_argument);
    EXPECT_THROW(Router(routes({{Method::kGet, "/{a}"}, {Method::kPut, "/{b}"}})), std::invalid_argument);
    EXPECT_THROW(Router(routes({{Method::kHead, "/a"}})), std::invalid_argument);
    for (const char* path : {"", "a", "/a/", "/a//b", "/{", "/{}", "/{a"})
        EXPECT_THROW(Router(routes({{Method::kGet, path}})), std::invalid_argument) << path;
}

TEST(Headers, RefusesLineBreaksSoThatNoAnswerIsSplit) {
    Headers headers;
    EXPECT_THROW(headers.add("Location", "/a\r\nSet-Cookie: x"), std::invalid_argument);
    for (const char breaks : {'\r', '\n', '\0'})
        for (const std::size_t at : {0, 1, 2}) {
            std::string value = "/a";
            value.insert(at, 1, breaks);
            EXPECT_THROW(headers.add("Location", value), std::invalid_argument) << at;
        }
    EXPECT_THROW(headers.add("Bad Name", "x"), std::invalid_argument);
    headers.add("Location", "/a");
    EXPECT_EQ(headers.find("LOCATION"), "/a");
}

TEST(Problem, SaysTypeTitleStatusDetailAndRequest) {
    Problem what{.type = problems::kOverloaded,
                 .detail = "Try \"later\".",
                 .retry_after = keyledger::seconds(3),
                 .errors = {},
                 .members = {}};
    what.members.push_back({"error", "invalid_request"});
    Response response = problem("r-1", what);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.headers.find("Retry-After"), "3");
    EXPECT_EQ(response.body,
              R"({"type":"urn:keyledger:problem:overloaded","title":"Too many connections","status":503,)"
              R"("detail":"Try \"later\".","request_id":"r-1","error":"invalid_request"})");
}

TEST(Problem, TypesAreUniqueAndTheirStatusesAreErrors) {
    for (std::size_t i = 0; i < kTransportProblems.size(); ++i) {
        EXPECT_GE(kTransportProblems[i].status, 400);
        for (std::size_t k = 0; k < i; ++k) EXPECT_NE(kTransportProblems[i].slug, kTransportProblems[k].slug);
    }
}
