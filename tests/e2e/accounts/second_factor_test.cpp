// Second factors over HTTP, as somebody with an authenticator app uses them: the app is Debian's oathtool.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kDisable = "/api/v1/auth/mfa/disable";
constexpr const char* kFactors = "/api/v1/auth/mfa/factors";
constexpr const char* kRecoveryCodes = "/api/v1/auth/mfa/recovery-codes";
constexpr const char* kVerifyMfa = "/api/v1/auth/verify-mfa";
constexpr const char* kEnrolMfa = "/api/v1/auth/enrol-mfa";

std::string half_log_in(ApiClient& client, const Person& person) {
    const Answer half = try_log_in(client, person.email, person.password);
    EXPECT_EQ(half.problem(), "mfa-required") << half.body;
    return half.text("/mfa_token");
}

TEST(SecondFactors, AreAskedForFromTheirEnrolmentToTheirEnd) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    ApiClient anybody = api();
    const Enrolled app = enrol(client, ann.person);
    const std::string token = half_log_in(anybody, ann.person);
    EXPECT_EQ(anybody.post(kVerifyMfa, json_object({{"mfa_token", token}, {"code", "000000"}})).problem(),
              "wrong-code");
    const std::string code = code_of(app.secret, 1);
    const Tokens tokens = tokens_of(anybody.post(kVerifyMfa, json_object({{"mfa_token", token}, {"code", code}})));
    EXPECT_EQ(api().as(tokens.access).get(kMe).status, 200);
    const std::string again = half_log_in(anybody, ann.person);
    EXPECT_EQ(anybody.post(kVerifyMfa, json_object({{"mfa_token", again}, {"code", code}})).problem(), "wrong-code")
        << "a code is good once";
    EXPECT_EQ(anybody.post(kVerifyMfa, json_object({{"mfa_token", token}, {"code", code_of(app.secret, 1)}})).problem(),
              "invalid-credentials")
        << "and so is a token";
    const Answer off = client.post(kDisable, body_of(ann.person, {{"recovery_code", app.recovery_code}}));
    ASSERT_EQ(off.status, 204) << off.body;
    EXPECT_EQ(try_log_in(anybody, ann.person.email, ann.person.password).status, 200);
}

TEST(SecondFactors, AreListedNamedAndRemoved) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    const Enrolled app = enrol(client, ann.person);
    const std::string one = std::string(kFactors) + "/" + app.factor_id;
    ASSERT_EQ(client.put(one, json_object({{"name", "old phone"}})).status, 204);
    const Answer list = client.get(kFactors);
    ASSERT_EQ(list.status, 200) << list.body;
    EXPECT_EQ(list.text("/items/0/name"), "old phone");
    EXPECT_EQ(list.number("/recovery_codes_left"), 10);
    const std::string nobodys = std::string(kFactors) + "/01890a5d-ac96-774b-bcce-b302099a8057";
    EXPECT_EQ(client.put(nobodys, json_object({{"name", "x"}})).problem(), "factor-unknown");
    EXPECT_EQ(client.send("DELETE", one, {{"Content-Type", "application/json"}}, body_of(ann.person, {})).problem(),
              "invalid-fields");
    const Answer removed = client.send("DELETE", one, {{"Content-Type", "application/json"}},
                                       body_of(ann.person, {{"recovery_code", app.recovery_code}}));
    ASSERT_EQ(removed.status, 204) << removed.body;
    EXPECT_EQ(client.get(kFactors).count(), 0u);
}

TEST(SecondFactors, AreReplacedByRecoveryCodes) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    ApiClient anybody = api();
    const Enrolled app = enrol(client, ann.person);
    const auto present = [&] {
        const std::string token = half_log_in(anybody, ann.person);
        return anybody.post(kVerifyMfa, json_object({{"mfa_token", token}, {"recovery_code", app.recovery_code}}));
    };
    EXPECT_EQ(present().status, 200);
    EXPECT_EQ(present().problem(), "wrong-code");
    EXPECT_EQ(client.get(kFactors).number("/recovery_codes_left"), 9);
    const Answer renewed = client.post(kRecoveryCodes, body_of(ann.person, {{"code", code_of(app.secret, 1)}}));
    ASSERT_EQ(renewed.status, 200) << renewed.body;
    EXPECT_EQ(renewed.count("/recovery_codes"), 10u);
    mailbox().await_mail(ann.person.email, "new recovery codes");
    const auto of_codes = [](const ReceivedMail& mail) {
        return mail.subject.find("new recovery codes") != std::string::npos;
    };
    EXPECT_EQ(std::ranges::count_if(mailbox().mails_to(ann.person.email), of_codes), 1)
        << "not of those that came with the app";
}

