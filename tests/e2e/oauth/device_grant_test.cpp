// Devices without a browser (RFC 8628): how one is let in, and who is not by its code.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "tests/e2e/clients/service_accounts.hpp"
#include "tests/e2e/oauth/devices.hpp"
#include "tests/e2e/oauth/prover.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

bool says(const Answer& page, const std::string& text) { return page.body.find(text) != std::string::npos; }

struct Asked {
    std::string client;
    std::string device_code;
    std::string user_code;
};
Asked asked_by(const std::string& client) {
    const Answer answer = ask_for_code(client);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return {client, watch_secret(answer.text("/device_code")), answer.text("/user_code")};
}
std::string error_of(const Asked& asked, ApiClient client = api()) {
    return poll(asked.client, asked.device_code, client).text("/error");
}
struct LoggedIn {
    Person person;
    Browser browser;
};
LoggedIn logged_in() {
    LoggedIn one{register_somebody(api()), Browser()};
    EXPECT_EQ(logged_in_at(one.browser, kDevicePage, one.person).status, 200);
    return one;
}

TEST(DeviceGrant, LetsADeviceIn) {
    const Answer metadata = api().get("/.well-known/openid-configuration");
    EXPECT_EQ(metadata.text("/device_authorization_endpoint"), std::string(kIssuer) + kDeviceAuthorization);
    EXPECT_TRUE(says(metadata, kDeviceGrantType));
    const std::string client = device_application();
    const Answer asked = ask_for_code(client);
    ASSERT_EQ(asked.status, 200) << asked.body;
    EXPECT_EQ(asked.number("/expires_in"), 600);
    EXPECT_EQ(asked.number("/interval"), 5);
    EXPECT_EQ(asked.header("Cache-Control"), "no-store");
    const std::string code = watch_secret(asked.text("/device_code"));
    const std::string user_code = asked.text("/user_code");
    EXPECT_EQ(poll(client, code).text("/error"), "authorization_pending");

    // By the picture that the device shows: logged in on the way, and the code stands there.
    const std::string complete = asked.text("/verification_uri_complete");
    ASSERT_TRUE(complete.starts_with(asked.text("/verification_uri") + "?user_code=")) << complete;
    const Person person = register_somebody(api());
    Browser browser;
    const Answer page = logged_in_at(browser, complete.substr(std::string(kIssuer).size()), person);
    ASSERT_EQ(page.status, 200) << page.body;
    EXPECT_TRUE(says(page, "value=\"" + user_code + "\"")) << page.body;
    const Answer asks = typed(browser, user_code);
    ASSERT_EQ(asks.status, 200) << asks.body;
    EXPECT_TRUE(says(asks, "Television") && says(asks, user_code) && says(asks, "see your e-mail address"));
    EXPECT_TRUE(says(asks, "If somebody sent you this code")) << "RFC 8628 section 5.4";
    const Answer done = answered(browser, asks, "allow");
    EXPECT_EQ(done.status, 200);
    EXPECT_TRUE(says(done, "Go back to your device")) << done.body;

    const Answer tokens = poll(client, code);
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    EXPECT_EQ(tokens.text("/scope"), "openid email");
    EXPECT_NE(claims_of(tokens.text("/id_token")).find("\"sub\":\"" + person.id + "\""), std::string::npos);
    EXPECT_EQ(api().as(tokens.text("/access_token")).get("/oauth2/userinfo").text("/email"), person.email);
    const Answer next = api().form(kToken, form_body({{"grant_type", "refresh_token"},
                                                      {"client_id", client},
                                                      {"refresh_token", tokens.text("/refresh_token")}}));
    EXPECT_EQ(next.status, 200) << next.body;
}

