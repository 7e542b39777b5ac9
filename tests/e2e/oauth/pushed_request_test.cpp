// Requests that an application sends itself (RFC 9126), and a browser that brings no more than the name of one.
#include <gtest/gtest.h>

#include "security/keys/signing_key.hpp"
#include "tests/e2e/clients/service_accounts.hpp"
#include "tests/e2e/clients/signed_assertion.hpp"
#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

std::string push(const std::string& client_id, const std::string& more = "") {
    const Answer answer = api().form(kPar, request_form(client_id, more));
    EXPECT_EQ(answer.status, 201) << answer.body;
    EXPECT_EQ(answer.number("/expires_in"), 90);
    return answer.text("/request_uri");
}
// From the page on which somebody logs in to the application's redirect URI.
Answer agreed(Browser& browser, const Answer& sent, const Person& person) {
    const Answer asks = browser.follow(log_in(browser, browser.follow(sent), person, person.password));
    return browser.follow(browser.post("/consent", filled(browser.follow(asks), {})));
}

TEST(PushedRequests, GetOneCodeEach) {
    RunningService second(deployment());
    const Person person = register_somebody(api());
    const std::string shop = application();
    const std::string request_uri = push(shop);
    EXPECT_TRUE(request_uri.starts_with("urn:ietf:params:oauth:request_uri:"));
    EXPECT_LE(request_uri.size(), 4096U);
    Browser browser;
    const std::string target = pushed_target(shop, request_uri);
    EXPECT_EQ(browser.get(target).status, 303) << "a page may be loaded again";
    const std::string location = Browser::location(agreed(browser, browser.get(target), person));
    EXPECT_EQ(parameter(location, "state"), "af0ifjsldkj") << location;
    const Answer tokens = redeem(shop, parameter(location, "code"));
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    EXPECT_NE(claims_of(tokens.text("/id_token")).find("n-0S6_WzA2Mj"), std::string::npos);
    for (const std::uint16_t port : {api().port(), second.port()}) {
        Browser node((ApiClient(port)));
        node.jar = browser.jar;
        const std::string again = Browser::location(node.get(target));
        EXPECT_TRUE(again.starts_with(kCallback)) << again;
        EXPECT_EQ(parameter(again, "error"), "invalid_request_uri");
        EXPECT_EQ(parameter(again, "state"), "af0ifjsldkj");
        EXPECT_NE(parameter(again, "iss"), "");
    }
    EXPECT_EQ(api().as(tokens.text("/access_token")).get("/oauth2/userinfo").status, 200) << "nothing is ended by that";
}

// What stands beside it in the address is not the application's word.
TEST(PushedRequests, AreNotChangedByTheAddress) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    const std::string target = pushed_target(shop, push(shop)) +
                               "&scope=openid%20profile&nonce=other&state=other&response_type=token&"
                               "redirect_uri=https%3A%2F%2Fevil.example%2F&request=eyJhbGciOiJub25lIn0.e30.";
    Browser browser;
    const std::string location = Browser::location(agreed(browser, browser.get(target), person));
    ASSERT_TRUE(location.starts_with(std::string(kCallback) + "?code=")) << location;
    EXPECT_EQ(parameter(location, "state"), "af0ifjsldkj");
    EXPECT_EQ(redeem(shop, parameter(location, "code")).text("/scope"), "openid email");
}

TEST(PushedRequests, AreOfTheirClientAlone) {
    const std::string shop = application();
    const std::string request_uri = push(shop);
    for (const std::string& client : {application(), std::string("keyledger"), std::string()}) {
        const Answer answer = Browser().get(pushed_target(client, request_uri));
        EXPECT_EQ(answer.status, 400) << client;
        EXPECT_EQ(Browser::location(answer), "");
    }
    const std::string forged = request_uri.substr(0, request_uri.size() - 1) + (request_uri.back() == 'A' ? 'B' : 'A');
    for (const std::string& lie : {forged, std::string("urn:ietf:params:oauth:request_uri:"),
                                   std::string("urn:ietf:params:oauth:request_uri:AAAA")})
        EXPECT_EQ(Browser().get(pushed_target(shop, lie)).status, 400) << lie;
    const Answer elsewhere = Browser().get(request(shop, "&request_uri=https%3A%2F%2Fevil.example%2Fr"));
    EXPECT_EQ(parameter(Browser::location(elsewhere), "error"), "request_uri_not_supported") << "nothing is fetched";
}

TEST(PushedRequests, AreBegunByAFormToo) {
    const std::string shop = application();
    const std::string target = pushed_target(shop, push(shop));
    const Answer sent = api().form("/oauth2/authorize", target.substr(target.find('?') + 1));
    Browser browser;
    EXPECT_TRUE(Browser::location(browser.follow(sent)).starts_with("/login")) << sent.status << sent.body;
}

