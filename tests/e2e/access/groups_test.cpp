// Groups over HTTP: who is in them, how they are nested, and why somebody has a permission.
#include <gtest/gtest.h>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kGroups = "/api/v1/admin/groups";
constexpr const char* kRoles = "/api/v1/admin/roles";
constexpr const char* kAdministratorRoleId = "6b65796c-6564-8065-8072-6f6c65000001";
constexpr const char* kNobody = "01890a5d-ac96-774b-bcce-b302099a8057";

std::string group_target(const std::string& id, const std::string& rest = "") {
    return std::string(kGroups) + "/" + id + rest;
}
std::string user_target(const std::string& id, const std::string& rest = "") {
    return std::string(kUsers) + "/" + id + rest;
}
std::string named(const std::string& name) { return R"({"name":")" + name + R"("})"; }
std::string define(ApiClient& admin) {
    const Answer answer = admin.post(kGroups, named(unique("group")));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("/id");
}
std::string role(ApiClient& admin, const std::string& permission) {
    const Answer answer =
        admin.post(kRoles, R"({"name":")" + unique("role") + R"(","permissions":[")" + permission + R"("]})");
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("/id");
}
Answer put(ApiClient& admin, const std::string& target) { return admin.send("PUT", target); }

TEST(Groups, AreDefinedShownRenamedAndDeleted) {
    ApiClient admin = administrator(api());
    const std::string name = unique("Staff");
    const Answer defined = admin.post(kGroups, named(name));
    ASSERT_EQ(defined.status, 201) << defined.body;
    const std::string id = defined.text("/id");
    EXPECT_EQ(defined.header("Location"), group_target(id));
    EXPECT_EQ(admin.get(group_target(id), since(defined)).body, defined.body);
    const std::string other = unique("People");
    const Answer renamed = admin.put(group_target(id), named(other));
    EXPECT_EQ(renamed.status, 204) << renamed.body;
    EXPECT_EQ(admin.get(group_target(id), since(renamed)).text("/name"), other);
    EXPECT_EQ(admin.post(kGroups, named(other)).problem(), "group-name-taken");
    EXPECT_EQ(admin.put(group_target(define(admin)), named(other)).problem(), "group-name-taken");
    for (const std::string& bad : {named("two words"), std::string("{}"), std::string(R"({"name":7})")}) {
        EXPECT_EQ(admin.post(kGroups, bad).problem(), "invalid-fields") << bad;
        EXPECT_EQ(admin.put(group_target(id), bad).problem(), "invalid-fields") << bad;
    }
    const Answer deleted = admin.del(group_target(id));
    EXPECT_EQ(deleted.status, 204) << deleted.body;
    EXPECT_EQ(admin.get(group_target(id), since(deleted)).problem(), "group-unknown");
    EXPECT_EQ(admin.post(kGroups, named(name)).status, 201) << "its name is free";
}

TEST(Groups, ComeInPages) {
    ApiClient admin = administrator(api());
    define(admin);
    const Answer now = admin.post(kGroups, named(unique("group")));
    const Answer first = admin.get(std::string(kGroups) + "?limit=1", since(now));
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_GE(admin.get(std::string(kGroups) + "?limit=200&cursor=" + first.text("/next")).count(), 1u);
    const std::string members = group_target(now.text("/id"), "/members");
    for (const std::string& list : {std::string(kGroups), members}) {
        for (const char* bad : {"?limit=0", "?cursor=x"})
            EXPECT_EQ(admin.get(list + bad).problem(), "invalid-fields") << list << bad;
        EXPECT_EQ(admin.get(list + "?color=red").problem(), "unknown-field") << list;
    }
}

