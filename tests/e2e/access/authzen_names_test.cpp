// AuthZEN 1.0 as those ask who know nothing of Keyledger: people by what they are called, resources and
// actions by names of their own, with more in a question than is looked at.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kEvaluation = "/access/v1/evaluation";
constexpr const char* kEvaluations = "/access/v1/evaluations";
constexpr const char* kSubjects = "/access/v1/search/subject";
constexpr const char* kResources = "/access/v1/search/resource";
constexpr const char* kActions = "/access/v1/search/action";
constexpr const char* kRoles = "/api/v1/admin/roles";

std::string entity(const std::string& type, const std::string& id) { return json_object({{"type", type}, {"id", id}}); }
std::string question(const std::string& subject, const std::string& action, const std::string& resource) {
    return R"({"subject":)" + subject + R"(,"action":)" + json_object({{"name", action}}) + R"(,"resource":)" +
           resource + "}";
}

ApiClient asker(const RunningService& node) {
    return ApiClient(node.port()).with("Authorization", deployment().gateway.basic());
}
ApiClient asker() { return asker(service()); }

// A node that has just started searches once it remembers everybody.
Answer search_when_ready(ApiClient& client, const std::string& question) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    Answer answer = client.post(kSubjects, question);
    while (answer.status == 503 && std::chrono::steady_clock::now() < deadline)
        answer = client.post(kSubjects, question);
    return answer;
}

bool decision(ApiClient& client, const std::string& subject, const std::string& action, const std::string& resource) {
    const Answer answer = client.post(kEvaluation, question(subject, action, resource));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.status == 200 && answer.boolean("/decision");
}

std::vector<std::string> results(const Answer& answer, const char* member = "id") {
    EXPECT_EQ(answer.status, 200) << answer.body;
    std::vector<std::string> found;
    for (std::size_t i = 0; i < answer.count("/results"); ++i)
        found.push_back(answer.text(("/results/" + std::to_string(i) + '/' + member).c_str()));
    return found;
}

std::string role_of(const std::string& permissions) {
    const std::string body = R"({"name":")" + unique("role") + R"(","permissions":)" + permissions + "}";
    const Answer defined = administrator(api()).post(kRoles, body);
    EXPECT_EQ(defined.status, 201) << defined.body;
    return defined.text("/id");
}
void give(const std::string& user, const std::string& role) {
    EXPECT_EQ(administrator(api()).send("PUT", std::string(kUsers) + "/" + user + "/roles/" + role).status, 204);
}
Person holder_of(const std::string& permissions) {
    const Person person = register_somebody(api());
    give(person.id, role_of(permissions));
    return person;
}

TEST(SubjectNames, AreAskedForByUserNameAndFollowIt) {
    const Person ann = holder_of(R"(["records:read"])");
    ApiClient client = asker();
    const std::string record = entity("records", "1");
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(decision(client, entity("user", ann.username), "read", record)) << i;
    EXPECT_TRUE(decision(client, entity("user", ann.id), "read", record));
    EXPECT_FALSE(decision(client, entity("user", unique("nobody")), "read", record));
    EXPECT_FALSE(decision(client, entity("user", ann.email), "read", record))
        << "addresses are asked for by those who set it";
    EXPECT_FALSE(decision(client, entity("session", ann.username), "read", record));
    // Somebody else takes the name that she gives up, and then nothing that she may is theirs.
    const std::string later = unique("later");
    ApiClient herself = api().as(log_in(api(), ann).access);
    ASSERT_EQ(herself.put(kMe, R"({"username":")" + later + R"(","name":null})").status, 200);
    EXPECT_FALSE(decision(client, entity("user", ann.username), "read", record))
        << "from the moment that it was given up";
    EXPECT_TRUE(decision(client, entity("user", later), "read", record));
    Person other = somebody();
    other.username = ann.username;
    const Answer registered = api().post(kRegister, registration_of(other));
    ASSERT_EQ(registered.status, 201) << registered.body;
    EXPECT_FALSE(decision(client, entity("user", ann.username), "read", record));
    give(registered.text("/id"), role_of(R"(["records:write"])"));
    EXPECT_TRUE(decision(client, entity("user", ann.username), "write", record));
    ASSERT_EQ(administrator(api()).send("POST", std::string(kUsers) + "/" + ann.id + "/deactivate").status, 204);
    EXPECT_FALSE(decision(client, entity("user", later), "read", record));
}

