// Back into an account by the mail of its address, and in without a password: through the service, a real SMTP server,
// and the pages behind links.
#include <gtest/gtest.h>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

Answer ask(const char* target, const std::string& email) {
    ApiClient client = api();
    return client.post(target, json_object({{"email", email}}));
}
std::string handle_of(const Answer& asked) {
    EXPECT_EQ(asked.status, 202) << asked.body;
    return watch_secret(asked.text("/handle"));
}
std::string new_password() { return watch_secret("eleven " + somebody().password); }
int log_in_status(const std::string& email, const std::string& password) {
    ApiClient client = api();
    return try_log_in(client, email, password).status;
}
std::string wrong(std::string code) {
    code.back() = code.back() == '0' ? '1' : '0';
    return code;
}

TEST(Reset, ByTheLinkOfAMailEndsSessionsAndIsGoodOnce) {
    const Visitor ann = visitor(api());
    handle_of(ask(kForgotPassword, ann.person.email));
    const std::string token = mailbox().await_mail(ann.person.email, "new password").from_link("token");
    ApiClient browser = api();
    const std::string page = std::string(kResetPage) + "?token=" + token;
    for (int i = 0; i < 3; ++i) {  // as a scanner of mail does
        const Answer shown = browser.get(page);
        EXPECT_EQ(shown.status, 200);
        EXPECT_NE(shown.body.find("<form method=\"post\""), std::string::npos) << shown.body;
        EXPECT_EQ(shown.body.find("<script"), std::string::npos);
        EXPECT_EQ(shown.header("Referrer-Policy"), "no-referrer");
        EXPECT_EQ(shown.header("Cache-Control"), "no-store");
    }
    const Answer weak = browser.form(kResetPage, form_body({{"token", token}, {"new_password", "short"}}));
    EXPECT_EQ(weak.status, 422);
    EXPECT_NE(weak.body.find(token), std::string::npos) << "the form is there again";
    const std::string password = new_password();
    const std::string sent = form_body({{"token", token}, {"new_password", password}});
    EXPECT_EQ(browser.form(kResetPage, sent).status, 200);
    EXPECT_EQ(browser.form(kResetPage, sent).status, 400) << "it is used";
    EXPECT_EQ(log_in_status(ann.person.email, ann.person.password), 401);
    EXPECT_EQ(log_in_status(ann.person.email, password), 200);
    EXPECT_EQ(refresh(api(), ann.tokens.refresh).status, 400);
    ApiClient admin = administrator(api());
    EXPECT_TRUE(admin.get(std::string(kUsers) + "/" + ann.person.id).boolean("/email_verified"));
}

TEST(Reset, ByTheCodeOfAMailTakesTheHandleOfWhoAsked) {
    const Visitor ann = visitor(api());
    const std::string handle = handle_of(ask(kForgotPassword, ann.person.email));
    const std::string others = handle_of(ask(kForgotPassword, somebody().email));
    const std::string code = mailbox().await_mail(ann.person.email, "new password").code();
    const std::string password = new_password();
    ApiClient client = api();
    const auto reset = [&](const std::string& with, const std::string& typed, const std::string& chosen) {
        return client.post(kResetPassword, json_object({{"handle", with}, {"code", typed}, {"new_password", chosen}}));
    };
    EXPECT_EQ(reset(others, code, password).problem(), "code-not-accepted");
    EXPECT_EQ(reset(handle, wrong(code), password).problem(), "code-not-accepted");
    EXPECT_EQ(reset(handle, code, "short").problem(), "password-rejected");
    EXPECT_EQ(reset(handle, code, password).status, 204);
    EXPECT_EQ(reset(handle, code, password).problem(), "code-not-accepted");
    EXPECT_EQ(log_in_status(ann.person.email, password), 200);
    EXPECT_EQ(client.post(kResetPassword, json_object({{"new_password", password}})).problem(), "invalid-fields");
}

// What is not the same for any two requests is left out.
std::string told(Answer answer) {
    std::string all = std::to_string(answer.status);
    for (const auto& [name, value] : answer.headers)
        if (name != "Date" && name != "X-Request-Id") all += "\n" + name + ": " + value;
    for (const char* field : {"/handle", "/expires_at", "/request_id"}) {
        if (!answer.has(field)) continue;
        const std::string value = answer.text(field);
        answer.body.replace(answer.body.find(value), value.size(), std::string(value.size(), '*'));
    }
    return all + "\n" + answer.body;
}

