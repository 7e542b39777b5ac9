// OpenID AuthZEN over HTTP: may this subject do that?
#include <gtest/gtest.h>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kEvaluation = "/access/v1/evaluation";
constexpr const char* kEvaluations = "/access/v1/evaluations";

std::string entity(const std::string& type, const std::string& id) {
    return R"({"type":")" + type + R"(","id":")" + id + R"("})";
}
std::string question(const std::string& subject, const std::string& resource, const std::string& action) {
    return R"({"subject":)" + subject + R"(,"resource":)" + entity(resource, "42") + R"(,"action":{"name":")" + action +
           R"("}})";
}
ApiClient gateway() { return api().with("Authorization", deployment().gateway.basic()); }

// Somebody with a custom role that grants one permission, and the id of that role.
struct Holder {
    Visitor visitor;
    std::string role;

    std::string as_user() const { return entity("user", visitor.person.id); }
    std::string as_session() const { return entity("session", visitor.tokens.session_id); }
};
Holder holder_of(const std::string& permission) {
    ApiClient admin = administrator(api());
    Holder holder{visitor(api()), ""};
    const std::string body = R"({"name":")" + unique("role") + R"(","permissions":[")" + permission + R"("]})";
    holder.role = admin.post("/api/v1/admin/roles", body).text("/id");
    const Answer given =
        admin.send("PUT", std::string(kUsers) + "/" + holder.visitor.person.id + "/roles/" + holder.role);
    EXPECT_EQ(given.status, 204) << given.body;
    return holder;
}

TEST(Evaluation, IsWhatTheSubjectsRolesGrantAtThatMoment) {
    const Holder one = holder_of("invoices:read");
    ApiClient client = gateway();
    const Answer yes = client.post(kEvaluation, question(one.as_user(), "invoices", "read"));
    ASSERT_EQ(yes.status, 200) << yes.body;
    EXPECT_TRUE(yes.boolean("/decision"));
    EXPECT_EQ(yes.body, R"({"decision":true})") << "the same each time that the same is asked";
    EXPECT_TRUE(yes.header("Keyledger-Position"));
    EXPECT_TRUE(client.post(kEvaluation, question(one.as_session(), "invoices", "read")).boolean("/decision"));
    EXPECT_FALSE(client.post(kEvaluation, question(one.as_user(), "invoices", "write")).boolean("/decision"));
    EXPECT_FALSE(client.post(kEvaluation, question(one.as_user(), "orders", "read")).boolean("/decision"));
    for (const char* nobody : {"01890a5d-ac96-774b-bcce-b302099a8057", "somebody@else.test"}) {
        EXPECT_FALSE(
            client.post(kEvaluation, question(entity("user", nobody), "invoices", "read")).boolean("/decision"));
        EXPECT_FALSE(
            client.post(kEvaluation, question(entity("session", nobody), "invoices", "read")).boolean("/decision"));
    }
    ApiClient admin = administrator(api());
    const Answer taken = admin.del(std::string(kUsers) + "/" + one.visitor.person.id + "/roles/" + one.role);
    const Answer no = client.post(kEvaluation, question(one.as_user(), "invoices", "read"));
    EXPECT_FALSE(no.boolean("/decision")) << "from the moment in which the withdrawal returned";
    const HttpHeaders at_head{{"Keyledger-Min-Position", no.header("Keyledger-Position").value_or("")}};
    EXPECT_GE(admin.get(kUsers, at_head).position(), taken.position()) << "what it told includes the withdrawal";
}

TEST(Evaluation, LooksAtTheInstanceAndItsOwner) {
    const Holder reader = holder_of("invoices/42:read");
    const Holder editor = holder_of("todos:update@own");
    ApiClient client = gateway();
    const auto ask = [&](const Holder& who, const std::string& resource, const std::string& action) {
        const Answer answer = client.post(kEvaluation, R"({"subject":)" + who.as_session() + R"(,"resource":)" +
                                                           resource + R"(,"action":{"name":")" + action + R"("}})");
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.boolean("/decision");
    };
    const auto todo_of = [](const std::string& owner) {
        return R"({"type":"todos","id":"7","properties":{"owner":)" + owner + R"(,"weight":[1.5]}})";
    };
    EXPECT_TRUE(ask(reader, entity("invoices", "42"), "read"));
    EXPECT_FALSE(ask(reader, entity("invoices", "43"), "read"));
    EXPECT_TRUE(ask(editor, todo_of('"' + editor.visitor.person.id + '"'), "update"));
    EXPECT_FALSE(ask(editor, todo_of('"' + reader.visitor.person.id + '"'), "update"));
    EXPECT_FALSE(ask(editor, todo_of("null"), "update"));
    EXPECT_FALSE(ask(editor, entity("todos", "7"), "update"));
    EXPECT_FALSE(ask(editor, todo_of("7"), "update")) << "nobody known here";
}

