// Idempotency-Key: what is repeated after a lost answer is done once (I5), for the same caller and request
// only.
#include <gtest/gtest.h>

#include <thread>

#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

HttpHeaders key(const std::string& value) { return {{"Idempotency-Key", value}}; }

bool is_replayed(const Answer& answer) { return answer.header("Idempotency-Replayed") == "true"; }

// Somebody who may edit users, and nothing else.
struct HelpDesk {
    Visitor visitor;
    std::string role;
};
HelpDesk help_desk(ApiClient& admin) {
    HelpDesk desk{visitor(api()), {}};
    const std::string permissions = R"(","permissions":["keyledger.users:write"]})";
    desk.role = admin.post("/api/v1/admin/roles", R"({"name":")" + unique("desk") + permissions).text("/id");
    EXPECT_EQ(admin.send("PUT", kUsers + ("/" + desk.visitor.person.id) + "/roles/" + desk.role).status, 204);
    return desk;
}

// ---- who may repeat ----------------------------------------------------------------------------------------------
// Attack: a stranger has key and body of somebody's registration.
TEST(IdempotencyKey, TellsAStrangerNothingOfARegistration) {
    ApiClient client = api();
    const Person person = somebody();
    const std::string once = unique("key");
    const Answer first = client.post(kRegister, registration_of(person), key(once));
    ASSERT_EQ(first.status, 201) << first.body;
    const Answer again = api().post(kRegister, registration_of(person), key(once));
    const Answer without = api().post(kRegister, registration_of(person));
    EXPECT_EQ(again.problem(), "email-taken") << again.body;
    EXPECT_EQ(again.status, without.status);
    EXPECT_EQ(without.problem(), "email-taken");
    EXPECT_EQ(again.body.find(first.text("/id")), std::string::npos);
    EXPECT_FALSE(again.header("Keyledger-Position"));
}

// Attack: the role is withdrawn, and the former help-desk user sends their last PUT again, also from a new session.
TEST(IdempotencyKey, IsNoWayBackToAProfileOnceTheRoleIsWithdrawn) {
    ApiClient admin = administrator(api());
    const HelpDesk desk = help_desk(admin);
    const Person victim = register_somebody(api());
    const std::string target = kUsers + ("/" + victim.id);
    const std::string name = json_object({{"name", unique("Name")}});
    ApiClient client = api().as(desk.visitor.tokens.access);
    const std::string once = unique("key");
    const Answer first = client.put(target, name, key(once));
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_FALSE(is_replayed(first));

    const std::string later = unique("Later");
    ASSERT_EQ(admin.put(target, json_object({{"name", later}})).status, 200);
    const Answer again = client.put(target, name, key(once));
    EXPECT_EQ(again.status, 200) << "who still may is told the first outcome";
    EXPECT_TRUE(is_replayed(again));
    EXPECT_EQ(again.body, R"({"id":")" + victim.id + R"("})") << "and nothing that is newer";
    EXPECT_TRUE(again.header("Keyledger-Position"));

    const Tokens new_session = log_in(api(), desk.visitor.person);
    ASSERT_EQ(admin.del(kUsers + ("/" + desk.visitor.person.id) + "/roles/" + desk.role).status, 204);
    for (const std::string& token : {desk.visitor.tokens.access, new_session.access}) {
        const Answer refused = api().as(token).put(target, name, key(once));
        EXPECT_EQ(refused.status, 403) << refused.body;
        EXPECT_EQ(refused.problem(), "forbidden");
        EXPECT_EQ(refused.body.find(later), std::string::npos);
        EXPECT_FALSE(refused.header("Keyledger-Position"));
    }
}