TEST(SubjectNames, AreResolvedForThoseAloneWhoMayAskAboutAnybody) {
    const Person ann = holder_of(R"(["records:read"])");
    ApiClient herself = api().as(log_in(api(), ann).access);
    const std::string asked = question(entity("user", ann.username), "read", entity("records", "1"));
    const std::string unknown = question(entity("user", unique("nobody")), "read", entity("records", "1"));
    ApiClient ungranted = api().with("Authorization", deployment().stranger.basic());
    for (ApiClient* client : {&herself, &ungranted})
        for (const std::string& body : {asked, unknown}) {
            const Answer answer = client->post(kEvaluation, body);
            EXPECT_EQ(answer.problem(), "forbidden") << answer.body;
        }
}

TEST(SubjectNames, CountForOwners) {
    const Person ann = holder_of(R"(["notes:update@own"])");
    const Person ben = register_somebody(api());
    ApiClient client = asker();
    const auto note_of = [](const std::string& owner) {
        return R"({"type":"notes","id":"1","properties":{"owner":)" + owner + "}}";
    };
    for (const std::string& herself : {ann.id, ann.username})
        for (const std::string& owner : {ann.id, ann.username})
            EXPECT_TRUE(decision(client, entity("user", herself), "update", note_of('"' + owner + '"'))) << owner;
    for (const std::string& owner : {'"' + ben.id + '"', '"' + ben.username + '"', '"' + unique("nobody") + '"',
                                     std::string("7"), std::string(R"({"id":")" + ann.id + R"("})")})
        EXPECT_FALSE(decision(client, entity("user", ann.username), "update", note_of(owner))) << owner;
}

// Whoever asks may call the owner of a resource by a property of another name.
TEST(SubjectNames, CountForOwnersByThePropertyThatIsConfigured) {
    const Person ann = holder_of(R"(["notes:update@own"])");
    const RunningService node(deployment(),
                              {{"KEYLEDGER_AUTHZEN_OWNER", "ownerID"}, {"KEYLEDGER_AUTHZEN_SUBJECTS", "id,email"}});
    ApiClient client = asker(node);
    const auto note = [](const std::string& property, const std::string& owner) {
        return R"({"type":"notes","id":"1","properties":{")" + property + R"(":")" + owner + R"("}})";
    };
    EXPECT_TRUE(decision(client, entity("user", ann.id), "update", note("ownerID", ann.email)));
    EXPECT_FALSE(decision(client, entity("user", ann.id), "update", note("ownerID", "other@example.com")));
    EXPECT_FALSE(decision(client, entity("user", ann.id), "update", note("owner", ann.email)));
}

TEST(SubjectNames, AreToldBySearchesWhereThatIsConfigured) {
    const std::string type = unique("kind");
    const Person ann = holder_of(R"([")" + type + R"(/1:read"])");
    Person ben = somebody();
    const Answer registered = api().post(kRegister, json_object({{"email", ben.email}, {"password", ben.password}}));
    ben.id = registered.text("/id");
    give(ben.id, role_of(R"([")" + type + R"(/1:read"])"));
    const std::string asked =
        R"({"subject":{"type":"user"},"action":{"name":"read"},"resource":)" + entity(type, "1") + "}";
    ApiClient plain = asker();
    EXPECT_THAT(results(plain.post(kSubjects, asked)),
                testing::AllOf(testing::Contains(ann.id), testing::Contains(ben.id)));
    const RunningService names(deployment(), {{"KEYLEDGER_AUTHZEN_SUBJECTS", "username"}});
    ApiClient by_name = asker(names);
    EXPECT_THAT(results(search_when_ready(by_name, asked)),
                testing::AllOf(testing::Contains(ann.username), testing::Contains(ben.id)));
    EXPECT_TRUE(decision(by_name, entity("user", ben.id), "read", entity(type, "1"))) << "an id is always one";
    const RunningService addresses(deployment(), {{"KEYLEDGER_AUTHZEN_SUBJECTS", "email, username"}});
    ApiClient by_address = asker(addresses);
    EXPECT_THAT(results(search_when_ready(by_address, asked)),
                testing::AllOf(testing::Contains(ann.email), testing::Contains(ben.email)));
    for (const std::string& name : {ann.email, ben.email, ann.username})
        EXPECT_TRUE(decision(by_address, entity("user", name), "read", entity(type, "1"))) << name;
}

