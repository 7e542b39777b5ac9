// What people are asked, whom it counts for, and what follows from it.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

TEST(Consent, TellsWhereTheApplicationWillAct) {
    ApiClient admin = administrator(api());
    const Answer made =
        admin.post(kApplications, R"({"name":"Shop","application_type":"spa","authentication":"none","grant_types":)"
                                  R"(["authorization_code","refresh_token"],"scopes":["openid","email"],"audiences":)"
                                  R"(["https://stock.example","https://mail.example"],"redirect_uris":)"
                                  R"(["https://shop.example/callback"],"post_logout_redirect_uris":[]})");
    const std::string shop = made.text("/id");
    const std::string both = "&resource=https%3A%2F%2Fstock.example&resource=https%3A%2F%2Fmail.example";
    const Person person = register_somebody(api());
    Browser browser;
    const Answer page = browser.follow(browser.get(request(shop, both)));
    const Answer asks = browser.follow(browser.follow(log_in(browser, page, person, person.password)));
    EXPECT_NE(asks.body.find("act for you at https://stock.example"), std::string::npos) << asks.body;
    EXPECT_NE(asks.body.find("mail.example"), std::string::npos);
    EXPECT_NE(asks.body.find("you go on to https://shop.example."), std::string::npos) << "the name may be another's";
    const Answer back = browser.follow(browser.post("/consent", filled(asks, {})));
    const Answer tokens = redeem(shop, parameter(Browser::location(back), "code"));
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    const std::string claims = claims_of(tokens.text("/access_token"));
    EXPECT_NE(claims.find(R"("aud":["https://stock.example","https://mail.example"])"), std::string::npos) << claims;
    const Answer by_form = api().form("/oauth2/authorize", request_form(shop, both));
    EXPECT_NE(parameter(Browser::location(browser.follow(by_form)), "code"), "") << "and by a form";
    const std::string five = both + both + "&resource=https%3A%2F%2Fstock.example";
    EXPECT_EQ(parameter(Browser::location(browser.get(request(shop, five))), "error"), "invalid_request");
}

// Who let it read a profile has not let it act for them somewhere.
TEST(Consent, IsAskedForEachResourceServer) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    ASSERT_NE(parameter(Browser::location(authorized(browser, shop, person)), "code"), "");
    const std::string stock = "&resource=https%3A%2F%2Fstock.example";
    const auto silently = [&](const std::string& more) {
        return Browser::location(browser.get(request(shop, more + "&prompt=none")));
    };
    const std::string words = "act for you at https://stock.example";
    const auto is_listed = [&] { return browser.get("/account/applications").body.find(words) != std::string::npos; };
    EXPECT_EQ(parameter(silently(stock), "error"), "consent_required");
    EXPECT_FALSE(is_listed());
    const Answer asks = browser.get(request(shop, stock));
    ASSERT_TRUE(Browser::location(asks).starts_with("/consent")) << asks.body;
    const Answer page = browser.follow(asks);
    EXPECT_NE(page.body.find(words), std::string::npos) << page.body;
    const Answer back = browser.follow(browser.post("/consent", filled(page, {})));
    EXPECT_NE(parameter(Browser::location(back), "code"), "") << back.body;
    EXPECT_NE(parameter(silently(stock), "code"), "") << "they are asked once";
    EXPECT_NE(parameter(silently(""), "code"), "");
    EXPECT_TRUE(is_listed());
    const std::string csrf = hidden(browser.get("/account/applications"), "csrf");
    const std::string taken_back = form_body({{"csrf", csrf}, {"application", shop}});
    ASSERT_EQ(browser.post("/account/applications/withdraw", taken_back).status, 303);
    EXPECT_FALSE(is_listed());
    EXPECT_EQ(parameter(silently(stock), "error"), "consent_required");
}

TEST(Consent, IsAskedEachTimeByWhatCouldBeAnotherOnTheDevice) {
    ApiClient admin = administrator(api());
    const Answer made = admin.post(
        kApplications, R"({"name":"Notes","application_type":"native","authentication":"none","consent":"first_party",)"
                       R"("grant_types":["authorization_code"],"scopes":["openid"],"audiences":[],"redirect_uris":)"
                       R"(["http://127.0.0.1/callback"],"post_logout_redirect_uris":[]})");
    const std::string notes = made.text("/id");
    const std::string asked = "/oauth2/authorize?response_type=code&scope=openid&client_id=" + notes +
                              "&redirect_uri=http%3A%2F%2F127.0.0.1%3A51234%2Fcallback&code_challenge=" + kChallenge +
                              "&code_challenge_method=S256";
    const Person person = register_somebody(api());
    Browser browser;
    Answer asks = browser.follow(log_in(browser, browser.follow(browser.get(asked)), person, person.password));
    for (int i = 0; i < 2; ++i) {
        ASSERT_TRUE(Browser::location(asks).starts_with("/consent")) << asks.body;
        const Answer back = browser.follow(browser.post("/consent", filled(browser.follow(asks), {})));
        EXPECT_TRUE(Browser::location(back).starts_with("http://127.0.0.1:51234/callback?code=")) << back.body;
        asks = browser.get(asked);
    }
    EXPECT_EQ(parameter(Browser::location(browser.get(asked + "&prompt=none")), "error"), "consent_required");
}

// What it shows was shown to this service alone, so it is its own.
TEST(ApplicationTokens, AreRevokedByTheApplicationThatHoldsThem) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    const std::string other = application();
    Browser browser;
    const Answer tokens = redeem(shop, parameter(Browser::location(authorized(browser, shop, person)), "code"));
    const std::string access = tokens.text("/access_token");
    const auto revoke = [&](const std::string& client, const std::string& token) {
        return api().form(kRevoke, form_body({{"token", token}, {"client_id", client}})).status;
    };
    EXPECT_EQ(revoke(other, access), 200);
    EXPECT_EQ(api().as(access).get("/oauth2/userinfo").status, 200) << "another's";
    EXPECT_EQ(revoke(shop, access), 200);
    EXPECT_EQ(api().as(access).get("/oauth2/userinfo").status, 401);
    const std::string stock = "&resource=https%3A%2F%2Fstock.example";
    const Answer asks = browser.follow(browser.get(request(shop, stock)));
    const Answer back = browser.follow(browser.post("/consent", filled(asks, {})));
    const Answer for_stock = redeem(shop, parameter(Browser::location(back), "code"));
    const std::string shown = for_stock.text("/access_token");
    EXPECT_EQ(revoke(shop, shown), 200);
    EXPECT_TRUE(introspect(api(), deployment().gateway, shown).boolean("/active"))
        << "a resource server holds it, too, and may not end the session";
}

TEST(AcrValues, HaveSomebodyLogInWithTheirSecondFactor) {
    const Visitor ann = visitor(api());
    const std::string shop = application("first_party");
    Browser browser;
    const Answer page = browser.follow(browser.get(request(shop)));
    const Answer back = browser.follow(log_in(browser, page, ann.person, ann.person.password));
    EXPECT_NE(parameter(Browser::location(back), "code"), "");
    ApiClient client = api().as(ann.tokens.access);
    const Enrolled app = enrol(client, ann.person);
    EXPECT_NE(parameter(Browser::location(browser.get(request(shop))), "code"), "");
    const Answer wanted = browser.get(request(shop, "&acr_values=2"));
    ASSERT_TRUE(Browser::location(wanted).starts_with("/login")) << wanted.body;
    const Answer half = log_in(browser, browser.follow(wanted), ann.person, ann.person.password);
    const Answer asks = browser.follow(half);
    const Answer whole = browser.post("/login/factor", filled(asks, {{"code", code_of(app.secret, 1)}}));
    const Answer tokens = redeem(shop, parameter(Browser::location(browser.follow(whole)), "code"));
    EXPECT_NE(claims_of(tokens.text("/id_token")).find(R"("acr":"2")"), std::string::npos) << tokens.body;
    EXPECT_NE(parameter(Browser::location(browser.get(request(shop, "&acr_values=2"))), "code"), "");
}

std::string encoded(const std::string& json) { return form_body({{"claims", json}}); }

// OpenID Connect Core section 5.5.
TEST(Claims, ComeByTheScopeThatTheyBelongTo) {
    const Person person = register_somebody(api());
    const std::string shop = application("first_party");
    Browser browser;
    const std::string wanted = encoded(R"({"userinfo":{"preferred_username":{"essential":true},"phone_number":null}})");
    const Answer back = authorized(browser, shop, person, "&" + wanted);
    const Answer tokens = redeem(shop, parameter(Browser::location(back), "code"));
    EXPECT_EQ(tokens.text("/scope"), "openid email profile");
    EXPECT_TRUE(api().as(tokens.text("/access_token")).get("/oauth2/userinfo").has("/preferred_username"));
    for (const char* wrong : {"{", "[]", R"({"userinfo":[]})", R"({"id_token":{"acr":"2"}})"}) {
        const std::string location = Browser::location(browser.get(request(shop, "&" + encoded(wrong))));
        EXPECT_EQ(parameter(location, "error"), "invalid_request") << wrong;
    }
    const auto error_of_acr = [&](const std::string& acr, const std::string& more = "") {
        const std::string claims = encoded(R"({"id_token":{"acr":)" + acr + "}}");
        return parameter(Browser::location(browser.get(request(shop, "&" + claims + more))), "error");
    };
    const char* unmet = "unmet_authentication_requirements";
    EXPECT_EQ(error_of_acr(R"({"essential":true,"value":"2"})", "&prompt=none"), unmet);
    EXPECT_EQ(error_of_acr(R"({"essential":true,"values":["gold"]})"), unmet);
    EXPECT_EQ(error_of_acr(R"({"essential":true,"values":["2","1"]})"), "");
    EXPECT_EQ(error_of_acr(R"({"values":["2"]})", "&prompt=none"), "") << "it is voluntary";
    EXPECT_EQ(error_of_acr(R"({"essential":true})"), "");
}

TEST(IdTokenHint, LetsNobodyElseGoBackWithACode) {
    const Person ann = register_somebody(api());
    const Person bob = register_somebody(api());
    const std::string shop = application("first_party");
    Browser anns;
    Browser bobs;
    const Answer tokens = redeem(shop, parameter(Browser::location(authorized(anns, shop, ann)), "code"));
    ASSERT_NE(parameter(Browser::location(authorized(bobs, shop, bob)), "code"), "");
    const std::string hint = "&id_token_hint=" + tokens.text("/id_token");
    EXPECT_NE(parameter(Browser::location(anns.get(request(shop, "&prompt=none" + hint))), "code"), "");
    EXPECT_EQ(parameter(Browser::location(bobs.get(request(shop, "&prompt=none" + hint))), "error"), "login_required");
    const Answer page = bobs.get(request(shop, hint));
    ASSERT_TRUE(Browser::location(page).starts_with("/login/choose")) << page.body;
    const Answer form = bobs.get("/login?flow=" + parameter(Browser::location(page), "flow"));
    const Answer again = bobs.follow(log_in(bobs, form, bob, bob.password));
    EXPECT_EQ(parameter(Browser::location(again), "error"), "login_required") << "Bob again";
    const std::string sub = encoded(R"({"id_token":{"sub":{"value":")" + ann.id + R"("}}})");
    EXPECT_EQ(parameter(Browser::location(bobs.get(request(shop, "&prompt=none&" + sub))), "error"), "login_required");
    EXPECT_NE(parameter(Browser::location(anns.get(request(shop, "&prompt=none&" + sub))), "code"), "");
    const std::string forged = "&id_token_hint=" + tokens.text("/access_token");
    EXPECT_EQ(parameter(Browser::location(anns.get(request(shop, forged))), "error"), "invalid_request");
}

TEST(ApplicationTokens, LastAsTheApplicationWasRegistered) {
    ApiClient admin = administrator(api());
    const Answer made = admin.post(
        kApplications, R"({"name":"Shop","application_type":"spa","authentication":"none","consent":"first_party",)"
                       R"("grant_types":["authorization_code","refresh_token"],"scopes":["openid"],"audiences":[],)"
                       R"("redirect_uris":["https://shop.example/callback"],"post_logout_redirect_uris":[],)"
                       R"("access_token_lifetime":120,"id_token_lifetime":600})");
    const std::string shop = made.text("/id");
    const Person person = register_somebody(api());
    Browser browser;
    const Answer first = redeem(shop, parameter(Browser::location(authorized(browser, shop, person)), "code"));
    const Answer next = api().form(kToken, form_body({{"grant_type", "refresh_token"},
                                                      {"client_id", shop},
                                                      {"refresh_token", first.text("/refresh_token")}}));
    for (const Answer& tokens : {first, next}) {
        ASSERT_EQ(tokens.status, 200) << tokens.body;
        EXPECT_EQ(tokens.number("/expires_in"), 120);
        const auto lasts = [](const std::string& claims) {
            const auto number = [&](const std::string& name) {
                return std::stoll(claims.substr(claims.find("\"" + name + "\":") + name.size() + 3));
            };
            return number("exp") - number("iat");
        };
        EXPECT_EQ(lasts(claims_of(tokens.text("/access_token"))), 120);
        EXPECT_EQ(lasts(claims_of(tokens.text("/id_token"))), 600);
    }
}

TEST(Userinfo, IsSignedWhereTheApplicationWantsIt) {
    ApiClient admin = administrator(api());
    for (const char* algorithm : {"RS256", "ES256"}) {
        const Answer made = admin.post(
            kApplications, R"({"name":"Shop","application_type":"spa","authentication":"none","consent":"first_party",)"
                           R"("grant_types":["authorization_code"],"scopes":["openid","email"],"audiences":[],)"
                           R"("redirect_uris":["https://shop.example/callback"],"post_logout_redirect_uris":[],)"
                           R"("userinfo_algorithm":")" +
                               std::string(algorithm) + "\"}");
        const std::string shop = made.text("/id");
        const Person person = register_somebody(api());
        Browser browser;
        const Answer tokens = redeem(shop, parameter(Browser::location(authorized(browser, shop, person)), "code"));
        const Answer who = api().as(tokens.text("/access_token")).get("/oauth2/userinfo");
        ASSERT_EQ(who.status, 200) << who.body;
        EXPECT_EQ(who.header("Content-Type"), "application/jwt");
        const std::string header = security::base64url_decode(who.body.substr(0, who.body.find('.'))).value_or("");
        EXPECT_NE(header.find(std::string(R"("alg":")") + algorithm), std::string::npos) << header;
        const std::string claims = claims_of(who.body);
        for (const std::string& part : {R"("iss":")" + std::string(kIssuer) + "\"", R"("aud":")" + shop + "\"",
                                        R"("sub":")" + person.id + "\"", R"("email":")" + person.email + "\""})
            EXPECT_NE(claims.find(part), std::string::npos) << part << claims;
        const std::string as_hint = Browser::location(browser.get(request(shop, "&id_token_hint=" + who.body)));
        EXPECT_EQ(parameter(as_hint, "error"), "invalid_request") << "it is no ID token";
    }
}

}  // namespace
}  // namespace keyledger::test
