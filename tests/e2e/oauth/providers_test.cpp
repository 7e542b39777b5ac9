// Log-in by another provider, as a browser goes it: registration, link, second factor, and what a provider or somebody
// between it and the browser may try instead.
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "tests/e2e/oauth/other_provider.hpp"
#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

class OtherProviders : public testing::Test {
protected:
    static void SetUpTestSuite() {
        with_ = new WithOtherProvider();
        node_ = new RunningService(deployment(), with_->environment());
    }
    static void TearDownTestSuite() {
        delete node_;
        delete with_;
    }
    OtherProviders() { with_->there.lies = {}; }
    ~OtherProviders() override { with_->there.lies = {}; }

    static ApiClient node() { return ApiClient(node_->port()); }
    static LyingProvider& there() { return with_->there; }
    // Logged in by the provider at a new browser; the answer of the way back.
    Answer travel(Browser& browser, const std::string& name = "open") {
        return test::travel(*with_, browser, name, shop_);
    }
    std::string new_subject() { return watch_personal(unique("subject")); }
    std::string new_address() { return watch_personal(unique("federated") + "@people.keyledger.test"); }
    // What the application is told of whoever is logged in at the browser, by the ID token and by userinfo.
    std::string who(Browser& browser, const Answer& arrived) {
        const Answer asks = browser.follow(arrived);
        Answer back = asks;
        if (Browser::location(asks).starts_with("/consent"))
            back = browser.follow(browser.post("/consent", filled(browser.follow(asks), {})));
        const Answer tokens = redeem(shop_, parameter(Browser::location(back), "code"), node());
        return claims_of(tokens.text("/id_token")) +
               node().as(tokens.text("/access_token")).get("/oauth2/userinfo").body;
    }
    // A page that says what to do, and nobody is logged in.
    void expect_page(const Answer& answer, int status, Browser& browser, const std::string& words) {
        EXPECT_EQ(answer.status, status) << answer.body;
        EXPECT_NE(answer.body.find(words), std::string::npos) << answer.body;
        EXPECT_EQ(browser.jar.count("__Host-keyledger-session"), 0U);
    }

    static WithOtherProvider* with_;
    static RunningService* node_;
    const std::string shop_ = application();
};
WithOtherProvider* OtherProviders::with_ = nullptr;
RunningService* OtherProviders::node_ = nullptr;

}  // namespace

TEST_F(OtherProviders, AreOnThePageAndInTheList) {
    Browser browser(node());
    const Answer page = browser.follow(browser.get(request(shop_)));
    EXPECT_NE(page.body.find("/login/providers/open?flow="), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("Log in with The open one"), std::string::npos);
    const Answer list = node().get("/api/v1/auth/providers");
    ASSERT_EQ(list.count(), 3U) << list.body;
    EXPECT_EQ(list.text("/items/0/name"), "open");
    EXPECT_EQ(list.text("/items/0/title"), "The open one");
    EXPECT_TRUE(list.boolean("/items/0/signs_up"));
    EXPECT_FALSE(list.boolean("/items/1/signs_up"));
    EXPECT_EQ(api().get("/api/v1/auth/providers").count(), 0U) << "that node knows none";
}

TEST_F(OtherProviders, RegisterByTheFirstLogInAndLogInByTheNext) {
    const std::string subject = new_subject();
    const std::string address = new_address();
    be(*with_, subject, address);
    Browser browser(node());
    const Answer arrived = travel(browser);
    ASSERT_EQ(arrived.status, 303) << arrived.body;
    EXPECT_EQ(browser.jar.count("__Host-keyledger-session"), 1U);
    EXPECT_EQ(browser.jar.count("__Host-keyledger-provider"), 0U) << "the trip is over";
    const std::string claims = who(browser, arrived);
    EXPECT_NE(claims.find("\"email\":\"" + address + "\""), std::string::npos) << claims;
    EXPECT_NE(claims.find("\"email_verified\":true"), std::string::npos) << claims;
    EXPECT_NE(claims.find("\"amr\":[\"fed\"]"), std::string::npos) << claims;
    const auto user_of = [](const std::string& told) {
        const auto at = told.find("\"sub\":\"");
        return told.substr(at + 7, 36);
    };
    // The address there may change, and be somebody else's then: who it is, is issuer and sub.
    be(*with_, subject, new_address());
    Browser another(node());
    const Answer again = travel(another);
    ASSERT_EQ(again.status, 303) << again.body;
    EXPECT_EQ(user_of(who(another, again)), user_of(claims));
    be(*with_, new_subject(), address);
    Browser stranger(node());
    const Answer other = travel(stranger);
    ASSERT_EQ(other.status, 303) << "linked by the address, which both have verified";
    EXPECT_EQ(user_of(who(stranger, other)), user_of(claims));
    const Answer identities = administrator(node()).get(std::string(kUsers) + "/" + user_of(claims) + "/identities");
    ASSERT_EQ(identities.count(), 2U) << identities.body;
    EXPECT_EQ(identities.text("/items/0/linked_by"), "registration");
    EXPECT_EQ(identities.text("/items/1/linked_by"), "address");
    EXPECT_EQ(identities.body.find(subject), std::string::npos) << "nobody is told the subject";
    ApiClient somebody_else = node().as(visitor(node()).tokens.access);
    const std::string of_user = std::string(kUsers) + "/" + user_of(claims) + "/identities";
    EXPECT_EQ(somebody_else.get(of_user).problem(), "forbidden");
    const std::string of_nobody = std::string(kUsers) + "/01890a5d-ac96-774b-bcce-b302099a8057/identities";
    EXPECT_EQ(administrator(node()).get(of_nobody).problem(), "user-unknown");
}