// I14: known, unknown, disabled and locked alike, on every route by which one may ask.
TEST(Asking, IsAnsweredAlikeWhoeverHasTheAddress) {
    const Person known = register_somebody(api());
    const Person disabled = register_somebody(api());
    const Person locked = register_somebody(api());
    const Person nobody = somebody();
    ApiClient admin = administrator(api());
    EXPECT_EQ(admin.send("POST", std::string(kUsers) + "/" + disabled.id + "/deactivate").status, 204);
    for (int i = 0; i < 20; ++i) log_in_status(locked.email, "wrong");
    for (const char* target : {kForgotPassword, kAskToUnlock, kMagicLink, kLogInCode}) {
        const std::string first = told(ask(target, known.email));
        for (const Person* other : {&disabled, &locked, &nobody})
            EXPECT_EQ(told(ask(target, other->email)), first) << target;
        EXPECT_EQ(first.find("Keyledger-Position"), std::string::npos);
        EXPECT_EQ(first.find("RateLimit"), std::string::npos);
        for (int i = 0; i < 4; ++i)
            for (const Person* one : {&known, &nobody}) EXPECT_EQ(ask(target, one->email).status, 202) << target;
        for (const Person* one : {&known, &nobody}) {
            const Answer refused = ask(target, one->email);
            EXPECT_EQ(refused.problem(), "too-many-attempts") << target;
            EXPECT_TRUE(refused.header("Retry-After"));
        }
    }
    const std::string handle = handle_of(ask(kForgotPassword, disabled.email));
    const std::string nobodys = handle_of(ask(kForgotPassword, nobody.email.substr(1)));
    ApiClient client = api();
    for (int i = 0; i < 4; ++i) {
        const auto guess = [&](const std::string& with) {
            return told(client.post(
                kResetPassword, json_object({{"handle", with}, {"code", "000000"}, {"new_password", known.password}})));
        };
        const auto without_limits = [](const std::string& all) { return all.substr(all.rfind('\n')); };
        EXPECT_EQ(without_limits(guess(handle)), without_limits(guess(nobodys))) << "guess " << i;
    }
}

TEST(Reset, OpensNoAccountThatWasDisabledMeanwhile) {
    const Person ann = register_somebody(api());
    handle_of(ask(kForgotPassword, ann.email));
    const std::string token = mailbox().await_mail(ann.email, "new password").from_link("token");
    ApiClient admin = administrator(api());
    EXPECT_EQ(admin.send("POST", std::string(kUsers) + "/" + ann.id + "/deactivate").status, 204);
    ApiClient client = api();
    const std::string body = json_object({{"token", token}, {"new_password", new_password()}});
    EXPECT_EQ(client.post(kResetPassword, body).problem(), "code-not-accepted");
}

TEST(Reset, TakesNoFactorOfWhoeverHasNone) {
    const Person ann = register_somebody(api());
    handle_of(ask(kForgotPassword, ann.email));
    const std::string token = mailbox().await_mail(ann.email, "new password").from_link("token");
    const std::string password = new_password();
    ApiClient client = api();
    const std::string with_factor =
        json_object({{"token", token}, {"new_password", password}, {"recovery_code", "AAAA-BBBB"}});
    EXPECT_EQ(client.post(kResetPassword, with_factor).problem(), "factor-unknown");
    EXPECT_EQ(client.post(kResetPassword, json_object({{"token", token}, {"new_password", password}})).status, 204);
}

