// Service accounts in groups over HTTP and from access files: what they get by them, wherever it is asked, and who may
// put them there.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/e2e/clients/service_accounts.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kGroups = "/api/v1/admin/groups";
constexpr const char* kRoles = "/api/v1/admin/roles";
constexpr const char* kEveryone = "1890da4a-9342-538d-9991-739cb9baada4";
constexpr const char* kNobody = "01890a5d-ac96-774b-bcce-b302099a8057";

struct Group {
    std::string id;
    std::string name;

    std::string at(const std::string& rest = "") const { return kGroups + ("/" + id) + rest; }
    std::string of(const Account& account) const { return at("/service-accounts/" + account.id); }
};

std::string role(ApiClient& admin, const std::string& rules) {
    const Answer defined = admin.post(kRoles, R"({"name":")" + unique("role") + R"(",)" + rules + "}");
    EXPECT_EQ(defined.status, 201) << defined.body;
    return defined.text("/id");
}
std::string allowing(const std::string& permission) { return R"("permissions":[")" + permission + R"("])"; }
Group group(ApiClient& admin, const std::string& rules = "") {
    Group made{"", unique("group")};
    const Answer defined = admin.post(kGroups, json_object({{"name", made.name}}));
    EXPECT_EQ(defined.status, 201) << defined.body;
    made.id = defined.text("/id");
    if (!rules.empty()) {
        EXPECT_EQ(admin.send("PUT", made.at("/roles/" + role(admin, rules))).status, 204);
    }
    return made;
}
Answer put(ApiClient& admin, const std::string& target) { return admin.send("PUT", target); }

bool may(const Account& account, const std::string& resource, const std::string& action) {
    ApiClient gateway = api().with("Authorization", deployment().gateway.basic());
    const Answer answer =
        gateway.post("/access/v1/evaluation", R"({"subject":{"type":"service_account","id":")" + account.id +
                                                  R"("},"resource":{"type":")" + resource +
                                                  R"(","id":"1"},"action":{"name":")" + action + R"("}})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.boolean("/decision");
}
// By the search for all service accounts that may.
bool is_found(const Account& account, const std::string& resource, const std::string& action) {
    ApiClient gateway = api().with("Authorization", deployment().gateway.basic());
    const std::string body = R"({"subject":{"type":"service_account"},"resource":{"type":")" + resource +
                             R"(","id":"1"},"action":{"name":")" + action + R"("}})";
    const Answer answer = gateway.post("/access/v1/search/subject", body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return answer.body.find(account.id) != std::string::npos;
}

TEST(GroupsOfServices, GiveThemWhatTheyAndAllAboveThemGrant) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::string things = unique("things");
    const Group upper = group(admin, allowing(things + ":read"));
    const Group lower = group(admin);
    ASSERT_EQ(put(admin, upper.at("/groups/" + lower.id)).status, 204);
    EXPECT_FALSE(may(one, things, "read"));
    const Answer joined = put(admin, lower.of(one));
    ASSERT_EQ(joined.status, 204) << joined.body;
    EXPECT_EQ(put(admin, lower.of(one)).status, 204) << "again is no error";
    EXPECT_TRUE(may(one, things, "read"));
    EXPECT_TRUE(is_found(one, things, "read"));

    const Answer granted = grant(one.client);
    EXPECT_EQ(granted.text("/scope"), things + ":read");
    const std::string token = watch_secret(granted.text("/access_token"));
    const Answer told = introspect(api(), deployment().gateway, token);
    EXPECT_EQ(told.text("/scope"), things + ":read");
    EXPECT_EQ(told.count("/roles"), 1u);
    EXPECT_EQ(told.count("/groups"), 2u);
    const Answer shown = admin.get(target(one.id));
    EXPECT_EQ(shown.text("/groups/0"), lower.name);
    EXPECT_EQ(shown.text("/groups/1"), upper.name);
    EXPECT_EQ(shown.text("/permissions/0"), things + ":read");
    std::string back = shown.body;  // what was read may be sent back
    EXPECT_EQ(admin.put(target(one.id), back).status, 204);

    const Answer members = admin.get(lower.at("/members"), since(joined));
    ASSERT_EQ(members.count(), 1u) << members.body;
    EXPECT_EQ(members.text("/items/0/id"), one.id);
    EXPECT_EQ(members.text("/items/0/type"), "service_account");
    const Answer groups = admin.get(target(one.id, "/groups"), since(joined));
    ASSERT_EQ(groups.count(), 1u) << groups.body;
    EXPECT_EQ(groups.text("/items/0/id"), lower.id);
    const Answer why = admin.get(target(one.id, "/permissions"), since(joined));
    ASSERT_EQ(why.count("/reasons"), 1u) << why.body;
    EXPECT_EQ(why.text("/reasons/0/groups/0/id"), lower.id);
    EXPECT_EQ(why.number("/reasons/0/groups/0/granted/position"), joined.position());
    EXPECT_EQ(why.text("/reasons/0/groups/1/id"), upper.id);

    const Answer left = admin.del(lower.of(one));
    EXPECT_EQ(left.status, 204) << left.body;
    EXPECT_EQ(admin.del(lower.of(one)).status, 204) << "again is no error";
    EXPECT_FALSE(may(one, things, "read"));
    EXPECT_FALSE(is_found(one, things, "read"));
    EXPECT_FALSE(introspect(api(), deployment().gateway, token).has("/scope")) << "of a token from before, too";
    EXPECT_EQ(admin.get(lower.at("/members"), since(left)).count(), 0u);
    EXPECT_EQ(admin.get(target(one.id)).count("/groups"), 0u);
}

