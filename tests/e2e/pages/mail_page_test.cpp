// A new password, and log-in without one, by pages and the code of a mail.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kForgotPage = "/forgot-password";
constexpr const char* kResetByCode = "/forgot-password/code";
constexpr const char* kMailLogIn = "/login/mail";
constexpr const char* kLinkLogIn = "/login/mail/link";
constexpr const char* kMailLogInCode = "/login/mail/code";

std::string wrong(std::string code) {
    code.back() = code.back() == '0' ? '1' : '0';
    return code;
}
std::string address(const std::string& email, const std::string& flow = "") {
    return form_body({{"email", email}}) + (flow.empty() ? "" : "&" + form_body({{"flow", flow}}));
}
std::string reset_form(const Answer& page, const std::string& code, const std::string& password,
                       const std::string& factor = "") {
    return form_body({{"handle", hidden(page, "handle")},
                      {"code", code},
                      {"new_password", password},
                      {"second_factor", factor},
                      {"flow", hidden(page, "flow")}});
}
std::string without_handle(Answer page) {
    const std::string handle = hidden(page, "handle");
    EXPECT_NE(handle, "") << page.body;
    page.body.replace(page.body.find(handle), handle.size(), "");
    return std::to_string(page.status) + page.body;
}

TEST(ForgotPasswordPage, SetsAnotherByTheCodeOfTheMail) {
    const Person ann = register_somebody(api());
    Browser browser;
    const std::string flow = hidden(browser.follow(browser.get(request(application("first_party")))), "flow");
    const Answer page = browser.get(std::string(kForgotPage) + "?flow=" + flow);
    EXPECT_EQ(page.status, 200);
    const Answer asks = browser.post(kForgotPage, address(ann.email, flow));
    ASSERT_EQ(asks.status, 200) << asks.body;
    const std::string code = mailbox().await_mail(ann.email, "new password").code();
    const std::string password = watch_secret("eleven " + somebody().password);
    EXPECT_EQ(browser.post(kResetByCode, reset_form(asks, wrong(code), password)).status, 400);
    const Answer weak = browser.post(kResetByCode, reset_form(asks, code, "short"));
    EXPECT_EQ(weak.status, 400);
    EXPECT_NE(hidden(weak, "handle"), "") << "the form is there again";
    EXPECT_EQ(browser.post(kResetByCode, "handle=h").status, 400);
    const Answer done = browser.post(kResetByCode, reset_form(weak, code, password));
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_NE(done.body.find("href=\"/login?flow=" + flow), std::string::npos) << done.body;
    ApiClient client = api();
    EXPECT_EQ(try_log_in(client, ann.email, password).status, 200);
    EXPECT_EQ(try_log_in(client, ann.email, ann.password).status, 401);
}

TEST(ForgotPasswordPage, AsksForTheSecondFactorOfWhoeverHasOne) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    const Enrolled app = enrol(client, ann.person);
    ApiClient browser = api();
    const Answer asks = browser.form(kForgotPage, address(ann.person.email));
    EXPECT_EQ(asks.body.find("second_factor"), std::string::npos) << "it would tell who has one";
    const std::string code = mailbox().await_mail(ann.person.email, "new password").code();
    const std::string password = watch_secret("twelve " + somebody().password);
    const Answer needs = browser.form(kResetByCode, reset_form(asks, code, password));
    EXPECT_EQ(needs.status, 400);
    EXPECT_NE(needs.body.find("name=\"second_factor\""), std::string::npos) << needs.body;
    EXPECT_EQ(browser.form(kResetByCode, reset_form(needs, code, password, "000000")).status, 400);
    EXPECT_EQ(browser.form(kResetByCode, reset_form(needs, code, password, app.recovery_code)).status, 200);
}

// I14
TEST(ForgotPasswordPage, AnswersAlikeWhoseverTheAddressIs) {
    const Person known = register_somebody(api());
    ApiClient browser = api();
    Browser on_the_way;
    const std::string flow = hidden(on_the_way.follow(on_the_way.get(request(application()))), "flow");
    for (const char* target : {kForgotPage, kMailLogIn, kLinkLogIn}) {
        const auto ask = [&](const Person& one) { return on_the_way.post(target, address(one.email, flow)); };
        const Person nobody = somebody();
        // That of a link stays in the browser.
        const auto answer = [&](const Person& one) {
            const Answer page = ask(one);
            return target == kLinkLogIn ? std::to_string(page.status) + page.body : without_handle(page);
        };
        const std::string first = answer(known);
        EXPECT_EQ(answer(nobody), first);
        for (int i = 0; i < 4; ++i)
            for (const Person* one : {&known, &nobody}) EXPECT_EQ(ask(*one).status, 200);
        HttpHeaders program = on_the_way.cookies();
        program.push_back(kAsksForJson.front());
        for (const Person* one : {&known, &nobody}) {
            EXPECT_EQ(ask(*one).status, 429);
            EXPECT_EQ(browser.form(target, address(one->email, flow), program).problem(), "too-many-attempts");
        }
    }
    EXPECT_EQ(browser.form(kForgotPage, "email=").status, 400);
    EXPECT_EQ(browser.form(kForgotPage, address("nowhere")).status, 400);
}