TEST(SecondFactors, AreResetByAdministrators) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    enrol(client, ann.person);
    const std::string reset = std::string(kUsers) + "/" + ann.person.id + "/reset-second-factor";
    EXPECT_EQ(client.post(reset, "").problem(), "exceeds-authority") << "one's own";
    EXPECT_EQ(api().as(visitor(api()).tokens.access).post(reset, "").problem(), "forbidden");
    ApiClient admin = administrator(api());
    const HttpHeaders once{{"Idempotency-Key", unique("reset")}};
    EXPECT_EQ(admin.send("POST", reset, once).status, 204);
    const std::string others = std::string(kUsers) + "/" + register_somebody(api()).id + "/reset-second-factor";
    EXPECT_EQ(admin.send("POST", others, once).problem(), "idempotency-mismatch");
    const std::string nobodys = std::string(kUsers) + "/01890a5d-ac96-774b-bcce-b302099a8057/reset-second-factor";
    EXPECT_EQ(admin.post(nobodys, "").problem(), "user-unknown");
    ApiClient anybody = api();
    EXPECT_EQ(try_log_in(anybody, ann.person.email, ann.person.password).status, 200);
}

// Reading the mail is one factor of two. On the page the field appears when it is needed.
TEST(SecondFactors, AreAskedForByAResetByMail) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    const Enrolled app = enrol(client, ann.person);
    ApiClient browser = api();
    ASSERT_EQ(browser.post(kForgotPassword, json_object({{"email", ann.person.email}})).status, 202);
    const std::string token = mailbox().await_mail(ann.person.email, "new password").from_link("token");
    const std::string first = watch_secret("twelve " + somebody().password);
    const auto reset = [&](std::initializer_list<std::pair<std::string_view, std::string_view>> more) {
        std::string body = json_object({{"token", token}, {"new_password", first}});
        for (const auto& member : more) body.replace(body.size() - 1, 1, "," + json_object({member}).substr(1));
        return browser.post(kResetPassword, body);
    };
    EXPECT_EQ(reset({}).problem(), "second-factor-needed");
    EXPECT_EQ(reset({{"factor_code", "1"}, {"recovery_code", "2"}}).problem(), "invalid-fields");
    EXPECT_EQ(reset({{"factor_code", "000000"}}).problem(), "wrong-code");
    ASSERT_EQ(reset({{"factor_code", code_of(app.secret, 1)}}).status, 204);

    const auto last = mailbox().mails_to(ann.person.email).back().id;
    ASSERT_EQ(browser.post(kForgotPassword, json_object({{"email", ann.person.email}})).status, 202);
    const std::string again = mailbox().await_mail(ann.person.email, "new password", last).from_link("token");
    const std::string second = watch_secret("thirteen " + somebody().password);
    const auto send = [&](const std::string& factor) {
        return browser.form(kResetPage,
                            form_body({{"token", again}, {"new_password", second}, {"second_factor", factor}}));
    };
    const Answer without = browser.form(kResetPage, form_body({{"token", again}, {"new_password", second}}));
    EXPECT_EQ(without.status, 422);
    EXPECT_NE(without.body.find("name=\"second_factor\""), std::string::npos) << without.body;
    EXPECT_EQ(send("000000").status, 422);
    EXPECT_EQ(send(app.recovery_code).status, 200);
    EXPECT_EQ(try_log_in(browser, ann.person.email, second).problem(), "mfa-required");
}

