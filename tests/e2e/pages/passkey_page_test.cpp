// Passkeys on the pages, as the script of the pages fills their forms.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/passkey_pages.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kAccount = "/account";
constexpr const char* kAddPasskey = "/account/passkeys";
constexpr const char* kMadePasskey = "/account/passkeys/made";
constexpr const char* kByPasskey = "/login/passkey";
constexpr const char* kSecondByPasskey = "/login/factor/passkey";

std::string own_form(const Answer& page, std::initializer_list<std::pair<std::string_view, std::string_view>> typed) {
    return form_body({{"csrf", hidden(page, "csrf")}}) + "&" + form_body(typed);
}
// At the page to log in by.
Answer log_in_page(Browser& browser) { return browser.follow(browser.get(kAccount)); }

// On the page of the account of somebody who has no factor yet.
void make_passkey_by_page(const Person& person, SoftwareAuthenticator& by) {
    Browser browser;
    const Answer page = log_in_page(browser);
    const Answer account = browser.follow(browser.follow(log_in(browser, page, person, person.password)));
    ASSERT_EQ(account.status, 200) << account.body;
    const Answer wrong = browser.post(kAddPasskey, own_form(account, {{"current_password", "not it at all"}}));
    EXPECT_EQ(wrong.status, 400);
    EXPECT_NE(wrong.body.find("add-passkey-current_password"), std::string::npos) << wrong.body;
    const Answer making = browser.post(kAddPasskey, own_form(account, {{"current_password", person.password}}));
    ASSERT_EQ(making.status, 200) << making.body;
    EXPECT_NE(making.body.find("data-passkey=\"create\""), std::string::npos) << making.body;
    EXPECT_NE(making.header("Content-Security-Policy").value_or("").find("script-src 'self'"), std::string::npos);
    EXPECT_EQ(browser.post(kMadePasskey, own_form(making, {{"handle", "h"}})).status, 400);
    const Answer made = browser.post(kMadePasskey, making_form(by, making));
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_NE(made.body.find("class=\"codes\""), std::string::npos) << "the recovery codes, once";
    EXPECT_NE(browser.get(kAccount).body.find("Passkey"), std::string::npos);
}

TEST(PasskeyPages, MakeOneAndLogInByIt) {
    const Person ann = register_somebody(api());
    SoftwareAuthenticator phone = authenticator();
    make_passkey_by_page(ann, phone);
    Browser browser;
    const Answer page = log_in_page(browser);
    EXPECT_NE(page.body.find("autocomplete=\"username webauthn\""), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("data-passkey=\"get\""), std::string::npos);
    EXPECT_NE(page.body.find("&quot;rpId&quot;:&quot;auth.keyledger.test&quot;"), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("&quot;allowCredentials&quot;:[]"), std::string::npos) << "I14";
    const std::string form = proving_form(phone, page);
    Browser other;
    other.jar = browser.jar;
    const Answer in = browser.post(kByPasskey, form);
    ASSERT_EQ(in.status, 303) << in.body;
    EXPECT_EQ(browser.follow(browser.follow(in)).status, 200);
    EXPECT_EQ(other.post(kByPasskey, form).status, 400) << "a challenge is good once";
    Browser elsewhere;
    const Answer of_theirs = log_in_page(elsewhere);
    std::string stolen = proving_form(phone, of_theirs);
    Browser victim;
    const Answer of_victim = log_in_page(victim);
    stolen.replace(stolen.find("flow=") + 5, stolen.find('&') - 5, hidden(of_victim, "flow"));
    EXPECT_EQ(victim.post(kByPasskey, stolen).status, 400) << "log-in CSRF: another browser's challenge";
}

TEST(PasskeyPages, FinishALogInWithThePassword) {
    const Person ann = register_somebody(api());
    SoftwareAuthenticator phone = authenticator();
    make_passkey_by_page(ann, phone);
    Browser browser;
    const Answer page = log_in_page(browser);
    const Answer needs = log_in(browser, page, ann, ann.password);
    ASSERT_TRUE(Browser::location(needs).starts_with("/login/factor")) << needs.body;
    const Answer factor = browser.follow(needs);
    SoftwareAuthenticator stranger = authenticator();
    EXPECT_EQ(browser.post(kSecondByPasskey, proving_form(stranger, factor)).status, 400);
    EXPECT_EQ(browser.post(kSecondByPasskey, "flow=" + hidden(factor, "flow")).status, 400);
    const Answer in = browser.post(kSecondByPasskey, proving_form(phone, factor));
    ASSERT_EQ(in.status, 303) << in.body;
    EXPECT_EQ(browser.follow(browser.follow(in)).status, 200);
}

TEST(PasskeyPages, SendWhoeverIsNotLoggedInToLogIn) {
    Browser nobody;
    for (const char* target : {kAddPasskey, kMadePasskey})
        EXPECT_TRUE(Browser::location(nobody.post(target, "csrf=x")).starts_with("/login?flow=")) << target;
}

}  // namespace
}  // namespace keyledger::test
