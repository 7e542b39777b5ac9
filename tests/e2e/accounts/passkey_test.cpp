// Passkeys over HTTP, as a browser with an authenticator uses them.
#include <gtest/gtest.h>

#include "tests/e2e/world/authenticator_app.hpp"
#include "tests/e2e/world/passkeys.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

using security::SigningAlgorithm;
using Statement = SoftwareAuthenticator::Statement;

constexpr const char* kFactors = "/api/v1/auth/mfa/factors";
constexpr const char* kDisable = "/api/v1/auth/mfa/disable";
constexpr const char* kVerifyMfa = "/api/v1/auth/verify-mfa";
constexpr const char* kReauthenticate = "/api/v1/auth/reauthenticate";

std::string half_log_in(ApiClient& client, const Person& person) {
    const Answer half = try_log_in(client, person.email, person.password);
    EXPECT_EQ(half.problem(), "mfa-required") << half.body;
    EXPECT_EQ(half.text("/kinds/0"), "pop");
    return half.text("/mfa_token");
}
Answer ask_of_half(ApiClient& client, const std::string& token) {
    return client.post(kAskForPasskey, json_object({{"mfa_token", token}}));
}

TEST(Passkeys, LogInAloneFromTheirMakingToTheirEnd) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    SoftwareAuthenticator phone = authenticator();
    const Answer options = client.post(kBeginPasskey, body_of(ann.person, {}));
    ASSERT_EQ(options.status, 200) << options.body;
    EXPECT_EQ(options.text("/options/rp/id"), "auth.keyledger.test");
    EXPECT_EQ(options.text("/options/rp/name"), "Keyledger");
    EXPECT_EQ(options.text("/options/user/name"), ann.person.email);
    EXPECT_EQ(options.text("/options/attestation"), "none");
    EXPECT_EQ(options.text("/options/authenticatorSelection/residentKey"), "required");
    EXPECT_EQ(options.count("/options/excludeCredentials"), 0u);
    const std::string body = registration_body(phone, options);
    const Answer made = client.post(kRegisterPasskey, body);
    ASSERT_EQ(made.status, 200) << made.body;
    EXPECT_EQ(made.count("/recovery_codes"), 10u);
    for (int i = 0; i < 10; ++i) watch_personal(made.text(("/recovery_codes/" + std::to_string(i)).c_str()));
    mailbox().await_mail(ann.person.email, "A second factor was added");
    SoftwareAuthenticator another = authenticator();
    EXPECT_EQ(client.post(kRegisterPasskey, registration_body(another, options)).problem(), "no-enrolment")
        << "a challenge is good once";

    const Answer asked = api().post(kAskForPasskey, "{}");
    EXPECT_EQ(asked.count("/options/allowCredentials"), 0u) << "I14";
    EXPECT_EQ(asked.text("/options/rpId"), "auth.keyledger.test");
    const std::string answer = answer_body(phone, asked);
    const Tokens tokens = tokens_of(api().post(kLogInByPasskey, answer));
    EXPECT_EQ(api().as(tokens.access).get(kMe).text("/email"), ann.person.email);
    const Answer introspected = introspect(api(), deployment().gateway, tokens.access);
    EXPECT_EQ(introspected.text("/acr"), "2");
    EXPECT_EQ(introspected.text("/amr/0"), "pop");
    EXPECT_EQ(introspected.text("/amr/1"), "mfa");
    EXPECT_EQ(api().post(kLogInByPasskey, answer).problem(), "invalid-credentials");

    const Answer listed = client.get(kFactors);
    EXPECT_EQ(listed.text("/items/0/kind"), "passkey");
    const Answer own = client.post(kAskForOwnPasskey, "");
    ASSERT_EQ(own.status, 200) << own.body;
    EXPECT_EQ(own.count("/options/allowCredentials"), 1u);
    const Answer removed = client.send("DELETE", std::string(kFactors) + "/" + made.text("/factor_id"),
                                       {{"Content-Type", "application/json"}}, with_passkey(answer_body(phone, own)));
    ASSERT_EQ(removed.status, 204) << removed.body;
    EXPECT_EQ(log_in_by(api(), phone).problem(), "invalid-credentials");
    EXPECT_EQ(try_log_in(client, ann.person.email, ann.person.password).status, 200);
}

