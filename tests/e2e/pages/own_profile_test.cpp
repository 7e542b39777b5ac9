// One's own account: what one is called, and another address.
#include "tests/e2e/pages/own_account.hpp"
#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/watch.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kProfile = "/account/profile";
constexpr const char* kEmail = "/account/email";
constexpr const char* kEmailCode = "/account/email/confirm";

ApiClient as(const Person& person) { return api().as(log_in(api(), person).access); }

TEST(OwnProfile, IsShownAndSavedAsAWhole) {
    const Person ann = register_somebody(api());
    Browser browser;
    logged_in(browser, ann);
    const Answer page = browser.get(kProfile);
    EXPECT_TRUE(has(page, "value=\"" + ann.username + "\" autocomplete=\"username\"")) << page.body;
    EXPECT_TRUE(has(page, "autocomplete=\"name\"")) << page.body;
    EXPECT_TRUE(has(page, "autocomplete=\"language\"")) << page.body;
    const std::string name = watch_personal(unique("Ann <b>"));
    const Answer saved =
        browser.post(kProfile, own_form(page, {{"name", name}, {"username", ann.username}, {"locale", "de-at"}}));
    ASSERT_EQ(Browser::location(saved), "/account/profile?done=profile") << saved.body;
    const Answer after = browser.follow(saved);
    EXPECT_TRUE(has(after, "role=\"status\"")) << after.body;
    EXPECT_FALSE(has(after, "<b>")) << "what people are called is text";
    EXPECT_TRUE(has(after, "value=\"de-AT\"")) << after.body;
    ApiClient client = as(ann);
    EXPECT_EQ(client.get(kMe).text("/name"), name);
    EXPECT_EQ(Browser::location(browser.post(kProfile, own_form(page, {{"username", ann.username}}))),
              "/account/profile?done=profile");
    EXPECT_TRUE(client.get(kMe).is_null("/name")) << "what is left empty is taken away";
    EXPECT_TRUE(client.get(kMe).is_null("/locale"));
}

TEST(OwnProfile, SaysWhatIsWrongWithWhichFieldAndKeepsWhatWasTyped) {
    const Person ann = register_somebody(api());
    const Person bob = register_somebody(api());
    Browser browser;
    logged_in(browser, ann);
    const Answer page = browser.get(kProfile);
    const auto save = [&](const std::string& username, const std::string& name, const std::string& locale) {
        return browser.post(kProfile, own_form(page, {{"name", name}, {"username", username}, {"locale", locale}}));
    };
    const Answer taken = save(bob.username, "Ann", "");
    EXPECT_EQ(taken.status, 400);
    EXPECT_TRUE(has(taken, "href=\"#profile-username\"")) << taken.body;
    EXPECT_TRUE(has(taken, "value=\"" + bob.username + "\"")) << "as it was typed";
    // Letters of two scripts in one name pass for another one: Cyrillic "а" in "annа".
    const Answer mixed = save("ann\xD0\xB0" + unique("x"), "Ann", "");
    EXPECT_TRUE(has(mixed, "href=\"#profile-username\"")) << mixed.body;
    EXPECT_TRUE(has(save("a b", "Ann", ""), "href=\"#profile-username\""));
    EXPECT_TRUE(has(save(ann.username, "An\xE2\x80\xAEn", ""), "href=\"#profile-name\"")) << "text turned around";
    EXPECT_TRUE(has(save(ann.username, "Ann", "no language"), "href=\"#profile-locale\""));
    EXPECT_EQ(save(std::string(600, 'a'), "Ann", "").status, 400);
    EXPECT_EQ(as(ann).get(kMe).text("/username"), ann.username) << "nothing was changed";
}

TEST(OwnAddress, IsChangedByTheCodeThatCameToTheNewOne) {
    const Person ann = register_somebody(api());
    const std::string address = somebody().email;
    Browser browser, other;
    logged_in(browser, ann);
    logged_in(other, ann);
    const Answer page = browser.get(kProfile);
    EXPECT_TRUE(has(page, "autocomplete=\"email\" inputmode=\"email\"")) << page.body;
    const auto ask = [&](const std::string& email, const std::string& password) {
        return browser.post(kEmail, own_form(page, {{"email", email}, {"current_password", password}}));
    };
    const Answer wrong = ask(address, "not it at all");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_TRUE(has(wrong, "href=\"#email-current_password\"")) << wrong.body;
    EXPECT_TRUE(has(wrong, "value=\"" + address + "\"")) << "as it was typed";
    EXPECT_TRUE(has(ask("no address", ann.password), "href=\"#email-email\""));
    EXPECT_TRUE(has(ask(ann.email, ann.password), "This is the address that you have"));
    EXPECT_EQ(browser.post(kEmail, own_form(page, {{"email", address}})).status, 400) << "without the password";
    const Answer asked = ask(address, ann.password);
    ASSERT_EQ(asked.status, 200) << asked.body;
    const std::string handle = watch_secret(hidden(asked, "handle"));
    const auto confirm = [&](Browser& by, const Answer& shown, const std::string& code) {
        return by.post(kEmailCode, own_form(shown, {{"handle", handle}, {"code", code}}));
    };
    const Answer guessed = confirm(browser, asked, "000000");
    EXPECT_EQ(guessed.status, 400);
    EXPECT_EQ(hidden(guessed, "handle"), handle) << "it can be typed again";
    const std::string code = mailbox().await_mail(address, "is your code").code();
    Browser thief;
    const Answer thiefs = logged_in(thief, register_somebody(api()));
    EXPECT_EQ(confirm(thief, thiefs, code).status, 400) << "it is its own user's alone";
    EXPECT_EQ(browser.post(kEmailCode, own_form(asked, {{"code", code}})).status, 400);
    EXPECT_EQ(as(ann).get(kMe).text("/email"), ann.email) << "nothing is changed yet";
    const Answer done = confirm(browser, asked, code);
    ASSERT_EQ(Browser::location(done), "/account/profile?done=address") << done.body;
    EXPECT_TRUE(has(browser.follow(done), address)) << "the session goes on";
    EXPECT_EQ(other.get(kAccount).status, 303) << "the other one has ended";
    EXPECT_EQ(confirm(browser, asked, code).status, 400) << "a code is good once";
    ApiClient anybody = api();
    EXPECT_EQ(try_log_in(anybody, address, ann.password).status, 200);
}

