// From an application to this service's pages and back with a code, as a browser without script does it: by redirects,
// forms and cookies, on two nodes.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

TEST(AuthorizationFlow, GoesByPagesToACodeAndByThatToTokens) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    const Answer sent = browser.get(request(shop));
    ASSERT_EQ(sent.status, 303) << sent.body;
    ASSERT_TRUE(Browser::location(sent).starts_with("/login?flow=")) << Browser::location(sent);
    const Answer page = browser.follow(sent);
    ASSERT_EQ(page.status, 200);
    EXPECT_NE(page.header("Content-Security-Policy").value_or("").find("https://shop.example"), std::string::npos);
    const Answer wrong = log_in(browser, page, person, "not the password at all");
    EXPECT_EQ(wrong.status, 400) << "the page once more";
    EXPECT_EQ(browser.jar.count("__Host-keyledger-session"), 0U);
    const Answer right = log_in(browser, page, person, person.password);
    ASSERT_EQ(right.status, 303) << right.body;
    EXPECT_EQ(browser.jar.count("__Host-keyledger-session"), 1U);
    const Answer asks = browser.follow(right);
    ASSERT_TRUE(Browser::location(asks).starts_with("/consent?flow=")) << Browser::location(asks);
    const Answer consent = browser.follow(asks);
    EXPECT_NE(consent.body.find("Shop"), std::string::npos) << consent.body;
    const Answer back = browser.follow(browser.post("/consent", filled(consent, {})));
    ASSERT_EQ(back.status, 303) << back.body;
    const std::string location = Browser::location(back);
    ASSERT_TRUE(location.starts_with(std::string(kCallback) + "?code=")) << location;
    EXPECT_EQ(parameter(location, "state"), "af0ifjsldkj");
    EXPECT_NE(parameter(location, "iss"), "");

    const Answer tokens = redeem(shop, parameter(location, "code"));
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    EXPECT_EQ(tokens.text("/scope"), "openid email");
    const std::string claims = claims_of(tokens.text("/id_token"));
    EXPECT_NE(claims.find("\"nonce\":\"n-0S6_WzA2Mj\""), std::string::npos) << claims;
    EXPECT_NE(claims.find("\"aud\":\"" + shop + "\""), std::string::npos) << claims;
    EXPECT_NE(claims.find("\"sub\":\"" + person.id + "\""), std::string::npos) << claims;
    const Answer who = api().as(tokens.text("/access_token")).get("/oauth2/userinfo");
    ASSERT_EQ(who.status, 200) << who.body;
    EXPECT_EQ(who.text("/sub"), person.id);
    EXPECT_EQ(who.text("/email"), person.email);
    EXPECT_FALSE(who.has("/preferred_username")) << "nobody asked for it";
    EXPECT_EQ(api().as(tokens.text("/access_token")).send("POST", "/oauth2/userinfo").status, 200);
    const Answer next = api().form(kToken, form_body({{"grant_type", "refresh_token"},
                                                      {"client_id", shop},
                                                      {"refresh_token", tokens.text("/refresh_token")}}));
    ASSERT_EQ(next.status, 200) << next.body;
    EXPECT_TRUE(next.has("/id_token"));
}

TEST(AuthorizationFlow, AsksNothingTwice) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    ASSERT_NE(parameter(Browser::location(authorized(browser, shop, person)), "code"), "");
    const Answer again = browser.get(request(shop, "&prompt=none"));
    EXPECT_NE(parameter(Browser::location(again), "code"), "") << Browser::location(again);
    Browser other;
    EXPECT_EQ(parameter(Browser::location(other.get(request(shop, "&prompt=none"))), "error"), "login_required");
    const Answer once_more = browser.get(request(shop, "&prompt=login"));
    EXPECT_TRUE(Browser::location(once_more).starts_with("/login")) << Browser::location(once_more);
    const Answer own = browser.get(request(application("first_party")));
    EXPECT_NE(parameter(Browser::location(own), "code"), "") << "the operator's own needs no consent";
}