TEST(Passkeys, AreOfEveryAlgorithmAndAttestationThatIsOffered) {
    for (const auto algorithm : {SigningAlgorithm::kEs256, SigningAlgorithm::kRs256, SigningAlgorithm::kEdDsa})
        for (const auto statement : {Statement::kNone, Statement::kSelf}) {
            const Visitor ann = visitor(api());
            ApiClient client = api().as(ann.tokens.access);
            SoftwareAuthenticator phone = authenticator(algorithm);
            const Answer options = client.post(kBeginPasskey, body_of(ann.person, {}));
            const Answer made = client.post(kRegisterPasskey, registration_body(phone, options, statement));
            ASSERT_EQ(made.status, 200) << made.body;
            for (int i = 0; i < 10; ++i) watch_personal(made.text(("/recovery_codes/" + std::to_string(i)).c_str()));
            EXPECT_EQ(log_in_by(api(), phone).status, 200);
        }
}

TEST(Passkeys, FinishALogInWithThePassword) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    ApiClient anybody = api();
    SoftwareAuthenticator phone = authenticator();
    make_passkey(client, ann.person, phone);
    const std::string token = half_log_in(anybody, ann.person);
    const Answer options = ask_of_half(anybody, token);
    ASSERT_EQ(options.status, 200) << options.body;
    EXPECT_EQ(options.count("/options/allowCredentials"), 1u);
    const auto present = [&](const std::string& answer) {
        return anybody.post(kVerifyMfa, with_passkey(answer, {{"mfa_token", token}}));
    };
    SoftwareAuthenticator stranger = authenticator();
    stranger.credential_id = phone.credential_id;
    stranger.user_handle = phone.user_handle;
    EXPECT_EQ(present(answer_body(stranger, options)).problem(), "wrong-code");
    const std::string answer = answer_body(phone, options);
    const Answer in = present(answer);
    ASSERT_EQ(in.status, 200) << in.body;
    EXPECT_EQ(introspect(api(), deployment().gateway, tokens_of(in).access).text("/acr"), "2");
    EXPECT_EQ(present(answer).problem(), "invalid-credentials");
    EXPECT_EQ(ask_of_half(anybody, token).status, 200) << "that the token was used is told where it is presented";
    EXPECT_EQ(ask_of_half(anybody, "made up").problem(), "invalid-credentials");
}

TEST(Passkeys, ProveAgainWhoSomebodyIsAndOpenWhatTakesThat) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    EXPECT_EQ(client.post(kAskForOwnPasskey, "").problem(), "factor-unknown");
    SoftwareAuthenticator phone = authenticator();
    make_passkey(client, ann.person, phone);
    const Answer again =
        client.post(kReauthenticate, with_passkey(answer_body(phone, client.post(kAskForOwnPasskey, ""))));
    ASSERT_EQ(again.status, 200) << again.body;
    const std::string other = watch_secret("sixteen " + somebody().password);
    ApiClient fresh = api().as(again.text("/access_token"));
    const std::string change = json_object({{"current_password", ann.person.password}, {"new_password", other}});
    EXPECT_EQ(fresh.post(kChangePassword, change).status, 204);
    const Answer disabled = fresh.post(kDisable, with_passkey(answer_body(phone, fresh.post(kAskForOwnPasskey, ""))));
    EXPECT_EQ(disabled.status, 204) << disabled.body;
    ApiClient anybody = api();
    EXPECT_EQ(try_log_in(anybody, ann.person.email, other).status, 200);
    const Answer left = fresh.post(kBeginPasskey, with_passkey(answer_body(phone, api().post(kAskForPasskey, "{}"))));
    EXPECT_EQ(left.problem(), "factor-unknown");
}

// The second factor at a reset by mail, where nobody is logged in yet.
TEST(Passkeys, AreTakenAtAResetByMail) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    SoftwareAuthenticator phone = authenticator();
    make_passkey(client, ann.person, phone);
    ApiClient browser = api();
    ASSERT_EQ(browser.post(kForgotPassword, json_object({{"email", ann.person.email}})).status, 202);
    const std::string token = mailbox().await_mail(ann.person.email, "new password").from_link("token");
    const std::string password = watch_secret("seventeen " + somebody().password);
    const auto reset = [&](SoftwareAuthenticator& by) {
        const std::string answer = answer_body(by, browser.post(kAskForPasskey, "{}"));
        return browser.post(kResetPassword, with_passkey(answer, {{"token", token}, {"new_password", password}}));
    };
    SoftwareAuthenticator stranger = authenticator();
    EXPECT_EQ(reset(stranger).problem(), "wrong-code");
    const Answer done = reset(phone);
    ASSERT_EQ(done.status, 204) << done.body;
    EXPECT_EQ(try_log_in(browser, ann.person.email, password).problem(), "mfa-required");
}

