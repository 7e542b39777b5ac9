// Pages of registered applications call from their own origins (ADR 42), and those of nobody else's.
#include <gtest/gtest.h>

#include "tests/e2e/clients/applications.hpp"
#include "tests/e2e/clients/registrars.hpp"
#include "tests/e2e/oauth/endpoints.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kFactors = "/api/v1/auth/mfa/factors";  // of one's own account

// Of type spa, whose page is there; `rest` begins with a comma.
std::string page_at(const std::string& origin, const std::string& rest = "") {
    return R"({"name":"Page","application_type":"spa","authentication":"none","grant_types":["authorization_code"],)"
           R"("scopes":["openid"],"audiences":[],"redirect_uris":[")" +
           origin + R"(/callback"],"post_logout_redirect_uris":[])" + rest + "}";
}
std::string registered_page(const std::string& origin, const std::string& rest = "") {
    const Answer made = administrator(api()).post(kApplications, page_at(origin, rest));
    EXPECT_EQ(made.status, 201) << made.body;
    return made.text("/id");
}
std::string unique_origin() { return "https://" + unique("page") + ".example"; }

std::optional<std::string> allowed_by(std::uint16_t port, std::string_view method, std::string_view target,
                                      const std::string& origin) {
    HttpHeaders headers{{"Origin", origin}};
    if (method == "OPTIONS") headers.emplace_back("Access-Control-Request-Method", target == kFactors ? "GET" : "POST");
    HttpClient client(port);
    const HttpResponse answer = client.request(method, target, headers);
    EXPECT_FALSE(answer.header("Access-Control-Allow-Credentials")) << target;
    return answer.header("Access-Control-Allow-Origin");
}
std::optional<std::string> allowed(std::string_view method, std::string_view target, const std::string& origin) {
    return allowed_by(service().port(), method, target, origin);
}
void await_allowed(const std::string& origin, bool wanted = true) {
    await_that("the node knows the origins of an application",
               [&] { return allowed("OPTIONS", "/oauth2/token", origin).has_value() == wanted; });
}

TEST(PagesOfApplications, ReadWhatApplicationsNeedAndNotTheApi) {
    const std::string origin = unique_origin();
    EXPECT_FALSE(allowed("OPTIONS", "/oauth2/token", origin));
    registered_page(origin);
    await_allowed(origin);
    for (const char* target : {"/oauth2/token", "/oauth2/revoke", "/oauth2/userinfo", kPar, kDeviceAuthorization}) {
        EXPECT_EQ(allowed("OPTIONS", target, origin), origin) << target;
        EXPECT_EQ(allowed("POST", target, origin), origin) << target << ": also what is refused";
    }
    for (const char* target : {"/.well-known/openid-configuration", "/.well-known/jwks.json"})
        EXPECT_EQ(allowed("GET", target, origin), "*") << target;
    for (const char* target : {kFactors, kLogin, "/oauth2/introspect", "/oauth2/register", "/log-in"})
        EXPECT_FALSE(allowed("OPTIONS", target, origin)) << target;
    for (const std::string& other :
         {origin + ":8443", origin + "/", "http" + origin.substr(5), origin + ".evil.example",
          std::string("https://evil.example"), std::string("null")})
        EXPECT_FALSE(allowed("POST", "/oauth2/token", other)) << other;
}

TEST(PagesOfApplications, ReadTheApiIfTheyAreFirstParty) {
    const std::string origin = unique_origin();
    registered_page(origin, R"(,"consent":"first_party")");
    await_allowed(origin);
    EXPECT_EQ(allowed("OPTIONS", kFactors, origin), origin);
    EXPECT_EQ(allowed("GET", kFactors, origin), origin) << "a page may read why it is refused";
    EXPECT_FALSE(allowed("GET", "/account", origin)) << "pages of the service are nobody else's to read";
}

TEST(PagesOfApplications, LoseTheirOriginWithTheApplication) {
    const std::string origin = unique_origin();
    const std::string moved = unique_origin();
    const std::string id = registered_page(origin);
    await_allowed(origin);
    ApiClient admin = administrator(api());
    const auto change = [&](const std::string& body) {
        const Answer done = admin.put(application_target(id), body);
        EXPECT_EQ(done.status, 204) << done.body;
    };
    change(page_at(moved, R"(,"status":"enabled")"));
    await_allowed(moved);
    EXPECT_FALSE(allowed("POST", "/oauth2/token", origin));
    change(page_at(moved, R"(,"status":"disabled")"));
    await_allowed(moved, false);
    change(page_at(moved, R"(,"status":"enabled")"));
    await_allowed(moved);
    EXPECT_EQ(admin.del(application_target(id)).status, 204);
    await_allowed(moved, false);
}

// A balancer sends it preflights from its first 200 of /health/ready on: it has read the log by then.
TEST(PagesOfApplications, AreKnownToANodeThatSaysItIsReady) {
    const std::string origin = unique_origin();
    registered_page(origin);
    for (int start = 0; start < 3; ++start) {
        RunningService node(deployment(), {{"KEYLEDGER_ROLES", "api"}});
        EXPECT_EQ(allowed_by(node.port(), "OPTIONS", "/oauth2/token", origin), origin) << "start " << start;
    }
}

// Of servers and devices no browser's script asks.
TEST(PagesOfApplications, AreNotThoseOfServersAndDevices) {
    const std::string of_server = unique_origin();
    const std::string of_page = unique_origin();
    ApiClient admin = administrator(api());
    std::string body = application_body("Server");
    body.replace(body.find("https://orders.example"), std::string("https://orders.example").size(), of_server);
    ASSERT_EQ(admin.post(kApplications, body).status, 201);
    registered_page(of_page);
    await_allowed(of_page);  // then the one before it is known, too
    EXPECT_FALSE(allowed("OPTIONS", "/oauth2/token", of_server));
}

// Whoever may register applications by a program adds an origin that reads answers to its own tokens, and no more.
TEST(PagesOfApplications, OfAProgramsMakingNeverReadTheApi) {
    const std::string origin = unique_origin();
    const Answer made = api()
                            .as(registrar_token(administrator(api())))
                            .post(kRegisterClient, R"({"token_endpoint_auth_method":"none","redirect_uris":[")" +
                                                       origin + R"(/callback"]})");
    ASSERT_EQ(made.status, 201) << made.body;
    await_allowed(origin);
    EXPECT_FALSE(allowed("OPTIONS", kFactors, origin));
}

}  // namespace
}  // namespace keyledger::test
