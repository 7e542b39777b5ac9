// Roles over HTTP: who has which, what they grant, and that people only grant and touch what they hold.
#include <gtest/gtest.h>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kRoles = "/api/v1/admin/roles";
constexpr const char* kAdministratorRoleId = "6b65796c-6564-8065-8072-6f6c65000001";
constexpr const char* kNobody = "01890a5d-ac96-774b-bcce-b302099a8057";

std::string role_target(const std::string& id) { return std::string(kRoles) + "/" + id; }
std::string user_target(const std::string& id, const std::string& rest = "") {
    return std::string(kUsers) + "/" + id + rest;
}
std::string roles_of(const std::string& user, const std::string& role = "") {
    return user_target(user, "/roles") + (role.empty() ? "" : "/" + role);
}
std::string definition(const std::string& name, const std::vector<std::string>& permissions) {
    std::string list;
    for (const std::string& permission : permissions) list += (list.empty() ? "\"" : ",\"") + permission + "\"";
    return R"({"name":")" + name + R"(","permissions":[)" + list + "]}";
}
std::string define(ApiClient& admin, const std::vector<std::string>& permissions) {
    const Answer answer = admin.post(kRoles, definition(unique("role"), permissions));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("/id");
}
Visitor visitor_with(ApiClient& admin, const std::vector<std::string>& permissions) {
    Visitor one = visitor(api());
    EXPECT_EQ(admin.send("PUT", roles_of(one.person.id, define(admin, permissions))).status, 204);
    return one;
}

TEST(Roles, AreDefinedShownChangedAndDeleted) {
    ApiClient admin = administrator(api());
    const std::string name = unique("Clerk");
    const Answer defined = admin.post(kRoles, definition(name, {"orders:*", "invoices:read", "orders:*"}));
    ASSERT_EQ(defined.status, 201) << defined.body;
    const std::string id = defined.text("/id");
    EXPECT_EQ(defined.header("Location"), role_target(id));
    EXPECT_EQ(defined.text("/permissions/0"), "invoices:read");
    EXPECT_EQ(defined.count("/permissions"), 2u);
    const Answer shown = admin.get(role_target(id), since(defined));
    EXPECT_EQ(shown.body, defined.body);
    const Answer changed = admin.put(role_target(id), definition(name, {"invoices:read"}));
    EXPECT_EQ(changed.status, 204) << changed.body;
    EXPECT_EQ(admin.get(role_target(id), since(changed)).count("/permissions"), 1u);
    const Answer deleted = admin.del(role_target(id));
    EXPECT_EQ(deleted.status, 204) << deleted.body;
    EXPECT_EQ(admin.get(role_target(id), since(deleted)).problem(), "role-unknown");
    EXPECT_EQ(admin.post(kRoles, definition(name, {})).status, 201) << "its name is free";
}

TEST(Roles, ComeInPages) {
    ApiClient admin = administrator(api());
    for (int i = 0; i < 2; ++i) define(admin, {});
    const Answer now = admin.post(kRoles, definition(unique("role"), {}));
    const Answer first = admin.get(std::string(kRoles) + "?limit=1", since(now));
    ASSERT_EQ(first.status, 200) << first.body;
    const Answer rest = admin.get(std::string(kRoles) + "?limit=200&cursor=" + first.text("/next"));
    ASSERT_GE(rest.count(), 3u);
    EXPECT_EQ(first.text("/items/0/id"), kAdministratorRoleId) << "it was there before all others";
    EXPECT_TRUE(first.boolean("/items/0/built_in"));
    EXPECT_TRUE(rest.is_null("/next"));
    for (const char* bad : {"?limit=0", "?cursor=x"})
        EXPECT_EQ(admin.get(std::string(kRoles) + bad).problem(), "invalid-fields") << bad;
    EXPECT_EQ(admin.get(std::string(kRoles) + "?color=red").problem(), "unknown-field");
}

TEST(Roles, RefuseWhatTheyCanNotBe) {
    ApiClient admin = administrator(api());
    const std::string id = define(admin, {"a:b"});
    const std::string name = unique("Taken");
    ASSERT_EQ(admin.post(kRoles, definition(name, {})).status, 201);
    std::string other_case = name;
    other_case[0] = 't';
    EXPECT_EQ(admin.post(kRoles, definition(other_case, {})).problem(), "role-name-taken");
    EXPECT_EQ(admin.put(role_target(id), definition(other_case, {})).problem(), "role-name-taken");
    for (const std::string& bad : {definition("two words", {}), definition(unique("r"), {"invoices read"}),
                                   definition(unique("r"), {"invoices"}), std::string(R"({"name":"r"})"),
                                   std::string(R"({"name":"r","permissions":null})")}) {
        EXPECT_EQ(admin.post(kRoles, bad).problem(), "invalid-fields") << bad;
        EXPECT_EQ(admin.put(role_target(id), bad).problem(), "invalid-fields") << bad;
    }
    EXPECT_EQ(admin.put(role_target(kAdministratorRoleId), definition("boss", {})).problem(), "role-built-in");
    EXPECT_EQ(admin.del(role_target(kAdministratorRoleId)).problem(), "role-built-in");
    for (const char* unknown : {kNobody, "no-uuid"}) {
        EXPECT_EQ(admin.get(role_target(unknown)).problem(), "role-unknown") << unknown;
        EXPECT_EQ(admin.put(role_target(unknown), definition("r", {})).problem(), "role-unknown") << unknown;
        EXPECT_EQ(admin.del(role_target(unknown)).problem(), "role-unknown") << unknown;
    }
}