// What a page elsewhere, another challenge or another authenticator gives.
TEST(Passkeys, ThatLieAreNotTaken) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    const auto refused_at_making = [&](const std::function<void(SoftwareAuthenticator&)>& lie) {
        SoftwareAuthenticator liar = authenticator();
        lie(liar);
        return client.post(kRegisterPasskey,
                           registration_body(liar, client.post(kBeginPasskey, body_of(ann.person, {}))));
    };
    EXPECT_EQ(refused_at_making([](auto& it) { it.origin = "https://evil.test"; }).problem(), "invalid-fields");
    EXPECT_EQ(refused_at_making([](auto& it) { it.relying_party_id = "evil.test"; }).problem(), "invalid-fields");
    EXPECT_EQ(refused_at_making([](auto& it) { it.flags = SoftwareAuthenticator::kPresent; }).problem(),
              "invalid-fields");
    EXPECT_EQ(refused_at_making([](auto& it) { it.more_client_data = R"(,"crossOrigin":true)"; }).problem(),
              "invalid-fields");
    SoftwareAuthenticator phone = authenticator();
    make_passkey(client, ann.person, phone);
    const auto refused_at_log_in = [&](const std::function<void(SoftwareAuthenticator&)>& lie) {
        const SoftwareAuthenticator honest = authenticator();
        const std::string user_handle = phone.user_handle;
        lie(phone);
        const std::string problem = log_in_by(api(), phone).problem();
        phone.origin = honest.origin;
        phone.relying_party_id = honest.relying_party_id;
        phone.flags = honest.flags;
        phone.get_type = honest.get_type;
        phone.user_handle = user_handle;
        return problem;
    };
    EXPECT_EQ(refused_at_log_in([](auto& it) { it.origin = "https://evil.test"; }), "invalid-credentials");
    EXPECT_EQ(refused_at_log_in([](auto& it) { it.relying_party_id = "evil.test"; }), "invalid-credentials");
    EXPECT_EQ(refused_at_log_in([](auto& it) { it.flags = SoftwareAuthenticator::kPresent; }), "invalid-credentials");
    EXPECT_EQ(refused_at_log_in([](auto& it) { it.get_type = "webauthn.create"; }), "invalid-credentials");
    EXPECT_EQ(refused_at_log_in([](auto& it) { it.user_handle = "somebody else's"; }), "invalid-credentials");
    EXPECT_EQ(log_in_by(api(), phone).status, 200);
}

TEST(Passkeys, AreOneUsersAndEightAtMost) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    SoftwareAuthenticator phone = authenticator();
    make_passkey(client, ann.person, phone);
    const Visitor bob = visitor(api());
    ApiClient his = api().as(bob.tokens.access);
    SoftwareAuthenticator same = authenticator();
    same.credential_id = phone.credential_id;
    EXPECT_EQ(
        his.post(kRegisterPasskey, registration_body(same, his.post(kBeginPasskey, body_of(bob.person, {})))).problem(),
        "passkey-taken");
    const auto options = [&] {
        return client.post(kBeginPasskey, with_passkey(answer_body(phone, client.post(kAskForOwnPasskey, ""))));
    };
    std::vector<Answer> begun;
    for (int i = 0; i < 8; ++i) begun.push_back(options());
    for (int i = 0; i < 8; ++i) {
        SoftwareAuthenticator another = authenticator();
        const Answer made =
            client.post(kRegisterPasskey, registration_body(another, begun[static_cast<std::size_t>(i)]));
        EXPECT_EQ(i < 7 ? std::to_string(made.status) : made.problem(), i < 7 ? "200" : "limit-reached") << made.body;
    }
    EXPECT_EQ(options().problem(), "limit-reached");
}