// Attack: a disabled user repeats a PUT of before, to read what the profile is now.
TEST(IdempotencyKey, TellsADisabledUserNothing) {
    ApiClient admin = administrator(api());
    const Visitor one = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    const std::string name = json_object({{"name", unique("Name")}});
    const std::string once = unique("key");
    ASSERT_EQ(client.put(kMe, name, key(once)).status, 200);
    const Answer again = client.put(kMe, name, key(once));
    EXPECT_EQ(again.body, R"({"id":")" + one.person.id + R"("})");
    EXPECT_TRUE(is_replayed(again));
    ASSERT_EQ(admin.send("POST", kUsers + ("/" + one.person.id) + "/deactivate").status, 204);
    const Answer refused = client.put(kMe, name, key(once));
    EXPECT_EQ(refused.status, 401) << refused.body;
    EXPECT_EQ(refused.problem(), "invalid-token");
}

// Attack: whoever logged out, or was, sends again what they sent before.
TEST(IdempotencyKey, IsOfNoUseToASessionThatHasEnded) {
    const Visitor one = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    const std::string once = unique("key"), leaving = unique("key");
    ASSERT_EQ(client.put(kMe, "{}", key(once)).status, 200);
    ASSERT_EQ(client.send("POST", kLogout, key(leaving)).status, 204);
    EXPECT_EQ(client.put(kMe, "{}", key(once)).problem(), "invalid-token");
    EXPECT_EQ(client.send("POST", kLogout, key(leaving)).problem(), "invalid-token");
}

TEST(IdempotencyKey, IsAnsweredAsARepeatWhereAUserIsUnlockedTwice) {
    ApiClient admin = administrator(api());
    const Person person = register_somebody(api());
    const std::string guess = json_object({{"email", person.email}, {"password", "not the password at all"}});
    ASSERT_EQ(api().post("/api/v1/auth/login", guess).status, 401);
    const std::string unlock = kUsers + ("/" + person.id + "/unlock");
    const std::string once = unique("key");
    const Answer first = admin.send("POST", unlock, key(once));
    const Answer again = admin.send("POST", unlock, key(once));
    EXPECT_EQ(first.status, 204) << first.body;
    EXPECT_FALSE(is_replayed(first));
    EXPECT_EQ(again.status, 204) << again.body;
    EXPECT_TRUE(is_replayed(again));
}

// Nobody is known there whose key it could be: it stands for nothing, whatever it looks like.
TEST(IdempotencyKey, IsIgnoredWhereNobodyIsKnown) {
    ApiClient client = api();
    const std::string once = unique("key");
    for (const std::string& value : {once, once, std::string("not a key"), std::string()}) {
        const Person person = somebody();
        const Answer registered = client.post(kRegister, registration_of(person), key(value));
        ASSERT_EQ(registered.status, 201) << registered.body;
        const std::string login = json_object({{"email", person.email}, {"password", person.password}});
        const Answer first = client.post(kLogin, login, key(value));
        const Answer second = client.post(kLogin, login, key(value));
        ASSERT_EQ(first.status, 200) << first.body;
        EXPECT_NE(tokens_of(first).session_id, tokens_of(second).session_id);
        const std::string refreshing = json_object({{"refresh_token", tokens_of(second).refresh}});
        const Answer refreshed = client.post(kRefresh, refreshing, key(value));
        EXPECT_EQ(refreshed.status, 200) << refreshed.body;
        for (const Answer* answer : {&registered, &first, &second, &refreshed}) EXPECT_FALSE(is_replayed(*answer));
    }
}

// ---- one request -------------------------------------------------------------------------------------------------
TEST(IdempotencyKey, DefinesOnceWhenSentTwentyTimesAtOnce) {
    ApiClient admin = administrator(api());
    const std::string body = R"({"name":")" + unique("group") + R"("})";
    const std::string once = unique("key");
    std::vector<Answer> answers(20);
    std::vector<std::thread> senders;
    for (Answer& answer : answers)
        senders.emplace_back(
            [&, sender = admin]() mutable { answer = sender.post("/api/v1/admin/groups", body, key(once)); });
    for (std::thread& sender : senders) sender.join();
    int carried_out = 0;
    for (const Answer& answer : answers) {
        ASSERT_EQ(answer.status, 201) << answer.body;
        EXPECT_EQ(answer.body, answers.front().body);
        EXPECT_EQ(answer.position(), answers.front().position());
        carried_out += is_replayed(answer) ? 0 : 1;
    }
    EXPECT_EQ(carried_out, 1);
}