TEST_F(OtherProviders, LetNobodyInWhoMayNot) {
    Browser browser(node());
    be(*with_, new_subject(), new_address());
    expect_page(travel(browser, "closed"), 400, browser, "Nobody here is linked");
    be(*with_, new_subject(), new_address(), "false");
    expect_page(travel(browser), 400, browser, "no e-mail address that can be trusted");
    const Departed departed = depart(*with_, browser, "open", shop_);
    expect_page(browser.get(way_back("open") + "?error=access_denied&state=" + departed.state + "&" +
                            form_body({{"iss", there().issuer()}})),
                400, browser, "did not let you in");
}

// Who chooses an account proves nothing anew: also a provider that never tells when somebody was there is asked.
TEST_F(OtherProviders, AreAskedForAnAccountAsTheApplicationAsks) {
    be(*with_, new_subject(), new_address());
    Browser browser(node());
    const Departed departed = depart(*with_, browser, "open", shop_, "&prompt=select_account");
    const std::string url = Browser::location(departed.answer);
    EXPECT_EQ(parameter(url, "prompt"), "select_account") << url;
    EXPECT_EQ(parameter(url, "max_age"), "") << url;
    const Answer arrived = browser.get(departed.back);
    EXPECT_EQ(arrived.status, 303) << arrived.body;
    Browser another(node());
    const Departed anew = depart(*with_, another, "open", shop_, "&prompt=login");
    EXPECT_EQ(parameter(Browser::location(anew.answer), "max_age"), "0");
    expect_page(another.get(anew.back), 400, another, "does not prove who you are");
}

// An account of that address here is theirs only if the address was proven here, too (and the operator lets it).
TEST_F(OtherProviders, LinkByAnAddressThatBothHaveProvenAlone) {
    const Person unproven = register_somebody(node());
    be(*with_, new_subject(), unproven.email);
    Browser browser(node());
    expect_page(travel(browser), 400, browser, "has an account here already");
    const Person proven = register_somebody(node());
    prove_address(node(), proven);
    be(*with_, new_subject(), proven.email, "false");
    expect_page(travel(browser), 400, browser, "no e-mail address that can be trusted");
    be(*with_, new_subject(), proven.email);
    expect_page(travel(browser, "closed"), 400, browser, "has an account here already");
    const Answer arrived = travel(browser);
    ASSERT_EQ(arrived.status, 303) << arrived.body;
    EXPECT_NE(who(browser, arrived).find(proven.id), std::string::npos);
}

TEST_F(OtherProviders, AskForTheSecondFactorOfTheAccountBeforeItIsLinked) {
    const Person person = register_somebody(node());
    prove_address(node(), person);
    ApiClient client = node().as(log_in(node(), person).access);
    const Enrolled app = enrol(client, person);
    be(*with_, new_subject(), person.email);
    Browser browser(node());
    const Answer arrived = travel(browser);
    ASSERT_EQ(arrived.status, 303) << arrived.body;
    ASSERT_TRUE(Browser::location(arrived).starts_with("/login/factor?flow=")) << Browser::location(arrived);
    EXPECT_EQ(browser.jar.count("__Host-keyledger-session"), 0U);
    EXPECT_EQ(client.get("/api/v1/auth/identities").count(), 0U) << "nothing is linked yet";
    const Answer page = browser.follow(arrived);
    EXPECT_EQ(browser.post("/login/factor", filled(page, {{"code", "000000"}})).status, 400);
    const Answer in = browser.post("/login/factor", filled(page, {{"code", code_of(app.secret, 1)}}));
    ASSERT_EQ(in.status, 303) << in.body;
    const std::string claims = who(browser, in);
    EXPECT_NE(claims.find("\"amr\":[\"fed\",\"otp\",\"mfa\"]"), std::string::npos) << claims;
    EXPECT_EQ(client.get("/api/v1/auth/identities").text("/items/0/linked_by"), "address");
}