TEST(Passkeys, LogNobodyInWhoMayNot) {
    const Visitor ann = visitor(api());
    prove_address(api(), ann.person);
    ApiClient client = api().as(ann.tokens.access);
    SoftwareAuthenticator phone = authenticator();
    make_passkey(client, ann.person, phone);
    RunningService strict(deployment(),
                          {{"KEYLEDGER_SESSIONS_AT_ONCE", "1"}, {"KEYLEDGER_SESSIONS_WHEN_FULL", "refuse"}});
    EXPECT_EQ(log_in_by(ApiClient(strict.port()), phone).status, 200);
    EXPECT_EQ(log_in_by(ApiClient(strict.port()), phone).problem(), "too-many-sessions");
    ApiClient admin = administrator(api());
    const std::string user = std::string(kUsers) + "/" + ann.person.id;
    ASSERT_EQ(admin.post(user + "/deactivate", "{}").status, 204);
    EXPECT_EQ(log_in_by(api(), phone).problem(), "user-disabled");
    ASSERT_EQ(admin.post(user + "/activate", "").status, 204);

    // I16: what a thief with the phone took off is given back, and opens nothing before a new password was set.
    const Tokens thiefs = tokens_of(log_in_by(api(), phone));
    ApiClient thief = api().as(thiefs.access);
    ASSERT_EQ(thief.post(kDisable, with_passkey(answer_body(phone, thief.post(kAskForOwnPasskey, "")))).status, 204);
    const std::string token = mailbox().await_mail(ann.person.email, "was removed").from_link("token");
    ASSERT_EQ(api().post("/api/v1/auth/undo", json_object({{"token", token}})).status, 204);
    EXPECT_EQ(log_in_by(api(), phone).problem(), "password-reset-required");
}

TEST(Passkeys, AreNotOfferedWhereTheIssuerIsAnAddress) {
    const Visitor ann = visitor(api());
    RunningService node(deployment(), {{"KEYLEDGER_ISSUER", "http://127.0.0.1:8080"}});
    ApiClient anybody(node.port());
    ApiClient client = anybody.as(log_in(anybody, ann.person).access);
    const std::string credential =
        R"({"handle":"h","credential":{"id":"aWQ","response":{"clientDataJSON":"e30","attestationObject":"oA",)"
        R"("authenticatorData":"AA","signature":"AA"}}})";
    EXPECT_EQ(client.post(kBeginPasskey, body_of(ann.person, {})).problem(), "passkeys-off");
    EXPECT_EQ(client.post(kRegisterPasskey, credential).problem(), "passkeys-off");
    EXPECT_EQ(client.post(kAskForOwnPasskey, "").problem(), "passkeys-off");
    EXPECT_EQ(anybody.post(kAskForPasskey, "{}").problem(), "passkeys-off");
    EXPECT_EQ(anybody.post(kLogInByPasskey, credential).problem(), "passkeys-off");
}

TEST(Passkeys, RefuseWhatIsNoAnswerAtAll) {
    const Visitor ann = visitor(api());
    ApiClient client = api().as(ann.tokens.access);
    ApiClient anybody = api();
    EXPECT_EQ(client.post(kBeginPasskey, json_object({{"current_password", "not it at all"}})).problem(),
              "wrong-password");
    const Enrolled app = enrol(client, ann.person);
    EXPECT_EQ(client.post(kBeginPasskey, body_of(ann.person, {{"code", "000000"}})).problem(), "wrong-code");
    const Answer half = try_log_in(anybody, ann.person.email, ann.person.password);
    EXPECT_EQ(ask_of_half(anybody, half.text("/mfa_token")).problem(), "factor-unknown");
    SoftwareAuthenticator stranger = authenticator();
    const Answer options = anybody.post(kAskForPasskey, "{}");
    const std::string good = answer_body(stranger, options);
    const std::string elsewhere = R"({"resource":"https://nobody.example",)" + good.substr(1);
    EXPECT_EQ(anybody.post(kLogInByPasskey, elsewhere).problem(), "invalid-target");
    EXPECT_EQ(anybody.post(kLogInByPasskey, good).problem(), "invalid-credentials");
    EXPECT_EQ(anybody.post(kLogInByPasskey, "{}").problem(), "invalid-fields");
    EXPECT_EQ(client.post(kReauthenticate, with_passkey(good, {{"code", "1"}})).problem(), "invalid-fields");
}

}  // namespace
}  // namespace keyledger::test