TEST(AuthorizationFlow, GoesBackWithoutACodeWhereThePersonDoesNotAgree) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    const Answer page = browser.follow(browser.get(request(shop)));
    const Answer consent = browser.follow(browser.follow(log_in(browser, page, person, person.password)));
    const Answer back = browser.post("/consent", form_body({{"flow", hidden(consent, "flow")}, {"decision", "deny"}}));
    EXPECT_EQ(parameter(Browser::location(back), "error"), "access_denied") << back.body;
    EXPECT_EQ(parameter(Browser::location(back), "code"), "");
}

// Who was asked is who agrees: not whoever logs in meanwhile, and not by a form of another page.
TEST(AuthorizationFlow, TakesTheConsentOfWhomItAskedAlone) {
    const Person ann = register_somebody(api());
    const Person bob = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    const Answer page = browser.follow(browser.get(request(shop)));
    const Answer asked = browser.follow(browser.follow(log_in(browser, page, ann, ann.password)));
    log_in(browser, page, bob, bob.password);
    const Answer refused = browser.post("/consent", filled(asked, {}));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(Browser::location(refused), "");
    const Answer forged = browser.post("/consent", form_body({{"flow", hidden(asked, "flow")}, {"decision", "allow"}}));
    EXPECT_EQ(forged.status, 400);
    const Answer again = browser.follow(browser.post("/consent", filled(refused, {})));
    EXPECT_NE(parameter(Browser::location(again), "code"), "") << "the page shows the question once more, to Bob";
    browser.jar.erase("__Host-keyledger-session");
    EXPECT_TRUE(Browser::location(browser.get("/consent?flow=" + hidden(asked, "flow"))).starts_with("/oauth2/"))
        << "nobody is logged in who could be asked";
}

// Where nothing says that the redirect can be trusted, nobody is sent anywhere (RFC 9700 section 4.11).
TEST(AuthorizationFlow, SendsNobodyWhereTheApplicationDoesNotWantThem) {
    const std::string shop = application();
    const auto with = [&](const std::string& redirect_uri) {
        return "/oauth2/authorize?response_type=code&scope=openid&client_id=" + shop + "&redirect_uri=" + redirect_uri +
               "&code_challenge=" + kChallenge + "&code_challenge_method=S256";
    };
    for (const char* lie : {"https%3A%2F%2Fevil.example%2Fcallback", "https%3A%2F%2Fshop.example%2Fcallback%2F",
                            "https%3A%2F%2Fshop.example%2Fcallback%3Fx%3D1",
                            "https%3A%2F%2Fshop.example%40evil.example", "javascript%3Aalert(1)", ""}) {
        const Answer answer = Browser().get(with(lie));
        EXPECT_EQ(answer.status, 400) << lie;
        EXPECT_EQ(Browser::location(answer), "") << lie;
    }
    EXPECT_EQ(Browser().get(request("00000000-0000-7000-8000-000000000000")).status, 400);
    EXPECT_EQ(Browser().get(request("keyledger")).status, 400);
    EXPECT_EQ(Browser().get("/oauth2/authorize?nothing=at%20all").status, 400);
}

TEST(AuthorizationFlow, TellsTheApplicationWhatIsWrongWithItsRequest) {
    const std::string shop = application();
    const std::string base =
        "/oauth2/authorize?state=s1&client_id=" + shop + "&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback";
    const std::string pkce = std::string("&code_challenge_method=S256&code_challenge=") + kChallenge;
    const std::vector<std::pair<std::string, std::string>> faults{
        {"&scope=openid" + pkce, "invalid_request"},
        {"&response_type=token&scope=openid" + pkce, "unsupported_response_type"},
        {"&response_type=code&scope=openid", "invalid_request"},
        {"&response_type=code&scope=openid&code_challenge=x&code_challenge_method=plain", "invalid_request"},
        {"&response_type=code&scope=keyledger%3Aadmin" + pkce, "invalid_scope"},
        {"&response_type=code&scope=openid&resource=https%3A%2F%2Felse.example" + pkce, "invalid_target"},
        {"&response_type=code&scope=openid&prompt=none%20login" + pkce, "invalid_request"},
        {"&response_type=code&scope=openid&prompt=select_account%20none" + pkce, "account_selection_required"},
        {"&response_type=code&scope=openid&request=eyJhbGciOiJub25lIn0.e30." + pkce, "request_not_supported"},
    };
    for (const auto& [more, error] : faults) {
        const std::string location = Browser::location(Browser().get(base + more));
        EXPECT_TRUE(location.starts_with(kCallback)) << more << " " << location;
        EXPECT_EQ(parameter(location, "error"), error) << more;
        EXPECT_EQ(parameter(location, "state"), "s1");
        EXPECT_NE(parameter(location, "iss"), "") << "RFC 9207 section 2";
    }
}

