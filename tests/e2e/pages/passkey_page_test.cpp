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

bool has(const Answer& page, std::string_view text) { return page.body.find(text) != std::string::npos; }
bool takes_a_code(const Answer& page) { return has(page, "name=\"code\""); }
bool takes_a_passkey(const Answer& page) { return has(page, "data-passkey=\"get\""); }

// Whoever has a passkey alone is asked for it, and for no code of an app; what is refused takes no way from them.
TEST(PasskeyPages, AskForTheFactorThatThereIs) {
    const Person ann = register_somebody(api());
    SoftwareAuthenticator phone = authenticator();
    make_passkey_by_page(ann, phone);
    Browser browser;
    const Answer page = log_in_page(browser);
    const Answer factor = browser.follow(log_in(browser, page, ann, ann.password));
    EXPECT_TRUE(takes_a_passkey(factor) && !takes_a_code(factor)) << factor.body;
    EXPECT_FALSE(has(factor, "authenticator app")) << factor.body;
    const std::string flow = form_body({{"flow", hidden(factor, "flow")}});
    SoftwareAuthenticator stranger = authenticator();
    const Answer refused = browser.post(kSecondByPasskey, proving_form(stranger, factor));
    EXPECT_EQ(refused.status, 400);
    EXPECT_TRUE(takes_a_passkey(refused) && !takes_a_code(refused)) << refused.body;
    const Answer digits = browser.post("/login/factor", flow + "&code=000000");
    EXPECT_EQ(digits.status, 400);
    EXPECT_TRUE(takes_a_passkey(digits) && has(digits, "by=recovery")) << digits.body;
    const Answer by_recovery = browser.get("/login/factor?by=recovery&" + flow);
    EXPECT_TRUE(takes_a_passkey(by_recovery) && takes_a_code(by_recovery)) << by_recovery.body;
    EXPECT_FALSE(has(by_recovery, "authenticator app")) << by_recovery.body;
    const Answer wrong = browser.post("/login/factor", flow + "&code=abcde-fghij");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_TRUE(takes_a_passkey(wrong) && takes_a_code(wrong)) << wrong.body;
    EXPECT_EQ(browser.post(kSecondByPasskey, proving_form(phone, wrong)).status, 303);
    Browser nobody;  // who has that address, and has proven nothing
    const Answer to_nobody = nobody.get("/login/factor?" + flow);
    EXPECT_FALSE(takes_a_passkey(to_nobody)) << to_nobody.body;
}

// ---- a passkey proves who changes factors ----------------------------------------------------------------------
std::string by_passkey(SoftwareAuthenticator& by, const Answer& page) {
    return form_body({{"csrf", hidden(page, "csrf")}}) + "&" + proving_form(by, page);
}
Answer own_page_by_passkey(Browser& browser, SoftwareAuthenticator& by) {
    return browser.follow(browser.follow(browser.post(kByPasskey, proving_form(by, log_in_page(browser)))));
}

TEST(PasskeyPages, ChangeFactorsWithoutPasswordAndCode) {
    const Person ann = register_somebody(api());
    SoftwareAuthenticator phone = authenticator();
    make_passkey_by_page(ann, phone);
    Browser browser;
    const Answer account = own_page_by_passkey(browser, phone);
    ASSERT_EQ(account.status, 200) << account.body;
    for (const char* form : {"add-factor", "add-passkey", "recovery-codes", "remove-factors"})
        EXPECT_TRUE(has(account, "id=\"" + std::string(form) + "-by-passkey\"")) << form << account.body;
    EXPECT_FALSE(has(account, "Code of your app")) << "there is none";
    const Answer codes = browser.post("/account/recovery-codes", by_passkey(phone, account));
    EXPECT_EQ(codes.status, 200);
    EXPECT_TRUE(has(codes, "class=\"codes\"")) << codes.body;
    const Answer adding = browser.post("/account/factors", by_passkey(phone, browser.get(kAccount)));
    EXPECT_EQ(adding.status, 200);
    EXPECT_TRUE(has(adding, "class=\"secret\"")) << adding.body;
    const Answer making = browser.post(kAddPasskey, by_passkey(phone, browser.get(kAccount)));
    EXPECT_EQ(making.status, 200);
    EXPECT_TRUE(has(making, "data-passkey=\"create\"")) << making.body;
    const Answer removed = browser.post("/account/factors/remove", by_passkey(phone, browser.get(kAccount)));
    EXPECT_EQ(removed.status, 303) << removed.body;
    EXPECT_FALSE(has(browser.get(kAccount), "-by-passkey"));
}

TEST(PasskeyPages, TakeNoAnswerTwiceNorOfAnotherSession) {
    const Person ann = register_somebody(api());
    SoftwareAuthenticator phone = authenticator();
    make_passkey_by_page(ann, phone);
    Browser browser;
    Browser elsewhere;
    const Answer account = own_page_by_passkey(browser, phone);
    const std::string csrf = form_body({{"csrf", hidden(account, "csrf")}}) + "&";
    const std::string answer = by_passkey(phone, account);
    EXPECT_EQ(browser.post("/account/recovery-codes", answer).status, 200);
    const Answer again = browser.post("/account/recovery-codes", answer);
    EXPECT_EQ(again.status, 400);
    EXPECT_TRUE(has(again, "The passkey was not accepted")) << again.body;
    const Answer of_another = own_page_by_passkey(elsewhere, phone);
    EXPECT_EQ(browser.post("/account/factors/remove", csrf + proving_form(phone, of_another)).status, 400);
    SoftwareAuthenticator stranger = authenticator();
    EXPECT_EQ(browser.post("/account/factors/remove", by_passkey(stranger, browser.get(kAccount))).status, 400);
    EXPECT_EQ(browser.post("/account/factors/remove", csrf + "credential_id=x").status, 400) << "and nothing more";
    EXPECT_TRUE(has(browser.get(kAccount), "remove-factors-by-passkey")) << "it is there";
}

TEST(PasskeyPages, SendWhoeverIsNotLoggedInToLogIn) {
    Browser nobody;
    for (const char* target : {kAddPasskey, kMadePasskey})
        EXPECT_TRUE(Browser::location(nobody.post(target, "csrf=x")).starts_with("/login?flow=")) << target;
}

}  // namespace
}  // namespace keyledger::test
