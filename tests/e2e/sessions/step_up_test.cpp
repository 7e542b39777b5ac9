// What a session has proven, as tokens and introspection tell it, and the changes that take a recent proof.
#include <gtest/gtest.h>

#include "security/primitives/base64url.hpp"
#include "tests/e2e/clients/applications.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kReauthenticate = "/api/v1/auth/reauthenticate";
constexpr const char* kCleanUp = "/api/v1/admin/cleanup-sessions";
constexpr const char* kAnyId = "01890a5d-ac96-774b-bcce-b302099a8057";

std::string payload_of(const std::string& token) {
    const auto first = token.find('.');
    const auto second = token.find('.', first + 1);
    return security::base64url_decode(token.substr(first + 1, second - first - 1)).value();
}
std::string with_password(const std::string& password) { return json_object({{"password", password}}); }

// Old logs in are made by a node whose window is short.
class StepUp : public testing::Test {
protected:
    static void SetUpTestSuite() {
        node_ = std::make_unique<RunningService>(deployment(), Environment{{"KEYLEDGER_STEP_UP_SECONDS", "1"}});
    }
    static void TearDownTestSuite() { node_.reset(); }
    static ApiClient client() { return ApiClient(node_->port()); }
    static bool is_refused(const Answer& answer) { return answer.problem() == "step-up-required"; }
    // Logged in for longer than the window.
    static ApiClient old_administrator() {
        ApiClient admin = administrator(client());
        await_that("an old log-in", [&] { return is_refused(admin.send("POST", kCleanUp)); });
        return admin;
    }

    static std::unique_ptr<RunningService> node_;
};
std::unique_ptr<RunningService> StepUp::node_;

// ---- what is told ----------------------------------------------------------------------------------------------
TEST(Assurance, IsToldByTokensAndByIntrospectionAlike) {
    const Visitor one = visitor(api());
    const std::string payload = payload_of(one.tokens.access);
    EXPECT_NE(payload.find(R"("amr":["pwd"],"acr":"1")"), std::string::npos) << payload;
    const Answer told = introspect(api(), deployment().gateway, one.tokens.access);
    EXPECT_EQ(told.text("/acr"), "1");
    EXPECT_EQ(told.text("/amr/0"), "pwd");
    EXPECT_EQ(told.count("/amr"), 1u);
    EXPECT_LE(told.number("/auth_time"), told.number("/iat"));
    EXPECT_GE(told.number("/auth_time"), told.number("/iat") - 60);
    EXPECT_NE(payload.find("\"auth_time\":" + std::to_string(told.number("/auth_time"))), std::string::npos);
}

TEST_F(StepUp, IsToldAnewAfterReauthenticationAndNotAfterARefresh) {
    const Visitor one = visitor(client());
    const auto time_of = [](const std::string& token) {
        return introspect(client(), deployment().gateway, token).number("/auth_time");
    };
    const std::int64_t began = time_of(one.tokens.access);
    ApiClient known = client().as(one.tokens.access);
    std::string token;
    await_that("a later second", [&] {
        const Answer answer = known.post(kReauthenticate, with_password(one.person.password));
        EXPECT_EQ(answer.status, 200) << answer.body;
        EXPECT_FALSE(answer.has("/refresh_token"));
        EXPECT_EQ(answer.text("/session_id"), one.tokens.session_id);
        token = answer.text("/access_token");
        return time_of(token) > began;
    });
    const std::int64_t again = time_of(token);
    EXPECT_EQ(time_of(one.tokens.access), began) << "a token never changes what it tells";
    const Answer refreshed = refresh(client(), one.tokens.refresh);
    ASSERT_EQ(refreshed.status, 200) << refreshed.body;
    EXPECT_EQ(time_of(tokens_of(refreshed).access), again);
}