// OpenID Connect Core section 6.1: what a request object says goes before the parameters, also in how it is refused.
TEST(AuthorizationFlow, RefusesARequestObjectInTheWayInWhichItWantsItsAnswers) {
    const std::string shop = application();
    const auto with = [&](std::string_view claims, std::string_view more = "") {
        return Browser().get(request(
            shop, "&request=eyJhbGciOiJub25lIn0." + security::base64url_encode(claims) + "." + std::string(more)));
    };
    const Answer by_form = with(R"({"response_mode":"form_post","state":"its own","redirect_uri":"https://x.y"})");
    ASSERT_EQ(by_form.status, 200) << by_form.body;
    EXPECT_NE(by_form.body.find(R"(action="https://shop.example/callback")"), std::string::npos) << by_form.body;
    EXPECT_EQ(hidden(by_form, "error"), "request_not_supported");
    EXPECT_EQ(hidden(by_form, "state"), "its own");
    const std::string by_query =
        Browser::location(with(R"({"response_mode":"query","state":"a&b=c"})", "&response_mode=form_post"));
    EXPECT_TRUE(by_query.starts_with(kCallback)) << by_query;
    EXPECT_EQ(parameter(by_query, "state"), "a%26b%3Dc");
    for (const char* lie : {R"({"response_mode":"fragment","state":7})", R"({"state":"\u0000"})", "[]", "{", ""}) {
        const std::string location = Browser::location(with(lie));
        EXPECT_TRUE(location.starts_with(kCallback)) << lie;
        EXPECT_EQ(parameter(location, "error"), "request_not_supported") << lie;
        EXPECT_EQ(parameter(location, "state"), "af0ifjsldkj") << lie << ": that of the query";
    }
}

// Log-in CSRF (RFC 9700 section 4.7): the thief's browser began the request.
TEST(AuthorizationFlow, GoesOnInTheBrowserAloneInWhichItBegan) {
    const Person thief = register_somebody(api());
    const std::string shop = application();
    Browser thiefs;
    const Answer page = thiefs.follow(thiefs.get(request(shop)));
    Browser victims;
    EXPECT_EQ(log_in(victims, page, thief, thief.password).status, 400) << "no cookie of the flow";
    victims.get(request(shop));
    EXPECT_EQ(log_in(victims, page, thief, thief.password).status, 400) << "another flow's";
    EXPECT_EQ(victims.jar.count("__Host-keyledger-session"), 0U);
    const std::string flow = "?flow=" + hidden(page, "flow");
    for (const char* theirs : {"/login", "/login/factor", "/consent", "/oauth2/authorize/continue"})
        EXPECT_EQ(victims.get(theirs + flow).status, 400) << theirs << " is not shown, either";
}

TEST(AuthorizationFlow, IsAnsweredByAFormWhereTheApplicationWantsIt) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    const Answer page = authorized(browser, shop, person, "&response_mode=form_post");
    ASSERT_EQ(page.status, 200) << page.body;
    EXPECT_NE(page.body.find(R"(action="https://shop.example/callback")"), std::string::npos) << page.body;
    EXPECT_EQ(redeem(shop, hidden(page, "code")).status, 200);
    const Answer at_once = browser.get(request(shop, "&response_mode=form_post"));
    ASSERT_EQ(at_once.status, 200) << "nothing is left to ask";
    EXPECT_NE(hidden(at_once, "code"), "");
    const Answer asked = browser.follow(browser.get(request(shop, "&response_mode=form_post&prompt=consent")));
    const Answer denied = browser.post("/consent", form_body({{"flow", hidden(asked, "flow")}, {"decision", "deny"}}));
    EXPECT_EQ(denied.status, 200);
    EXPECT_EQ(hidden(denied, "error"), "access_denied");
}

TEST(AuthorizationFlow, IsBegunByAFormToo) {
    const std::string shop = application();
    const Answer sent = api().form("/oauth2/authorize", request(shop).substr(std::string("/oauth2/authorize?").size()));
    ASSERT_EQ(sent.status, 303) << sent.body;
    Browser browser;
    EXPECT_TRUE(Browser::location(browser.follow(sent)).starts_with("/login"));
    EXPECT_EQ(api().form("/oauth2/authorize", "scope=openid&scope=email").status, 400) << "which of the two?";
}

TEST(AuthorizationFlow, AsksForTheSecondFactor) {
    const Visitor ann = visitor(api());
    const Person& person = ann.person;
    ApiClient client = api().as(ann.tokens.access);
    const Enrolled app = enrol(client, person);
    const std::string shop = application("first_party");
    Browser browser;
    const Answer page = browser.follow(browser.get(request(shop)));
    const Answer half = log_in(browser, page, person, person.password);
    ASSERT_TRUE(Browser::location(half).starts_with("/login/factor")) << half.status << half.body;
    EXPECT_EQ(browser.jar.count("__Host-keyledger-session"), 0U);
    const Answer asks = browser.follow(half);
    EXPECT_EQ(browser.post("/login/factor", filled(asks, {{"code", "000000"}})).status, 400);
    const Answer by_letters = browser.get("/login/factor?by=recovery&flow=" + hidden(asks, "flow"));
    EXPECT_EQ(by_letters.status, 200);
    EXPECT_EQ(by_letters.body.find("inputmode=\"numeric\""), std::string::npos) << "a recovery code has letters";
    EXPECT_EQ(browser.post("/login/factor", filled(asks, {{"code", "AAAA-BBBB"}})).status, 400);
    const Answer whole = browser.post("/login/factor", filled(asks, {{"code", code_of(app.secret, 1)}}));
    ASSERT_EQ(whole.status, 303) << whole.body;
    const Answer tokens = redeem(shop, parameter(Browser::location(browser.follow(whole)), "code"));
    EXPECT_NE(claims_of(tokens.text("/id_token")).find(R"("acr":"2")"), std::string::npos) << tokens.body;
}

TEST(AuthorizationFlow, TakesARecoveryCodeInPlaceOfTheApp) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    const Enrolled app = enrol(client, ann.person);
    Browser browser;
    const Answer page = browser.follow(browser.get(request(application("first_party"))));
    const Answer asks = browser.follow(log_in(browser, page, ann.person, ann.person.password));
    EXPECT_EQ(browser.post("/login/factor", filled(asks, {{"code", app.recovery_code}})).status, 303);
}

// An application is not its user.
TEST(AuthorizationFlow, GivesNoTokenThatOpensTheServicesOwnApi) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    const Answer tokens = redeem(shop, parameter(Browser::location(authorized(browser, shop, person)), "code"));
    EXPECT_EQ(api().as(tokens.text("/access_token")).get(kMe).status, 401);
    EXPECT_EQ(api().as(tokens.text("/access_token")).get(kSessions).status, 401);
    const Answer own = api().post(kLogin, json_object({{"email", person.email}, {"password", person.password}}));
    EXPECT_EQ(api().as(own.text("/access_token")).get("/oauth2/userinfo").status, 401) << "nor the other way round";
}

// What its user may do is told to nobody who has no more than an application's token, with whatever scope.
TEST(AuthorizationFlow, TellsNobodyOfItsTokensWhatTheUserMayDo) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    const Answer tokens = redeem(shop, parameter(Browser::location(authorized(browser, shop, person)), "code"));
    for (const char* blank : {"%20", "%20%20"}) {
        const Answer refreshed = api().form(kToken, "grant_type=refresh_token&client_id=" + shop + "&scope=" + blank +
                                                        "&refresh_token=" + tokens.text("/refresh_token"));
        EXPECT_EQ(refreshed.text("/error"), "invalid_scope") << refreshed.body;
    }
    const Answer told = introspect(api(), deployment().gateway, tokens.text("/access_token"));
    EXPECT_EQ(told.text("/scope"), "openid email") << told.body;
    EXPECT_FALSE(told.has("/roles")) << told.body;
    const Answer of_refresh = introspect(api(), deployment().gateway, tokens.text("/refresh_token"));
    EXPECT_FALSE(of_refresh.has("/roles")) << of_refresh.body;
}

// On another node, as soon as it was answered.
TEST(AuthorizationFlow, EndsEverywhereWithTheConsent) {
    RunningService second(deployment());
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    const Answer tokens = redeem(shop, parameter(Browser::location(authorized(browser, shop, person)), "code"));
    ApiClient there = ApiClient(second.port()).as(tokens.text("/access_token"));
    EXPECT_EQ(there.get("/oauth2/userinfo").status, 200);
    const Answer own = api().post(kLogin, json_object({{"email", person.email}, {"password", person.password}}));
    const std::string consent = "/api/v1/auth/consents/" + shop;
    EXPECT_EQ(api().as(own.text("/access_token")).del("/api/v1/auth/consents/" + person.id).status, 404);
    ASSERT_EQ(api().as(own.text("/access_token")).del(consent).status, 204);
    EXPECT_EQ(there.get("/oauth2/userinfo").status, 401);
    const Answer refreshed = ApiClient(second.port())
                                 .form(kToken, form_body({{"grant_type", "refresh_token"},
                                                          {"client_id", shop},
                                                          {"refresh_token", tokens.text("/refresh_token")}}));
    EXPECT_EQ(refreshed.status, 400) << refreshed.body;
    EXPECT_TRUE(Browser::location(browser.get(request(shop))).starts_with("/consent")) << "they are asked again";
}

// Whoever is told that it ended refreshes it for ever.
TEST(AuthorizationTokens, SayWhereTheyAreForSomethingElse) {
    const Visitor ann = visitor(api());
    const std::string shop = application("first_party");
    Browser browser;
    const Answer tokens = redeem(shop, parameter(Browser::location(authorized(browser, shop, ann.person)), "code"));
    const std::string access = tokens.text("/access_token");
    for (const Answer& refused :
         {api().as(access).get("/api/v1/auth/me"), api().as(access).post("/oauth2/register", "{}"),
          api().as(ann.tokens.access).post("/oauth2/register", "{}"),
          api().as(ann.tokens.access).get("/oauth2/userinfo")}) {
        EXPECT_EQ(refused.problem(), "invalid-token") << refused.body;
        EXPECT_TRUE(refused.text("/detail").starts_with("This token is for something else: ")) << refused.body;
        EXPECT_EQ(refused.header("WWW-Authenticate"), R"(Bearer realm="keyledger", error="invalid_token")");
    }
    std::string forged = access;
    forged[forged.size() - 5] = forged[forged.size() - 5] == 'A' ? 'B' : 'A';
    for (const char* target : {"/api/v1/auth/me", "/oauth2/userinfo"})
        EXPECT_TRUE(api().as(forged).get(target).text("/detail").starts_with("The token ended")) << "made up";
    const Answer refused = api().form(kToken, form_body({{"grant_type", "refresh_token"},
                                                         {"client_id", shop},
                                                         {"refresh_token", tokens.text("/refresh_token")},
                                                         {"resource", "https://stock.example"}}));
    EXPECT_EQ(refused.text("/error"), "invalid_target") << refused.body;
    EXPECT_NE(refused.text("/error_description").find("asked for at the log-in"), std::string::npos) << refused.body;
}

// ---- log-out ---------------------------------------------------------------------------------------------------
constexpr const char* kLogOutEndpoint = "/oauth2/logout";
constexpr const char* kAfterwards = "post_logout_redirect_uri=https%3A%2F%2Fshop.example%2Fbye&state=s2";

TEST(AuthorizationLogOut, EndsWhatBeganInTheBrowser) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    const Answer tokens = redeem(shop, parameter(Browser::location(authorized(browser, shop, person)), "code"));
    const std::string hint = tokens.text("/id_token");
    const Answer page = browser.get(std::string(kLogOutEndpoint) + "?id_token_hint=" + hint + "&" + kAfterwards);
    ASSERT_EQ(page.status, 200) << page.body;
    EXPECT_EQ(api().as(tokens.text("/access_token")).get("/oauth2/userinfo").status, 200) << "nothing is done yet";
    const Answer done =
        browser.post("/logout", "client_id=" + shop + "&" + kAfterwards + "&csrf=" + hidden(page, "csrf"));
    EXPECT_EQ(Browser::location(done), "https://shop.example/bye?state=s2") << done.body;
    EXPECT_EQ(browser.jar.count("__Host-keyledger-session"), 0U);
    EXPECT_EQ(api().as(tokens.text("/access_token")).get("/oauth2/userinfo").status, 401);
    EXPECT_EQ(parameter(Browser::location(browser.get(request(shop, "&prompt=none"))), "error"), "login_required");
}

