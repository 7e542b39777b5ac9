// Log-in by the link of a mail, at the log-in page; and what comes of a link that is opened elsewhere, forwarded, or
// opened by a machine.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/authenticator_app.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kAsk = "/login/mail/link";

std::string address(const std::string& email, const std::string& flow) {
    return form_body({{"email", email}, {"flow", flow}});
}
std::string with_token(const std::string& token) { return form_body({{"token", token}}); }
std::string link_page(const std::string& token) { return std::string(kMagicLinkPage) + "?token=" + token; }

// Somebody who asked for a link in a browser, on the way to an application.
struct Asker {
    std::string shop = application("first_party");
    Person ann;
    Browser browser{};
    std::string flow = hidden(browser.follow(browser.get(request(shop))), "flow");
    std::string token;
    explicit Asker(const Person& person) : ann(person) {
        const Answer asks = browser.post(kAsk, address(ann.email, flow));
        EXPECT_EQ(asks.status, 200) << asks.body;
        token = mailbox().await_mail(ann.email, "Log in to").from_link("token");
    }
};

TEST(LinkPage, LeadsBackToTheApplication) {
    const Asker at{register_somebody(api())};
    Browser browser = at.browser;
    const Answer log_in_page = browser.get("/login?flow=" + at.flow);
    EXPECT_NE(log_in_page.body.find("href=\"/login/mail/link?flow="), std::string::npos) << log_in_page.body;
    EXPECT_EQ(browser.get(std::string(kAsk) + "?flow=" + at.flow).status, 200);
    const Answer page = browser.get(link_page(at.token));
    ASSERT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("To go on to Shop"), std::string::npos) << page.body;
    EXPECT_EQ(page.body.find("class=\"secret\""), std::string::npos) << "there is nothing to copy";
    const Answer done = browser.post(kMagicLinkPage, with_token(hidden(page, "token")));
    ASSERT_EQ(done.status, 303) << done.body;
    EXPECT_NE(parameter(Browser::location(browser.follow(done)), "code"), "");
    EXPECT_FALSE(browser.jar.contains("__Host-keyledger-mail")) << "it is used up";
    EXPECT_FALSE(browser.jar.contains("__Host-keyledger-mail-flow"));
}

// Scanners of mail open links, some of them again and again.
TEST(LinkPage, SpendsNothingByBeingOpened) {
    Asker at{register_somebody(api())};
    for (int i = 0; i < 3; ++i) {
        const Answer scanned = api().get(link_page(at.token));
        EXPECT_EQ(scanned.status, 200);
        EXPECT_FALSE(scanned.header("Set-Cookie"));
        EXPECT_EQ(at.browser.get(link_page(at.token)).status, 200);
    }
    EXPECT_EQ(at.browser.post(kMagicLinkPage, with_token(at.token)).status, 303);
}

// On another device, and at whoever it was forwarded to: nobody is logged in there.
TEST(LinkPage, OpensNothingInAnotherBrowser) {
    Asker at{register_somebody(api())};
    Browser other;
    const Answer page = other.get(link_page(at.token));
    ASSERT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("in which you asked"), std::string::npos) << page.body;
    EXPECT_EQ(page.body.find("<form"), std::string::npos) << page.body;
    const Answer refused = other.post(kMagicLinkPage, with_token(at.token));
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_FALSE(refused.header("Set-Cookie"));
    // Who asked for one of their own has no use for somebody else's, either.
    Asker thief{register_somebody(api())};
    const Answer stolen = thief.browser.post(kMagicLinkPage, with_token(at.token));
    EXPECT_EQ(stolen.status, 400) << stolen.body;
    EXPECT_NE(stolen.body.find("Back to logging in"), std::string::npos) << stolen.body;
    // Half of what a browser keeps is nothing.
    for (const char* lacks : {"__Host-keyledger-mail", "__Host-keyledger-mail-flow", "__Host-keyledger-flow"}) {
        Browser half = at.browser;
        half.jar.erase(lacks);
        EXPECT_EQ(half.post(kMagicLinkPage, with_token(at.token)).status, 400) << lacks;
    }
    EXPECT_EQ(at.browser.post(kMagicLinkPage, with_token(at.token)).status, 303) << "nothing of that used it up";
}

TEST(LinkPage, IsGoodOnce) {
    Asker at{register_somebody(api())};
    Browser copy = at.browser;
    EXPECT_EQ(at.browser.post(kMagicLinkPage, with_token(at.token)).status, 303);
    const Answer opened_again = at.browser.get(link_page(at.token));
    EXPECT_NE(opened_again.body.find("used already"), std::string::npos) << opened_again.body;
    EXPECT_NE(opened_again.body.find("Log in</a>"), std::string::npos) << opened_again.body;
    EXPECT_EQ(copy.post(kMagicLinkPage, with_token(at.token)).status, 400);
    EXPECT_EQ(at.browser.post(kMagicLinkPage, "").status, 400);
    EXPECT_EQ(copy.post(kMagicLinkPage, with_token("made-up")).status, 400);
}

TEST(LinkPage, StillAsksForTheSecondFactor) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    const Enrolled app = enrol(client, ann.person);
    Asker at{ann.person};
    const Answer half = at.browser.post(kMagicLinkPage, with_token(at.token));
    ASSERT_TRUE(Browser::location(half).starts_with("/login/factor")) << half.status << half.body;
    const Answer page = at.browser.follow(half);
    EXPECT_EQ(at.browser.post("/login/factor", filled(page, {{"code", app.recovery_code}})).status, 303);
}

// Nobody has somebody else's browser ask for a link to the asker's own account.
TEST(LinkPage, IsAskedForInTheBrowserAloneInWhichTheRequestBegan) {
    Browser browser;
    EXPECT_EQ(browser.get(kAsk).status, 400);
    EXPECT_EQ(browser.post(kAsk, form_body({{"email", "ann@keyledger.test"}})).status, 400);
    const std::string flow = hidden(browser.follow(browser.get(request(application()))), "flow");
    EXPECT_EQ(browser.post(kAsk, form_body({{"flow", flow}})).status, 400) << "no address";
    Browser others;
    const Answer refused = others.post(kAsk, address(somebody().email, flow));
    EXPECT_EQ(refused.status, 400);
    EXPECT_FALSE(refused.header("Set-Cookie"));
    const std::string much = "&login_hint=" + std::string(1'000, 'n') + "&ui_locales=" + std::string(1'000, 'x');
    const std::string longer = hidden(browser.follow(browser.get(request(application(), much))), "flow");
    ASSERT_GT(longer.size(), 3'000U);
    const Answer too_long = browser.post(kAsk, address(somebody().email, longer));
    EXPECT_EQ(too_long.status, 400);
    EXPECT_NE(too_long.body.find("too long"), std::string::npos) << too_long.body;
}

TEST(LinkPage, IsNotOfferedWhereItIsOff) {
    RunningService plain(deployment(), {{"KEYLEDGER_LOG_IN_BY_MAIL", "code"}});
    Browser browser{ApiClient(plain.port())};
    const Answer page = browser.follow(browser.get(request(application())));
    EXPECT_EQ(page.body.find("/login/mail/link"), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("/login/mail?"), std::string::npos) << page.body;
    const Answer refused = browser.post(kAsk, address(somebody().email, hidden(page, "flow")));
    EXPECT_EQ(refused.status, 400);
    EXPECT_NE(refused.body.find("does not offer"), std::string::npos) << refused.body;
}

}  // namespace
}  // namespace keyledger::test
