// One's own account: linked with what one is at other providers, and not any more.
#include "tests/e2e/oauth/other_provider.hpp"
#include "tests/e2e/pages/own_account.hpp"
#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/passkeys.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kProviders = "/account/providers";
constexpr const char* kLink = "/account/providers/link";
constexpr const char* kUnlink = "/account/providers/unlink";
constexpr const char* kNobodysId = "01890a5d-ac96-774b-bcce-b302099a8057";

// Old log-ins are those of a node whose window is short.
class OwnLinks : public testing::Test {
protected:
    static void SetUpTestSuite() {
        with_ = new WithOtherProvider;
        node_ = new RunningService(deployment(), with_->environment());
        Environment strict = with_->environment();
        strict["KEYLEDGER_STEP_UP_SECONDS"] = "2";
        strict["KEYLEDGER_LOG_IN_BY_MAIL"] = "off";
        strict_ = new RunningService(deployment(), strict);
    }
    static void TearDownTestSuite() {
        delete strict_;
        delete node_;
        delete with_;
    }
    OwnLinks() { with_->there.lies = {}; }
    ~OwnLinks() override { with_->there.lies = {}; }

    static ApiClient node() { return ApiClient(node_->port()); }
    // The same browser, at the node that forgets sooner what was proven.
    static Browser at_strict(const Browser& browser) {
        Browser there{ApiClient(strict_->port())};
        there.jar = browser.jar;
        return there;
    }
    static std::string link_form(const Answer& page, const std::string& provider = "open") {
        return own_form(page, {{"provider", provider}});
    }
    // What the page of the form leads to, there and back.
    static Answer go_there_and_back(Browser& browser, const Answer& departure, const std::string& name = "open") {
        const auto at = departure.body.find("/login/providers/" + name + "?ticket=");
        EXPECT_NE(at, std::string::npos) << departure.body;
        const std::string target = departure.body.substr(at, departure.body.find('"', at) - at);
        watch_secret(target.substr(target.find('=') + 1));
        const std::string url = Browser::location(browser.get(target));
        with_->there.set_nonce(parameter(url, "nonce"));
        return browser.get(way_back(name) + "?code=code-1&state=" + parameter(url, "state") + "&" +
                           form_body({{"iss", with_->there.issuer()}}));
    }
    static std::string be_somebody_there() {
        const std::string address = watch_personal(unique("federated") + "@people.keyledger.test");
        be(*with_, watch_personal(unique("subject")), address);
        return address;
    }
    // Somebody who is logged in, and linked.
    static Answer linked(Browser& browser, const Person& person) {
        const Answer page = logged_in(browser, person);
        be_somebody_there();
        const Answer done = go_there_and_back(browser, browser.post(kLink, link_form(page)));
        EXPECT_EQ(done.status, 200) << done.body;
        return browser.get(kProviders);
    }

    static WithOtherProvider* with_;
    static RunningService* node_;
    static RunningService* strict_;
};
WithOtherProvider* OwnLinks::with_ = nullptr;
RunningService* OwnLinks::node_ = nullptr;
RunningService* OwnLinks::strict_ = nullptr;

TEST_F(OwnLinks, AreMadeAndUndone) {
    const Person ann = register_somebody(node());
    Browser browser(node()), other(node());
    logged_in(browser, ann);
    logged_in(other, ann);
    const Answer before = browser.get(kProviders);
    EXPECT_TRUE(has(before, "No account at another provider is linked")) << before.body;
    EXPECT_TRUE(has(before, "Link an account at The open one")) << before.body;
    const std::string address = be_somebody_there();
    const Answer departure = browser.post(kLink, link_form(before));
    ASSERT_EQ(departure.status, 200) << departure.body;
    EXPECT_TRUE(has(departure, "Continue at The open one")) << departure.body;
    EXPECT_TRUE(has(browser.get(kProviders), "No account at another provider")) << "nothing is linked yet";
    const Answer done = go_there_and_back(browser, departure);
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_TRUE(has(done, "href=\"/account/providers\"")) << done.body;
    const Answer page = browser.get(kProviders);
    EXPECT_TRUE(has(page, address)) << page.body;
    EXPECT_TRUE(has(page, "Since ")) << page.body;
    const std::string unlinks = own_form(page, {{"identity", hidden(page, "identity")}});
    const Answer gone = browser.post(kUnlink, unlinks);
    ASSERT_EQ(Browser::location(gone), "/account/providers?done=unlinked") << gone.body;
    const Answer after = browser.follow(gone);
    EXPECT_TRUE(has(after, "role=\"status\"")) << after.body;
    EXPECT_FALSE(has(after, address)) << after.body;
    EXPECT_EQ(other.get(kAccount).status, 303) << "the other session has ended";
    EXPECT_EQ(browser.post(kUnlink, unlinks).status, 400) << "it is gone";
}