TEST(ForgotPasswordPage, SaysWhatIsWrongWithAnAddressWhereItIs) {
    Browser browser;
    const std::string flow = hidden(browser.follow(browser.get(request(application()))), "flow");
    for (const char* target : {kForgotPage, kMailLogIn, kLinkLogIn}) {
        const Answer again = browser.post(target, address("nowhere", flow));
        EXPECT_EQ(again.status, 400) << target;
        EXPECT_NE(again.body.find("href=\"#email\""), std::string::npos) << again.body;
        EXPECT_NE(again.body.find("value=\"nowhere\""), std::string::npos) << again.body;
        EXPECT_EQ(again.body.find("and a password"), std::string::npos) << "none is asked for";
    }
}

TEST(MailLogInPage, LeadsBackToTheApplication) {
    const Person ann = register_somebody(api());
    Browser browser;
    const Answer page = browser.follow(browser.get(request(application("first_party"))));
    const std::string flow = hidden(page, "flow");
    EXPECT_NE(page.body.find("href=\"/login/mail?flow="), std::string::npos) << page.body;
    EXPECT_EQ(browser.get(std::string(kMailLogIn) + "?flow=" + flow).status, 200);
    const Answer asks = browser.post(kMailLogIn, address(ann.email, flow));
    ASSERT_EQ(asks.status, 200) << asks.body;
    const std::string code = mailbox().await_mail(ann.email, "is your code").code();
    const auto typed = [&](const std::string& text) {
        return form_body({{"handle", hidden(asks, "handle")}, {"code", text}, {"flow", flow}});
    };
    EXPECT_EQ(browser.post(kMailLogInCode, typed(wrong(code))).status, 400);
    EXPECT_EQ(browser.post(kMailLogInCode, form_body({{"flow", flow}})).status, 400);
    Browser others;
    EXPECT_EQ(others.post(kMailLogInCode, typed(code)).status, 400) << "the request began elsewhere";
    const Answer done = browser.post(kMailLogInCode, typed(code));
    ASSERT_EQ(done.status, 303) << done.body;
    EXPECT_NE(parameter(Browser::location(browser.follow(done)), "code"), "");
}

TEST(MailLogInPage, BelongsToARequest) {
    Browser browser;
    EXPECT_EQ(browser.get(kMailLogIn).status, 400);
    EXPECT_EQ(browser.post(kMailLogIn, address("ann@keyledger.test")).status, 400);
    const std::string flow = hidden(browser.follow(browser.get(request(application()))), "flow");
    EXPECT_EQ(browser.post(kMailLogIn, form_body({{"flow", flow}})).status, 400) << "no address";
}

TEST(MailLogInPage, StillAsksForTheSecondFactor) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    const Enrolled app = enrol(client, ann.person);
    Browser browser;
    const std::string flow = hidden(browser.follow(browser.get(request(application("first_party")))), "flow");
    const Answer asks = browser.post(kMailLogIn, address(ann.person.email, flow));
    const std::string code = mailbox().await_mail(ann.person.email, "is your code").code();
    const Answer half =
        browser.post(kMailLogInCode, form_body({{"handle", hidden(asks, "handle")}, {"code", code}, {"flow", flow}}));
    ASSERT_TRUE(Browser::location(half).starts_with("/login/factor")) << half.status << half.body;
    EXPECT_EQ(browser.post("/login/factor", filled(browser.follow(half), {{"code", app.recovery_code}})).status, 303);
}

TEST(MailLogInPage, IsNotOfferedWhereItIsOff) {
    RunningService plain(deployment(), {{"KEYLEDGER_LOG_IN_BY_MAIL", "off"}});
    Browser browser{ApiClient(plain.port())};
    const Answer page = browser.follow(browser.get(request(application())));
    EXPECT_EQ(page.body.find("/login/mail"), std::string::npos) << page.body;
    const Answer refused = browser.post(kMailLogIn, address(somebody().email, hidden(page, "flow")));
    EXPECT_EQ(refused.status, 400);
    EXPECT_NE(refused.body.find("does not offer"), std::string::npos) << refused.body;
}

}  // namespace
}  // namespace keyledger::test
