// People register and come back to where they were going, by pages alone.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/browser.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kRegisterPage = "/register";
constexpr const char* kConfirmPage = "/register/confirm";
constexpr const char* kAgainPage = "/register/again";

// Where addresses have to be proven.
ApiClient proving() {
    static const RunningService kService(deployment(), {{"KEYLEDGER_EMAIL_VERIFICATION", "required"}});
    return ApiClient(kService.port());
}
std::string filled_form(const Person& person, const std::string& more = "") {
    return form_body({{"email", person.email}, {"name", "Ann Example"}, {"password", person.password}}) + more;
}
std::string of_code(const Answer& page, const std::string& code) {
    return form_body({{"handle", hidden(page, "handle")}, {"code", code}, {"flow", hidden(page, "flow")}});
}
std::string without_secrets(Answer page) {
    for (const char* field : {"handle", "flow"})
        for (std::string value = hidden(page, field); !value.empty();) {
            const auto at = page.body.find(value);
            if (at == std::string::npos) break;
            page.body.erase(at, value.size());
        }
    return std::to_string(page.status) + page.body;
}

TEST(RegisterPage, LeadsBackToTheApplication) {
    const Person ann = somebody();
    Browser browser(proving());
    const std::string shop = application("first_party");
    const Answer log_in_page = browser.follow(browser.get(request(shop)));
    const std::string flow = hidden(log_in_page, "flow");
    EXPECT_NE(log_in_page.body.find("href=\"/register?flow="), std::string::npos) << log_in_page.body;
    const Answer page = browser.get(std::string(kRegisterPage) + "?flow=" + flow);
    ASSERT_EQ(page.status, 200);
    EXPECT_EQ(hidden(page, "flow"), flow);
    EXPECT_NE(page.body.find("To go on to Shop"), std::string::npos);
    const Answer asks = browser.post(kRegisterPage, filled_form(ann, "&" + form_body({{"flow", flow}})));
    ASSERT_EQ(asks.status, 200) << asks.body;
    const std::string code = mailbox().await_mail(ann.email, "is your code").code();
    const Answer wrong = browser.post(kConfirmPage, of_code(asks, code == "000000" ? "000001" : "000000"));
    EXPECT_EQ(wrong.status, 400);
    EXPECT_NE(wrong.body.find("The code is wrong"), std::string::npos) << wrong.body;
    const Answer done = browser.post(kConfirmPage, of_code(wrong, code));
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_NE(done.body.find("href=\"/login?flow=" + flow), std::string::npos) << done.body;
    const Answer back = browser.follow(log_in(browser, browser.get("/login?flow=" + flow), ann, ann.password));
    EXPECT_NE(parameter(Browser::location(back), "code"), "") << back.body;
}

// Who has proven the address, whose user name somebody else took meanwhile, chooses another one.
TEST(RegisterPage, TakesAUserName) {
    ApiClient browser = proving();
    Person ann = somebody();
    const auto named = [](const std::string& username) { return "&" + form_body({{"username", username}}); };
    const Answer bad = browser.form(kRegisterPage, filled_form(ann, named("a b")));
    EXPECT_EQ(bad.status, 400);
    EXPECT_NE(bad.body.find("href=\"#username\""), std::string::npos) << bad.body;
    const Answer asks = browser.form(kRegisterPage, filled_form(ann, named(ann.username)));
    ASSERT_EQ(asks.status, 200) << asks.body;
    Person other = somebody();
    other.username = ann.username;
    ASSERT_EQ(api().post(kRegister, registration_of(other)).status, 201);
    const std::string code = mailbox().await_mail(ann.email, "is your code").code();
    const Answer taken = browser.form(kConfirmPage, of_code(asks, code));
    EXPECT_EQ(taken.status, 400);
    EXPECT_NE(taken.body.find("href=\"#username\""), std::string::npos) << taken.body;
    EXPECT_NE(taken.body.find("value=\"" + code + "\""), std::string::npos) << "it need not be typed again";
    EXPECT_EQ(browser.form(kConfirmPage, of_code(taken, code) + named("a b")).status, 400);
    ann.username = somebody().username;
    const Answer done = browser.form(kConfirmPage, of_code(taken, code) + named(ann.username));
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(browser.post(kLogin, json_object({{"username", ann.username}, {"password", ann.password}})).status, 200);
}

TEST(RegisterPage, TellsOfATakenUserNameWhereNothingHasToBeProven) {
    const Person other = register_somebody(api());
    ApiClient browser = api();
    const Answer taken =
        browser.form(kRegisterPage, filled_form(somebody(), "&" + form_body({{"username", other.username}})));
    EXPECT_EQ(taken.status, 400);
    EXPECT_NE(taken.body.find("href=\"#username\""), std::string::npos) << taken.body;
}

