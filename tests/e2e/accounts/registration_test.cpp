// Registration where addresses have to be proven, against the real binary and a real SMTP server.
#include <gtest/gtest.h>

#include <set>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kVerify = "/api/v1/auth/verify-email";
constexpr const char* kResend = "/api/v1/auth/resend-otp";
constexpr const char* kVerifyPage = "/account/verify-email";

// Of the deployment that all tests share, but asking for proof.
ApiClient proving() {
    static const RunningService service(deployment(), {{"KEYLEDGER_EMAIL_VERIFICATION", "required"}});
    return ApiClient(service.port());
}

struct Begun {
    Person person;
    std::string handle;
};
Begun begin(ApiClient& client, Person person = somebody()) {
    const Answer answer = client.post(kRegister, registration_of(person));
    EXPECT_EQ(answer.status, 202) << answer.body;
    return {std::move(person), answer.text("/handle")};
}

TEST(Registration, BecomesAUserByTheCodeOfItsMail) {
    ApiClient client = proving();
    const Begun ann = begin(client);
    EXPECT_EQ(try_log_in(client, ann.person.email, ann.person.password).status, 401);
    const ReceivedMail mail = mailbox().await_mail(ann.person.email, "is your code");
    EXPECT_EQ(mail.text.find(ann.person.username), std::string::npos) << "whoever registered chose it";
    const std::string code = mail.code();
    const Answer wrong =
        client.post(kVerify, json_object({{"handle", ann.handle}, {"code", code == "000000" ? "000001" : "000000"}}));
    EXPECT_EQ(wrong.status, 403);
    EXPECT_EQ(wrong.problem(), "wrong-code");
    const Answer proven = client.post(kVerify, json_object({{"handle", ann.handle}, {"code", code}}));
    ASSERT_EQ(proven.status, 201) << proven.body;
    EXPECT_EQ(proven.text("/email"), ann.person.email);
    EXPECT_TRUE(proven.boolean("/email_verified"));
    EXPECT_FALSE(proven.header("Keyledger-Position"));
    const Tokens tokens = log_in(client, ann.person);
    EXPECT_TRUE(client.as(tokens.access).get(kMe).boolean("/email_verified"));
    mailbox().await_mail(ann.person.email, "Welcome");
    const Answer again = client.post(kVerify, json_object({{"handle", ann.handle}, {"code", code}}));
    EXPECT_EQ(again.problem(), "registration-over");
    EXPECT_EQ(client.post(kResend, json_object({{"handle", ann.handle}})).problem(), "registration-over");
}

TEST(Registration, BecomesAUserByTheLinkWithHandleOrPassword) {
    ApiClient client = proving();
    const Begun ann = begin(client);
    const std::string anns = mailbox().await_mail(ann.person.email, "is your code").from_link("token");
    EXPECT_EQ(client.post(kVerify, json_object({{"token", anns}})).status, 400) << "a link alone";
    EXPECT_EQ(client.post(kVerify, json_object({{"token", anns}, {"handle", ann.handle}})).status, 201);
    const Begun bob = begin(client);
    const std::string bobs = mailbox().await_mail(bob.person.email, "is your code").from_link("token");
    const Answer wrong = client.post(kVerify, json_object({{"token", bobs}, {"password", "not the password at all"}}));
    EXPECT_EQ(wrong.problem(), "wrong-password");
    EXPECT_EQ(client.post(kVerify, json_object({{"token", bobs}, {"password", bob.person.password}})).status, 201);
    log_in(client, bob.person);
}

// I14: free, taken, taken user name: one answer, byte for byte but for the handle and the time.
TEST(Registration, IsAnsweredAlikeWhoseverTheNamesAre) {
    ApiClient client = proving();
    const Person taken = register_somebody(api());
    Person same_address = somebody();
    same_address.email = taken.email;
    Person same_name = somebody();
    same_name.username = taken.username;
    std::set<std::string> seen;
    for (const Person& person : {somebody(), same_address, same_name}) {
        const Answer answer = client.post(kRegister, registration_of(person));
        ASSERT_EQ(answer.status, 202) << answer.body;
        std::string body = answer.body;
        for (const std::string& varies : {answer.text("/handle"), answer.text("/expires_at")})
            body.replace(body.find(varies), varies.size(), std::to_string(varies.size()));
        seen.insert(body);
        EXPECT_FALSE(answer.header("Keyledger-Position"));
        EXPECT_FALSE(answer.header("Location"));
    }
    EXPECT_EQ(seen.size(), 1U) << *seen.begin() << '\n' << *seen.rbegin();
    const ReceivedMail word = mailbox().await_mail(taken.email, "already have an account");
    EXPECT_EQ(word.text.find("code"), std::string::npos) << word.text;
}

TEST(Registration, OfANameThatIsTakenMeanwhileChoosesAnother) {
    ApiClient client = proving();
    const Begun ann = begin(client);
    Person rival = somebody();
    rival.username = ann.person.username;
    ASSERT_EQ(api().post(kRegister, registration_of(rival)).status, 201);
    const std::string code = mailbox().await_mail(ann.person.email, "is your code").code();
    EXPECT_EQ(client.post(kVerify, json_object({{"handle", ann.handle}, {"code", code}})).problem(), "username-taken");
    const std::string other = somebody().username;
    const Answer proven =
        client.post(kVerify, json_object({{"handle", ann.handle}, {"code", code}, {"username", other}}));
    ASSERT_EQ(proven.status, 201) << proven.body;
    EXPECT_EQ(proven.text("/username"), other);
}

