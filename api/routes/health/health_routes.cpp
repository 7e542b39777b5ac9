// Health, what this service is and can do, and the document that describes its API.

#include <algorithm>

#include "api/openapi/document.hpp"
#include "api/routes/call.hpp"
#include "api/routes/health/docs.hpp"
#include "api/routes/health/readiness.hpp"
#include "api/routes/pages/showing.hpp"
#include "api/routes/static_answer.hpp"
#include "api/wire/write_json.hpp"
#include "commands/account_services.hpp"
#include "commands/providers/providers.hpp"

namespace keyledger::api::routes {
namespace {

bool are_good(const std::vector<HealthCheck>& checks) {
    return std::ranges::none_of(checks, [](const HealthCheck& check) { return check.is_needed && !check.good; });
}

}  // namespace

Response readiness(Health& health, HealthDetail detail) {
    const auto checks = health.readiness();
    const bool ready = are_good(checks);
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

// For somebody who looks with a browser: whether it is up, and where to read on.
Reply home(Call& call) {
    const bool is_up = are_good(call.context.health.readiness());
    Page page{is_up ? Text::kServiceIsUp : Text::kServiceIsNotReady};
    if (!is_up) page.sentences.push_back(Text::kNotReadyMeans);
    page.sentences.push_back(Text::kServiceIsFor);
    page.sentences.push_back({Text::kVersionOfService, KEYLEDGER_VERSION});
    page.links = {{"/account", Text::kYourAccount}, {"/openapi.json", Text::kDocumentOfApi}};
    if (offers_docs(call.context)) page.links.insert(page.links.begin() + 1, Link{"/docs", Text::kDocsOfApi});
    page.links.push_back({"/.well-known/openid-configuration", Text::kDiscoveryOfService});
    page.links.push_back({"/.well-known/authzen-configuration", Text::kDiscoveryOfAccess});
    co_return show(call, 200, page);
}

// No more than the pages show whoever opens them: neither limits nor what keeps whom out.
Reply service_information(Call& call) {
    const commands::AccountServices& accounts = call.services().accounts;
    std::vector<std::string> by_mail;
    if (accounts.log_in_by_mail.by_link) by_mail.emplace_back("link");
    if (accounts.log_in_by_mail.by_code) by_mail.emplace_back("code");
    JsonText json;
    json.text("service", "keyledger").text("version", KEYLEDGER_VERSION);
    json.text("issuer", call.services().settings.issuer).begin_object("capabilities");
    json.boolean("registration", true)
        .boolean("email_verification", accounts.verifies_email)
        .texts("log_in_by_mail", by_mail)
        .boolean("passkeys", accounts.passkeys.ceremonies != nullptr)
        .begin_array("providers");
    if (accounts.providers != nullptr)
        for (const commands::ProviderOffer& offer : accounts.providers->offers())
            json.begin_object().text("name", offer.name).text("title", offer.title).end_object();
    json.end_array()
        .boolean("device_grant", accounts.user_codes != nullptr)
        .boolean("client_registration", call.context.most_registered > 0)
        .boolean("docs", offers_docs(call.context))
        .end_object();
    co_return api::json(200, json.finish());
}

Reply openapi(Call& call) {
    co_return static_answer(call.request, openapi_file(), "application/json", "public, max-age=300");
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
    {"serviceInformation", kGet, "/info", service_information, kUnlimited, kAnybody},
    {"openapi", kGet, "/openapi.json", openapi, kUnlimited, kAnybody},
};
// clang-format on

}  // namespace

RouteTable health_routes() { return kRows; }

}  // namespace keyledger::api::routes
