// The roles of everyone over HTTP: who has them, why, and what everyone can not be.
#include <gtest/gtest.h>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kEveryone = "/api/v1/admin/groups/1890da4a-9342-538d-9991-739cb9baada4";
constexpr const char* kGroups = "/api/v1/admin/groups";
constexpr const char* kRoles = "/api/v1/admin/roles";

std::string role_target(const std::string& role) { return std::string(kEveryone) + "/roles/" + role; }
std::string named(const std::string& name) { return R"({"name":")" + name + R"("})"; }
std::string definition(const std::string& name, const std::string& permission) {
    return R"({"name":")" + name + R"(","permissions":[")" + permission + R"("]})";
}
std::string define_role(ApiClient& admin, const std::string& permission) {
    const Answer answer = admin.post(kRoles, definition(unique("role"), permission));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("/id");
}

// All tests here share one log: what one of them gives to everybody it takes away again.
class DefaultRoles : public testing::Test {
protected:
    ~DefaultRoles() override {
        for (const std::string& role : given_) admin_.del(role_target(role));
    }
    Answer give(const std::string& role) {
        given_.push_back(role);
        return admin_.send("PUT", role_target(role));
    }
    bool may(const std::string& id, const std::string& type = "user") {
        const std::string question = R"({"subject":{"type":")" + type + R"(","id":")" + id +
                                     R"("},"resource":{"type":"lawns","id":"1"},"action":{"name":"cross"}})";
        ApiClient client = api().with("Authorization", deployment().gateway.basic());
        const Answer answer = client.post("/access/v1/evaluation", question);
        EXPECT_EQ(answer.status, 200) << answer.body;
        return answer.boolean("/decision");
    }

    ApiClient admin_ = administrator(api());
    std::vector<std::string> given_;
};

TEST_F(DefaultRoles, AreOfEveryUserAndTellWhy) {
    const Visitor before = visitor(api());
    const std::string walker = define_role(admin_, "lawns:cross");
    EXPECT_FALSE(may(before.person.id));
    const Answer given = give(walker);
    ASSERT_EQ(given.status, 204) << given.body;
    const Visitor after = visitor(api());
    for (const Visitor& one : {before, after}) {
        EXPECT_TRUE(may(one.person.id));
        const Answer token = introspect(api(), deployment().gateway, one.tokens.access);
        EXPECT_EQ(token.text("/scope"), "lawns:cross");
        EXPECT_EQ(token.count("/groups"), 0u) << "it says nothing of him";
    }
    const std::string account = "/api/v1/admin/service-accounts";
    const Answer service = admin_.post(account, R"({"name":")" + unique("mower") + R"(","audiences":[]})");
    ASSERT_EQ(service.status, 201) << service.body;
    EXPECT_FALSE(may(service.text("/id"), "service_account"));
    EXPECT_FALSE(may(service.text("/id")));

    const Answer why = admin_.get(std::string(kUsers) + "/" + after.person.id + "/permissions", since(given));
    ASSERT_EQ(why.count("/reasons"), 1u) << why.body;
    EXPECT_EQ(why.text("/permissions/0"), "lawns:cross");
    EXPECT_EQ(why.text("/reasons/0/role/id"), walker);
    EXPECT_EQ(why.number("/reasons/0/granted/position"), given.position());
    EXPECT_EQ(why.text("/reasons/0/granted/by_type"), "user");
    EXPECT_EQ(why.text("/reasons/0/groups/0/name"), "everyone");
    EXPECT_EQ(why.text("/reasons/0/groups/0/granted/by_type"), "system");
    EXPECT_TRUE(why.is_null("/reasons/0/groups/0/granted/by"));
    EXPECT_EQ(admin_.get(kEveryone).text("/name"), "everyone");
    EXPECT_EQ(admin_.get(std::string(kEveryone) + "/roles").text("/items/0/id"), walker);
    EXPECT_EQ(admin_.get(std::string(kEveryone) + "/members").count(), 0u) << "nobody is listed";

    ASSERT_EQ(admin_.post(std::string(kUsers) + "/" + before.person.id + "/deactivate", R"({"reason":"left"})").status,
              204);
    EXPECT_FALSE(may(before.person.id));
    EXPECT_EQ(admin_.del(role_target(walker)).status, 204);
    EXPECT_FALSE(may(after.person.id));
    EXPECT_EQ(admin_.del(role_target(walker)).status, 204) << "again is no error";
}