// The whole request counts, secrets too.
TEST(IdempotencyKey, IsRefusedWithAnotherPassword) {
    const Visitor one = visitor(api());
    ApiClient client = api().as(one.tokens.access);
    const std::string first = watch_secret("lilac " + unique("under-the-bridge"));
    const std::string second = watch_secret("heron " + unique("under-the-bridge"));
    const std::string once = unique("key");
    const auto change = [&](const std::string& to) {
        return json_object({{"current_password", one.person.password}, {"new_password", to}});
    };
    EXPECT_EQ(client.post(kChangePassword, change(first), key(once)).status, 204);
    EXPECT_EQ(client.post(kChangePassword, change(second), key(once)).problem(), "idempotency-mismatch");
    EXPECT_TRUE(is_replayed(client.post(kChangePassword, change(first), key(once))));
}

TEST(IdempotencyKey, IsRefusedWithAnotherRequest) {
    const Visitor one = visitor(api());
    const Tokens other_session = log_in(api(), one.person);
    ApiClient client = api().as(one.tokens.access);
    ApiClient admin = administrator(api());
    auto expect_mismatch = [](const Answer& answer) {
        EXPECT_EQ(answer.status, 422) << answer.body;
        EXPECT_EQ(answer.problem(), "idempotency-mismatch") << answer.body;
    };
    std::string once = unique("key");
    EXPECT_EQ(client.put(kMe, json_object({{"name", unique("First")}}), key(once)).status, 200);
    expect_mismatch(client.put(kMe, json_object({{"name", unique("Second")}}), key(once)));
    once = unique("key");
    EXPECT_EQ(client.del(kSessions + std::string("/") + other_session.session_id, key(once)).status, 204);
    expect_mismatch(client.del(kSessions + std::string("/") + one.tokens.session_id, key(once)));
    once = unique("key");
    EXPECT_EQ(client.del(kSessions, key(once)).status, 204);
    expect_mismatch(client.del(kSessions + std::string("?include_current=true"), key(once)));
    try_log_in(client, one.person.email, "wrong");
    await_that("the record of the failure", [&] {
        return admin.get(std::string(kAudit) + "?user=" + one.person.id + "&type=login.failed").count() == 1;
    });
    for (const char* verb : {"/send-verification", "/unlock", "/deactivate", "/activate"}) {
        once = unique("key");
        EXPECT_EQ(admin.send("POST", kUsers + ("/" + one.person.id) + verb, key(once)).status, 204);
        const Person second = register_somebody(api());
        if (verb == std::string("/activate")) admin.send("POST", kUsers + ("/" + second.id) + "/deactivate");
        expect_mismatch(admin.send("POST", kUsers + ("/" + second.id) + verb, key(once)));
    }
}