TEST_F(OwnLinks, OfNobodyOrOfAnotherCantBeUndone) {
    const Person ann = register_somebody(node());
    Browser anns(node()), bobs(node());
    const std::string of_ann = hidden(linked(anns, ann), "identity");
    ASSERT_NE(of_ann, "");
    const Answer page = logged_in(bobs, register_somebody(node()));
    for (const std::string& id : {of_ann, std::string(kNobodysId), std::string("x"), std::string()}) {
        const Answer none = bobs.post(kUnlink, own_form(page, {{"identity", id}}));
        EXPECT_EQ(none.status, 400) << id;
        EXPECT_TRUE(has(none, "not in the list any more")) << none.body;
    }
    for (const char* name : {"nobody", "", "../open"}) {
        const Answer none = bobs.post(kLink, link_form(page, name));
        EXPECT_EQ(none.status, 400) << name;
        EXPECT_TRUE(has(none, "knows no provider of that name")) << none.body;
    }
    EXPECT_TRUE(has(anns.get(kProviders), of_ann));
}

TEST_F(OwnLinks, TakeAProofOfTheLastMinutes) {
    const Person ann = register_somebody(node());
    Browser browser(node());
    const Answer page = linked(browser, ann);
    Browser old = at_strict(browser);
    const std::string unlinks = own_form(page, {{"identity", hidden(page, "identity")}});
    // Nothing is unlinked by asking: the node of before has it until somebody proves who they are.
    await_that("an old log-in", [&] { return has(old.post(kLink, link_form(page)), "Confirm that it is you"); });
    const Answer asked = old.post(kUnlink, unlinks);
    ASSERT_EQ(asked.status, 200) << asked.body;
    EXPECT_EQ(hidden(asked, "identity"), hidden(page, "identity"));
    EXPECT_TRUE(has(asked, "action=\"/account/providers/unlink\"")) << asked.body;
    EXPECT_TRUE(has(asked, "href=\"/login?flow=")) << "a passkey, or the provider, does as well";
    EXPECT_FALSE(has(asked, "factor_code")) << "they have none";
    const auto with = [&](const std::string& password) {
        return old.post(kUnlink, unlinks + "&" + form_body({{"current_password", password}}));
    };
    const Answer wrong = with("not it at all");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_TRUE(has(wrong, "href=\"#proof-current_password\"")) << wrong.body;
    EXPECT_TRUE(has(browser.get(kProviders), "name=\"identity\"")) << "it is still linked";
    // Where it takes longer than the window to get there, the form comes again.
    await_that("a proof in time", [&] { return with(ann.password).status == 303; });
    EXPECT_TRUE(has(old.get(kProviders), "No account at another provider")) << "by the session as it is now";
    await_that("an old proof", [&] { return has(old.post(kLink, link_form(page)), "Confirm that it is you"); });
    await_that("another proof in time", [&] {
        const std::string proof = form_body({{"current_password", ann.password}});
        return has(old.post(kLink, link_form(page) + "&" + proof), "?ticket=");
    });
}

// Whoever has a passkey alone proves it by logging in again, and has no code that a form could ask for.
TEST_F(OwnLinks, AskForNoCodeWhereThereIsNoApp) {
    const Person ann = register_somebody(node());
    Browser browser(node());
    const Answer page = linked(browser, ann);
    ApiClient client = node().as(log_in(node(), ann).access);
    SoftwareAuthenticator phone = authenticator();
    make_passkey(client, ann, phone);
    const Answer asked = browser.post(kUnlink, own_form(page, {{"identity", hidden(page, "identity")}}));
    ASSERT_TRUE(has(asked, "Confirm that it is you")) << asked.body;
    EXPECT_FALSE(has(asked, "name=\"factor_code\"")) << asked.body;
    EXPECT_TRUE(has(asked, "href=\"/login?flow=")) << asked.body;
}

