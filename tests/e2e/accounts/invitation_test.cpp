// Users who are invited by mail, and addresses that administrators have confirmed: through the service, a real SMTP
// server, and the pages behind the links.
#include <gtest/gtest.h>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kAccept = "/api/v1/auth/accept-invitation";
constexpr const char* kInvitationPage = "/account/invitation";
constexpr const char* kConfirmPage = "/account/confirm-address";
constexpr const char* kConfirm = "/api/v1/auth/confirm-address";

Answer invite(ApiClient& root, const Person& person, const HttpHeaders& headers = {}) {
    std::string body = json_object({{"email", person.email}, {"locale", "en"}});
    body.replace(body.size() - 1, 1, ",\"invite\":true}");
    return root.post(kUsers, body, headers);
}
std::string of_user(const std::string& id, const std::string& what) { return std::string(kUsers) + "/" + id + what; }

TEST(Invitation, IsAcceptedByAPasswordOfOnesOwn) {
    ApiClient root = administrator(api());
    const Person ann = somebody();
    const HttpHeaders once{{"Idempotency-Key", unique("invite")}};
    const Answer made = invite(root, ann, once);
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_TRUE(made.is_null("/one_time_password"));
    EXPECT_EQ(invite(root, ann, once).text("/id"), made.text("/id"));
    ApiClient client = api();
    EXPECT_EQ(try_log_in(client, ann.email, ann.password).status, 401) << "there is no password";
    const std::string token = mailbox().await_mail(ann.email, "You have an account").from_link("token");
    EXPECT_EQ(client.get(std::string(kInvitationPage) + "?token=" + token).status, 200);
    EXPECT_EQ(client.get(kInvitationPage).status, 400);
    const auto accept = [&](const std::string& password) {
        return client.form(kInvitationPage, form_body({{"token", token}, {"new_password", password}}));
    };
    EXPECT_EQ(accept("short").status, 422);
    EXPECT_EQ(accept(ann.password).status, 200);
    EXPECT_EQ(accept(ann.password).status, 400) << "once";
    const Answer in = try_log_in(client, ann.email, ann.password);
    ASSERT_EQ(in.status, 200) << in.body;
    await_that("the address is proven",
               [&] { return root.get(of_user(made.text("/id"), "")).boolean("/email_verified"); });
    mailbox().await_mail(ann.email, "password was changed");
    for (const ReceivedMail& mail : mailbox().mails_to(ann.email))
        EXPECT_EQ(mail.subject.find("Welcome"), std::string::npos) << "they did not register";
    EXPECT_EQ(root.post(of_user(made.text("/id"), "/invitation"), "").problem(), "has-password");
}

TEST(Invitation, IsSentAgainAndTheFirstIsGoodAllTheSame) {
    ApiClient root = administrator(api());
    const Person ann = somebody();
    const Answer made = invite(root, ann);
    ASSERT_EQ(made.status, 201) << made.body;
    const auto first = mailbox().await_mail(ann.email, "You have an account");
    const HttpHeaders once{{"Idempotency-Key", unique("again")}};
    ASSERT_EQ(root.send("POST", of_user(made.text("/id"), "/invitation"), once).status, 204);
    EXPECT_EQ(root.send("POST", of_user(invite(root, somebody()).text("/id"), "/invitation"), once).problem(),
              "idempotency-mismatch");
    const std::string again = mailbox().await_mail(ann.email, "You have an account", first.id).from_link("token");
    ApiClient client = api();
    const auto accept = [&](const std::string& token, const std::string& password) {
        return client.post(kAccept, json_object({{"token", token}, {"new_password", password}}));
    };
    const Answer made_up = accept("made up", ann.password);
    EXPECT_EQ(made_up.problem(), "code-not-accepted");
    EXPECT_NE(made_up.text("/detail").find("used before"), std::string::npos) << made_up.body;
    EXPECT_EQ(accept(again, "short").problem(), "password-rejected");
    EXPECT_EQ(client.post(kAccept, json_object({{"token", again}})).problem(), "invalid-fields");
    EXPECT_EQ(accept(first.from_link("token"), ann.password).status, 204);
    EXPECT_EQ(accept(again, ann.password + " too").problem(), "code-not-accepted")
        << "a password was set: who still has the mail of before gets in by it no more";
}

TEST(Invitation, IsSentByWhoeverMayAndToWhomItIsOfUse) {
    ApiClient root = administrator(api());
    const Visitor ann = visitor(api());
    ApiClient anns = api().as(ann.tokens.access);
    for (const char* what : {"/invitation", "/send-verification"}) {
        EXPECT_EQ(anns.post(of_user(ann.person.id, what), "").problem(), "forbidden") << what;
        EXPECT_EQ(root.post(of_user("01890a5d-ac96-774b-bcce-b302099a8057", what), "").problem(), "user-unknown");
    }
    const std::string both = R"({"email":"x@people.keyledger.test","invite":true,"one_time_password":"told by phone"})";
    EXPECT_EQ(root.post(kUsers, both).problem(), "invalid-fields");
    ASSERT_EQ(root.send("POST", of_user(ann.person.id, "/deactivate")).status, 204);
    for (const char* what : {"/invitation", "/send-verification"})
        EXPECT_EQ(root.post(of_user(ann.person.id, what), "").problem(), "user-not-active") << what;
}

TEST(Verification, IsSentByAdministratorsAndConfirmedByAButton) {
    ApiClient root = administrator(api());
    const Person ann = register_somebody(api());
    await_that("the user to be listed", [&] { return root.get(of_user(ann.id, "")).status == 200; });
    EXPECT_FALSE(root.get(of_user(ann.id, "")).boolean("/email_verified"));
    ASSERT_EQ(root.post(of_user(ann.id, "/send-verification"), "").status, 204);
    const std::string token = mailbox().await_mail(ann.email, "Is this your address").from_link("token");
    ApiClient browser = api();
    EXPECT_EQ(browser.get(std::string(kConfirmPage) + "?token=" + token).status, 200);
    EXPECT_EQ(browser.get(kConfirmPage).status, 400);
    EXPECT_EQ(browser.form(kConfirmPage, form_body({{"token", token}})).status, 200);
    expect_spent(browser, kConfirmPage, kConfirm, token);
    await_that("the address to be verified", [&] { return root.get(of_user(ann.id, "")).boolean("/email_verified"); });
    EXPECT_EQ(root.post(of_user(ann.id, "/send-verification"), "").problem(), "address-verified");
    ApiClient anybody = api();
    EXPECT_EQ(try_log_in(anybody, ann.email, ann.password).status, 200) << "nothing else changed";
}

TEST(Verification, IsConfirmedByAnApplication) {
    ApiClient root = administrator(api());
    const Visitor ann = visitor(api());
    ASSERT_EQ(root.post(of_user(ann.person.id, "/send-verification"), "").status, 204);
    const std::string token = mailbox().await_mail(ann.person.email, "Is this your address").from_link("token");
    EXPECT_EQ(api().post(kConfirm, json_object({{"token", token}})).status, 204);
    EXPECT_TRUE(api().as(ann.tokens.access).get(kMe).boolean("/email_verified"));
}

}  // namespace
}  // namespace keyledger::test