TEST(IdempotencyKey, IsRefusedWithAnotherRequestAboutGroups) {
    const std::string groups = "/api/v1/admin/groups";
    ApiClient admin = administrator(api());
    const auto named = [] { return R"({"name":")" + unique("group") + R"("})"; };
    const auto define = [&] { return admin.post(groups, named()).text("/id"); };
    const auto expect_mismatch = [](const Answer& answer) {
        EXPECT_EQ(answer.status, 422) << answer.body;
        EXPECT_EQ(answer.problem(), "idempotency-mismatch") << answer.body;
    };
    std::string once = unique("key");
    const std::string name = named();
    const Answer defined = admin.post(groups, name, key(once));
    EXPECT_EQ(admin.post(groups, name, key(once)).body, defined.body) << "once, answered twice";
    expect_mismatch(admin.post(groups, named(), key(once)));
    const std::string group = groups + "/" + defined.text("/id");
    once = unique("key");
    EXPECT_EQ(admin.put(group, named(), key(once)).status, 204);
    expect_mismatch(admin.put(group, named(), key(once)));
    const std::string roles = "/api/v1/admin/roles";
    const auto role = [&] {
        return admin.post(roles, R"({"name":")" + unique("role") + R"(","permissions":[]})").text("/id");
    };
    const std::string child = define(), another_child = define(), one_role = role(), another_role = role();
    const std::string user = register_somebody(api()).id, another_user = register_somebody(api()).id;
    const auto account = [&] {
        return admin.post(kAccounts, R"({"name":")" + unique("account") + R"(","audiences":[]})").text("/id");
    };
    const std::string of_account = "/service-accounts/" + account(), of_another = "/service-accounts/" + account();
    for (const auto& [one, another] :
         {std::pair{"/groups/" + child, "/groups/" + another_child},
          std::pair{"/roles/" + one_role, "/roles/" + another_role},
          std::pair{"/members/" + user, "/members/" + another_user}, std::pair{of_account, of_another}})
        for (const char* method : {"PUT", "DELETE"}) {
            once = unique("key");
            const Answer done = admin.send(method, group + one, key(once));
            EXPECT_EQ(done.status, 204) << one << done.body;
            expect_mismatch(admin.send(method, group + another, key(once)));
        }
    once = unique("key");
    EXPECT_EQ(admin.del(groups + "/" + child, key(once)).status, 204);
    expect_mismatch(admin.del(groups + "/" + another_child, key(once)));
}

TEST(IdempotencyKey, IsRefusedWithAnotherRequestAboutRoles) {
    const std::string roles = "/api/v1/admin/roles";
    ApiClient admin = administrator(api());
    auto role = [](const std::string& name) { return R"({"name":")" + name + R"(","permissions":[]})"; };
    auto expect_mismatch = [](const Answer& answer) {
        EXPECT_EQ(answer.status, 422) << answer.body;
        EXPECT_EQ(answer.problem(), "idempotency-mismatch") << answer.body;
    };
    std::string once = unique("key");
    const std::string name = unique("role");
    const Answer defined = admin.post(roles, role(name), key(once));
    ASSERT_EQ(defined.status, 201) << defined.body;
    EXPECT_EQ(admin.post(roles, role(name), key(once)).body, defined.body) << "once, answered twice";
    expect_mismatch(admin.post(roles, role(unique("role")), key(once)));
    const std::string id = defined.text("/id");
    const std::string other = admin.post(roles, role(unique("role"))).text("/id");
    once = unique("key");
    EXPECT_EQ(admin.put(roles + "/" + id, role(unique("role")), key(once)).status, 204);
    expect_mismatch(admin.put(roles + "/" + id, role(unique("role")), key(once)));
    const Visitor one = visitor(api());
    const std::string user = kUsers + ("/" + one.person.id);
    for (const char* method : {"PUT", "DELETE"}) {
        once = unique("key");
        EXPECT_EQ(admin.send(method, user + "/roles/" + id, key(once)).status, 204);
        expect_mismatch(admin.send(method, user + "/roles/" + other, key(once)));
        admin.send("PUT", user + "/roles/" + id);
    }
    once = unique("key");
    EXPECT_EQ(admin.put(user, json_object({{"name", unique("First")}}), key(once)).status, 200);
    expect_mismatch(admin.put(user, json_object({{"name", unique("Second")}}), key(once)));
    once = unique("key");
    EXPECT_EQ(admin.del(user + "/sessions", key(once)).status, 204);
    expect_mismatch(admin.del(kUsers + ("/" + visitor(api()).person.id) + "/sessions", key(once)));
    once = unique("key");
    EXPECT_EQ(admin.del(roles + "/" + id, key(once)).status, 204);
    expect_mismatch(admin.del(roles + "/" + other, key(once)));
}