TEST(GroupsOfServices, DenyWhatTheyDeny) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::string things = unique("things");
    const std::string own = role(admin, R"("permissions":[")" + things + R"(:read",")" + things + R"(:write"])");
    ASSERT_EQ(put(admin, target(one.id, "/roles/" + own)).status, 204);
    const Group upper = group(admin, R"("permissions":[],"deny":[")" + things + R"(:write"])");
    const Group lower = group(admin);
    ASSERT_EQ(put(admin, upper.at("/groups/" + lower.id)).status, 204);
    const std::string token = token_of(one.client);
    EXPECT_TRUE(may(one, things, "write"));
    const Answer joined = put(admin, lower.of(one));
    ASSERT_EQ(joined.status, 204) << joined.body;
    EXPECT_FALSE(may(one, things, "write"));
    EXPECT_TRUE(may(one, things, "read"));
    EXPECT_EQ(introspect(api(), deployment().gateway, token).text("/scope"), things + ":read");
    EXPECT_EQ(grant(one.client).text("/scope"), things + ":read");
    EXPECT_EQ(admin.get(target(one.id, "/permissions"), since(joined)).text("/without_exception/0"), things + ":read");
    ASSERT_EQ(admin.del(upper.at()).status, 204);
    EXPECT_TRUE(may(one, things, "write"));
}

TEST(GroupsOfServices, AreLeftByAnAccountThatIsDeleted) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Group any = group(admin, allowing("a:b"));
    ASSERT_EQ(put(admin, any.of(one)).status, 204);
    const Answer deleted = admin.del(target(one.id));
    ASSERT_EQ(deleted.status, 204) << deleted.body;
    EXPECT_EQ(admin.get(any.at("/members"), since(deleted)).count(), 0u);
    EXPECT_EQ(put(admin, any.of(one)).problem(), "service-account-unknown");
    EXPECT_EQ(admin.get(target(one.id, "/groups")).problem(), "service-account-unknown");
    EXPECT_EQ(admin.get(target(one.id, "/permissions")).problem(), "service-account-unknown");
    const Answer trail = admin.get(std::string(kAudit) + "?type=group.member_removed&limit=1", since(deleted));
    EXPECT_EQ(trail.text("/items/0/reason"), any.id) << trail.body;
}

TEST(GroupsOfServices, RefuseWhatTheyCanNotBe) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Visitor person = visitor(api());
    const Group any = group(admin);
    const std::string everyone = kGroups + ("/" + std::string(kEveryone)) + "/service-accounts/" + one.id;
    EXPECT_EQ(put(admin, everyone).problem(), "group-built-in");
    EXPECT_EQ(admin.del(everyone).problem(), "group-built-in");
    for (const std::string& unknown : {std::string(kNobody), std::string("no-uuid"), person.person.id}) {
        EXPECT_EQ(put(admin, any.at("/service-accounts/" + unknown)).problem(), "service-account-unknown") << unknown;
        EXPECT_EQ(admin.del(any.at("/service-accounts/" + unknown)).problem(), "service-account-unknown") << unknown;
        EXPECT_EQ(put(admin, Group{unknown, ""}.of(one)).problem(), "group-unknown") << unknown;
        EXPECT_EQ(admin.del(Group{unknown, ""}.of(one)).problem(), "group-unknown") << unknown;
        EXPECT_EQ(admin.get(target(unknown, "/groups")).problem(), "service-account-unknown") << unknown;
        EXPECT_EQ(admin.get(target(unknown, "/permissions")).problem(), "service-account-unknown") << unknown;
    }
    EXPECT_EQ(put(admin, any.at("/members/" + one.id)).problem(), "user-unknown") << "each under its own kind";
    Answer joined;
    for (int i = 0; i < 9; ++i) joined = put(admin, group(admin).of(one));
    EXPECT_EQ(joined.problem(), "limit-reached");
}