TEST(Names, OfResourcesAndActionsAreAnyText) {
    const std::string document = "urn:example:doc";
    const Person ann = holder_of(R"(["Record:GET","urn%3Aexample%3Adoc/a%20b%2Fc:can_%C3%A4ndern","%2A:read"])");
    ApiClient client = asker();
    const std::string subject = entity("user", ann.id);
    EXPECT_TRUE(decision(client, subject, "GET", entity("Record", "1")));
    EXPECT_FALSE(decision(client, subject, "get", entity("Record", "1"))) << "case counts";
    EXPECT_FALSE(decision(client, subject, "GET", entity("record", "1")));
    EXPECT_TRUE(decision(client, subject, "can_ändern", entity(document, "a b/c")));
    EXPECT_FALSE(decision(client, subject, "can_ändern", entity(document, "a b")));
    EXPECT_TRUE(decision(client, subject, "read", entity("*", "1"))) << "no wildcard, where it is asked for";
    EXPECT_FALSE(decision(client, subject, "read", entity("Record", "1"))) << "nor where it is a name";
    EXPECT_FALSE(decision(client, subject, "urn%3Aexample", entity("%2A", "1")));
    const Person anything = holder_of(R"(["*:*"])");
    for (const std::string& action :
         {std::string("GET"), std::string("*"), document, std::string(500, 'x'), std::string(" ")})
        EXPECT_TRUE(decision(client, entity("user", anything.id), action, entity(action, action))) << action;
    const Answer found = client.post(kResources, R"({"subject":)" + subject + R"(,"action":{"name":"can_ändern"},)" +
                                                     R"("resource":{"type":")" + document + R"("}})");
    EXPECT_THAT(results(found), testing::ElementsAre("a b/c"));
    const Answer actions =
        client.post(kActions, R"({"subject":)" + subject + R"(,"resource":)" + entity("Record", "1") + "}");
    EXPECT_THAT(results(actions, "name"), testing::ElementsAre("GET"));
}

std::string with_properties(const std::string& properties) {
    return R"({"name":"delete","properties":)" + properties + "}";
}

TEST(Actions, AreAskedForWithTheirProperties) {
    const std::string type = unique("kind");
    const Person ann = holder_of(R"([")" + type + R"(:delete%3Fsoft%3Dtrue"])");
    const Person ben = holder_of(R"([")" + type + R"(:delete"])");
    const std::string denying = R"({"name":")" + unique("role") + R"(","permissions":[")" + type +
                                R"(:delete"],"deny":[")" + type + R"(:delete%3Fwhy%3Dold"]})";
    const Person cem = register_somebody(api());
    give(cem.id, administrator(api()).post(kRoles, denying).text("/id"));
    ApiClient client = asker();
    struct Asked {
        const char* properties;
        bool ann, ben, cem;
    };
    for (const auto& [properties, anns, bens, cems] :
         std::initializer_list<Asked>{{R"({"soft":true})", true, true, true},
                                      {R"({"soft":"true"})", true, true, true},
                                      {R"({"soft":false})", false, true, true},
                                      {R"({"soft":1})", false, true, true},
                                      {R"({"soft":[true]})", false, true, true},
                                      {R"({"soft":null})", false, true, true},
                                      {R"({})", false, true, true},
                                      {R"(7)", false, true, true},
                                      {R"({"Soft":true})", false, true, true},
                                      {R"({"soft":true,"why":"old"})", true, true, false},
                                      {R"({"n":1e300,"why":"old","x":{"soft":true}})", false, true, false},
                                      {R"({"soft=true?why":"old"})", false, true, true}})
        for (const auto& [person, expected] : {std::pair(&ann, anns), std::pair(&ben, bens), std::pair(&cem, cems)}) {
            const std::string body = R"({"subject":)" + entity("user", person->id) + R"(,"action":)" +
                                     with_properties(properties) + R"(,"resource":)" + entity(type, "1") + "}";
            const Answer one = client.post(kEvaluation, body);
            EXPECT_EQ(one.status, 200) << one.body;
            EXPECT_EQ(one.boolean("/decision"), expected) << properties << ' ' << (person == &ann ? "ann" : "other");
            const Answer all = client.post(kEvaluations, R"({"evaluations":[)" + body + "]}");
            EXPECT_EQ(all.boolean("/evaluations/0/decision"), expected) << all.body;
        }
    EXPECT_TRUE(decision(client, entity("user", ann.id), "delete?soft=true", entity(type, "1")));
    EXPECT_TRUE(decision(client, entity("user", ben.id), "delete?soft=true", entity(type, "1")));
    EXPECT_FALSE(decision(client, entity("user", ann.id), "delete", entity(type, "1")));
    // Searches agree, and a place in one list is no place in another.
    const auto who = [&](const std::string& action, const std::string& page) {
        return R"({"subject":{"type":"user"},"action":)" + action + R"(,"resource":)" + entity(type, "1") + page + "}";
    };
    const Answer softly = search_when_ready(client, who(with_properties(R"({"soft":true})"), ""));
    const auto may = [](const Answer& answer, const Person& person) {  // beside those who may do everything
        return std::ranges::count(results(answer), person.id) == 1;
    };
    for (const Person* person : {&ann, &ben, &cem}) EXPECT_TRUE(may(softly, *person)) << softly.body;
    const Answer plainly = client.post(kSubjects, who(with_properties("{}"), ""));
    EXPECT_FALSE(may(plainly, ann)) << plainly.body;
    EXPECT_TRUE(may(plainly, ben) && may(plainly, cem)) << plainly.body;
    const Answer first = client.post(kSubjects, who(with_properties(R"({"soft":true})"), R"(,"page":{"limit":1})"));
    const std::string token = R"(,"page":{"token":")" + first.text("/page/next_token") + R"("})";
    EXPECT_EQ(client.post(kSubjects, who(with_properties("{}"), token)).status, 400);
    EXPECT_EQ(client.post(kSubjects, who(with_properties(R"({"soft":true})"), token)).status, 200);
    const Answer actions =
        client.post(kActions, R"({"subject":)" + entity("user", ann.id) + R"(,"resource":)" + entity(type, "1") + "}");
    EXPECT_EQ(results(actions, "name"), std::vector<std::string>{});
}