TEST(Evaluation, IsNoWhereARoleDeniesIt) {
    const Holder one = holder_of("*:read");
    ApiClient client = gateway();
    ApiClient admin = administrator(api());
    const std::string body =
        R"({"name":")" + unique("role") + R"(","permissions":["orders:read"],"deny":["payroll:*","orders/7:read"]})";
    const Answer denying = admin.post("/api/v1/admin/roles", body);
    ASSERT_EQ(denying.status, 201) << denying.body;
    EXPECT_EQ(denying.text("/deny/1"), "payroll:*");
    const std::string given = std::string(kUsers) + "/" + one.visitor.person.id + "/roles/" + denying.text("/id");
    EXPECT_TRUE(client.post(kEvaluation, question(one.as_user(), "payroll", "read")).boolean("/decision"));
    ASSERT_EQ(admin.send("PUT", given).status, 204);
    EXPECT_FALSE(client.post(kEvaluation, question(one.as_user(), "payroll", "read")).boolean("/decision"));
    EXPECT_TRUE(client.post(kEvaluation, question(one.as_user(), "orders", "read")).boolean("/decision"));
    const Answer token = introspect(api(), deployment().gateway, one.visitor.tokens.access);
    EXPECT_FALSE(token.has("/scope")) << "neither holds without exception";
    for (const char* bad : {R"(["keyledger.users:read"])", R"(["payroll"])", R"("payroll:read")"})
        EXPECT_EQ(admin
                      .post("/api/v1/admin/roles",
                            R"({"name":")" + unique("role") + R"(","permissions":[],"deny":)" + bad + "}")
                      .problem(),
                  "invalid-fields")
            << bad;
}

TEST(Evaluation, EndsWithTheSessionAndTheUser) {
    const Holder one = holder_of("*:read");
    ApiClient client = gateway();
    EXPECT_EQ(api().as(one.visitor.tokens.access).send("POST", kLogout).status, 204);
    EXPECT_FALSE(client.post(kEvaluation, question(one.as_session(), "invoices", "read")).boolean("/decision"));
    EXPECT_TRUE(client.post(kEvaluation, question(one.as_user(), "invoices", "read")).boolean("/decision"));
    ApiClient admin = administrator(api());
    const std::string user = std::string(kUsers) + "/" + one.visitor.person.id;
    EXPECT_EQ(admin.send("POST", user + "/deactivate").status, 204);
    EXPECT_FALSE(client.post(kEvaluation, question(one.as_user(), "invoices", "read")).boolean("/decision"));
}

TEST(Evaluation, IsForClientsThatWereGrantedItAndForOneself) {
    const Holder one = holder_of("invoices:read");
    const Visitor other = visitor(api());
    ApiClient own_client = api().as(one.visitor.tokens.access);
    for (const char* target : {kEvaluation, kEvaluations}) {
        for (const std::string& self : {one.as_user(), one.as_session()})
            EXPECT_TRUE(own_client.post(target, question(self, "invoices", "read")).boolean("/decision"));
        for (const std::string& stranger :
             {entity("user", other.person.id), entity("session", other.tokens.session_id)})
            EXPECT_EQ(own_client.post(target, question(stranger, "invoices", "read")).problem(), "forbidden");
        ApiClient ungranted = api().with("Authorization", deployment().stranger.basic());
        EXPECT_EQ(ungranted.post(target, question(one.as_user(), "invoices", "read")).problem(), "forbidden");
        EXPECT_EQ(api().post(target, question(one.as_user(), "invoices", "read")).problem(), "invalid-client");
        EXPECT_EQ(api().as("nonsense").post(target, question(one.as_user(), "invoices", "read")).problem(),
                  "invalid-token");
    }
    EXPECT_EQ(own_client.send("POST", kLogout).status, 204);
    for (const char* target : {kEvaluation, kEvaluations})
        EXPECT_EQ(own_client.post(target, question(one.as_user(), "invoices", "read")).problem(), "invalid-token");
}