// I16: whoever had the app in hand once takes it off; the mail has a link that gives it back.
TEST(SecondFactors, ThatAThiefRemovedAreGivenBackByTheLinkOfTheMail) {
    const Visitor ann = visitor(api());
    prove_address(api(), ann.person);
    ApiClient client = api().as(ann.tokens.access);
    const Enrolled app = enrol(client, ann.person);
    ASSERT_EQ(client.post(kDisable, body_of(ann.person, {{"code", code_of(app.secret, 1)}})).status, 204);
    const ReceivedMail removed = mailbox().await_mail(ann.person.email, "was removed");
    EXPECT_NE(removed.text.find("Name: phone"), std::string::npos) << removed.text;
    const std::string token = removed.from_link("token");
    ApiClient browser = api();
    EXPECT_EQ(try_log_in(browser, ann.person.email, ann.person.password).status, 200) << "without it";
    EXPECT_EQ(browser.post("/api/v1/auth/undo", json_object({{"token", token}})).status, 204);
    mailbox().await_mail(ann.person.email, "yours again");
    EXPECT_EQ(refresh(api(), ann.tokens.refresh).status, 400) << "all sessions ended";
    EXPECT_EQ(try_log_in(browser, ann.person.email, ann.person.password).problem(), "password-reset-required");
    ASSERT_EQ(browser.post(kForgotPassword, json_object({{"email", ann.person.email}})).status, 202);
    const std::string reset = mailbox().await_mail(ann.person.email, "new password").from_link("token");
    const std::string password = watch_secret("fourteen " + somebody().password);
    const std::string body = json_object({{"token", reset}, {"new_password", password}});
    EXPECT_EQ(browser.post(kResetPassword, body).problem(), "second-factor-needed");
    const std::string with_code =
        json_object({{"token", reset}, {"new_password", password}, {"recovery_code", app.recovery_code}});
    EXPECT_EQ(browser.post(kResetPassword, with_code).status, 204) << "the codes are good again, too";
    EXPECT_EQ(try_log_in(browser, ann.person.email, password).problem(), "mfa-required");
}

Answer remove_app(ApiClient& client, const std::string& factor_id, const std::string& body) {
    return client.send("DELETE", std::string(kFactors) + "/" + factor_id, {{"Content-Type", "application/json"}}, body);
}

// Whoever changes them shows what they know, and what they have.
TEST(SecondFactors, TakePasswordAndCodeBeforeTheyChange) {
    constexpr const char* kReauthenticate = "/api/v1/auth/reauthenticate";
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    const std::string wrong_password = json_object({{"current_password", "not it at all"}, {"code", "000000"}});
    EXPECT_EQ(client.post(kEnable, json_object({{"current_password", "not it at all"}})).problem(), "wrong-password");
    for (const char* target : {kEnable, kDisable})
        EXPECT_EQ(client.post(target, body_of(ann.person, {{"code", "287082"}})).problem(), "factor-unknown") << target;
    EXPECT_EQ(client.post(kReauthenticate, json_object({{"password", ann.person.password}, {"code", "1"}})).problem(),
              "factor-unknown");
    ASSERT_EQ(client.post(kEnable, body_of(ann.person, {})).status, 200);
    EXPECT_EQ(client.post(kVerify, json_object({{"code", "000000"}})).problem(), "wrong-code");
    EXPECT_EQ(client.post(kVerify, "{}").problem(), "invalid-fields");

    const Enrolled app = enrol(client, ann.person);
    EXPECT_EQ(client.put(std::string(kFactors) + "/" + app.factor_id, "{}").problem(), "invalid-fields");
    EXPECT_EQ(client.post(kEnable, body_of(ann.person, {})).problem(), "invalid-fields");
    EXPECT_EQ(client.post(kRecoveryCodes, body_of(ann.person, {})).problem(), "invalid-fields");
    for (const char* target : {kDisable, kRecoveryCodes})
        EXPECT_EQ(client.post(target, wrong_password).problem(), "wrong-password") << target;
    EXPECT_EQ(remove_app(client, app.factor_id, wrong_password).problem(), "wrong-password");
    const std::string wrong_code = body_of(ann.person, {{"code", "000000"}});
    for (const char* target : {kEnable, kDisable, kRecoveryCodes})
        EXPECT_EQ(client.post(target, wrong_code).problem(), "wrong-code") << target;
    EXPECT_EQ(remove_app(client, app.factor_id, wrong_code).problem(), "wrong-code");
    const std::string again = json_object({{"password", ann.person.password}, {"code", "000000"}});
    EXPECT_EQ(client.post(kReauthenticate, again).problem(), "wrong-code");
}