TEST_F(OwnLinks, TakeTheSecondFactorOfWhoeverHasOne) {
    const Person ann = register_somebody(node());
    Browser browser(node());
    const Answer page = linked(browser, ann);
    ApiClient client = node().as(log_in(node(), ann).access);
    const Enrolled enrolled = enrol(client, ann);
    const std::string unlinks = own_form(page, {{"identity", hidden(page, "identity")}});
    const Answer asked = browser.post(kUnlink, unlinks);
    ASSERT_TRUE(has(asked, "Confirm that it is you")) << asked.body;
    EXPECT_TRUE(has(asked, "name=\"factor_code\"")) << asked.body;
    const auto with = [&](const std::string& code) {
        const std::string proof = form_body({{"current_password", ann.password}});
        return browser.post(kUnlink, unlinks + "&" + proof + (code.empty() ? "" : "&factor_code=" + code));
    };
    EXPECT_TRUE(has(with(""), "href=\"#proof-factor_code\""));
    EXPECT_EQ(with("000000").status, 400);
    EXPECT_EQ(Browser::location(with(code_of(enrolled.secret, 1))), "/account/providers?done=unlinked");
}

// Somebody who has nothing but the provider: it is what they prove who they are by, and their last way in.
TEST_F(OwnLinks, ThatAreTheLastWayInStay) {
    const std::string shop = application();
    be_somebody_there();
    Browser browser(node());
    ASSERT_EQ(travel(*with_, browser, "open", shop).status, 303);
    Browser strict = at_strict(browser);
    const Answer page = strict.get(kProviders);
    ASSERT_NE(hidden(page, "identity"), "") << page.body;
    const std::string unlinks = own_form(page, {{"identity", hidden(page, "identity")}});
    const Answer kept = strict.post(kUnlink, unlinks);
    EXPECT_EQ(kept.status, 400);
    EXPECT_TRUE(has(kept, "could not log in without it")) << kept.body;
    Answer asked;
    await_that("an old log-in", [&] {
        asked = strict.post(kLink, link_form(page));
        return has(asked, "Confirm that it is you");
    });
    EXPECT_FALSE(has(asked, "current_password")) << "they have none";
    EXPECT_TRUE(has(asked, "href=\"/login?flow=")) << asked.body;
    EXPECT_TRUE(has(strict.get("/account/profile"), "This takes a password, and you have none"));
}

// They prove anew who they are at the provider, and come back to where they were.
TEST_F(OwnLinks, TakeALogInOfNowAtTheProvider) {
    be_somebody_there();
    const std::string an_hour_ago = std::to_string(now_there().whole_seconds() - 3600);
    with_->there.lies.claims["auth_time"] = an_hour_ago;
    Browser browser(node());
    ASSERT_EQ(travel(*with_, browser, "open", application()).status, 303);
    const Answer asked = browser.post(kLink, link_form(browser.get(kProviders)));
    ASSERT_TRUE(has(asked, "Confirm that it is you")) << asked.body;
    const auto at = asked.body.find("/login?flow=");
    ASSERT_NE(at, std::string::npos) << asked.body;
    const std::string again = asked.body.substr(at, asked.body.find('"', at) - at);
    const auto go = [&] {
        const Departed departed = depart(*with_, browser, "open", browser.get(again));
        const std::string url = Browser::location(departed.answer);
        EXPECT_EQ(parameter(url, "max_age"), "0") << url;
        EXPECT_EQ(parameter(url, "prompt"), "login") << url;
        const Answer back = browser.follow(browser.get(departed.back));
        EXPECT_EQ(Browser::location(back), kProviders) << back.body;
        return browser.post(kLink, link_form(browser.get(kProviders)));
    };
    EXPECT_TRUE(has(go(), "Confirm that it is you")) << "a provider that says that it did not ask is believed";
    with_->there.lies.claims.erase("auth_time");
    const Answer in = go();
    EXPECT_TRUE(has(in, "?ticket=")) << "one that never tells when is taken at its word: " << in.body;
}

TEST_F(OwnLinks, AreMadeByFormsOfTheirSessionAlone) {
    const Person ann = register_somebody(node());
    Browser browser(node()), thief(node());
    const std::string identity = hidden(linked(browser, ann), "identity");
    const Answer others = logged_in(thief, register_somebody(node()));
    expect_nothing_by_others_forms(browser, kLink, form_body({{"provider", "open"}}), others);
    expect_nothing_by_others_forms(browser, kUnlink, form_body({{"identity", identity}}), others);
    EXPECT_TRUE(has(browser.get(kProviders), identity));
    // The ticket of a thief, opened by whom they sent it to: their account would be linked with what is the thief's.
    const Answer departure = thief.post(kLink, link_form(others));
    const auto at = departure.body.find("/login/providers/open?ticket=");
    ASSERT_NE(at, std::string::npos) << departure.body;
    const std::string target = departure.body.substr(at, departure.body.find('"', at) - at);
    watch_secret(target.substr(target.find('=') + 1));
    EXPECT_EQ(browser.get(target).status, 400);
}

}  // namespace
}  // namespace keyledger::test