TEST(RegisterPage, WorksWithoutAnApplication) {
    ApiClient browser = proving();
    const Person ann = somebody();
    EXPECT_EQ(browser.get(kRegisterPage).status, 200);
    EXPECT_EQ(browser.get(std::string(kRegisterPage) + "?flow=made-up").status, 200) << "it leads nowhere";
    const Answer asks = browser.form(kRegisterPage, filled_form(ann));
    const Answer again = browser.form(kAgainPage, form_body({{"handle", hidden(asks, "handle")}}));
    ASSERT_EQ(again.status, 200) << again.body;
    const std::string code = mailbox().await_mail(ann.email, "is your code").code();
    EXPECT_EQ(browser.form(kConfirmPage, of_code(again, code)).status, 200);
    EXPECT_EQ(browser.form(kConfirmPage, of_code(again, code)).status, 400) << "it is used";
    EXPECT_EQ(browser.form(kAgainPage, form_body({{"handle", hidden(asks, "handle")}})).status, 400);
    EXPECT_EQ(browser.form(kAgainPage, "handle=").status, 400);
    EXPECT_EQ(browser.form(kConfirmPage, "handle=&code=").status, 400);
    EXPECT_EQ(try_log_in(browser, ann.email, ann.password).status, 200);
}

TEST(RegisterPage, IsNotNeededTwiceWhereAddressesAreNotProven) {
    ApiClient browser = api();
    const Person ann = somebody();
    const Answer done = browser.form(kRegisterPage, filled_form(ann));
    ASSERT_EQ(done.status, 200) << done.body;
    EXPECT_EQ(hidden(done, "handle"), "");
    EXPECT_EQ(try_log_in(browser, ann.email, ann.password).status, 200);
}

// I14: whoever has the address, and whether a machine filled in the form.
TEST(RegisterPage, AnswersAlikeWhoseverTheAddressIs) {
    ApiClient browser = proving();
    const Person known = register_somebody(api());
    Person thief = somebody();
    thief.email = known.email;
    const std::string first = without_secrets(browser.form(kRegisterPage, filled_form(somebody())));
    EXPECT_EQ(without_secrets(browser.form(kRegisterPage, filled_form(thief))), first);
    const Person machine = somebody();
    const Answer trapped = browser.form(kRegisterPage, filled_form(machine, "&website_url=http%3A%2F%2Fx"));
    EXPECT_EQ(without_secrets(trapped), first);
    EXPECT_EQ(without_secrets(browser.form(kRegisterPage, filled_form(somebody()))), first);
    EXPECT_TRUE(mailbox().mails_to(machine.email).empty()) << "nothing comes of it";
    const Answer at_once = api().form(kRegisterPage, filled_form(somebody(), "&website_url=x"));
    EXPECT_EQ(at_once.status, 200);
}

TEST(RegisterPage, SaysWhichFieldIsWrong) {
    ApiClient browser = proving();
    Person ann = somebody();
    ann.password = "short";
    const Answer weak = browser.form(kRegisterPage, filled_form(ann));
    EXPECT_EQ(weak.status, 400);
    EXPECT_NE(weak.body.find("href=\"#password\""), std::string::npos) << weak.body;
    EXPECT_NE(weak.body.find("value=\"" + ann.email + "\""), std::string::npos) << "what was typed is there again";
    EXPECT_EQ(weak.body.find("\"short\""), std::string::npos) << "but for the password";
    ann = somebody();
    ann.email = "nowhere";
    const Answer nowhere = browser.form(kRegisterPage, filled_form(ann));
    EXPECT_EQ(nowhere.status, 400);
    EXPECT_NE(nowhere.body.find("href=\"#email\""), std::string::npos) << nowhere.body;
    EXPECT_EQ(browser.form(kRegisterPage, filled_form(ann, "&website_url=x")).status, 400) << "as of anybody";
    ann = somebody();
    for (const std::string& password : {std::string(), std::string(1'025, 'p')}) {
        ann.password = password;
        const Answer unread = browser.form(kRegisterPage, filled_form(ann));
        EXPECT_EQ(unread.status, 400);
        EXPECT_NE(unread.body.find("href=\"#password\""), std::string::npos) << unread.body;
        EXPECT_NE(unread.body.find(password.empty() ? "too short" : "too long"), std::string::npos) << unread.body;
    }
    const std::string long_name = form_body({{"name", std::string(1'025, 'n')}, {"password", somebody().password}});
    const Answer named = browser.form(kRegisterPage, form_body({{"email", ann.email}}) + "&" + long_name);
    EXPECT_NE(named.body.find("href=\"#name\""), std::string::npos) << named.body;
    EXPECT_EQ(browser.form(kRegisterPage, "email=").status, 400);
}

TEST(RegisterPage, SendsFiveMailsToAnAddressFromOneNetwork) {
    ApiClient browser = proving();
    const Answer asks = browser.form(kRegisterPage, filled_form(somebody()));
    const std::string again = form_body({{"handle", hidden(asks, "handle")}});
    for (int i = 0; i < 4; ++i) EXPECT_EQ(browser.form(kAgainPage, again).status, 200);
    EXPECT_EQ(browser.form(kAgainPage, again).status, 429);
    EXPECT_EQ(browser.form(kAgainPage, again, kAsksForJson).problem(), "too-many-attempts");
}

}  // namespace
}  // namespace keyledger::test