TEST(SecondFactors, AreThreeAtMost) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    std::string secret = enrol(client, ann.person).secret;
    for (int number = 2; number <= 3; ++number) {
        const Answer begun = client.post(kEnable, body_of(ann.person, {{"code", code_of(secret, 1)}}));
        ASSERT_EQ(begun.status, 200) << begun.body;
        secret = watch_personal(begun.text("/secret"));
        ASSERT_EQ(client.post(kVerify, json_object({{"code", code_of(secret)}})).status, 200);
    }
    EXPECT_EQ(client.post(kEnable, body_of(ann.person, {{"code", code_of(secret, 1)}})).problem(), "limit-reached");
}

// What was taken off can be given back for a week: nobody pushes it out by taking off others.
TEST(SecondFactors, AreTakenOffTwelveTimesAWeekAtMost) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    const auto with_code = [&](const Enrolled& app) {
        return body_of(ann.person, {{"recovery_code", app.recovery_code}});
    };
    for (int i = 0; i < 12; ++i)
        ASSERT_EQ(client.post(kDisable, with_code(enrol(client, ann.person))).status, 204) << i;
    const Enrolled last = enrol(client, ann.person);
    EXPECT_EQ(client.post(kDisable, with_code(last)).problem(), "limit-reached");
    EXPECT_EQ(remove_app(client, last.factor_id, with_code(last)).problem(), "limit-reached");
}

// Where everybody must have one, whoever has none enrols it on the way in: by the password, for reading the mail is the
// factor that they have already.
TEST(SecondFactors, AreEnrolledOnTheWayInWhereTheyAreDemanded) {
    const Person ann = register_somebody(api());
    RunningService demanding(deployment(), {{"KEYLEDGER_SECOND_FACTOR", "all"}});
    ApiClient client(demanding.port());
    const auto by_mail = [&] {
        const std::int64_t last = mailbox().mails_to(ann.email).empty() ? 0 : mailbox().mails_to(ann.email).back().id;
        const std::string handle =
            watch_secret(client.post(kLogInCode, json_object({{"email", ann.email}})).text("/handle"));
        const std::string code = mailbox().await_mail(ann.email, "is your code", last).code();
        return client.post(kCompleteLogIn, json_object({{"handle", handle}, {"code", code}}));
    };
    EXPECT_EQ(by_mail().problem(), "mfa-enrolment-required");
    const Answer half = try_log_in(client, ann.email, ann.password);
    ASSERT_EQ(half.problem(), "mfa-enrolment-required") << half.body;
    const std::string token = half.text("/mfa_token");
    const auto show = [&](const std::string& code) {
        return client.post(kVerifyMfa, json_object({{"mfa_token", token}, {"code", code}}));
    };
    EXPECT_EQ(show("287082").problem(), "no-enrolment");
    const Answer begun = client.post(kEnrolMfa, json_object({{"mfa_token", token}, {"name", "phone"}}));
    ASSERT_EQ(begun.status, 200) << begun.body;
    const Answer in = show(code_of(watch_personal(begun.text("/secret"))));
    ASSERT_EQ(in.status, 200) << in.body;
    EXPECT_EQ(in.count("/recovery_codes"), 10u);
    for (int i = 0; i < 10; ++i) watch_personal(in.text(("/recovery_codes/" + std::to_string(i)).c_str()));
    const Answer mailed = by_mail();
    EXPECT_EQ(mailed.problem(), "mfa-required") << mailed.body;
    EXPECT_EQ(mailed.text("/kinds/0"), "otp");
}

TEST(SecondFactors, RefuseWhatIsNoAttemptAtAll) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    ApiClient anybody = api();
    EXPECT_EQ(client.post(kVerify, json_object({{"code", "287082"}})).problem(), "no-enrolment");
    EXPECT_EQ(client.post(kRecoveryCodes, body_of(ann.person, {{"code", "287082"}})).problem(), "factor-unknown");
    EXPECT_EQ(client.post(kDisable, body_of(ann.person, {{"code", "1"}, {"recovery_code", "2"}})).problem(),
              "invalid-fields");
    EXPECT_EQ(anybody.post(kVerifyMfa, json_object({{"mfa_token", "made up"}, {"code", "287082"}})).problem(),
              "invalid-credentials");
    EXPECT_EQ(anybody.post(kEnrolMfa, json_object({{"mfa_token", "made up"}})).problem(), "invalid-credentials");
    EXPECT_EQ(anybody.post(kVerifyMfa, json_object({{"mfa_token", "made up"}})).problem(), "invalid-fields");
}

}  // namespace
}  // namespace keyledger::test