TEST(PushedRequests, AreTheOnlyOnesWhereTheApplicationPushesAll) {
    ApiClient admin = administrator(api());
    const std::string name = unique("Application");
    const std::string shop = register_application(admin, R"(,"authentication":"client_secret_post")");
    const std::string callback = "https%3A%2F%2Forders.example%2Fcallback";
    const std::string form = "response_type=code&scope=openid&state=s1&client_id=" + shop +
                             "&redirect_uri=" + callback + "&code_challenge=" + kChallenge +
                             "&code_challenge_method=S256";
    Browser early;
    const Answer page = early.get("/oauth2/authorize?" + form);
    ASSERT_TRUE(Browser::location(page).starts_with("/login")) << page.body;
    const std::string rest = R"(,"authentication":"client_secret_post","pushed_requests":"required")";
    ASSERT_EQ(admin.put(application_target(shop), application_body(name, rest + R"(,"status":"enabled")")).status, 204);
    const std::string flow = Browser::location(page).substr(Browser::location(page).find('?'));
    for (const std::string& sent : {"/oauth2/authorize?" + form, "/oauth2/authorize/continue" + flow}) {
        const std::string location = Browser::location(early.get(sent));
        EXPECT_TRUE(location.starts_with("https://orders.example/callback")) << location;
        EXPECT_EQ(parameter(location, "error"), "invalid_request") << sent;
    }
    const Answer secret = admin.send("POST", application_target(shop, "/secrets"));
    const std::string proof = "&client_secret=" + watch_secret(secret.text("/client_secret"));
    const Answer pushed = api().form(kPar, form + proof);
    ASSERT_EQ(pushed.status, 201) << pushed.body;
    const Answer begun = Browser().get(pushed_target(shop, pushed.text("/request_uri")));
    EXPECT_TRUE(Browser::location(begun).starts_with("/login")) << begun.body;
    EXPECT_EQ(api().form(kPar, form).text("/error"), "invalid_client");
    EXPECT_EQ(api().form(kPar, form + "&client_secret=x").text("/error"), "invalid_client");
}

TEST(PushedRequests, ArePushedByASignedAssertionOnce) {
    ApiClient admin = administrator(api());
    const std::string shop = register_application(admin, R"(,"authentication":"private_key_jwt")");
    const auto key = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
    ASSERT_EQ(admin.post(application_target(shop, "/keys"), jwk_of(key)).status, 201);
    const Account one = account(admin);
    const std::int64_t now_s = introspect(api(), one.client, token_of(one.client)).number("/iat");
    const std::string form =
        std::string("response_type=code&scope=openid&redirect_uri=https%3A%2F%2Forders.example%2F") +
        "callback&code_challenge=" + kChallenge + "&code_challenge_method=S256&";
    const std::string proof =
        form_body({{"client_assertion_type", kAssertionType}, {"client_assertion", Assertion{shop}.by(key, now_s)}});
    EXPECT_EQ(api().form(kPar, form + proof).status, 201);
    EXPECT_EQ(api().form(kPar, form + proof).text("/error"), "invalid_client") << "a second time";
    const Answer service = api().form(kPar, form, {{"Authorization", one.client.basic()}});
    EXPECT_EQ(service.text("/error"), "unauthorized_client") << "nobody logs in with a service account";
}

TEST(PushedRequests, AreCheckedAtOnce) {
    const std::string shop = application();
    const std::string base = "client_id=" + shop + "&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback";
    const std::string pkce = std::string("&code_challenge_method=S256&code_challenge=") + kChallenge;
    const std::vector<std::pair<std::string, std::string>> faults{
        {base + "&scope=openid" + pkce, "invalid_request"},
        {base + "&response_type=token&scope=openid" + pkce, "unsupported_response_type"},
        {base + "&response_type=code&scope=openid", "invalid_request"},
        {base + "&response_type=code&scope=keyledger%3Aadmin" + pkce, "invalid_scope"},
        {base + "&response_type=code&scope=openid&resource=https%3A%2F%2Felse.example" + pkce, "invalid_target"},
        {base + "&response_type=code&scope=openid&prompt=none%20select_account" + pkce, "account_selection_required"},
        {base + "&response_type=code&scope=openid&request=eyJhbGciOiJub25lIn0.e30." + pkce, "request_not_supported"},
        {base + "&response_type=code&scope=openid&request_uri=" + push(shop) + pkce, "invalid_request"},
        {base + "&response_type=code&scope=openid&scope=email" + pkce, "invalid_request"},
        {base + "&response_type=code&scope=openid&state=" + std::string(1100, 's') + pkce, "invalid_request"},
        {base + "x&response_type=code&scope=openid" + pkce, "invalid_request"},
        {"client_id=" + shop + "&response_type=code&scope=openid" + pkce, "invalid_request"},
        {request_form(application()) + "&client_secret=x", "invalid_client"},
        {request_form("00000000-0000-7000-8000-000000000000"), "invalid_client"},
        {"response_type=code&scope=openid" + pkce, "invalid_client"},
    };
    for (const auto& [form, error] : faults) EXPECT_EQ(api().form(kPar, form).text("/error"), error) << form;
}

TEST(PushedRequests, TravelInAnAddress) {
    const std::string shop = application();
    const std::string longest =
        push(shop, "&login_hint=" + std::string(1000, 'l') + "&ui_locales=" + std::string(1000, 'u') +
                       "&unknown=" + std::string(4000, 'x'));
    EXPECT_GT(longest.size(), 2700U);
    EXPECT_LE(longest.size(), 4096U);
    EXPECT_EQ(Browser().get(pushed_target(shop, longest)).status, 303) << "what was taken can be begun";
    const std::string kilobyte(1024, 'k');
    const std::string long_ones = "response_type=code&scope=openid&client_id=" + shop + "&state=" + kilobyte +
                                  "&nonce=" + kilobyte + "&login_hint=" + kilobyte + "&code_challenge=" + kChallenge +
                                  "&code_challenge_method=S256&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback";
    EXPECT_EQ(api().form(kPar, long_ones).text("/error"), "invalid_request");
}

}  // namespace
}  // namespace keyledger::test