TEST(Names, OfPermissionsHaveOneSpelling) {
    ApiClient admin = administrator(api());
    for (const char* bad : {"%61bc:read", "a%3a:read", "a%:read", "a%G1:read", "a b:read", "ä:read", "%FF:read",
                            "%00:read", "invoices/%41:read", "-a:read", ".a:read"}) {
        const std::string body = R"({"name":")" + unique("role") + R"(","permissions":[")" + bad + R"("]})";
        EXPECT_EQ(admin.post(kRoles, body).problem(), "invalid-fields") << bad;
    }
}

// What is not looked at may be anything that is JSON (AuthZEN sections 5 and 10.1.1).
TEST(Questions, MayHoldWhatNobodyAsksFor) {
    const Person ann = holder_of(R"(["records:read"])");
    ApiClient client = asker();
    for (const char* what :
         {R"("foo":"bar")", R"("subject.id":"x")", R"("futureField":{"nested":true})", R"("context":null)",
          R"("context":{"n":1234567890123456789,"m":123456789012345678901234567890,"e":1e300,"f":-0.5e-7})",
          R"("context":[1,"two"])", R"("context":"text")", R"("context":{"nul":"\u0000"})", R"("page":7)",
          R"("evaluation":[{}])"}) {
        const std::string plain = question(entity("user", ann.id), "read", entity("records", "1"));
        const Answer one = client.post(kEvaluation, "{" + std::string(what) + "," + plain.substr(1));
        EXPECT_TRUE(one.status == 200 && one.boolean("/decision")) << what << one.body;
        const Answer all = client.post(kEvaluations, "{" + std::string(what) + R"(,"evaluations":[)" + plain + "]}");
        EXPECT_TRUE(all.status == 200 && all.boolean("/evaluations/0/decision")) << what << all.body;
    }
    const auto with = [](const std::string& type, const std::string& id, const std::string& more) {
        return R"({"type":")" + type + R"(","id":")" + id + R"(",)" + more + "}";
    };
    for (const char* more :
         {R"("role":"admin")", R"("properties":{"role":["admin",1.5]})", R"("properties":7)", R"("x":{})"}) {
        const Answer answer =
            client.post(kEvaluation, R"({"subject":)" + with("user", ann.id, more) + R"(,"action":{"name":"read",)" +
                                         more + R"(},"resource":)" + with("records", "1", more) + "}");
        EXPECT_TRUE(answer.status == 200 && answer.boolean("/decision")) << more << answer.body;
    }
    std::string deep = R"({"context":)" + std::string(25, '[') + std::string(25, ']') + ",";
    EXPECT_EQ(
        client.post(kEvaluation, deep + question(entity("user", ann.id), "read", entity("records", "1")).substr(1))
            .status,
        200);
}