TEST(OwnAddress, ThatSomebodyHasIsAskedForAlikeAndOneThatCanBeUndoneWaits) {
    const Person ann = register_somebody(api());
    const Person bob = register_somebody(api());
    prove_address(api(), ann);
    Browser browser;
    logged_in(browser, ann);
    const Answer page = browser.get(kProfile);
    const auto ask = [&](const std::string& email) {
        return browser.post(kEmail, own_form(page, {{"email", email}, {"current_password", ann.password}}));
    };
    const std::string address = somebody().email;
    const Answer taken = ask(bob.email);
    const Answer free = ask(address);
    EXPECT_EQ(taken.status, 200);
    EXPECT_EQ(hidden(taken, "handle").size(), hidden(free, "handle").size()) << "I14";
    const std::string code = mailbox().await_mail(address, "is your code").code();
    ASSERT_EQ(browser.post(kEmailCode, own_form(free, {{"handle", hidden(free, "handle")}, {"code", code}})).status,
              303);
    const Answer too_soon = ask(somebody().email);
    EXPECT_EQ(too_soon.status, 400);
    EXPECT_TRUE(has(too_soon, "within the last seven days")) << too_soon.body;
}

TEST(OwnAddress, ThatSomebodyTookMeanwhileIsNotTaken) {
    const Person ann = register_somebody(api());
    Browser browser;
    logged_in(browser, ann);
    const Person bob = somebody();
    const Answer asked = browser.post(
        kEmail, own_form(browser.get(kProfile), {{"email", bob.email}, {"current_password", ann.password}}));
    const std::string code = mailbox().await_mail(bob.email, "is your code").code();
    ASSERT_EQ(api().post(kRegister, registration_of(bob)).status, 201);
    const Answer late =
        browser.post(kEmailCode, own_form(asked, {{"handle", hidden(asked, "handle")}, {"code", code}}));
    EXPECT_EQ(late.status, 400);
    EXPECT_TRUE(has(late, "Somebody has this address by now")) << late.body;
    EXPECT_FALSE(has(late, "Log in instead")) << late.body;
    EXPECT_EQ(as(ann).get(kMe).text("/email"), ann.email);
}

TEST(OwnAddress, TakesACodeOfTheSecondFactorWhereThereIsOne) {
    const Person ann = register_somebody(api());
    ApiClient client = as(ann);
    const Enrolled enrolled = enrol(client, ann);
    Browser browser;
    const Answer page = browser.follow(browser.get(kAccount));
    const Answer factor = browser.follow(log_in(browser, page, ann, ann.password));
    // A recovery code logs in, and is not what changes an address.
    const Answer in = browser.post("/login/factor", filled(factor, {{"code", enrolled.recovery_code}}));
    const Answer account = browser.follow(browser.follow(in));
    ASSERT_EQ(account.status, 200) << account.body;
    const std::string address = somebody().email;
    const auto ask = [&](const Answer& shown, const std::string& code) {
        const std::string form = own_form(shown, {{"email", address}, {"current_password", ann.password}});
        return browser.post(kEmail, code.empty() ? form : form + "&" + form_body({{"factor_code", code}}));
    };
    const Answer asked = ask(account, "");
    EXPECT_EQ(asked.status, 200);
    EXPECT_TRUE(has(asked, "Confirm that it is you")) << asked.body;
    EXPECT_EQ(hidden(asked, "email"), address);
    const Answer wrong = ask(asked, "000000");
    EXPECT_EQ(wrong.status, 400);
    EXPECT_TRUE(has(wrong, "href=\"#proof-factor_code\"")) << wrong.body;
    const Answer sent = ask(asked, code_of(enrolled.secret, 1));
    EXPECT_NE(watch_secret(hidden(sent, "handle")), "") << sent.body;
    mailbox().await_mail(address, "is your code");
}

TEST(OwnProfile, IsChangedByFormsOfItsSessionAlone) {
    const Person ann = register_somebody(api());
    Browser browser, thief;
    logged_in(browser, ann);
    const Answer others = logged_in(thief, register_somebody(api()));
    const std::string address = somebody().email;
    const std::string fields = form_body({{"name", "Mallory"},
                                          {"username", unique("mallory")},
                                          {"email", address},
                                          {"current_password", ann.password},
                                          {"handle", "x"},
                                          {"code", "000000"}});
    for (const char* target : {kProfile, kEmail, kEmailCode})
        expect_nothing_by_others_forms(browser, target, fields, others);
    EXPECT_EQ(as(ann).get(kMe).text("/username"), ann.username);
}

}  // namespace
}  // namespace keyledger::test