TEST(LogInByMail, ByCodeAndByLinkIsForWhoAsked) {
    const Person ann = register_somebody(api());
    const std::string coded = handle_of(ask(kLogInCode, ann.email));
    const std::string code = mailbox().await_mail(ann.email, "is your code").code();
    ApiClient client = api();
    const auto complete = [&](std::initializer_list<std::pair<std::string_view, std::string_view>> body) {
        return client.post(kCompleteLogIn, json_object(body));
    };
    EXPECT_EQ(complete({{"handle", coded}, {"code", wrong(code)}}).problem(), "code-not-accepted");
    EXPECT_EQ(complete({{"handle", coded}, {"code", code}, {"resource", "https://nowhere.test"}}).problem(),
              "invalid-target");
    const Answer begun = complete({{"handle", coded}, {"code", code}});
    ASSERT_EQ(begun.status, 200) << begun.body;
    EXPECT_EQ(client.as(tokens_of(begun).access).get(kMe).text("/email"), ann.email);

    const std::string linked = handle_of(ask(kMagicLink, ann.email));
    const std::string token = mailbox().await_mail(ann.email, "Log in to").from_link("token");
    const Answer page = client.get(std::string(kMagicLinkPage) + "?token=" + token);
    EXPECT_EQ(page.status, 200);
    EXPECT_NE(page.body.find(token), std::string::npos);
    EXPECT_EQ(client.get(std::string(kMagicLinkPage) + "?token=").status, 400);
    EXPECT_EQ(complete({{"token", token}}).problem(), "invalid-fields");
    EXPECT_EQ(complete({{"handle", coded}, {"token", token}}).problem(), "code-not-accepted");
    EXPECT_EQ(complete({{"handle", linked}, {"token", token}}).status, 200);
    EXPECT_EQ(complete({{"handle", linked}, {"token", token}}).problem(), "code-not-accepted");
}

TEST(LogInByMail, IsOffUnlessItIsOffered) {
    RunningService plain(deployment(), {{"KEYLEDGER_LOG_IN_BY_MAIL", "off"}});
    ApiClient client(plain.port());
    const std::string somebodys = json_object({{"email", somebody().email}});
    for (const char* target : {kMagicLink, kLogInCode})
        EXPECT_EQ(client.post(target, somebodys).problem(), "log-in-by-mail-off");
    EXPECT_EQ(client.post(kCompleteLogIn, json_object({{"handle", "h"}, {"code", "00000000"}})).problem(),
              "log-in-by-mail-off");
}

TEST(LogInByMail, EndsWhereTheUserIsDisabledMeanwhile) {
    ApiClient admin = administrator(api());
    ApiClient client = api();
    const Person ann = register_somebody(api());
    const std::string handle = handle_of(ask(kLogInCode, ann.email));
    const std::string code = mailbox().await_mail(ann.email, "is your code").code();
    EXPECT_EQ(admin.send("POST", std::string(kUsers) + "/" + ann.id + "/deactivate").status, 204);
    EXPECT_EQ(client.post(kCompleteLogIn, json_object({{"handle", handle}, {"code", code}})).problem(),
              "code-not-accepted");
}

TEST(Unlock, ByTheLinkOfAMailOpensWhatGuessesHaveClosed) {
    const Person ann = register_somebody(api());
    RunningService strict(deployment(), {{"KEYLEDGER_LOGIN_FAILURES_IN_A_ROW", "3"}});
    const auto log_in_status = [&](const std::string& password) {
        ApiClient client(strict.port());
        return try_log_in(client, ann.email, password).status;
    };
    for (int i = 0; i < 3; ++i) log_in_status("wrong");
    EXPECT_EQ(log_in_status(ann.password), 401);
    handle_of(ask(kAskToUnlock, ann.email));
    const std::string token = mailbox().await_mail(ann.email, "Open your account").from_link("token");
    ApiClient browser = api();
    EXPECT_EQ(browser.get(std::string(kUnlockPage) + "?token=" + token).status, 200);
    EXPECT_EQ(browser.get(kUnlockPage).status, 400);
    EXPECT_EQ(log_in_status(ann.password), 401) << "opening the page does nothing";
    EXPECT_EQ(browser.form(kUnlockPage, form_body({{"token", token}})).status, 200);
    EXPECT_EQ(browser.form(kUnlockPage, form_body({{"token", token}})).status, 400);
    EXPECT_EQ(log_in_status(ann.password), 200);
    for (int i = 0; i < 3; ++i) log_in_status("wrong");
    EXPECT_EQ(log_in_status(ann.password), 401);
    const std::int64_t last = mailbox().mails_to(ann.email).back().id;
    handle_of(ask(kAskToUnlock, ann.email));
    const std::string again = mailbox().await_mail(ann.email, "Open your account", last).from_link("token");
    const auto open = [&] { return browser.post("/api/v1/auth/unlock/confirm", json_object({{"token", again}})); };
    EXPECT_EQ(open().status, 204);
    EXPECT_EQ(open().problem(), "code-not-accepted");
    EXPECT_EQ(log_in_status(ann.password), 200);
    EXPECT_EQ(browser.get(std::string(kResetPage) + "?no=token").status, 400);
}

}  // namespace
}  // namespace keyledger::test