TEST(Registration, OfAnAddressThatIsTakenMeanwhileIsRefused) {
    ApiClient client = proving();
    const Begun thief = begin(client);
    const std::string code = mailbox().await_mail(thief.person.email, "is your code").code();
    Person owner = somebody();
    owner.email = thief.person.email;
    ASSERT_EQ(api().post(kRegister, registration_of(owner)).status, 201);
    EXPECT_EQ(client.post(kVerify, json_object({{"handle", thief.handle}, {"code", code}})).problem(), "email-taken");
}

TEST(Registration, EndsItsCodeAfterThreeWrongOnesAndItsLinkAfterTenWrongPasswords) {
    ApiClient client = proving();
    const Begun ann = begin(client);
    const ReceivedMail mail = mailbox().await_mail(ann.person.email, "is your code");
    const std::string wrong = mail.code() == "000000" ? "000001" : "000000";
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(client.post(kVerify, json_object({{"handle", ann.handle}, {"code", wrong}})).problem(), "wrong-code");
    EXPECT_EQ(client.post(kVerify, json_object({{"handle", ann.handle}, {"code", mail.code()}})).problem(),
              "code-over");
    EXPECT_EQ(client.post(kResend, json_object({{"handle", ann.handle}})).status, 202);
    const std::string token = mail.from_link("token");
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(client.post(kVerify, json_object({{"token", token}, {"password", "not the password"}})).problem(),
                  "wrong-password");
    EXPECT_EQ(client.post(kVerify, json_object({{"token", token}, {"password", ann.person.password}})).problem(),
              "link-over");
}

// The page takes the password that was registered: a link that a scanner of mail opens, or its button, does nothing.
TEST(Registration, IsCompletedOnThePageBehindTheLink) {
    ApiClient browser = proving();
    const Begun ann = begin(browser);
    const std::string token = mailbox().await_mail(ann.person.email, "is your code").from_link("token");
    EXPECT_EQ(browser.get(std::string(kVerifyPage) + "?token=" + token).status, 200);
    EXPECT_EQ(browser.get(kVerifyPage).status, 400);
    EXPECT_EQ(browser.form(kVerifyPage, form_body({{"token", token}})).status, 400);
    const auto confirm = [&](const std::string& password) {
        return browser.form(kVerifyPage, form_body({{"token", token}, {"password", password}}));
    };
    const Answer wrong = confirm("not the password at all");
    EXPECT_EQ(wrong.status, 422);
    EXPECT_NE(wrong.body.find(token), std::string::npos) << "the form is there again";
    EXPECT_EQ(confirm(ann.person.password).status, 200);
    log_in(browser, ann.person);
    const Answer over = confirm(ann.person.password);
    EXPECT_EQ(over.status, 403);
    EXPECT_NE(over.body.find("<h1>Registration over"), std::string::npos) << over.body;
}

TEST(Registration, IsRefusedByThePageAsByTheRoute) {
    ApiClient browser = proving();
    const Begun thief = begin(browser);
    const Begun guessed = begin(browser);
    const auto confirm = [&](const std::string& token, const std::string& password) {
        return browser.form(kVerifyPage, form_body({{"token", token}, {"password", password}}));
    };
    const std::string thiefs = mailbox().await_mail(thief.person.email, "is your code").from_link("token");
    Person owner = somebody();
    owner.email = thief.person.email;
    ASSERT_EQ(api().post(kRegister, registration_of(owner)).status, 201);
    EXPECT_EQ(confirm(thiefs, thief.person.password).status, 409) << "somebody has the address meanwhile";
    const std::string token = mailbox().await_mail(guessed.person.email, "is your code").from_link("token");
    for (int i = 0; i < 10; ++i) EXPECT_EQ(confirm(token, "not the password").status, 422);
    EXPECT_EQ(confirm(token, guessed.person.password).status, 403);
}

TEST(Registration, SendsFiveMailsToAnAddressFromOneNetwork) {
    ApiClient client = proving();
    const Begun ann = begin(client);
    const std::string handle = json_object({{"handle", ann.handle}});
    for (int i = 0; i < 4; ++i) EXPECT_EQ(client.post(kResend, handle).status, 202);
    const Answer refused = client.post(kResend, handle);
    EXPECT_EQ(refused.problem(), "too-many-attempts");
    EXPECT_TRUE(refused.header("Retry-After"));
}

// The address of a mail beyond ASCII goes to a server with SMTPUTF8.
TEST(Registration, TakesAddressesBeyondAscii) {
    ApiClient client = proving();
    Person ann = somebody();
    ann.email = "jürgen" + ann.email;
    const Begun begun = begin(client, ann);
    const std::string code = mailbox().await_mail(ann.email, "is your code").code();
    const Answer proven = client.post(kVerify, json_object({{"handle", begun.handle}, {"code", code}}));
    ASSERT_EQ(proven.status, 201) << proven.body;
    EXPECT_EQ(proven.text("/email"), ann.email);
    EXPECT_EQ(try_log_in(client, "JU\u0308RGEN" + ann.email.substr(std::string("jürgen").size()), ann.password).status,
              200);
}

TEST(Registration, NeedsAServerThatTakesMail) {
    const ProcessResult done =
        deployment().run({"serve"}, {{"KEYLEDGER_EMAIL_VERIFICATION", "required"}, {"KEYLEDGER_SMTP_URL", ""}});
    EXPECT_NE(done.exit_code, 0);
    EXPECT_NE(done.output.find("KEYLEDGER_EMAIL_VERIFICATION"), std::string::npos) << done.output;
    EXPECT_NE(done.output.find("KEYLEDGER_SMTP_URL"), std::string::npos) << done.output;
}

}  // namespace
}  // namespace keyledger::test
