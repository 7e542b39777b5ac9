// OpenID AuthZEN's searches over HTTP: who may do that, to what, and what else.
#include <gmock/gmock.h>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kSubjects = "/access/v1/search/subject";
constexpr const char* kResources = "/access/v1/search/resource";
constexpr const char* kActions = "/access/v1/search/action";
constexpr const char* kRoles = "/api/v1/admin/roles";
constexpr const char* kGroups = "/api/v1/admin/groups";

ApiClient gateway() { return api().with("Authorization", deployment().gateway.basic()); }

std::string entity(const std::string& type, const std::string& id) { return json_object({{"type", type}, {"id", id}}); }
std::string user(const Visitor& one) { return entity("user", one.person.id); }

std::string subject_question(const std::string& resource, const std::string& id, const std::string& more = "") {
    return R"({"subject":{"type":"user"},"action":{"name":"read"},"resource":)" + entity(resource, id) + more + "}";
}
std::string resource_question(const std::string& subject, const std::string& resource, const std::string& more = "") {
    return R"({"subject":)" + subject + R"(,"action":{"name":"read"},"resource":{"type":")" + resource + R"("})" +
           more + "}";
}
std::string action_question(const std::string& subject, const std::string& resource, const std::string& id) {
    return R"({"subject":)" + subject + R"(,"resource":)" + entity(resource, id) + "}";
}
std::string page(const std::string& token, const std::string& limit = "") {
    std::string text = R"(,"page":{)";
    if (!limit.empty()) text += R"("limit":)" + limit;
    if (!limit.empty() && !token.empty()) text += ",";
    if (!token.empty()) text += R"("token":")" + token + '"';
    return text + "}";
}

std::vector<std::string> results(const Answer& answer, const char* member = "id") {
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> found;
    for (std::size_t i = 0; i < answer.count("/results"); ++i)
        found.push_back(answer.text(("/results/" + std::to_string(i) + '/' + member).c_str()));
    EXPECT_EQ(answer.number("/page/count"), std::ssize(found));
    EXPECT_TRUE(answer.header("Keyledger-Position"));
    return found;
}

// Every page of it.
std::vector<std::string> all_subjects(const std::string& resource, const std::string& limit = "1000") {
    ApiClient client = gateway();
    std::vector<std::string> all;
    std::string more = page("", limit);
    for (;;) {
        const Answer answer = client.post(kSubjects, subject_question(resource, "42", more));
        for (const std::string& id : results(answer)) all.push_back(id);
        const std::string next = answer.text("/page/next_token");
        if (next.empty()) return all;
        more = page(next);
    }
}

std::string role_of(const std::string& permissions, const std::string& deny = "[]") {
    const std::string body =
        R"({"name":")" + unique("role") + R"(","permissions":)" + permissions + R"(,"deny":)" + deny + "}";
    const Answer defined = administrator(api()).post(kRoles, body);
    EXPECT_EQ(defined.status, 201) << defined.body;
    return defined.text("/id");
}
void give(const std::string& path, const std::string& role) {
    EXPECT_EQ(administrator(api()).send("PUT", path + "/roles/" + role).status, 204);
}
Visitor holder_of(const std::string& permissions, const std::string& deny = "[]") {
    Visitor one = visitor(api());
    give(kUsers + ("/" + one.person.id), role_of(permissions, deny));
    return one;
}

// Each test asks about resources of a type of its own; administrators may do everything to them.
TEST(SubjectSearch, FindsThroughGroupsAndEndsWithEveryChange) {
    const std::string type = unique("type");
    const Visitor reader = holder_of("[\"" + type + ":read\"]");
    const Visitor other = holder_of("[\"" + type + "/7:read\"]");
    const Visitor member = visitor(api());
    ApiClient admin = administrator(api());
    const std::string group = admin.post(kGroups, json_object({{"name", unique("group")}})).text("/id");
    give(kGroups + ("/" + group), role_of("[\"" + type + "/42:*\"]"));
    const std::string membership = kGroups + ("/" + group) + "/members/" + member.person.id;
    ASSERT_EQ(admin.send("PUT", membership).status, 204);

    const auto found = all_subjects(type);
    for (const Visitor* one : {&reader, &member}) EXPECT_THAT(found, testing::Contains(one->person.id));
    EXPECT_THAT(found, testing::Not(testing::Contains(other.person.id)));
    ApiClient client = gateway();
    for (const std::string& id : found) {
        const std::string asked = R"({"subject":)" + entity("user", id) + R"(,"action":{"name":"read"},"resource":)" +
                                  entity(type, "42") + "}";
        EXPECT_TRUE(client.post("/access/v1/evaluation", asked).boolean("/decision")) << id;
    }
    EXPECT_EQ(all_subjects(type, "1"), found);

    ASSERT_EQ(admin.del(membership).status, 204);
    EXPECT_THAT(all_subjects(type), testing::Not(testing::Contains(member.person.id)));
    ASSERT_EQ(admin.send("POST", kUsers + ("/" + reader.person.id) + "/deactivate").status, 204);
    EXPECT_THAT(all_subjects(type), testing::Not(testing::Contains(reader.person.id)));
}