TEST(Reauthentication, GivesATokenForAResourceServer) {
    const Visitor one = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    const auto ask = [&](const char* resource) {
        return client.post(kReauthenticate, json_object({{"password", one.person.password}, {"resource", resource}}));
    };
    const Answer answer = ask(kOrders);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_NE(payload_of(answer.text("/access_token")).find(R"("aud":[")" + std::string(kOrders)), std::string::npos);
    EXPECT_EQ(ask("https://elsewhere.example").problem(), "invalid-target");
}

TEST(Reauthentication, CountsAWrongPasswordAsAFailedLogIn) {
    const Visitor one = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    EXPECT_EQ(client.post(kReauthenticate, with_password("guessed")).problem(), "wrong-password");
    // While it is on its way into the log a node may count it for itself as well: too many, and never too few.
    ApiClient admin = administrator(api());
    await_that("the guess is counted once", [&] {
        return admin.get(kUsers + ("/" + one.person.id) + "/lock-out").number("/failures_in_a_row") == 1;
    });
    EXPECT_EQ(api().post(kReauthenticate, with_password(one.person.password)).problem(), "invalid-token");
}

// ---- what takes it ---------------------------------------------------------------------------------------------
// A body that can be read, where an operation wants one: refused is who asks, before what is asked is looked at.
std::string body_of(const std::string& operation) {
    if (operation == "defineRole" || operation == "changeRole") return R"({"name":"readers","permissions":[]})";
    if (operation == "defineGroup" || operation == "renameGroup") return R"({"name":"readers"})";
    if (operation == "registerServiceAccount") return R"({"name":"readers","audiences":[]})";
    if (operation == "changeServiceAccount") return R"({"name":"readers","audiences":[],"status":"enabled"})";
    if (operation == "registerApplication") return application_body("readers");
    if (operation == "changeApplication") return application_body("readers", R"(,"status":"enabled")");
    if (operation == "createUser") return R"({"email":"somebody@example.com"})";
    if (operation == "setOneTimePassword") return "{}";
    if (operation == "updateUser" || operation == "deactivateUser") return "{}";
    if (operation == "addServiceAccountKey" || operation == "addApplicationKey")
        return R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
    return {};
}

TEST_F(StepUp, IsTakenByEveryOperationThatSaysSo) {
    ApiClient admin = old_administrator();
    int refused = 0;
    for (const auto& [id, method, path] : api_document().operations()) {
        const bool says_so = api_document().documented().contains({id, "403", "step-up-required"});
        // Of many at once, each line is answered by itself.
        if (!says_so || path.starts_with("/api/v1/auth/") || id == "createUsers") continue;
        std::string target = path;
        for (auto at = target.find('{'); at != std::string::npos; at = target.find('{'))
            target.replace(at, target.find('}', at) - at + 1, kAnyId);
        const std::string body = body_of(id);
        const HttpHeaders type = body.empty() ? HttpHeaders{} : HttpHeaders{{"Content-Type", "application/json"}};
        const Answer answer = admin.send(method, target, type, body);
        EXPECT_EQ(answer.problem(), "step-up-required") << id << answer.body;
        EXPECT_EQ(answer.header("WWW-Authenticate"),
                  R"(Bearer realm="keyledger", error="insufficient_user_authentication", acr_values="1")")
            << id;
        ++refused;
    }
    EXPECT_GT(refused, 30);
}

TEST_F(StepUp, IsDoneByThePasswordForTheTokenThatItGives) {
    ApiClient old = old_administrator();
    const std::string role = R"({"name":")" + unique("role") + R"(","permissions":[]})";
    int tries = 0;
    await_that("a role in the second after the password", [&] {  // a busy machine may take longer than the window
        ++tries;
        const Answer again = old.post(kReauthenticate, with_password(kAdminPassword));
        EXPECT_EQ(again.status, 200) << again.body;
        return client().as(again.text("/access_token")).post("/api/v1/admin/roles", role).status == 201;
    });
    EXPECT_LT(tries, 20);
}

// Scenario: a token of an old log-in was stolen. It reads, and can't make its holder the owner.
TEST_F(StepUp, LeavesAThiefOfAnOldTokenWithNothingThatLasts) {
    const Visitor one = visitor(client());
    ApiClient thief = client().as(one.tokens.access);
    EXPECT_EQ(thief.get(kMe).status, 200);
    const auto change = json_object({{"current_password", "guessed"}, {"new_password", "an owl in seven hats, twice"}});
    EXPECT_EQ(thief.post(kChangePassword, change).problem(), "wrong-password");
    EXPECT_EQ(
        thief
            .send("DELETE", kMe, {{"Content-Type", "application/json"}}, json_object({{"current_password", "guessed"}}))
            .problem(),
        "wrong-password");
    EXPECT_EQ(thief.post(kReauthenticate, with_password("guessed")).problem(), "wrong-password");
    ApiClient admins = old_administrator();
    const std::string target = kUsers + ("/" + one.person.id) + "/roles/" + kAnyId;
    EXPECT_TRUE(is_refused(admins.send("PUT", target)));
}

// ---- sessions that are over ------------------------------------------------------------------------------------
TEST(CleanUp, EndsNothingThatLives) {
    const Visitor one = visitor(api());
    ApiClient admin = administrator(api());
    const std::string once = unique("key");
    const Answer done = admin.send("POST", kCleanUp, {{"Idempotency-Key", once}});
    EXPECT_EQ(done.status, 204) << done.body;
    EXPECT_EQ(admin.send("POST", kCleanUp, {{"Idempotency-Key", once}}).status, 204)
        << "quiet where it was done lately";
    EXPECT_EQ(admin.send("POST", kCleanUp, {{"Idempotency-Key", ""}}).problem(), "bad-request");
    EXPECT_EQ(api().as(one.tokens.access).send("POST", kCleanUp).problem(), "forbidden");
    EXPECT_EQ(api().send("POST", kCleanUp).problem(), "invalid-token");
    EXPECT_TRUE(is_active(api(), one.tokens.access));
    await_that("the session in their list", [&] { return api().as(one.tokens.access).get(kSessions).count() == 1; });
}

// In a log of its own: where it was done within the last minute it appends nothing, and a key stands for an append.
TEST(CleanUp, HoldsAKeyToItsRequest) {
    const Deployment own;
    const RunningService node(own);
    ApiClient admin = administrator(ApiClient(node.port()));
    const HttpHeaders once{{"Idempotency-Key", unique("key")}};
    EXPECT_EQ(admin.post(kCleanUp, "", once).status, 204);
    EXPECT_EQ(admin.post(kCleanUp, "{}", once).problem(), "idempotency-mismatch");
}

TEST(SessionsAtOnce, AreAsManyAsAreSet) {
    const Person person = register_somebody(api());
    {
        RunningService one_each(deployment(), {{"KEYLEDGER_SESSIONS_AT_ONCE", "1"}});
        const ApiClient client(one_each.port());
        const Tokens first = log_in(client, person);
        const Tokens second = log_in(client, person);
        EXPECT_FALSE(is_active(api(), first.access));
        EXPECT_TRUE(is_active(api(), second.access));
    }
    RunningService strict(deployment(),
                          {{"KEYLEDGER_SESSIONS_AT_ONCE", "1"}, {"KEYLEDGER_SESSIONS_WHEN_FULL", "refuse"}});
    ApiClient client(strict.port());
    EXPECT_EQ(try_log_in(client, person.email, person.password).problem(), "too-many-sessions");
    EXPECT_EQ(try_log_in(client, person.email, "guessed").problem(), "invalid-credentials");
    const std::string handle =
        watch_secret(client.post(kLogInCode, json_object({{"email", person.email}})).text("/handle"));
    const std::string code = mailbox().await_mail(person.email, "is your code").code();
    EXPECT_EQ(client.post(kCompleteLogIn, json_object({{"handle", handle}, {"code", code}})).problem(),
              "too-many-sessions");
}

}  // namespace
}  // namespace keyledger::test