TEST(Groups, GiveTheirMembersWhatTheyAndAllAboveThemGrant) {
    ApiClient admin = administrator(api());
    const Visitor one = visitor(api());
    const std::string staff = define(admin);
    const std::string clerks = define(admin);
    const std::string reader = role(admin, "invoices:read");
    ASSERT_EQ(put(admin, group_target(staff, "/roles/" + reader)).status, 204);
    ASSERT_EQ(put(admin, group_target(staff, "/groups/" + clerks)).status, 204);
    const Answer joined = put(admin, group_target(clerks, "/members/" + one.person.id));
    ASSERT_EQ(joined.status, 204) << joined.body;
    EXPECT_EQ(put(admin, group_target(clerks, "/members/" + one.person.id)).status, 204) << "again is no error";
    const Answer token = introspect(api(), deployment().gateway, one.tokens.access);
    EXPECT_EQ(token.text("/scope"), "invoices:read");
    EXPECT_EQ(token.count("/groups"), 2u);
    EXPECT_EQ(token.count("/roles"), 1u);
    const Answer members = admin.get(group_target(clerks, "/members"), since(joined));
    ASSERT_EQ(members.count(), 1u) << members.body;
    EXPECT_EQ(members.text("/items/0/id"), one.person.id);
    EXPECT_EQ(members.text("/items/0/type"), "user");
    EXPECT_EQ(admin.get(group_target(staff, "/members")).text("/items/0/type"), "group");
    EXPECT_EQ(admin.get(group_target(staff, "/roles")).text("/items/0/id"), reader);
    EXPECT_EQ(admin.get(user_target(one.person.id, "/groups")).text("/items/0/id"), clerks);

    const Answer why = admin.get(user_target(one.person.id, "/permissions"), since(joined));
    ASSERT_EQ(why.status, 200) << why.body;
    EXPECT_EQ(why.text("/permissions/0"), "invoices:read");
    EXPECT_EQ(why.text("/without_exception/0"), "invoices:read");
    EXPECT_TRUE(why.boolean("/complete"));
    ASSERT_EQ(why.count("/reasons"), 1u);
    EXPECT_EQ(why.text("/reasons/0/role/id"), reader);
    EXPECT_EQ(why.text("/reasons/0/groups/0/id"), clerks);
    EXPECT_EQ(why.number("/reasons/0/groups/0/granted/position"), joined.position());
    EXPECT_EQ(why.text("/reasons/0/groups/1/id"), staff);
    EXPECT_EQ(why.text("/reasons/0/granted/by_type"), "user");

    EXPECT_EQ(admin.del(group_target(staff, "/groups/" + clerks)).status, 204);
    EXPECT_FALSE(introspect(api(), deployment().gateway, one.tokens.access).has("/scope"));
    ASSERT_EQ(put(admin, group_target(staff, "/members/" + one.person.id)).status, 204);
    EXPECT_EQ(introspect(api(), deployment().gateway, one.tokens.access).text("/scope"), "invoices:read");
    EXPECT_EQ(admin.del(group_target(staff, "/roles/" + reader)).status, 204);
    EXPECT_FALSE(introspect(api(), deployment().gateway, one.tokens.access).has("/scope"));
    const Answer left = admin.del(group_target(clerks, "/members/" + one.person.id));
    EXPECT_EQ(left.status, 204) << left.body;
    EXPECT_EQ(admin.get(user_target(one.person.id, "/groups"), since(left)).count(), 1u);
}

TEST(Groups, RefuseWhatTheyCanNotBe) {
    ApiClient admin = administrator(api());
    const Visitor one = visitor(api());
    const std::string staff = define(admin);
    const std::string clerks = define(admin);
    const std::string any = role(admin, "a:b");
    ASSERT_EQ(put(admin, group_target(staff, "/groups/" + clerks)).status, 204);
    EXPECT_EQ(put(admin, group_target(clerks, "/groups/" + staff)).problem(), "group-cycle");
    EXPECT_EQ(put(admin, group_target(staff, "/roles/" + std::string(kAdministratorRoleId))).problem(),
              "role-built-in");
    std::string top = staff;
    Answer nested;
    for (int i = 0; i < 4; ++i) {
        const std::string above = define(admin);
        nested = put(admin, group_target(above, "/groups/" + top));
        top = above;
    }
    EXPECT_EQ(nested.problem(), "limit-reached");
    Answer joined;
    for (int i = 0; i < 9; ++i) joined = put(admin, group_target(define(admin), "/members/" + one.person.id));
    EXPECT_EQ(joined.problem(), "limit-reached");
    Answer given;
    for (int i = 0; i < 9; ++i) given = put(admin, group_target(staff, "/roles/" + role(admin, "a:b")));
    EXPECT_EQ(given.problem(), "limit-reached");
    for (const char* unknown : {kNobody, "no-uuid"}) {
        EXPECT_EQ(admin.get(group_target(unknown)).problem(), "group-unknown") << unknown;
        EXPECT_EQ(admin.put(group_target(unknown), named("x")).problem(), "group-unknown") << unknown;
        EXPECT_EQ(admin.del(group_target(unknown)).problem(), "group-unknown") << unknown;
        EXPECT_EQ(admin.get(group_target(unknown, "/members")).problem(), "group-unknown") << unknown;
        EXPECT_EQ(admin.get(group_target(unknown, "/roles")).problem(), "group-unknown") << unknown;
        for (const std::string& below : {"/groups/" + clerks, "/members/" + one.person.id, "/roles/" + any}) {
            EXPECT_EQ(put(admin, group_target(unknown, below)).problem(), "group-unknown") << unknown << below;
            EXPECT_EQ(admin.del(group_target(unknown, below)).problem(), "group-unknown") << unknown << below;
        }
        for (const std::string& other : {std::string("/groups/"), std::string("/members/"), std::string("/roles/")}) {
            const std::string problem = other == "/groups/"    ? "group-unknown"
                                        : other == "/members/" ? "user-unknown"
                                                               : "role-unknown";
            EXPECT_EQ(put(admin, group_target(staff, other + unknown)).problem(), problem) << unknown << other;
        }
        EXPECT_EQ(admin.del(group_target(staff, std::string("/members/") + unknown)).problem(), "user-unknown");
        EXPECT_EQ(admin.get(user_target(unknown, "/groups")).problem(), "user-unknown") << unknown;
        EXPECT_EQ(admin.get(user_target(unknown, "/permissions")).problem(), "user-unknown") << unknown;
    }
    EXPECT_EQ(admin.del(group_target(staff, "/roles/no-uuid")).problem(), "role-unknown");
}