TEST(SubjectSearch, IsForThoseWhoMayAskAboutAnybody) {
    const Visitor one = holder_of("[\"*:read\"]");
    const std::string question = subject_question("invoices", "42");
    EXPECT_EQ(api().as(one.tokens.access).post(kSubjects, question).problem(), "forbidden");
    EXPECT_EQ(administrator(api()).post(kSubjects, question).problem(), "forbidden")
        << "roles are read at their routes";
    EXPECT_EQ(api().with("Authorization", deployment().stranger.basic()).post(kSubjects, question).problem(),
              "forbidden");
    EXPECT_EQ(api().post(kSubjects, question).problem(), "invalid-client");
    EXPECT_EQ(api().as("nonsense").post(kSubjects, question).problem(), "invalid-token");
}

TEST(SubjectSearch, TakesATokenForItsOwnQuestionOnly) {
    const std::string type = unique("type");
    for (int i = 0; i < 3; ++i) holder_of("[\"" + type + ":read\"]");
    ApiClient client = gateway();
    const Answer first = client.post(kSubjects, subject_question(type, "42", page("", "1")));
    ASSERT_EQ(results(first).size(), 1U);
    const std::string token = first.text("/page/next_token");
    ASSERT_FALSE(token.empty());
    EXPECT_EQ(client.post(kSubjects, subject_question(type, "42", page(token, "1"))).status, 200);
    EXPECT_EQ(client.post(kSubjects, subject_question(type, "42", page(token))).count("/results"), 1U)
        << "the limit is kept";
    std::string forged = token;
    forged[forged.size() / 2] = forged[forged.size() / 2] == 'A' ? 'B' : 'A';
    for (const std::string& wrong :
         {subject_question(type, "43", page(token)), subject_question("other", "42", page(token)),
          subject_question(type, "42", page(forged)), subject_question(type, "42", page("x")),
          R"({"subject":{"type":"service_account"},"action":{"name":"read"},"resource":)" + entity(type, "42") +
              page(token) + "}"}) {
        const Answer refused = client.post(kSubjects, wrong);
        EXPECT_EQ(refused.problem(), "invalid-fields") << wrong;
        EXPECT_EQ(refused.text("/errors/0/field"), "page.token");
    }
    EXPECT_EQ(client.post(kSubjects, subject_question(type, "42", page(token, "2"))).text("/errors/0/field"),
              "page.limit");
    for (const char* limit : {"-1", "1.5", "\"7\""})
        EXPECT_EQ(client.post(kSubjects, subject_question(type, "42", page("", limit))).text("/errors/0/field"),
                  "page.limit")
            << limit;
}

TEST(SubjectSearch, FindsServiceAccounts) {
    const std::string type = unique("type");
    const std::string account =
        administrator(api()).post(kAccounts, R"({"name":")" + unique("svc") + R"(","audiences":[]})").text("/id");
    give(kAccounts + ("/" + account), role_of("[\"" + type + ":read\"]"));
    const std::string question =
        R"({"subject":{"type":"service_account","id":"not looked at"},"action":{"name":"read"},"resource":)" +
        entity(type, "42") + "}";
    const Answer answer = gateway().post(kSubjects, question);
    EXPECT_THAT(results(answer), testing::ElementsAre(account));
    EXPECT_EQ(answer.text("/results/0/type"), "service_account");
    const std::string sessions =
        R"({"subject":{"type":"session"},"action":{"name":"read"},"resource":)" + entity(type, "42") + "}";
    EXPECT_EQ(gateway().post(kSubjects, sessions).text("/errors/0/field"), "subject.type");
}