// ---- lies and attacks ------------------------------------------------------------------------------------------
TEST_F(OtherProviders, BelieveNoLieOfATokenAndShowAPage) {
    const std::string subject = new_subject();
    const std::string address = new_address();
    const std::vector<std::pair<std::string, std::string>> lies{{"iss", "\"https://elsewhere.example\""},
                                                                {"aud", "\"another\""},
                                                                {"aud", "[\"keyledger\",\"another\"]"},
                                                                {"azp", "\"another\""},
                                                                {"nonce", "\"another\""},
                                                                {"exp", "1600000000"},
                                                                {"sub", ""}};
    for (const auto& [claim, lie] : lies) {
        be(*with_, subject, address);
        there().lies.claims[claim] = lie;
        Browser browser(node());
        expect_page(travel(browser), 400, browser, "does not prove who you are");
    }
    be(*with_, subject, address);
    for (const char* header : {R"({"alg":"none"})", R"({"alg":"HS256","kid":"1"})", R"({"alg":"ES256","kid":"no"})"}) {
        there().lies.token_header = header;
        Browser browser(node());
        expect_page(travel(browser), 400, browser, "does not prove who you are");
    }
}

TEST_F(OtherProviders, ThatAreAwayOrBrokenBecomeAPageThatSaysWhatToDo) {
    be(*with_, new_subject(), new_address());
    Browser browser(node());
    expect_page(depart(*with_, browser, "away", shop_).answer, 502, browser, "Try again in a minute");
    const Departed departed = depart(*with_, browser, "open", shop_);
    there().lies.body = std::string(2'000'000, 'x');
    expect_page(browser.get(departed.back), 502, browser, "Try again in a minute");
    there().lies = {};
    there().lies.token_status = "302 Found\r\nLocation: http://127.0.0.1:1/";
    be(*with_, new_subject(), new_address());
    expect_page(browser.get(departed.back), 502, browser, "Try again in a minute");
    there().lies.token_status = "200 OK";
    const Answer late = browser.get(departed.back);
    EXPECT_EQ(late.status, 303) << "the same way back, once the provider is well: " << late.body;
}

// RFC 9700 sections 4.4, 4.5 and 4.7: an answer is taken at the way back of the provider that was asked, of the browser
// that asked, and with what was asked.
TEST_F(OtherProviders, TakeBackOnlyWhomTheySentThere) {
    be(*with_, new_subject(), new_address());
    Browser browser(node());
    const Departed departed = depart(*with_, browser, "open", shop_);
    const std::string rest = departed.back.substr(way_back("open").size());
    expect_page(browser.get(way_back("closed") + rest), 400, browser, "too long");
    Browser victim(node());
    expect_page(victim.get(departed.back), 400, victim, "too long");
    depart(*with_, victim, "open", shop_);
    expect_page(victim.get(departed.back), 400, victim, "does not prove who you are");
    expect_page(browser.get(way_back("open") + "?code=code-1&state=" + departed.state), 400, browser, "not prove");
    expect_page(browser.get(way_back("open") + "?code=code-1&iss=https%3A%2F%2Felse.example&state=" + departed.state),
                400, browser, "not prove");
    EXPECT_EQ(browser.get(way_back("open") + "?code=1&code=2&state=" + departed.state).status, 400);
    expect_page(
        browser.get("/login/providers/nobody?flow=" + hidden(browser.follow(browser.get(request(shop_))), "flow")), 404,
        browser, "no provider of that name");
    expect_page(browser.get("/login/providers/open?flow=none"), 400, browser, "too long");
}

// I13: fifty at once with one state and one code, on two nodes, of a provider that takes a code as often as it is
// shown.
TEST_F(OtherProviders, BeginOneSessionOfFiftyAtOnce) {
    RunningService second(deployment(), with_->environment());
    be(*with_, new_subject(), new_address());
    for (const std::uint16_t port : {node_->port(), second.port()}) {  // each has learned the provider's keys
        Browser first{ApiClient(port)};
        ASSERT_EQ(travel(first).status, 303);
    }
    Browser browser(node());
    const Departed departed = depart(*with_, browser, "open", shop_);
    constexpr int kAtOnce = 50;
    std::vector<int> begun(kAtOnce, 0);
    std::vector<std::thread> threads;
    for (int i = 0; i < kAtOnce; ++i)
        threads.emplace_back([&, i] {
            Browser copy{ApiClient(i % 2 == 0 ? node_->port() : second.port())};
            copy.jar = browser.jar;
            copy.get(departed.back);
            begun[static_cast<std::size_t>(i)] = static_cast<int>(copy.jar.count("__Host-keyledger-session"));
        });
    for (std::thread& one : threads) one.join();
    EXPECT_EQ(std::ranges::count(begun, 1), 1);
    expect_page(browser.get(departed.back), 400, browser, "was used before");
}