// A log-in guards all roles and groups of its account in one append. Whoever has more than fit is told so in OAuth's
// terms, and is answered for as before: by introspection, and evaluation.
TEST(GroupsOfServices, MayBeTooManyForATokenAndAreNotTooManyForAnAnswer) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::string things = unique("things");
    const std::string token = token_of(one.client);
    std::vector<Group> groups;
    for (int i = 0; i < 8; ++i) groups.push_back(group(admin));
    for (const Group& any : groups) {
        ASSERT_EQ(put(admin, any.of(one)).status, 204);
        for (int i = 0; i < 8; ++i)
            ASSERT_EQ(put(admin, any.at("/roles/" + role(admin, allowing(things + ":read")))).status, 204);
    }
    for (int i = 0; i < 24; ++i)
        ASSERT_EQ(put(admin, target(one.id, "/roles/" + role(admin, allowing(things + ":read")))).status, 204);
    EXPECT_EQ(grant(one.client).status, 200) << "96 fit";
    const Group upper = group(admin, allowing(things + ":write"));
    ASSERT_EQ(put(admin, upper.at("/groups/" + groups.front().id)).status, 204);
    const Answer refused = grant(one.client);
    EXPECT_EQ(refused.status, 400) << refused.body;
    EXPECT_EQ(error_of(refused), "invalid_scope");
    EXPECT_TRUE(may(one, things, "write"));
    EXPECT_TRUE(is_active(api(), token));
    EXPECT_EQ(admin.get(target(one.id)).count("/groups"), 9u);
    ASSERT_EQ(admin.del(upper.at()).status, 204);
    EXPECT_EQ(grant(one.client).status, 200);
}

TEST(GroupsOfServices, AreForThoseWhoMayAndHoldWhatIsConcerned) {
    ApiClient admin = administrator(api());
    const Account weak = account(admin);
    const Account strong = account(admin);
    const Group plain = group(admin);
    const Group powerful = group(admin, allowing("orders:write"));
    const Group above = group(admin, allowing("payroll:read"));
    const Group below = group(admin);
    const Group denying = group(admin, R"("permissions":[],"deny":["orders:write"])");
    ASSERT_EQ(put(admin, above.at("/groups/" + below.id)).status, 204);
    ASSERT_EQ(put(admin, powerful.of(strong)).status, 204);
    const Visitor clerk = visitor(api());
    const auto ask_all = [&](ApiClient client) {
        return std::vector<Answer>{put(client, plain.of(weak)), client.del(plain.of(weak)),
                                   client.get(target(weak.id, "/groups")), client.get(target(weak.id, "/permissions"))};
    };
    for (const Answer& answer : ask_all(api())) EXPECT_EQ(answer.problem(), "invalid-token") << answer.body;
    for (const Answer& answer : ask_all(api().as(clerk.tokens.access)))
        EXPECT_EQ(answer.problem(), "forbidden") << answer.body;

    // What a service may do to groups it does to nobody's over these routes, its own membership included.
    const Group writers = group(admin, R"("permissions":["keyledger.groups:*","keyledger.roles:*"])");
    ASSERT_EQ(put(admin, writers.of(weak)).status, 204);
    const std::string itself = token_of(weak.client);
    for (const Answer& answer : ask_all(api().as(itself))) EXPECT_EQ(answer.problem(), "invalid-token") << answer.body;
    ASSERT_EQ(admin.del(writers.of(weak)).status, 204);

    const std::string clerks = role(admin, R"("permissions":["keyledger.groups:*","keyledger.clients:*"])");
    ASSERT_EQ(put(admin, std::string(kUsers) + "/" + clerk.person.id + "/roles/" + clerks).status, 204);
    ApiClient as_clerk = api().as(clerk.tokens.access);
    for (const Group& group : {powerful, below, denying}) {
        EXPECT_EQ(put(as_clerk, group.of(weak)).problem(), "exceeds-authority");
        EXPECT_EQ(as_clerk.del(group.of(weak)).problem(), "exceeds-authority");
    }
    EXPECT_EQ(put(as_clerk, plain.of(strong)).problem(), "exceeds-authority") << "who holds more by another group";
    EXPECT_EQ(as_clerk.send("POST", target(strong.id, "/secrets")).problem(), "exceeds-authority");
    EXPECT_EQ(as_clerk.del(target(strong.id)).problem(), "exceeds-authority");
    EXPECT_EQ(put(as_clerk, plain.of(weak)).status, 204);
    EXPECT_EQ(as_clerk.del(plain.of(weak)).status, 204);
}