TEST(Groups, AreForThoseWhoMayAndHoldWhatIsConcerned) {
    ApiClient admin = administrator(api());
    const Visitor one = visitor(api());
    const Visitor other = visitor(api());
    const std::string strong = define(admin);
    const std::string weak = define(admin);
    const std::string writer = role(admin, "orders:write");
    const std::string plain = role(admin, "a:b");
    ASSERT_EQ(put(admin, group_target(strong, "/roles/" + writer)).status, 204);
    struct Route {
        std::string method;
        std::string target;
        std::string body;
        bool concerns_more;  // than a clerk holds
    };
    const std::vector<Route> routes{{"GET", kGroups, "", false},
                                    {"POST", kGroups, named(unique("group")), false},
                                    {"GET", group_target(strong), "", false},
                                    {"PUT", group_target(strong), named(unique("group")), true},
                                    {"DELETE", group_target(strong), "", true},
                                    {"GET", group_target(strong, "/members"), "", false},
                                    {"PUT", group_target(strong, "/members/" + other.person.id), "", true},
                                    {"DELETE", group_target(strong, "/members/" + other.person.id), "", true},
                                    {"PUT", group_target(strong, "/groups/" + weak), "", true},
                                    {"DELETE", group_target(strong, "/groups/" + weak), "", true},
                                    {"GET", group_target(strong, "/roles"), "", false},
                                    {"PUT", group_target(strong, "/roles/" + plain), "", true},
                                    {"DELETE", group_target(strong, "/roles/" + writer), "", true},
                                    {"GET", user_target(other.person.id, "/groups"), "", false},
                                    {"GET", user_target(other.person.id, "/permissions"), "", false}};
    const auto ask = [](ApiClient client, const Route& route) {
        const HttpHeaders type = route.body.empty() ? HttpHeaders{} : HttpHeaders{{"Content-Type", "application/json"}};
        return client.send(route.method, route.target, type, route.body);
    };
    for (const Route& route : routes) {
        EXPECT_EQ(ask(api().as(one.tokens.access), route).problem(), "forbidden") << route.method << route.target;
        EXPECT_EQ(ask(api(), route).problem(), "invalid-token") << route.method << route.target;
    }
    for (const char* permission : {"keyledger.groups:*", "keyledger.roles:*"})
        ASSERT_EQ(put(admin, user_target(one.person.id, "/roles/" + role(admin, permission))).status, 204);
    for (const Route& route : routes) {
        if (!route.concerns_more) continue;
        EXPECT_EQ(ask(api().as(one.tokens.access), route).problem(), "exceeds-authority")
            << route.method << route.target;
    }
    EXPECT_EQ(put(admin, group_target(weak, "/members/" + other.person.id)).status, 204);
}

}  // namespace
}  // namespace keyledger::test
