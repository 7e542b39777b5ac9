// Health, and the document that describes this API.

#include <algorithm>

#include "api/openapi/document.hpp"
#include "api/routes/call.hpp"
#include "api/routes/health/readiness.hpp"
#include "api/wire/write_json.hpp"

namespace keyledger::api::routes {

Response readiness(Health& health, HealthDetail detail) {
    const auto checks = health.readiness();
    const bool ready =
        std::ranges::none_of(checks, [](const HealthCheck& check) { return check.is_needed && !check.good; });
    JsonText text;
    text.text("status", ready ? "ready" : "not-ready").begin_array("checks");
    for (const HealthCheck& check : checks) {
        text.begin_object().text("name", check.name).boolean("good", check.good);
        if (detail == HealthDetail::kReasons) text.text("detail", check.detail);
        text.end_object();
    }
    text.end_array();
    return json(ready ? 200 : 503, text.finish());
}

namespace {

Reply health(Call& call) { co_return readiness(call.context.health, HealthDetail::kNames); }
Reply health_live(Call&) { co_return json(200, R"({"status":"live"})"); }
Reply health_ready(Call& call) { co_return readiness(call.context.health, HealthDetail::kNames); }

// For somebody who looks with a browser: what this is, and where to read on.
Reply home(Call&) {
    Response response;
    response.status = 200;
    response.content_type = "text/html; charset=utf-8";
    response.body =
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Keyledger</title>\n"
        "<h1>Keyledger " KEYLEDGER_VERSION "</h1>\n<p>An authentication and authorization service. This is its API; "
        "people log in, register and see to their account <a href=\"/account\">on pages of it</a>.</p>\n<ul>\n"
        "<li><a href=\"/openapi.json\">/openapi.json</a>: every operation</li>\n"
        "<li><a "
        "href=\"/.well-known/oauth-authorization-server\">/.well-known/oauth-authorization-server</a>: "
        "for OAuth clients</li>\n"
        "<li><a href=\"/.well-known/authzen-configuration\">/.well-known/authzen-configuration</a>: "
        "for those who ask what somebody may do</li>\n"
        "<li><a href=\"/health/ready\">/health/ready</a>: whether it is ready</li>\n</ul>\n</html>\n";
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

Reply openapi(Call&) {
    Response response = json(200, {});
    response.fixed_body = openapi_document();
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"home", kGet, "/", home, kUnlimited, kAnybody},
    {"health", kGet, "/health", health, kUnlimited, kAnybody},
    {"healthLive", kGet, "/health/live", health_live, kUnlimited, kAnybody},
    {"healthReady", kGet, "/health/ready", health_ready, kUnlimited, kAnybody},
    {"openapi", kGet, "/openapi.json", openapi, kUnlimited, kAnybody},
};
// clang-format on

}  // namespace

RouteTable health_routes() { return kRows; }

}  // namespace keyledger::api::routes