// Whoever is sent a code has been asked before, and agreed to it for a device of their own.
TEST(DeviceGrant, AsksForEachCodeWhateverWasAgreedToBefore) {
    LoggedIn one = logged_in();
    for (const char* consent : {"required", "first_party"}) {
        const std::string client = device_application(
            R"(,"application_type":"native","authentication":"none","consent":")" + std::string(consent) + "\"");
        const Asked own = asked_by(client);
        ASSERT_EQ(answered(one.browser, typed(one.browser, own.user_code), "allow").status, 200);
        EXPECT_EQ(poll(client, own.device_code).status, 200);
        const Asked sent = asked_by(client);
        EXPECT_EQ(one.browser.get(std::string(kDevicePage) + "?user_code=" + sent.user_code).status, 200);
        const Answer asks = typed(one.browser, sent.user_code);
        EXPECT_TRUE(says(asks, sent.user_code) && says(asks, "value=\"allow\"")) << asks.body;
        EXPECT_EQ(error_of(sent), "authorization_pending");
    }
}

TEST(DeviceGrant, TellsTheDeviceThatTheyDidNotAgree) {
    LoggedIn one = logged_in();
    const Asked asked = asked_by(device_application());
    const Answer page = typed(one.browser, asked.user_code);
    EXPECT_TRUE(says(answered(one.browser, page, "deny"), "The device gets nothing"));
    EXPECT_EQ(error_of(asked), "access_denied");
    EXPECT_EQ(answered(one.browser, page, "allow").status, 400) << "it is over";
    EXPECT_EQ(typed(one.browser, asked.user_code).status, 400);
    EXPECT_EQ(error_of(asked), "access_denied");
}

TEST(DeviceGrant, TellsTheDeviceToSlowDown) {
    const Asked asked = asked_by(device_application());
    EXPECT_EQ(error_of(asked), "authorization_pending");
    EXPECT_EQ(error_of(asked), "authorization_pending");
    EXPECT_EQ(error_of(asked), "slow_down");
}

// Who has a device's code is no other application by that, and ends nothing; whoever typed the code has less.
TEST(DeviceGrant, IsOfItsClientAlone) {
    LoggedIn one = logged_in();
    const Asked asked = asked_by(device_application());
    const Answer asks = typed(one.browser, asked.user_code);
    EXPECT_EQ(poll(asked.client, hidden(asks, "device")).text("/error"), "invalid_grant");
    EXPECT_EQ(poll(asked.client, asked.user_code).text("/error"), "invalid_grant");
    ASSERT_EQ(answered(one.browser, asks, "allow").status, 200);
    EXPECT_EQ(poll(device_application(), asked.device_code).text("/error"), "invalid_grant");
    EXPECT_EQ(poll("keyledger", asked.device_code).text("/error"), "unauthorized_client");
    const Answer tokens = poll(asked.client, asked.device_code);
    EXPECT_EQ(tokens.status, 200) << tokens.body;
    EXPECT_EQ(api().as(tokens.text("/access_token")).get("/oauth2/userinfo").status, 200);
    EXPECT_EQ(poll("01890a5d-ac96-774b-bcce-b302099a8057", asked.device_code).status, 401);
    EXPECT_EQ(redeem(asked.client, asked.device_code).text("/error"), "invalid_grant") << "it is no other code";
}

// Cross-site request forgery: a form of another site, or a page of whoever was logged in before, answers nothing.
TEST(DeviceGrant, IsAnsweredByItsOwnPageAlone) {
    LoggedIn one = logged_in();
    LoggedIn thief = logged_in();
    const Asked asked = asked_by(device_application());
    const Answer theirs = typed(thief.browser, asked.user_code);
    const std::string device = hidden(theirs, "device");
    for (const std::string& csrf : {std::string(), hidden(theirs, "csrf"), std::string("AAAA")}) {
        const std::string form = form_body({{"device", device}, {"decision", "allow"}, {"csrf", csrf}});
        EXPECT_EQ(one.browser.post(kDeviceAnswer, form).status, 400);
        const std::string code = form_body({{"user_code", asked.user_code}, {"csrf", csrf}});
        EXPECT_EQ(one.browser.post(kDevicePage, code).status, 400);
    }
    Browser nobody;
    const Answer away = nobody.post(kDeviceAnswer, form_body({{"device", device}, {"decision", "allow"}}));
    EXPECT_TRUE(Browser::location(away).starts_with("/login")) << away.status;
    EXPECT_TRUE(
        Browser::location(nobody.post(kDevicePage, form_body({{"user_code", asked.user_code}}))).starts_with("/login"));
    EXPECT_EQ(answered(one.browser, typed(one.browser, asked.user_code), "maybe").status, 200) << "that is no yes";
    EXPECT_EQ(error_of(asked), "access_denied");
}

