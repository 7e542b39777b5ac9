// As whom somebody goes on, where an application leaves it to them or asks for somebody else.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/browser.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kChoose = "/login/choose";

std::string code_in(const Answer& answer) { return parameter(Browser::location(answer), "code"); }
std::string error_in(const Answer& answer) { return parameter(Browser::location(answer), "error"); }
std::string subject_of(const std::string& shop, const Answer& back) {
    const std::string claims = claims_of(redeem(shop, code_in(back)).text("/id_token"));
    const std::string mark = "\"sub\":\"";
    return claims.substr(claims.find(mark) + mark.size(), 36);
}
std::string hint_of(const std::string& login_hint) { return "&" + form_body({{"login_hint", login_hint}}); }

// Logged in for a request of before.
struct AtShop {
    std::string shop = application("first_party");
    Person ann = register_somebody(api());
    Browser browser{};
    AtShop() { EXPECT_NE(code_in(authorized(browser, shop, ann)), ""); }
    // To where it is sent for that request.
    Answer sent(const std::string& more) { return browser.get(request(shop, more)); }
};

TEST(ChoosePage, GoesOnAsWhoIsLoggedIn) {
    AtShop at;
    const Answer sent = at.sent("&prompt=select_account");
    ASSERT_TRUE(Browser::location(sent).starts_with(kChoose)) << Browser::location(sent);
    const Answer page = at.browser.follow(sent);
    ASSERT_EQ(page.status, 200);
    EXPECT_NE(page.body.find("Continue as " + at.ann.username), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("href=\"/login?flow="), std::string::npos) << page.body;
    EXPECT_NE(page.header("Content-Security-Policy").value_or("").find("https://shop.example"), std::string::npos);
    const Answer chosen = at.browser.post(kChoose, filled(page, {}));
    ASSERT_EQ(chosen.status, 303) << chosen.body;
    const Answer back = at.browser.follow(chosen);
    EXPECT_EQ(subject_of(at.shop, back), at.ann.id);
    EXPECT_TRUE(Browser::location(at.sent("&prompt=select_account")).starts_with(kChoose)) << "it was for one request";
}

// Nobody is logged out before somebody else is logged in; then the earlier session is over.
TEST(ChoosePage, LetsSomebodyElseTakeThePlace) {
    AtShop at;
    const Person bob = register_somebody(api());
    const std::string anns_session = at.browser.jar["__Host-keyledger-session"];
    const Answer page = at.browser.follow(at.sent("&prompt=select_account"));
    const Answer log_in_page = at.browser.get("/login?flow=" + hidden(page, "flow"));
    EXPECT_NE(code_in(at.sent("")), "") << "still Ann";
    const Answer back = at.browser.follow(log_in(at.browser, log_in_page, bob, bob.password));
    EXPECT_EQ(subject_of(at.shop, back), bob.id) << "who logged in for it has chosen";
    Browser old;
    old.jar["__Host-keyledger-session"] = anns_session;
    EXPECT_TRUE(Browser::location(old.get(request(at.shop))).starts_with("/login?")) << "Ann's session is over";
}

TEST(ChoosePage, IsShownWhereTheHintIsOfSomebodyElse) {
    AtShop at;
    for (const std::string& own : {at.ann.email, at.ann.username, at.ann.id, std::string("no hint at all!")})
        EXPECT_NE(code_in(at.sent(hint_of(own))), "") << own;
    for (const std::string& other : {somebody().email, somebody().username, register_somebody(api()).id}) {
        const Answer sent = at.sent(hint_of(other));
        ASSERT_TRUE(Browser::location(sent).starts_with(kChoose)) << other;
        const Answer page = at.browser.follow(sent);
        EXPECT_NE(code_in(at.browser.follow(at.browser.post(kChoose, filled(page, {})))), "") << "it is a hint";
    }
    const Person bob = register_somebody(api());
    const Answer page = at.browser.follow(at.sent(hint_of(bob.email)));
    const Answer log_in_page = at.browser.get("/login?flow=" + hidden(page, "flow"));
    EXPECT_NE(log_in_page.body.find("value=\"" + bob.email + "\""), std::string::npos) << log_in_page.body;
}

// An application would learn by it, without anybody seeing a page, whose an address is.
TEST(ChoosePage, TellsNoApplicationWhoseAnAddressIs) {
    AtShop at;
    const auto asked = [&](const std::string& hint) { return at.sent("&prompt=none" + hint_of(hint)); };
    EXPECT_NE(code_in(asked(at.ann.email)), "");
    EXPECT_NE(code_in(asked(somebody().email)), "");
    const std::string other = application();
    for (const std::string& hint : {at.ann.email, somebody().email})
        EXPECT_EQ(error_in(at.browser.get(request(other, "&prompt=none" + hint_of(hint)))), "consent_required");
    EXPECT_EQ(error_in(at.sent("&prompt=none%20select_account")), "account_selection_required");
}