TEST(Evaluations, TellOfEachItemWhatIsWrongWithIt) {
    const Person ann = holder_of(R"(["records:read"])");
    ApiClient client = asker();
    const std::string good = R"({"resource":)" + entity("records", "1") + "}";
    for (const char* bad :
         {"{}", "7", "null", R"("text")", "[]", R"({"resource":"records"})", R"({"resource":{"type":"records"}})",
          R"({"resource":{"type":"records","id":7}})", R"({"resource":{"type":"","id":"1"}})"}) {
        for (const std::string semantic : {"execute_all", "deny_on_first_deny", "permit_on_first_permit"}) {
            const Answer answer = client.post(
                kEvaluations, R"({"subject":)" + entity("user", ann.id) +
                                  R"(,"action":{"name":"read"},"evaluations":[)" + bad + "," + good +
                                  R"(],"options":{"evaluations_semantic":")" + semantic + R"(","more":1}})");
            ASSERT_EQ(answer.status, 200) << bad << answer.body;
            EXPECT_EQ(answer.count("/evaluations"), semantic == "deny_on_first_deny" ? 1U : 2U) << bad << answer.body;
            EXPECT_FALSE(answer.boolean("/evaluations/0/decision"));
            EXPECT_EQ(answer.number("/evaluations/0/context/error/status"), 400);
            EXPECT_THAT(answer.text("/evaluations/0/context/error/message"),
                        testing::HasSubstr(std::string(bad).find("resource") == std::string::npos && bad[0] != '{'
                                               ? "evaluations.0"
                                               : "resource"));
            const bool goes_on = answer.count("/evaluations") == 2U;
            EXPECT_TRUE(!goes_on || answer.boolean("/evaluations/1/decision")) << bad;
        }
    }
    // What is wrong at the top is wrong for all.
    for (const char* bad : {R"("action":7)", R"("subject":{"id":"a"})",
                            R"("options":{"evaluations_semantic":"chance"})", R"("options":7)", R"("evaluations":7)"}) {
        const std::string body =
            "{" + std::string(bad) + R"(,"resource":)" + entity("records", "1") +
            (std::string(bad).find("evaluations\"") == 1 ? "" : R"(,"evaluations":[)" + good + "]") + "}";
        EXPECT_EQ(client.post(kEvaluations, body).problem(), "invalid-fields") << bad;
    }
}

// A whole default stands for what an item does not have at all (AuthZEN section 7.1.1); one that is a type
// alone, for the type of items that are an id alone.
TEST(Evaluations, TakeADefaultWholeOrItsType) {
    const Person ann = holder_of(R"(["records/1:read","notes/1:read@own"])");
    ApiClient client = asker();
    const std::string subject = entity("user", ann.id);
    const auto ask = [&](const std::string& who, const std::string& resource, const std::string& item) {
        const Answer answer =
            client.post(kEvaluations, R"({"subject":)" + who + R"(,"action":{"name":"read"},"resource":)" + resource +
                                          R"(,"evaluations":[)" + item + "]}");
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.boolean("/evaluations/0/decision");
    };
    const std::string typed = R"({"type":"records"})";
    EXPECT_TRUE(ask(subject, typed, R"({"resource":{"id":"1"}})"));
    EXPECT_FALSE(ask(subject, typed, R"({"resource":{"id":"2"}})"));
    EXPECT_FALSE(ask(subject, typed, "{}")) << "nothing was asked about";
    EXPECT_TRUE(ask(R"({"type":"user"})", typed, R"({"resource":{"id":"1"},"subject":{"id":")" + ann.id + R"("}})"));
    EXPECT_TRUE(ask(subject, entity("records", "1"), "{}"));
    EXPECT_FALSE(ask(subject, entity("records", "1"), R"({"resource":{"id":"1"}})")) << "in place of a whole one";
    EXPECT_FALSE(ask(subject, entity("records", "1"), R"({"resource":{"type":"records"}})"));
    const std::string own = R"({"type":"notes","id":"1","properties":{"owner":")" + ann.id + R"("}})";
    EXPECT_TRUE(ask(subject, own, "{}"));
    EXPECT_FALSE(ask(subject, own, R"({"resource":)" + entity("notes", "1") + "}")) << "whose it is was not said";
}