TEST_F(DefaultRoles, AreGivenByThoseWhoMay) {
    const Visitor one = visitor(api());
    const std::string walker = define_role(admin_, "lawns:cross");
    ApiClient theirs = api().as(one.tokens.access);
    EXPECT_EQ(theirs.send("PUT", role_target(walker)).problem(), "forbidden");
    EXPECT_EQ(theirs.del(role_target(walker)).problem(), "forbidden");
    const std::string writer = define_role(admin_, "keyledger.roles:write");
    ASSERT_EQ(admin_.send("PUT", std::string(kUsers) + "/" + one.person.id + "/roles/" + writer).status, 204);
    EXPECT_EQ(theirs.send("PUT", role_target(walker)).problem(), "exceeds-authority");
    EXPECT_FALSE(may(one.person.id));
}

TEST_F(DefaultRoles, AdministerNothing) {
    const std::string readers = define_role(admin_, "keyledger.users:read");
    EXPECT_EQ(admin_.send("PUT", role_target(readers)).problem(), "group-built-in");
    EXPECT_EQ(admin_.send("PUT", role_target(define_role(admin_, "*:read"))).problem(), "group-built-in");
    const std::string name = unique("role");
    const std::string walker = admin_.post(kRoles, definition(name, "lawns:cross")).text("/id");
    ASSERT_EQ(give(walker).status, 204);
    const std::string target = std::string(kRoles) + "/" + walker;
    EXPECT_EQ(admin_.put(target, definition(name, "keyledger.users:read")).problem(), "group-built-in");
    EXPECT_EQ(admin_.put(target, definition(name, "lawns:*")).status, 204);
}

TEST_F(DefaultRoles, EveryoneStaysWhatItIs) {
    const Visitor one = visitor(api());
    const std::string staff = admin_.post(kGroups, named(unique("group"))).text("/id");
    for (const char* name : {"everyone", "Everyone", "EVERYONE"}) {
        EXPECT_EQ(admin_.post(kGroups, named(name)).problem(), "invalid-fields") << name;
        EXPECT_EQ(admin_.put(std::string(kGroups) + "/" + staff, named(name)).problem(), "invalid-fields") << name;
    }
    EXPECT_EQ(admin_.post(kGroups, named("\xd0\xb5veryone")).problem(), "invalid-fields") << "its look-alike";
    const std::string everyone = kEveryone;
    EXPECT_EQ(admin_.put(everyone, named(unique("all"))).problem(), "group-built-in");
    EXPECT_EQ(admin_.del(everyone).problem(), "group-built-in");
    EXPECT_EQ(admin_.send("PUT", everyone + "/members/" + one.person.id).problem(), "group-built-in");
    EXPECT_EQ(admin_.del(everyone + "/members/" + one.person.id).problem(), "group-built-in");
    const std::string id = everyone.substr(everyone.rfind('/') + 1);
    for (const std::string& nesting :
         {everyone + "/groups/" + staff, std::string(kGroups) + "/" + staff + "/groups/" + id}) {
        EXPECT_EQ(admin_.send("PUT", nesting).problem(), "group-built-in") << nesting;
        EXPECT_EQ(admin_.del(nesting).problem(), "group-built-in") << nesting;
    }
    EXPECT_EQ(admin_.get(everyone).text("/name"), "everyone");
    EXPECT_EQ(admin_.get(std::string(kUsers) + "/" + one.person.id + "/groups").count(), 0u);
}

}  // namespace
}  // namespace keyledger::test