// A sibling domain's frames come with the cookies: which guess goes on at once is not told where nobody sees a page.
TEST(ChoosePage, HearsNoHintInAFrame) {
    AtShop at;
    for (const std::string& guess : {at.ann.email, somebody().email, somebody().username}) {
        const std::string target = request(at.shop, hint_of(guess));
        for (const char* destination : {"iframe", "empty", "image"}) {
            const Answer framed = api().with("Sec-Fetch-Dest", destination).get(target, at.browser.cookies());
            EXPECT_NE(code_in(framed), "") << destination << guess;
        }
    }
    const std::string target = request(at.shop, hint_of(somebody().email));
    const Answer seen = api().with("Sec-Fetch-Dest", "document").get(target, at.browser.cookies());
    EXPECT_TRUE(Browser::location(seen).starts_with(kChoose)) << Browser::location(seen);
}

// Nobody goes on as somebody who is not meant, whatever form is sent.
TEST(ChoosePage, OffersNobodyWhoIsNotMeant) {
    AtShop at;
    AtShop bobs;
    const std::string bobs_token = redeem(bobs.shop, code_in(bobs.browser.get(request(bobs.shop)))).text("/id_token");
    const Answer sent = at.sent("&id_token_hint=" + bobs_token);
    ASSERT_TRUE(Browser::location(sent).starts_with(kChoose)) << Browser::location(sent);
    const Answer page = at.browser.follow(sent);
    EXPECT_EQ(page.body.find("Continue as"), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("asks for somebody else"), std::string::npos) << page.body;
    const std::string flow = parameter(Browser::location(sent), "flow");
    const std::string csrf = hidden(at.browser.follow(at.sent("&prompt=select_account")), "csrf");
    const Answer chosen = at.browser.post(kChoose, form_body({{"flow", flow}, {"csrf", csrf}}));
    EXPECT_TRUE(Browser::location(at.browser.follow(chosen)).starts_with(kChoose)) << "here again, and no code";
}

// The form of a sibling site has the cookies and no token; one that Ann was shown says nothing of Bob's session.
TEST(ChoosePage, TakesTheChoiceOfTheSessionAloneThatItWasShownIn) {
    AtShop at;
    const Answer page = at.browser.follow(at.sent("&prompt=select_account"));
    const std::string flow = hidden(page, "flow");
    for (const std::string& form : {form_body({{"flow", flow}}), form_body({{"flow", flow}, {"csrf", "made up"}})}) {
        const Answer refused = at.browser.post(kChoose, form);
        EXPECT_TRUE(Browser::location(refused).starts_with(kChoose)) << refused.status << refused.body;
    }
    Browser others;
    EXPECT_EQ(others.post(kChoose, filled(page, {})).status, 400) << "the request began elsewhere";
    EXPECT_EQ(others.get("/login/choose?flow=" + flow).status, 400);
    const Person bob = register_somebody(api());
    log_in(at.browser, at.browser.get("/login?flow=" + flow), bob, bob.password);
    EXPECT_TRUE(Browser::location(at.browser.post(kChoose, filled(page, {}))).starts_with(kChoose)) << "Ann's form";
}

// What was chosen holds for that session: behind another log-in in the same browser it says nothing.
TEST(ChoosePage, ForgetsTheChoiceWithTheSession) {
    AtShop at;
    const Person bob = register_somebody(api());
    const Answer page = at.browser.follow(at.sent("&prompt=select_account"));
    const Answer chosen = at.browser.post(kChoose, filled(page, {}));
    EXPECT_NE(code_in(authorized(at.browser, at.shop, bob, "&prompt=login")), "");
    const Answer again = at.browser.follow(chosen);
    EXPECT_EQ(subject_of(at.shop, again), bob.id) << "who logged in since the request was made";
    const Answer late = at.browser.follow(at.sent("&prompt=select_account"));
    EXPECT_EQ(late.body.find("Continue as " + at.ann.username), std::string::npos) << late.body;
}

TEST(ChoosePage, LeadsToTheLogInWhereNobodyIs) {
    const std::string shop = application("first_party");
    Browser browser;
    const Answer sent = browser.get(request(shop, "&prompt=select_account"));
    ASSERT_TRUE(Browser::location(sent).starts_with("/login?")) << "the log-in page lets anybody in";
    const std::string flow = parameter(Browser::location(sent), "flow");
    const Answer page = browser.get("/login/choose?flow=" + flow);
    EXPECT_TRUE(Browser::location(page).starts_with("/oauth2/authorize/continue")) << page.status;
    EXPECT_TRUE(Browser::location(browser.post(kChoose, form_body({{"flow", flow}})))
                    .starts_with("/oauth2/authorize/continue"));
    EXPECT_TRUE(Browser::location(browser.follow(page)).starts_with("/login?"));
    AtShop at;
    EXPECT_TRUE(Browser::location(at.sent("&prompt=login%20select_account")).starts_with("/login?"));
}

}  // namespace
}  // namespace keyledger::test