// ---- access files -----------------------------------------------------------------------------------------------
ProcessResult apply(const std::string& text, std::vector<std::string> more = {}) {
    const std::filesystem::path path = deployment().folder() / unique("access");
    std::ofstream(path) << text;
    std::vector<std::string> words{"access", "apply", path.string()};
    words.insert(words.end(), more.begin(), more.end());
    ProcessResult finished = deployment().run(words);
    const auto at = finished.output.find(", up to position ");  // which other tests' events move
    if (at != std::string::npos) finished.output = finished.output.substr(0, at) + ".\n";
    return finished;
}

TEST(AccessFilesOfServices, PutThemIntoGroupsThatTheyMakeAndOutOfOthers) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Group before = group(admin);
    ASSERT_EQ(put(admin, before.of(one)).status, 204);
    const std::string reader = unique("reader"), fresh = unique("fresh"), things = unique("things");
    const std::string made = "roles:\n  " + reader + ": {permissions: [\"" + things + ":read\"]}\ngroups:\n  " + fresh +
                             ": {roles: [" + reader + "]}\n";
    const std::string file = made + "service_accounts:\n  " + one.name + ": {groups: [" + fresh + "]}\n";
    const std::string told = "+ role " + reader + "\n    + " + things + ":read\n+ group " + fresh + "\n    + role " +
                             reader + "\n~ service_account " + one.name + "\n    + group " + fresh + "\n    - group " +
                             before.name + "\n";
    EXPECT_EQ(apply(file, {"--dry-run"}).output, told + "Would change 3 of 3.\n");
    EXPECT_FALSE(may(one, things, "read"));
    EXPECT_EQ(apply(file).output, told + "Changed 3 of 3.\n");
    EXPECT_TRUE(may(one, things, "read"));
    EXPECT_NE(apply(file).output.find("  service_account " + one.name + " (as it is)\nChanged 0 of 3.\n"),
              std::string::npos);
    const ProcessResult json = apply(file, {"--json"});
    EXPECT_NE(json.output.find(R"({"kind":"service_account","name":")" + one.name + R"(","change":"unchanged")"),
              std::string::npos)
        << json.output;

    ASSERT_GT(service().port(), 0) << "its projector makes the read models";
    const ProcessResult exported = deployment().run({"access", "export"});
    EXPECT_NE(exported.output.find("service_accounts:\n"), std::string::npos) << exported.output;
    EXPECT_NE(exported.output.find("  \"" + one.name + "\":\n    groups: [\"" + fresh + "\"]\n"), std::string::npos)
        << exported.output;
    EXPECT_NE(apply(exported.output).output.find("Changed 0 of "), std::string::npos) << "as it is applied";

    EXPECT_EQ(apply(made).output.find("service_account"), std::string::npos) << "what is not named stays";
    EXPECT_TRUE(may(one, things, "read"));
    // The group goes in the same file: before it is deleted it is left.
    const std::string gone = "groups:\n  " + fresh + ": null\nservice_accounts:\n  " + one.name + ": {groups: []}\n";
    const std::string end = "Deletions:\n- group " + fresh + "\n    - role " + reader + "\n\n~ service_account " +
                            one.name + "\n    - group " + fresh + "\n";
    EXPECT_EQ(apply(gone, {"--dry-run"}).output, end + "Would change 2 of 2.\n");
    EXPECT_EQ(apply(gone, {"--allow-deletions"}).output, end + "Changed 2 of 2.\n");
    EXPECT_FALSE(may(one, things, "read"));
}

TEST(AccessFilesOfServices, AreRefusedAsAWholeBeforeAnythingIsDone) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::string fresh = unique("fresh");
    const auto accounts = [](const std::string& name, const std::string& groups) {
        return "service_accounts:\n  " + name + ": {groups: [" + groups + "]}\n";
    };
    const std::string nobody = unique("nobody");
    const std::pair<std::string, std::string> cases[] = {
        {accounts(nobody, fresh), "service account '" + nobody + "' is not there; a file makes none"},
        {accounts(one.name, nobody), "service account '" + one.name + "' names a group that there is not"},
    };
    for (const auto& [text, error] : cases) {
        const std::string file = "groups:\n  " + fresh + ": {}\n" + text;
        const ProcessResult tried = apply(file, {"--dry-run"});
        EXPECT_EQ(tried.exit_code, 1) << file;
        EXPECT_NE(tried.output.find(error), std::string::npos) << tried.output;
        EXPECT_EQ(apply(file).output, tried.output);
    }
    EXPECT_EQ(apply("groups:\n  " + fresh + ": {}\n").output, "+ group " + fresh + "\nChanged 1 of 1.\n")
        << "nothing was done before";
    const ProcessResult everyone = apply(accounts(one.name, "Everyone"));
    EXPECT_EQ(everyone.exit_code, 2);
    EXPECT_NE(everyone.output.find("line 2: 'everyone' is the group of all users; no service account is in it"),
              std::string::npos)
        << everyone.output;
}

}  // namespace
}  // namespace keyledger::test