TEST(Evaluations, TakeWhatStandsBesideThemAsDefault) {
    const Holder one = holder_of("invoices:read");
    const Visitor other = visitor(api());
    ApiClient client = gateway();
    const std::string body = R"({"subject":)" + one.as_user() + R"(,"action":{"name":"read"},"evaluations":[)" +
                             R"({"resource":)" + entity("invoices", "1") + R"(},{"resource":)" + entity("orders", "1") +
                             R"(},{"resource":)" + entity("invoices", "1") + R"(,"subject":)" +
                             entity("user", other.person.id) + R"(},{"resource":)" + entity("invoices", "2") +
                             R"(,"context":{"weight":1.5}}]})";
    const Answer all = client.post(kEvaluations, body);
    ASSERT_EQ(all.status, 200) << all.body;
    ASSERT_EQ(all.count("/evaluations"), 4u);
    EXPECT_TRUE(all.boolean("/evaluations/0/decision"));
    EXPECT_FALSE(all.boolean("/evaluations/1/decision"));
    EXPECT_FALSE(all.boolean("/evaluations/2/decision"));
    EXPECT_TRUE(all.boolean("/evaluations/3/decision"));
    auto with = [&](const std::string& semantic) {
        return body.substr(0, body.size() - 1) + R"(,"options":{"evaluations_semantic":")" + semantic + R"("}})";
    };
    EXPECT_EQ(client.post(kEvaluations, with("execute_all")).count("/evaluations"), 4u);
    EXPECT_EQ(client.post(kEvaluations, with("deny_on_first_deny")).count("/evaluations"), 2u);
    EXPECT_EQ(client.post(kEvaluations, with("permit_on_first_permit")).count("/evaluations"), 1u);
    EXPECT_EQ(client.post(kEvaluations, with("chance")).problem(), "invalid-fields");
}

TEST(Evaluation, RefusesWhatIsNoQuestion) {
    ApiClient client = gateway();
    const std::string subject = entity("user", "01890a5d-ac96-774b-bcce-b302099a8057");
    for (const char* target : {kEvaluation, kEvaluations}) {
        for (const std::string& bad :
             {std::string("{}"), question(subject, "", "read"), question("7", "invoices", "read"),
              question("[]", "invoices", "read"), question(R"({"type":"user"})", "invoices", "read"),
              question(subject, std::string(513, 'x'), "read"), question(subject, "a\\u0000b", "read")})
            EXPECT_EQ(client.post(target, bad).problem(), "invalid-fields") << target << bad;
        for (const std::string& good : {question(entity("group", "a"), "invoices", "read"),
                                        question(subject, "Invoices", "read"), question(subject, "invoices", "*")}) {
            const Answer answer = client.post(target, good);
            EXPECT_EQ(answer.status, 200) << target << good;
            EXPECT_FALSE(answer.boolean("/decision"));
        }
        for (const std::string& bad : {std::string("nonsense"), std::string("[]"), std::string(R"({"a":1,"a":2})")})
            EXPECT_EQ(client.post(target, bad).problem(), "malformed-json") << target << bad;
        EXPECT_EQ(client.send("POST", target, {{"Content-Type", "text/plain"}}, "{}").problem(),
                  "unsupported-media-type");
        EXPECT_EQ(client.post(target, std::string(70'000, ' ')).problem(), "payload-too-large");
    }
    EXPECT_FALSE(client.post(kEvaluations, R"({"evaluations":[7]})").boolean("/evaluations/0/decision"));
    const std::string whole = question(subject, "invoices", "read");
    for (const std::string bad : {R"("subject":7)", R"("resource":[])", R"("action":{})", R"("options":"")"}) {
        const std::string beside = "{" + bad + R"(,"evaluations":[)" + whole + "]}";
        EXPECT_EQ(client.post(kEvaluations, beside).problem(), "invalid-fields") << bad;
    }
    std::string many = "{}";
    for (int i = 0; i < 50; ++i) many += ",{}";
    EXPECT_EQ(client.post(kEvaluations, R"({"evaluations":[)" + many + "]}").problem(), "invalid-fields");
}

TEST(AuthzenConfiguration, SaysWhereToAsk) {
    ApiClient client = api();
    const Answer found = client.get("/.well-known/authzen-configuration");
    ASSERT_EQ(found.status, 200) << found.body;
    const std::string base = found.text("/policy_decision_point");
    EXPECT_EQ(found.text("/access_evaluation_endpoint"), base + kEvaluation);
    EXPECT_EQ(found.text("/access_evaluations_endpoint"), base + kEvaluations);
}

}  // namespace
}  // namespace keyledger::test