// The address comes back into the page as a code, or not at all.
TEST(DeviceGrant, ShowsOfItsAddressOnlyACode) {
    LoggedIn one = logged_in();
    const Answer page = one.browser.get(std::string(kDevicePage) + "?user_code=%22%3E%3Cscript%3Ealert(1)");
    EXPECT_EQ(page.status, 200);
    EXPECT_FALSE(says(page, "alert"));
    EXPECT_TRUE(says(one.browser.get(std::string(kDevicePage) + "?user_code=bcdf%20ghjk"), "value=\"BCDF-GHJK\""));
    Browser nobody;
    const Answer sent = nobody.get(std::string(kDevicePage) + "?user_code=https://evil.example/");
    EXPECT_TRUE(Browser::location(sent).starts_with("/login")) << Browser::location(sent);
}

// RFC 8628 section 5.1.
TEST(DeviceGrant, LetsNobodyGuess) {
    LoggedIn one = logged_in();
    const Asked asked = asked_by(device_application());
    for (int i = 0; i < 10; ++i) {
        const Answer wrong = typed(one.browser, "BBBB-BBBB");
        EXPECT_EQ(wrong.status, 400);
        EXPECT_TRUE(says(wrong, "There is no such code"));
    }
    const Answer slow = typed(one.browser, asked.user_code);
    EXPECT_EQ(slow.status, 429);
    EXPECT_TRUE(slow.header("Retry-After"));
    Browser again;
    ASSERT_EQ(logged_in_at(again, kDevicePage, one.person).status, 200);
    EXPECT_EQ(typed(again, asked.user_code).status, 429) << "in another session, too";
    EXPECT_EQ(error_of(asked), "authorization_pending");
}

// I13.
TEST(DeviceGrant, BeginsOneSessionOfFiftyAtOnceOnTwoNodes) {
    RunningService second(deployment());
    LoggedIn one = logged_in();
    const Asked asked = asked_by(device_application());
    ASSERT_EQ(answered(one.browser, typed(one.browser, asked.user_code), "allow").status, 200);
    constexpr int kRivals = 50;
    std::vector<Answer> answers(kRivals);
    std::vector<std::thread> rivals;
    for (int i = 0; i < kRivals; ++i)
        rivals.emplace_back([&, i] {
            answers[static_cast<std::size_t>(i)] =
                poll(asked.client, asked.device_code, ApiClient(i % 2 == 0 ? api().port() : second.port()));
        });
    for (std::thread& rival : rivals) rival.join();
    std::set<std::string> refresh_tokens;
    for (const Answer& answer : answers) {
        if (answer.status == 200) refresh_tokens.insert(answer.text("/refresh_token"));
        else EXPECT_EQ(answer.text("/error"), "slow_down") << answer.body;
    }
    EXPECT_EQ(refresh_tokens.size(), 1U) << "of one session, the first of its tokens";
}

TEST(DeviceGrant, EndsWhatItBeganWhereItsCodeIsUsedAgain) {
    LoggedIn one = logged_in();
    const std::string client = device_application(R"(,"authentication":"client_secret_post")");
    const Answer secret = administrator(api()).send("POST", application_target(client, "/secrets"));
    const std::string proof = "&" + form_body({{"client_secret", watch_secret(secret.text("/client_secret"))}});
    EXPECT_EQ(ask_for_code(client).text("/error"), "invalid_client");
    const Answer asked = ask_for_code(client, api(), proof);
    ASSERT_EQ(asked.status, 200) << asked.body;
    ASSERT_EQ(answered(one.browser, typed(one.browser, asked.text("/user_code")), "allow").status, 200);
    const std::string form = poll_form(client, asked.text("/device_code"));
    EXPECT_EQ(api().form(kToken, form).text("/error"), "invalid_client")
        << "a code without its client is worth nothing";
    const Answer tokens = api().form(kToken, form + proof);
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    ApiClient with_token = api().as(tokens.text("/access_token"));
    EXPECT_EQ(with_token.get("/oauth2/userinfo").status, 200);
    EXPECT_EQ(api().form(kToken, form + proof).text("/error"), "invalid_grant");
    EXPECT_EQ(with_token.get("/oauth2/userinfo").status, 401);
}