TEST(ResourceSearch, ListsWhatPermissionsName) {
    const Visitor one =
        holder_of(R"(["docs/b:read","docs/a:*","docs/c:read","docs:read@own","mails/x:read"])", R"(["docs/c:*"])");
    ApiClient client = gateway();
    const Answer answer = client.post(kResources, resource_question(user(one), "docs"));
    EXPECT_THAT(results(answer), testing::ElementsAre("a", "b"));
    EXPECT_EQ(answer.text("/results/0/type"), "docs");
    EXPECT_TRUE(answer.boolean("/context/own")) << "and whatever is his own";
    const Answer mails = client.post(kResources, resource_question(user(one), "mails"));
    EXPECT_THAT(results(mails), testing::ElementsAre("x"));
    EXPECT_FALSE(mails.boolean("/context/own"));
    EXPECT_THAT(results(client.post(kResources, resource_question(user(one), "invoices"))), testing::ElementsAre());

    const Answer first = client.post(kResources, resource_question(user(one), "docs", page("", "1")));
    EXPECT_THAT(results(first), testing::ElementsAre("a"));
    const std::string token = first.text("/page/next_token");
    const Answer second = client.post(kResources, resource_question(user(one), "docs", page(token)));
    EXPECT_THAT(results(second), testing::ElementsAre("b"));
    EXPECT_EQ(second.text("/page/next_token"), "");
    EXPECT_EQ(client.post(kResources, resource_question(user(one), "mails", page(token))).problem(), "invalid-fields");
    const std::string of_session = entity("session", one.tokens.session_id);
    EXPECT_THAT(results(client.post(kResources, resource_question(of_session, "docs"))),
                testing::ElementsAre("a", "b"));
}

TEST(ResourceSearch, SaysWhatItCannotList) {
    const Visitor one = holder_of(R"(["docs:read","docs/a:read","todos:read@own"])");
    ApiClient client = gateway();
    EXPECT_EQ(client.post(kResources, resource_question(user(one), "docs")).problem(), "not-listable");
    const auto owned_by = [&](const std::string& owner) {
        return R"({"subject":)" + user(one) +
               R"(,"action":{"name":"read"},"resource":{"type":"todos","id":"ignored",)" +
               R"("properties":{"owner":")" + owner + R"("}}})";
    };
    EXPECT_EQ(client.post(kResources, owned_by(one.person.id)).problem(), "not-listable");
    const Answer of_another = client.post(kResources, owned_by("somebody-else"));
    EXPECT_THAT(results(of_another), testing::ElementsAre());
    EXPECT_FALSE(of_another.has("/context/own"));
}

TEST(ActionSearch, ListsWhatRolesNameAndEvaluationsAllow) {
    const std::string type = unique("type");
    const Visitor one = holder_of("[\"" + type + ":*\"]", "[\"" + type + "/7:burn\"]");
    const Visitor other = holder_of("[\"" + type + ":read\",\"" + type + "/8:share\"]");
    ApiClient client = gateway();
    const auto actions = [&](const Visitor& who, const std::string& id) {
        return results(client.post(kActions, action_question(user(who), type, id)), "name");
    };
    const auto known_for_all = actions(one, "9");
    for (const char* action : {"burn", "read", "share"}) EXPECT_THAT(known_for_all, testing::Contains(action));
    EXPECT_TRUE(std::ranges::is_sorted(known_for_all));
    EXPECT_THAT(actions(one, "7"), testing::Not(testing::Contains("burn")));
    EXPECT_THAT(actions(other, "8"), testing::ElementsAre("read", "share"));
    EXPECT_THAT(actions(other, "7"), testing::ElementsAre("read"));
    const Visitor auditor = holder_of(R"(["keyledger.audit:*"])");
    EXPECT_THAT(results(client.post(kActions, action_question(user(auditor), "keyledger.audit", "1")), "name"),
                testing::Contains("read"));
    const Visitor nobody = visitor(api());
    EXPECT_THAT(actions(nobody, "7"), testing::ElementsAre());
}

