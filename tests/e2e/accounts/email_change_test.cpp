// Another address, and the way back for whoever reads the mail of the one from before: through the service, a real SMTP
// server, and the page behind the link.
#include <gtest/gtest.h>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kChangeEmail = "/api/v1/auth/change-email";
constexpr const char* kConfirm = "/api/v1/auth/change-email/confirm";
constexpr const char* kUndo = "/api/v1/auth/undo";
constexpr const char* kUndoPage = "/account/undo";
constexpr const char* kWelcomeSubject = "is the address of your account";

// Whose address is proven: only then it has a way back.
Visitor proven_visitor() {
    Visitor ann = visitor(api());
    prove_address(api(), ann.person);
    return ann;
}

Answer ask(ApiClient& client, const std::string& email, const std::string& password) {
    return client.post(kChangeEmail, json_object({{"email", email}, {"current_password", password}}));
}
std::string proof_of(const Answer& asked, const std::string& email) {
    EXPECT_EQ(asked.status, 202) << asked.body;
    const std::string code = mailbox().await_mail(email, "is your code").code();
    return json_object({{"handle", watch_secret(asked.text("/handle"))}, {"code", code}});
}

TEST(EmailChange, IsProvenAtTheNewAddressAndToldToBoth) {
    const Visitor ann = proven_visitor();
    const Person other = somebody();
    ApiClient client = api().as(ann.tokens.access);
    EXPECT_EQ(ask(client, other.email, "not the password").problem(), "wrong-password");
    EXPECT_EQ(ask(client, "no address", ann.person.password).problem(), "invalid-fields");
    EXPECT_EQ(ask(client, ann.person.email, ann.person.password).problem(), "invalid-fields");
    const Answer asked = ask(client, other.email, ann.person.password);
    EXPECT_FALSE(asked.header("Keyledger-Position")) << "it would tell what the asking set off";
    EXPECT_EQ(client.post(kConfirm, json_object({{"handle", asked.text("/handle")}, {"code", "000000"}})).problem(),
              "code-not-accepted");
    const std::string proof = proof_of(asked, other.email);
    EXPECT_EQ(api().as(visitor(api()).tokens.access).post(kConfirm, proof).problem(), "code-not-accepted")
        << "it is proven by its own user alone";
    EXPECT_EQ(client.post(kConfirm, proof).status, 204);
    EXPECT_EQ(client.get(kMe).text("/email"), other.email);
    EXPECT_EQ(client.post(kConfirm, proof).problem(), "code-not-accepted");
    mailbox().await_mail(other.email, kWelcomeSubject);
    EXPECT_EQ(mailbox().await_mail(ann.person.email, "was changed").links.size(), 1u);
    EXPECT_EQ(ask(client, somebody().email, ann.person.password).problem(), "email-changed");
    ApiClient anybody = api();
    EXPECT_EQ(try_log_in(anybody, ann.person.email, ann.person.password).status, 401);
    EXPECT_EQ(try_log_in(anybody, other.email, ann.person.password).status, 200);
    EXPECT_EQ(anybody.post(kRegister, registration_of(ann.person)).problem(), "email-taken") << "for seven days";
}

// I14: whoever has the address is told so; who asks for it is not.
TEST(EmailChange, ToATakenAddressIsAnsweredAlike) {
    const Visitor ann = visitor(api());
    const Person bob = register_somebody(api());
    ApiClient client = api().as(ann.tokens.access);
    const Answer taken = ask(client, bob.email, ann.person.password);
    const Answer free = ask(client, somebody().email, ann.person.password);
    EXPECT_EQ(taken.status, 202);
    EXPECT_EQ(taken.text("/handle").size(), free.text("/handle").size());
    const ReceivedMail told = mailbox().await_mail(bob.email, "already have");
    EXPECT_THROW(told.code(), std::runtime_error) << told.text;
}

TEST(EmailChange, ToAnAddressThatSomebodyTookMeanwhileIsRefusedOnceItIsProven) {
    const Visitor ann = visitor(api());
    const Visitor bob = visitor(api());
    const Person wanted = somebody();
    ApiClient anns = api().as(ann.tokens.access);
    ApiClient bobs = api().as(bob.tokens.access);
    const std::string first = proof_of(ask(anns, wanted.email, ann.person.password), wanted.email);
    const std::int64_t last = mailbox().mails_to(wanted.email).back().id;
    const Answer asked = ask(bobs, wanted.email, bob.person.password);
    const std::string code = mailbox().await_mail(wanted.email, "is your code", last).code();
    EXPECT_EQ(anns.post(kConfirm, json_object({{"code", code}})).problem(), "invalid-fields");
    EXPECT_EQ(anns.post(kConfirm, first).status, 204);
    const std::string second = json_object({{"handle", watch_secret(asked.text("/handle"))}, {"code", code}});
    EXPECT_EQ(bobs.post(kConfirm, second).problem(), "email-taken");
}

// I16, over HTTP: what a thief of the password did is undone by a button.
TEST(EmailChange, OfAThiefIsUndoneByTheLinkOfTheMail) {
    const Visitor ann = proven_visitor();
    const Person thief = somebody();
    ApiClient client = api().as(ann.tokens.access);
    const Answer asked = ask(client, thief.email, ann.person.password);
    ASSERT_EQ(client.post(kConfirm, proof_of(asked, thief.email)).status, 204);
    ASSERT_EQ(client
                  .send("DELETE", kMe, {{"Content-Type", "application/json"}},
                        json_object({{"current_password", ann.person.password}}))
                  .status,
              202);
    const std::string token = mailbox().await_mail(ann.person.email, "was changed").from_link("token");

    ApiClient browser = api();
    const std::string page = std::string(kUndoPage) + "?token=" + token;
    for (int i = 0; i < 2; ++i) {  // as a scanner of mail does
        const Answer shown = browser.get(page);
        EXPECT_EQ(shown.status, 200);
        EXPECT_NE(shown.body.find("<form method=\"post\""), std::string::npos) << shown.body;
    }
    EXPECT_EQ(browser.get(kUndoPage).status, 400);
    EXPECT_EQ(browser.form(kUndoPage, form_body({{"token", token}})).status, 200);
    expect_spent(browser, kUndoPage, kUndo, token);
    mailbox().await_mail(ann.person.email, "yours again");
    EXPECT_EQ(refresh(api(), ann.tokens.refresh).status, 400) << "all sessions ended";
    EXPECT_EQ(try_log_in(browser, ann.person.email, ann.person.password).problem(), "password-reset-required");
    EXPECT_EQ(try_log_in(browser, thief.email, ann.person.password).problem(), "invalid-credentials");

    const Answer forgot = browser.post(kForgotPassword, json_object({{"email", ann.person.email}}));
    ASSERT_EQ(forgot.status, 202);
    const std::string reset = mailbox().await_mail(ann.person.email, "new password").from_link("token");
    const std::string password = watch_secret("nine " + somebody().password);
    ASSERT_EQ(browser.post(kResetPassword, json_object({{"token", reset}, {"new_password", password}})).status, 204);
    const Answer in = try_log_in(browser, ann.person.email, password);
    ASSERT_EQ(in.status, 200) << in.body;
    EXPECT_EQ(browser.as(tokens_of(in).access).get(kMe).text("/email"), ann.person.email);
}

}  // namespace
}  // namespace keyledger::test