TEST(AuthorizationLogOut, IsNotDoneByAFormOfAnotherSite) {
    const Person person = register_somebody(api());
    const std::string shop = application();
    Browser browser;
    const Answer tokens = redeem(shop, parameter(Browser::location(authorized(browser, shop, person)), "code"));
    const Answer forged = api().form("/logout", "client_id=" + shop + "&" + kAfterwards);  // comes without cookies
    EXPECT_FALSE(forged.header("Set-Cookie")) << "and takes none away";
    // Of a sibling of this site, for which browsers send the cookie.
    EXPECT_EQ(browser.post("/logout", "client_id=" + shop).status, 400);
    const Person thief = register_somebody(api());
    Browser thiefs;
    authorized(thiefs, shop, thief);
    const std::string csrf = hidden(thiefs.get(std::string(kLogOutEndpoint) + "?client_id=" + shop), "csrf");
    ASSERT_NE(csrf, "");
    EXPECT_EQ(browser.post("/logout", "client_id=" + shop + "&csrf=" + csrf).status, 400) << "of another session";
    EXPECT_EQ(api().as(tokens.text("/access_token")).get("/oauth2/userinfo").status, 200);
}

TEST(AuthorizationLogOut, SendsNobodyWhereTheApplicationDoesNotWantThem) {
    const std::string shop = application();
    for (const std::string& lie : {std::string("post_logout_redirect_uri=https%3A%2F%2Fshop.example%2Fbye"),
                                   "client_id=" + shop + "&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2Fbye",
                                   "client_id=" + shop + "&id_token_hint=eyJhbGciOiJub25lIn0.e30.&" + kAfterwards}) {
        EXPECT_EQ(api().get(std::string(kLogOutEndpoint) + "?" + lie).status, 400) << lie;
        EXPECT_EQ(api().form(kLogOutEndpoint, lie).status, 400) << lie;
        EXPECT_EQ(api().form("/logout", lie).status, 400) << lie;
    }
    const Answer sent = api().form(kLogOutEndpoint, "client_id=" + shop + "&state=a+b&ui_locales=de");
    EXPECT_EQ(Browser::location(sent), "/oauth2/logout?client_id=" + shop + "&state=a%20b&ui_locales=de")
        << "by a form, too, and to nowhere";
    const Answer asks = Browser().follow(sent);
    EXPECT_NE(asks.body.find("<html lang=\"de\">"), std::string::npos) << asks.body;
    EXPECT_EQ(api().form("/logout", "client_id=" + shop).status, 200) << "nobody is logged in";
}

TEST(AuthorizationFlow, IsTold) {
    const Answer openid = api().get("/.well-known/openid-configuration");
    ASSERT_EQ(openid.status, 200);
    EXPECT_EQ(openid.body, api().get("/.well-known/oauth-authorization-server").body);
    EXPECT_EQ(openid.text("/code_challenge_methods_supported/0"), "S256");
}

}  // namespace
}  // namespace keyledger::test
