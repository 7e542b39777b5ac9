// Whoever needs a second factor to get in, and has none, sets one up on the way.
#include <gtest/gtest.h>

#include <regex>

#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kEnrolPage = "/login/enrol";
constexpr const char* kConfirmPage = "/login/enrol/confirm";

std::string between(const std::string& text, const std::string& begins, const std::string& ends) {
    const auto from = text.find(begins);
    if (from == std::string::npos) throw std::runtime_error("no " + begins + " in " + text);
    return text.substr(from + begins.size(), text.find(ends, from + begins.size()) - from - begins.size());
}
std::string secret_on(const Answer& page) { return watch_personal(between(page.body, "<p class=\"secret\">", "</p>")); }
std::vector<std::string> codes_on(const Answer& page) {
    std::vector<std::string> codes;
    std::string list = between(page.body, "<ul class=\"codes\">", "</ul>");
    static const std::regex kItem("<li>([^<]*)</li>");
    for (std::sregex_iterator at(list.begin(), list.end(), kItem), end; at != end; ++at)
        codes.push_back(watch_personal((*at)[1].str()));
    return codes;
}

class EnrolPage : public testing::Test {
protected:
    const Person ann_ = register_somebody(api());
    const RunningService demanding_{deployment(), {{"KEYLEDGER_SECOND_FACTOR", "all"}}};
    const std::string shop_ = application("first_party");
    Browser browser_{ApiClient(demanding_.port())};
    std::string flow_;

    // The password was right.
    Answer half_in(Browser& browser) {
        const Answer page = browser.follow(browser.get(request(shop_)));
        flow_ = hidden(page, "flow");
        return log_in(browser, page, ann_, ann_.password);
    }
    Answer confirm(Browser& browser, const std::string& code) {
        return browser.post(kConfirmPage, form_body({{"flow", flow_}, {"code", code}}));
    }
};

TEST_F(EnrolPage, LetsInWhoeverSetsOneUp) {
    const Answer half = half_in(browser_);
    ASSERT_TRUE(Browser::location(half).starts_with(kEnrolPage)) << half.status << half.body;
    const Answer page = browser_.follow(half);
    ASSERT_EQ(page.status, 200);
    EXPECT_EQ(page.body.find("class=\"secret\""), std::string::npos) << "opening it begins nothing";
    const Answer begun = browser_.post(kEnrolPage, filled(page, {}));
    ASSERT_EQ(begun.status, 200) << begun.body;
    EXPECT_NE(begun.body.find("<svg"), std::string::npos);
    EXPECT_EQ(begun.header("Cache-Control"), "no-store");
    const std::string secret = secret_on(begun);
    const Answer wrong = confirm(browser_, "000000");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_NE(wrong.body.find("href=\"#code\""), std::string::npos) << wrong.body;
    EXPECT_EQ(wrong.body.find(secret), std::string::npos) << "it was shown once";
    EXPECT_FALSE(browser_.jar.contains("__Host-keyledger-session"));
    const Answer in = confirm(browser_, code_of(secret));
    ASSERT_EQ(in.status, 200) << in.body;
    EXPECT_EQ(codes_on(in).size(), 10U);
    EXPECT_TRUE(browser_.jar.contains("__Host-keyledger-session"));
    EXPECT_FALSE(browser_.jar.contains("__Host-keyledger-log-in")) << "it is used up";
    const Answer back = browser_.get("/oauth2/authorize/continue?flow=" + flow_);
    const Answer tokens = redeem(shop_, parameter(Browser::location(back), "code"), ApiClient(demanding_.port()));
    EXPECT_NE(claims_of(tokens.text("/id_token")).find(R"("acr":"2")"), std::string::npos);
    Browser next{ApiClient(demanding_.port())};
    EXPECT_TRUE(Browser::location(half_in(next)).starts_with("/login/factor")) << "from now on it is asked for";
}

TEST_F(EnrolPage, ShowsAnotherSecretEachTime) {
    half_in(browser_);
    const std::string form = form_body({{"flow", flow_}});
    const std::string first = secret_on(browser_.post(kEnrolPage, form));
    const std::string second = secret_on(browser_.post(kEnrolPage, form));
    EXPECT_NE(first, second);
    EXPECT_EQ(confirm(browser_, code_of(first)).status, 400) << "of the one before";
    EXPECT_EQ(confirm(browser_, code_of(second)).status, 200);
}