TEST(DeviceGrant, BindsTokensToAKey) {
    LoggedIn one = logged_in();
    const std::string client =
        device_application(R"(,"application_type":"native","authentication":"none","token_binding":"dpop")");
    const Asked asked = asked_by(client);
    ASSERT_EQ(answered(one.browser, typed(one.browser, asked.user_code), "allow").status, 200);
    const Prover prover;
    const Answer tokens = prove_and_post(api(), prover, kToken, poll_form(client, asked.device_code));
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    EXPECT_EQ(tokens.text("/token_type"), "DPoP");
    EXPECT_NE(claims_of(tokens.text("/access_token")).find(prover.thumbprint()), std::string::npos);
}

TEST(DeviceGrant, EndsWithTheSessionOfTheBrowser) {
    LoggedIn one = logged_in();
    const std::string client = device_application();
    const Asked asked = asked_by(client);
    const Asked late = asked_by(client);
    for (const Asked& each : {asked, late})
        ASSERT_EQ(answered(one.browser, typed(one.browser, each.user_code), "allow").status, 200);
    const Answer tokens = poll(client, asked.device_code);
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    const Answer page = one.browser.get("/oauth2/logout");
    ASSERT_EQ(one.browser.post("/logout", form_body({{"csrf", hidden(page, "csrf")}})).status, 200);
    EXPECT_EQ(api().as(tokens.text("/access_token")).get("/oauth2/userinfo").status, 401);
    EXPECT_EQ(error_of(late), "invalid_grant");
}

TEST(DeviceGrant, IsForApplicationsThatWereRegisteredForIt) {
    const auto error = [](const std::string& client, const std::string& form) {
        return api().form(kDeviceAuthorization, form_body({{"client_id", client}}) + form).text("/error");
    };
    const std::string client = device_application();
    EXPECT_EQ(error(application(), "&scope=openid"), "unauthorized_client");
    EXPECT_EQ(error(client, ""), "invalid_scope");
    EXPECT_EQ(error(client, "&scope=keyledger%3Aadmin"), "invalid_scope");
    EXPECT_EQ(error(client, "&scope=openid&scope=email"), "invalid_request");
    EXPECT_EQ(error(client, "&scope=openid&resource=https%3A%2F%2Felse.example"), "invalid_target");
    EXPECT_EQ(error("keyledger", "&scope=openid"), "invalid_client");
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Answer service = api().form(kDeviceAuthorization, "scope=openid", {{"Authorization", one.client.basic()}});
    EXPECT_EQ(service.text("/error"), "unauthorized_client");
    const Answer shown = ask_for_code(client, api(), "&resource=https%3A%2F%2Fstock.example");
    LoggedIn somebody = logged_in();
    EXPECT_TRUE(says(typed(somebody.browser, shown.text("/user_code")), "https://stock.example"));
}

// Anybody may ask who names an application without a secret, and each code is kept for minutes.
TEST(DeviceGrant, IsLimitedByNetwork) {
    const std::string client = device_application();
    const RunningService strict(deployment(), {{"KEYLEDGER_LOGIN_NETWORK_BURST", "3"},
                                               {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "1"},
                                               {"KEYLEDGER_TRUSTED_PROXIES", "127.0.0.1"}});
    ApiClient network = ApiClient(strict.port()).with("X-Forwarded-For", "198.51.100.77");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask_for_code(client, network).status, 200);
    const Answer refused = ask_for_code(client, network);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.text("/error"), "temporarily_unavailable");
    EXPECT_TRUE(refused.header("Retry-After"));
    ApiClient elsewhere = ApiClient(strict.port()).with("X-Forwarded-For", "198.51.100.78");
    EXPECT_EQ(ask_for_code(client, elsewhere).status, 200);
}

}  // namespace
}  // namespace keyledger::test