TEST(Searches, AreEmptyWhereNobodyIs) {
    ApiClient client = asker();
    const std::string resource = entity(unique("kind"), "1");
    const std::string action = R"("action":{"name":"read"})";
    EXPECT_THAT(results(client.post(kSubjects, R"({"subject":{"type":"spaceship","id":7},)" + action +
                                                   R"(,"resource":)" + resource + "}")),
                testing::ElementsAre());
    for (const std::string& subject :
         {entity("spaceship", "1"), entity("user", unique("nobody")), entity("session", "x")}) {
        EXPECT_THAT(results(client.post(kResources,
                                        R"({"subject":)" + subject + "," + action + R"(,"resource":{"type":"x"}})")),
                    testing::ElementsAre())
            << subject;
        EXPECT_THAT(results(client.post(kActions,
                                        R"({"subject":)" + subject + "," + action + R"(,"resource":)" + resource + "}"),
                            "name"),
                    testing::ElementsAre())
            << subject;
        EXPECT_FALSE(decision(client, subject, "read", resource));
    }
    EXPECT_EQ(client.post(kSubjects, R"({"subject":{"type":"session"},)" + action + R"(,"resource":)" + resource + "}")
                  .problem(),
              "invalid-fields")
        << "there are sessions, but no list of them";
}

TEST(Searches, TakeAnyLimitThatIsNotNegative) {
    const std::string type = unique("kind");
    const Person ann = holder_of(R"([")" + type + R"(/1:read",")" + type + R"(/2:read"])");
    ApiClient client = asker();
    const std::string subject = entity("user", ann.id);
    const std::string searches[][2] = {
        {kSubjects, R"({"subject":{"type":"user"},"action":{"name":"read"},"resource":)" + entity(type, "1")},
        {kResources, R"({"subject":)" + subject + R"(,"action":{"name":"read"},"resource":{"type":")" + type + R"("})"},
        {kActions, R"({"subject":)" + subject + R"(,"resource":)" + entity(type, "1")}};
    for (const auto& [target, body] : searches) {
        const auto paged = [&](const std::string& page) {
            return client.post(target, body + R"(,"page":)" + page + "}");
        };
        const Answer none = paged(R"({"limit":0})");
        ASSERT_EQ(none.status, 200) << target << none.body;
        EXPECT_EQ(none.count("/results"), 0U);
        EXPECT_EQ(none.number("/page/count"), 0);
        ASSERT_FALSE(none.text("/page/next_token").empty()) << target << ": there is something";
        EXPECT_EQ(paged(R"({"limit":0,"token":")" + none.text("/page/next_token") + R"("})").status, 200) << target;
        for (const char* limit : {"1", "1000", "5000", "9007199254740992"}) {
            const Answer some = paged(R"({"limit":)" + std::string(limit) + R"(,"sort":"up","properties":7})");
            EXPECT_EQ(some.status, 200) << target << limit << some.body;
            EXPECT_GE(some.count("/results"), 1U) << target << limit;
        }
        for (const char* limit : {"-1", "1.5", "\"1\"", "1e300", "9007199254740993"})
            EXPECT_EQ(paged(R"({"limit":)" + std::string(limit) + "}").problem(), "invalid-fields") << target << limit;
    }
}

TEST(AuthzenConfiguration, OfAnIssuerWithAPathIsWhereItsReadersLook) {
    const RunningService node(deployment(), {{"KEYLEDGER_ISSUER", "https://pdp.example/tenant/one"}});
    for (const std::string name : {"authzen-configuration", "oauth-authorization-server"}) {
        HttpClient plain(node.port());
        for (const std::string& target :
             {"/.well-known/" + name + "/tenant/one", "/.well-known/" + name, "/tenant/one/.well-known/" + name}) {
            const HttpResponse found = plain.get(target);
            EXPECT_EQ(found.status, 200) << target;
            EXPECT_NE(found.body.find(R"("https://pdp.example/tenant/one")"), std::string::npos)
                << target << found.body;
        }
        EXPECT_EQ(plain.get("/.well-known/" + name + "/tenant/two").status, 404);
        EXPECT_EQ(plain.get("/tenant/one/openapi.json").status, 200) << "endpoints are behind the path too";
    }
}

}  // namespace
}  // namespace keyledger::test