TEST(Roles, AreGivenToUsersAndTaken) {
    ApiClient admin = administrator(api());
    const Visitor one = visitor(api());
    const std::string id = define(admin, {"invoices:read"});
    const Answer given = admin.send("PUT", roles_of(one.person.id, id));
    ASSERT_EQ(given.status, 204) << given.body;
    EXPECT_EQ(admin.send("PUT", roles_of(one.person.id, id)).status, 204) << "again is no error";
    const Answer theirs = admin.get(roles_of(one.person.id), since(given));
    ASSERT_EQ(theirs.count(), 1u) << theirs.body;
    EXPECT_EQ(theirs.text("/items/0/id"), id);
    EXPECT_TRUE(theirs.has("/items/0/assigned_at"));
    const Answer token = introspect(api(), deployment().gateway, one.tokens.access);
    EXPECT_EQ(token.text("/scope"), "invoices:read");
    EXPECT_EQ(token.count("/roles"), 1u);
    EXPECT_EQ(introspect(api(), deployment().gateway, one.tokens.refresh).text("/scope"), "invoices:read");
    const Answer taken = admin.del(roles_of(one.person.id, id));
    EXPECT_EQ(taken.status, 204) << taken.body;
    EXPECT_FALSE(introspect(api(), deployment().gateway, one.tokens.access).has("/scope"));
    EXPECT_EQ(admin.get(roles_of(one.person.id), since(taken)).count(), 0u);
}

// A resource server hears what its application's roles are, and of no other's; a gateway that may ask about every token
// hears of all.
TEST(Roles, OfOtherApplicationsAreNotToldToAResourceServer) {
    ApiClient admin = administrator(api());
    ApiClient client = api();
    const Person person = register_somebody(client);
    const Tokens tokens = tokens_of(client.post(
        kLogin, json_object({{"email", person.email}, {"password", person.password}, {"resource", kOrders}})));
    const std::string own = define(admin, {"orders:read", "orders.drafts:write", "payroll:read"});
    const std::string foreign = define(admin, {"payroll:write", "orders-archive:read"});
    for (const std::string& role : {own, foreign}) ASSERT_EQ(admin.send("PUT", roles_of(person.id, role)).status, 204);
    const Answer told = introspect(api(), deployment().orders, tokens.access);
    EXPECT_EQ(told.text("/scope"), "orders.drafts:write orders:read") << told.body;
    EXPECT_EQ(told.count("/roles"), 1u) << told.body;
    EXPECT_EQ(told.count("/groups"), 0u) << told.body;
    const Answer all = introspect(api(), deployment().gateway, tokens.access);
    EXPECT_EQ(all.count("/roles"), 2u) << all.body;
    EXPECT_NE(all.text("/scope").find("payroll:write"), std::string::npos) << all.body;
}

TEST(Roles, OfUnknownUsersAndUnknownOnesAreNotGiven) {
    ApiClient admin = administrator(api());
    const Person person = register_somebody(api());
    const std::string id = define(admin, {});
    for (const char* unknown : {kNobody, "no-uuid"}) {
        EXPECT_EQ(admin.get(roles_of(unknown)).problem(), "user-unknown") << unknown;
        EXPECT_EQ(admin.send("PUT", roles_of(unknown, id)).problem(), "user-unknown") << unknown;
        EXPECT_EQ(admin.del(roles_of(unknown, id)).problem(), "user-unknown") << unknown;
        EXPECT_EQ(admin.send("PUT", roles_of(person.id, unknown)).problem(), "role-unknown") << unknown;
        EXPECT_EQ(admin.put(user_target(unknown), "{}").problem(), "user-unknown") << unknown;
        EXPECT_EQ(admin.del(user_target(unknown, "/sessions")).problem(), "user-unknown") << unknown;
    }
    EXPECT_EQ(admin.del(roles_of(person.id, kNobody)).status, 204) << "nobody has it";
    EXPECT_EQ(admin.del(roles_of(person.id, "no-uuid")).problem(), "role-unknown");
}