// What is half done stays in the browser, with the request that it belongs to.
TEST_F(EnrolPage, IsOfTheBrowserThatBegan) {
    half_in(browser_);
    Browser other{ApiClient(demanding_.port())};
    EXPECT_EQ(other.get(std::string(kEnrolPage) + "?flow=" + flow_).status, 400);
    EXPECT_EQ(other.post(kEnrolPage, form_body({{"flow", flow_}})).status, 400);
    EXPECT_EQ(confirm(other, "000000").status, 400);
    // A sibling's form has the cookies, and does not know the request.
    EXPECT_EQ(browser_.post(kEnrolPage, "").status, 400);
    EXPECT_EQ(browser_.post(kConfirmPage, form_body({{"code", "000000"}})).status, 400);
}

// Ann types her password, sees what is asked of her and walks away; Bob begins another request at that browser.
TEST_F(EnrolPage, IsOfTheRequestThatItBeganFor) {
    half_in(browser_);
    const std::string anns_flow = flow_;
    const Answer bobs = browser_.get(request(shop_));
    const std::string bobs_flow = parameter(Browser::location(bobs), "flow");
    for (const Answer& answer : {browser_.get(std::string(kEnrolPage) + "?flow=" + bobs_flow),
                                 browser_.post(kEnrolPage, form_body({{"flow", bobs_flow}})),
                                 browser_.post(kConfirmPage, form_body({{"flow", bobs_flow}, {"code", "000000"}}))})
        EXPECT_TRUE(Browser::location(answer).starts_with("/login?")) << answer.status << answer.body;
    for (const char* page : {"/login/factor", "/login/factor/passkey"})
        EXPECT_EQ(browser_.post(page, form_body({{"flow", bobs_flow}, {"code", "000000"}})).status, 400) << page;
    EXPECT_TRUE(browser_.jar.contains("__Host-keyledger-log-in"));
    EXPECT_EQ(browser_.follow(bobs).status, 200);
    EXPECT_FALSE(browser_.jar.contains("__Host-keyledger-log-in")) << "the log-in page leaves nothing of hers";
    EXPECT_TRUE(Browser::location(browser_.get(std::string(kEnrolPage) + "?flow=" + anns_flow)).starts_with("/login?"));
}

TEST_F(EnrolPage, LeadsToTheLogInWhereNothingIsHalfDone) {
    half_in(browser_);
    browser_.jar.erase("__Host-keyledger-log-in");
    for (const Answer& answer : {browser_.get(std::string(kEnrolPage) + "?flow=" + flow_),
                                 browser_.post(kEnrolPage, form_body({{"flow", flow_}})), confirm(browser_, "000000")})
        EXPECT_TRUE(Browser::location(answer).starts_with("/login?")) << answer.status << answer.body;
    browser_.jar["__Host-keyledger-log-in"] = "made up";
    EXPECT_TRUE(Browser::location(browser_.post(kEnrolPage, form_body({{"flow", flow_}}))).starts_with("/login?"));
}

// Half a log-in that is to show a factor enrols none: else a password would be enough.
TEST_F(EnrolPage, IsNotForWhoeverHasAFactor) {
    ApiClient theirs = api().as(log_in(api(), ann_).access);
    const Enrolled app = enrol(theirs, ann_);
    const Answer half = half_in(browser_);
    ASSERT_TRUE(Browser::location(half).starts_with("/login/factor")) << half.status << half.body;
    const Answer refused = browser_.post(kEnrolPage, form_body({{"flow", flow_}}));
    EXPECT_TRUE(Browser::location(refused).starts_with("/login?")) << refused.status << refused.body;
}

// Reading somebody's mail is not enough to shut them out.
TEST_F(EnrolPage, IsNotForWhoeverComesByMailAlone) {
    flow_ = hidden(browser_.follow(browser_.get(request(shop_))), "flow");
    const Answer asks = browser_.post("/login/mail", form_body({{"email", ann_.email}, {"flow", flow_}}));
    const std::string code = mailbox().await_mail(ann_.email, "is your code").code();
    const Answer refused = browser_.post(
        "/login/mail/code", form_body({{"handle", hidden(asks, "handle")}, {"code", code}, {"flow", flow_}}));
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_NE(refused.body.find("Log in by your password"), std::string::npos) << refused.body;
    EXPECT_FALSE(browser_.jar.contains("__Host-keyledger-log-in"));
}

}  // namespace
}  // namespace keyledger::test