// ---- one's own links -------------------------------------------------------------------------------------------
TEST_F(OtherProviders, AreLinkedAndUnlinkedByTheirUser) {
    const Person person = register_somebody(node());
    ApiClient client = node().as(log_in(node(), person).access);
    const std::string identities = "/api/v1/auth/identities";
    EXPECT_EQ(client.post(identities, R"({"provider":"nobody"})").problem(), "provider-unknown");
    const Answer begun = client.post(identities, R"({"provider":"open"})");
    ASSERT_EQ(begun.status, 200) << begun.body;
    const std::string url = watch_secret(begun.text("/url"));
    const std::string target = url.substr(std::string(kIssuer).size());
    Browser browser(node());
    expect_page(browser.get(target), 400, browser, "Log in here with this browser first");
    Browser of_another(node());
    authorized(of_another, shop_, register_somebody(node()));
    EXPECT_EQ(of_another.get(target).status, 400) << "nobody links what is somebody else's with their own account";

    authorized(browser, shop_, person);
    const std::string subject = new_subject();
    be(*with_, subject, new_address());
    const Answer away = browser.get(target);
    ASSERT_EQ(away.status, 303) << away.body;
    there().set_nonce(parameter(Browser::location(away), "nonce"));
    const std::string back = way_back("open") + "?code=code-1&state=" + parameter(Browser::location(away), "state") +
                             "&" + form_body({{"iss", there().issuer()}});
    const Answer linked = browser.get(back);
    ASSERT_EQ(linked.status, 200) << linked.body;
    EXPECT_EQ(client.get(identities).text("/items/0/linked_by"), "user");

    Browser by_provider(node());
    const Answer arrived = travel(by_provider);
    ASSERT_EQ(arrived.status, 303) << arrived.body;
    EXPECT_NE(who(by_provider, arrived).find(person.id), std::string::npos);

    const std::string link = identities + "/" + client.get(identities).text("/items/0/id");
    EXPECT_EQ(client.del(identities + "/" + person.id).problem(), "identity-unknown");
    EXPECT_EQ(client.del(link, {{"Idempotency-Key", ""}}).problem(), "bad-request");
    const HttpHeaders once{{"Idempotency-Key", unique("unlink")}};
    EXPECT_EQ(client.del(link, once).status, 204);
    EXPECT_EQ(client.del(identities + "/" + person.id, once).problem(), "idempotency-mismatch");
    EXPECT_EQ(client.get(identities).count(), 0U);
    EXPECT_EQ(parameter(Browser::location(by_provider.get(request(shop_, "&prompt=none"))), "error"), "login_required")
        << "what it began has ended";
    Browser after(node());
    expect_page(travel(after, "closed"), 400, after, "Nobody here is linked");
}

// Somebody who has nothing but the provider authenticates there again for what changes the account, and is not locked
// out.
TEST_F(OtherProviders, AreWhatTheirUsersStepUpByAndCantLose) {
    const std::string address = new_address();
    be(*with_, new_subject(), address);
    Browser browser(node());
    ASSERT_EQ(travel(browser).status, 303);
    ApiClient anonymous = node();
    const Answer asked = anonymous.post(kLogInCode, json_object({{"email", address}}));
    const std::string code = mailbox().await_mail(address, "is your code").code();
    const std::string handle = watch_secret(asked.text("/handle"));
    const Answer in = anonymous.post(kCompleteLogIn, json_object({{"handle", handle}, {"code", code}}));
    ASSERT_EQ(in.status, 200) << in.body;
    ApiClient by_mail = node().as(in.text("/access_token"));
    const std::string identities = "/api/v1/auth/identities";
    const std::string link = identities + "/" + by_mail.get(identities).text("/items/0/id");
    EXPECT_EQ(by_mail.del(link).problem(), "step-up-required");
    EXPECT_EQ(by_mail.post(identities, R"({"provider":"open"})").problem(), "step-up-required");
    Environment without_mail = with_->environment();
    without_mail["KEYLEDGER_LOG_IN_BY_MAIL"] = "off";
    RunningService other(deployment(), without_mail);
    EXPECT_EQ(ApiClient(other.port()).as(in.text("/access_token")).del(link).problem(), "last-way-in");
}

}  // namespace keyledger::test