TEST(Roles, AreLimitedInNumber) {
    ApiClient admin = administrator(api());
    const Person person = register_somebody(api());
    Answer answer;
    for (int i = 0; i < 25; ++i) answer = admin.send("PUT", roles_of(person.id, define(admin, {})));
    EXPECT_EQ(answer.status, 409);
    EXPECT_EQ(answer.problem(), "limit-reached");
}

TEST(Roles, AreAlikeForbiddenToEverybodyElseAndWithoutAToken) {
    const Visitor one = visitor(api());
    ApiClient admin = administrator(api());
    const std::string id = define(admin, {});
    const std::string them = one.person.id;
    struct Route {
        std::string method;
        std::string target;
        std::string body;
    };
    const std::vector<Route> routes{
        {"POST", kRoles, definition("r", {})}, {"GET", kRoles, ""},
        {"GET", role_target(id), ""},          {"PUT", role_target(id), definition("r", {})},
        {"DELETE", role_target(id), ""},       {"GET", roles_of(them), ""},
        {"PUT", roles_of(them, id), ""},       {"DELETE", roles_of(them, id), ""},
        {"PUT", user_target(them), "{}"},      {"DELETE", user_target(them, "/sessions"), ""}};
    for (const Route& route : routes) {
        const HttpHeaders type = route.body.empty() ? HttpHeaders{} : HttpHeaders{{"Content-Type", "application/json"}};
        ApiClient theirs = api().as(one.tokens.access);
        EXPECT_EQ(theirs.send(route.method, route.target, type, route.body).problem(), "forbidden")
            << route.method << route.target;
        EXPECT_EQ(api().send(route.method, route.target, type, route.body).problem(), "invalid-token")
            << route.method << route.target;
    }
    EXPECT_TRUE(is_active(api(), one.tokens.access));
}

TEST(Roles, GrantNothingAndReachNobodyBeyondWhoUsesThem) {
    ApiClient admin = administrator(api());
    const Visitor clerk = visitor_with(admin, {"keyledger.users:*", "keyledger.roles:*", "invoices:read"});
    const Visitor superior = visitor_with(admin, {"orders:write"});
    const Visitor equal = visitor(api());
    ApiClient client = api().as(clerk.tokens.access);
    const std::string strong = define(admin, {"orders:write"});
    const std::string weak = define(admin, {"invoices:read"});
    const std::string them = superior.person.id;
    for (const Answer& answer :
         {client.post(kRoles, definition(unique("r"), {"orders:write"})),
          client.put(role_target(weak), definition(unique("r"), {"*:*"})), client.del(role_target(strong)),
          client.send("PUT", roles_of(equal.person.id, strong)), client.send("PUT", roles_of(them, weak)),
          client.del(roles_of(them, weak)), client.put(user_target(them), "{}"),
          client.del(user_target(them, "/sessions")), client.send("POST", user_target(them, "/deactivate")),
          client.send("POST", user_target(them, "/activate")), client.send("POST", user_target(them, "/unlock")),
          client.send("POST", user_target(them, "/invitation")),
          client.send("POST", user_target(them, "/send-verification")), client.del(user_target(them)),
          client.del(user_target(them, "/erasure"))}) {
        EXPECT_EQ(answer.status, 403) << answer.body;
        EXPECT_EQ(answer.problem(), "exceeds-authority") << answer.body;
    }
    EXPECT_EQ(client.send("PUT", roles_of(equal.person.id, weak)).status, 204);
    EXPECT_EQ(client.get(kUsers).status, 200);
    EXPECT_EQ(client.get(kAudit).problem(), "forbidden");
    const Answer renamed = client.put(user_target(equal.person.id), json_object({{"name", unique("Renamed")}}));
    EXPECT_EQ(renamed.status, 200) << renamed.body;
    const std::string taken = json_object({{"username", superior.person.username}});
    EXPECT_EQ(client.put(user_target(equal.person.id), taken).problem(), "username-taken");
    EXPECT_EQ(client.del(user_target(equal.person.id, "/sessions")).status, 204);
    EXPECT_FALSE(is_active(api(), equal.tokens.access));
}

TEST(Roles, LeaveTheLastAdministrator) {
    ApiClient admin = administrator(api());
    const std::string id = admin.get(kMe).text("/id");
    EXPECT_EQ(admin.del(roles_of(id, kAdministratorRoleId)).problem(), "last-administrator");
    const Visitor second = visitor(api());
    EXPECT_FALSE(api().as(second.tokens.access).get(kMe).boolean("/administrator"));
    ASSERT_EQ(admin.send("PUT", roles_of(second.person.id, kAdministratorRoleId)).status, 204);
    ApiClient other = api().as(second.tokens.access);
    EXPECT_TRUE(other.get(kMe).boolean("/administrator"));
    EXPECT_EQ(other.del(roles_of(second.person.id, kAdministratorRoleId)).status, 204);
    EXPECT_EQ(other.get(kRoles).problem(), "forbidden") << "from the next question on";
}

}  // namespace
}  // namespace keyledger::test