TEST(IdempotencyKey, IsRefusedWithAnotherRequestAboutServiceAccounts) {
    ApiClient admin = administrator(api());
    auto expect_mismatch = [](const Answer& answer) {
        EXPECT_EQ(answer.status, 422) << answer.body;
        EXPECT_EQ(answer.problem(), "idempotency-mismatch") << answer.body;
    };
    auto account = [](const std::string& name, const std::string& rest = "") {
        return R"({"name":")" + name + R"(","audiences":[])" + rest + "}";
    };
    auto target = [](const std::string& id, const std::string& rest = "") { return kAccounts + ("/" + id) + rest; };
    auto edwards = [](const std::string& x) { return R"({"kty":"OKP","crv":"Ed25519","x":")" + x + R"("})"; };
    std::string once = unique("key");
    const std::string name = unique("account");
    const Answer registered = admin.post(kAccounts, account(name), key(once));
    ASSERT_EQ(registered.status, 201) << registered.body;
    EXPECT_EQ(admin.post(kAccounts, account(name), key(once)).body, R"({"id":")" + registered.text("/id") + R"("})")
        << "once, answered twice";
    expect_mismatch(admin.post(kAccounts, account(unique("account")), key(once)));
    const std::string id = registered.text("/id");
    const std::string other = admin.post(kAccounts, account(unique("account"))).text("/id");
    once = unique("key");
    const std::string disabled = R"(,"status":"disabled")";
    EXPECT_EQ(admin.put(target(id), account(name, disabled), key(once)).status, 204);
    expect_mismatch(admin.put(target(id), account(name, R"(,"status":"enabled")"), key(once)));
    once = unique("key");
    const Answer made = admin.send("POST", target(id, "/secrets"), key(once));
    ASSERT_EQ(made.status, 201) << made.body;
    watch_secret(made.text("/client_secret"));
    const Answer again = admin.send("POST", target(id, "/secrets"), key(once));
    EXPECT_EQ(again.status, 201) << again.body;
    EXPECT_EQ(again.text("/id"), made.text("/id"));
    EXPECT_FALSE(again.has("/client_secret")) << "shown once";
    expect_mismatch(admin.send("POST", target(other, "/secrets"), key(once)));
    once = unique("key");
    EXPECT_EQ(admin.del(target(id, "/secrets/" + made.text("/id")), key(once)).status, 204);
    expect_mismatch(admin.del(target(other, "/secrets/" + made.text("/id")), key(once)));
    once = unique("key");
    const Answer added =
        admin.post(target(id, "/keys"), edwards("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), key(once));
    ASSERT_EQ(added.status, 201) << added.body;
    expect_mismatch(admin.post(target(id, "/keys"), edwards("PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"), key(once)));
    once = unique("key");
    EXPECT_EQ(admin.del(target(id, "/keys/" + added.text("/id")), key(once)).status, 204);
    const std::string role =
        admin.post("/api/v1/admin/roles", R"({"name":")" + unique("role") + R"(","permissions":[]})").text("/id");
    for (const char* method : {"PUT", "DELETE"}) {
        const std::string other_key = unique("key");
        EXPECT_EQ(admin.send(method, target(id, "/roles/" + role), key(other_key)).status, 204);
        expect_mismatch(admin.send(method, target(other, "/roles/" + role), key(other_key)));
    }
    expect_mismatch(admin.del(target(other, "/keys/" + added.text("/id")), key(once)));
    once = unique("key");
    EXPECT_EQ(admin.del(target(id), key(once)).status, 204);
    expect_mismatch(admin.del(target(other), key(once)));
}

// The session that asks is part of the request: what it ends or keeps depends on it. A key that was used in
// one session must not make another believe that it was logged out.
TEST(IdempotencyKey, OfOneSessionDoesNotAnswerForAnother) {
    const Visitor one = visitor(api());
    const Tokens other = log_in(api(), one.person);
    const std::string password = watch_secret("ferns " + unique("along-the-old-wall"));
    const std::string change = json_object({{"current_password", one.person.password}, {"new_password", password}});
    const std::string changing = unique("key");
    EXPECT_EQ(api().as(one.tokens.access).post(kChangePassword, change, key(changing)).status, 204);
    EXPECT_EQ(api().as(one.tokens.access).post(kChangePassword, change, key(changing)).status, 204)
        << "once, answered twice";
    EXPECT_FALSE(is_active(api(), other.access));
    Person person = one.person;
    person.password = password;
    const Tokens second = log_in(api(), person);
    const Answer changed = api().as(second.access).post(kChangePassword, change, key(changing));
    EXPECT_EQ(changed.problem(), "idempotency-mismatch") << changed.status << changed.body;

    const std::string leaving = unique("key");
    EXPECT_EQ(api().as(one.tokens.access).send("POST", kLogout, key(leaving)).status, 204);
    const Answer left = api().as(second.access).send("POST", kLogout, key(leaving));
    EXPECT_EQ(left.problem(), "idempotency-mismatch") << left.status << left.body;
    EXPECT_TRUE(is_active(api(), second.access));
}

TEST(IdempotencyKey, OfSomebodyElseOrAnotherRouteIsAnotherKey) {
    const std::string once = unique("key");
    const Visitor one = visitor(api());
    const Visitor other = visitor(api());
    for (const Visitor* each : {&one, &other}) {
        ApiClient client = api().as(each->tokens.access);
        const std::string name = unique("Name");
        EXPECT_EQ(client.put(kMe, json_object({{"name", name}}), key(once)).text("/name"), name);
        EXPECT_EQ(client.del(kSessions, key(once)).status, 204);
        EXPECT_EQ(client.send("POST", kLogout, key(once)).status, 204);
        EXPECT_EQ(client.get(kMe).status, 401);
    }
}

TEST(IdempotencyKey, MustBeOneTextOfVisibleAscii) {
    ApiClient signed_in = api().as(visitor(api()).tokens.access);
    ApiClient admin = administrator(api());
    for (const std::string& value :
         {std::string(), std::string(256, 'k'), std::string("two words"), std::string("ä")}) {
        EXPECT_EQ(signed_in.put(kMe, "{}", key(value)).problem(), "bad-request") << value;
        EXPECT_EQ(signed_in.send("POST", kLogout, key(value)).problem(), "bad-request") << value;
        EXPECT_EQ(signed_in.del(kSessions, key(value)).problem(), "bad-request") << value;
        const std::string id = "/01890a5d-ac96-774b-bcce-b302099a8057";
        EXPECT_EQ(signed_in.del(kSessions + id, key(value)).problem(), "bad-request") << value;
        EXPECT_EQ(admin.send("POST", kUsers + id + "/activate", key(value)).problem(), "bad-request") << value;
        EXPECT_EQ(admin.send("POST", kUsers + id + "/deactivate", key(value)).problem(), "bad-request") << value;
    }
    HttpHeaders twice = key(unique("key"));
    twice.push_back(twice.front());
    EXPECT_EQ(signed_in.put(kMe, "{}", twice).problem(), "bad-request");
}

TEST(IdempotencyKey, IsIgnoredWhereNobodyIsAskedWhoTheyAre) {
    for (const std::string& value : {std::string(256, 'k'), std::string("two words")})
        EXPECT_EQ(api().post(kRegister, registration_of(somebody()), key(value)).status, 201);
    const Person person = register_somebody(api());
    const std::string once = unique("key");
    const std::string body = json_object({{"email", person.email}, {"password", person.password}});
    const Tokens first = tokens_of(api().post(kLogin, body, key(once)));
    const Tokens second = tokens_of(api().post(kLogin, body, key(once)));
    EXPECT_NE(first.session_id, second.session_id);
    for (const Tokens& tokens : {first, second}) {
        const std::string token = json_object({{"refresh_token", tokens.refresh}});
        EXPECT_EQ(tokens_of(api().post(kRefresh, token, key(once))).session_id, tokens.session_id);
    }
}

}  // namespace
}  // namespace keyledger::test