TEST(Search, IsAboutOneselfForWhoeverHasAToken) {
    const Visitor one = holder_of(R"(["docs/a:read"])");
    const Visitor other = holder_of(R"(["docs/b:read"])");
    ApiClient own_client = api().as(one.tokens.access);
    EXPECT_THAT(results(own_client.post(kResources, resource_question(user(one), "docs"))), testing::ElementsAre("a"));
    EXPECT_THAT(results(own_client.post(kActions, action_question(user(one), "docs", "a")), "name"),
                testing::ElementsAre("read"));
    EXPECT_EQ(own_client.post(kResources, resource_question(user(other), "docs")).problem(), "forbidden");
    EXPECT_EQ(own_client.post(kActions, action_question(user(other), "docs", "b")).problem(), "forbidden");
    ApiClient ungranted = api().with("Authorization", deployment().stranger.basic());
    EXPECT_EQ(ungranted.post(kResources, resource_question(user(one), "docs")).problem(), "forbidden");
    EXPECT_EQ(ungranted.post(kActions, action_question(user(one), "docs", "a")).problem(), "forbidden");
    EXPECT_EQ(own_client.send("POST", kLogout).status, 204);
    EXPECT_EQ(own_client.post(kResources, resource_question(user(one), "docs")).problem(), "invalid-token");
    EXPECT_EQ(own_client.post(kActions, action_question(user(one), "docs", "a")).problem(), "invalid-token");
    ASSERT_EQ(administrator(api()).send("POST", kUsers + ("/" + one.person.id) + "/deactivate").status, 204);
    EXPECT_THAT(results(gateway().post(kResources, resource_question(user(one), "docs"))), testing::ElementsAre());
}

TEST(Search, RefusesWhatIsNoQuestion) {
    ApiClient client = gateway();
    const std::string person = entity("user", "01890a5d-ac96-774b-bcce-b302099a8057");
    const std::string action = R"("action":{"name":"read"})";
    const auto ask = [&](const char* target, const std::string& subject, const std::string& resource) {
        const std::string middle = target == kActions ? "," : "," + action + ",";
        return client.post(target, R"({"subject":)" + subject + middle + R"("resource":)" + resource + "}");
    };
    for (const char* target : {kSubjects, kResources, kActions}) {
        ASSERT_NE(ask(target, person, entity("docs", "1")).status, 400) << target;
        for (const std::string& subject : {std::string("7"), std::string("{}"), std::string(R"({"type":7,"id":"a"})")})
            EXPECT_EQ(ask(target, subject, entity("docs", "1")).problem(), "invalid-fields") << target << subject;
        for (const std::string& resource : {std::string("[]"), std::string("{}"), entity("", "1")})
            EXPECT_EQ(ask(target, person, resource).problem(), "invalid-fields") << target << resource;
        for (const char* more : {R"("owner":"x")", R"("properties":{"owner":7})"})
            EXPECT_NE(ask(target, person, R"({"type":"docs","id":"1",)" + std::string(more) + "}").status, 400)
                << target;
        for (const char* bad : {"nonsense", "[]", R"({"a":1,"a":2})"})
            EXPECT_EQ(client.post(target, bad).problem(), "malformed-json") << target << bad;
        EXPECT_EQ(client.send("POST", target, {{"Content-Type", "text/plain"}}, "{}").problem(),
                  "unsupported-media-type");
        EXPECT_EQ(client.post(target, std::string(70'000, ' ')).problem(), "payload-too-large");
        EXPECT_EQ(api().post(target, "{}").problem(), "invalid-client");
        EXPECT_EQ(api().as("nonsense").post(target, "{}").problem(), "invalid-token");
    }
    EXPECT_EQ(
        client.post(kActions, R"({"subject":)" + person + "," + action + R"(,"resource":)" + entity("docs", "1") + "}")
            .status,
        200)
        << "the action is what is searched for, and not looked at";
}

TEST(Search, IsAnnounced) {
    const Answer metadata = api().get("/.well-known/authzen-configuration");
    const std::string issuer = metadata.text("/policy_decision_point");
    EXPECT_EQ(metadata.text("/search_subject_endpoint"), issuer + kSubjects);
    EXPECT_EQ(metadata.text("/search_resource_endpoint"), issuer + kResources);
    EXPECT_EQ(metadata.text("/search_action_endpoint"), issuer + kActions);
}

}  // namespace
}  // namespace keyledger::test
