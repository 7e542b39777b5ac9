#include "domain/access/permission.hpp"

#include <gtest/gtest.h>

namespace keyledger {
namespace {

PermissionSet set(std::vector<std::string> texts) { return PermissionSet::of_texts(texts); }

// ---- the grammar -----------------------------------------------------------------------------------------------
TEST(Permission, IsTwoSegments) {
    const std::string longest(kMaxSegmentBytes, 'a');
    for (const std::string& text :
         {std::string("invoices:read"), std::string("keyledger.users:write"), std::string("a:b"), std::string("7:0"),
          std::string("can_read-it.all:x_1"), std::string("*:read"), std::string("invoices:*"), std::string("*:*"),
          longest + ":" + longest}) {
        const auto parsed = parse_permission(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parsed->text(), text);
    }
}

TEST(Permission, HasOneSpelling) {
    const std::string too_long(kMaxSegmentBytes + 1, 'a');
    for (const std::string& text :
         {std::string(""), std::string(":"), std::string("invoices"), std::string("invoices:"), std::string(":read"),
          std::string("invoices:read:now"), std::string("Invoices:read"), std::string("invoices:READ"),
          std::string(" invoices:read"), std::string("invoices: read"), std::string("invoices:read\n"),
          std::string("inv*:read"), std::string("**:read"), std::string("invoices.*:read"), std::string(".a:read"),
          std::string("a:_b"), std::string("-a:b"), std::string("invoices/42:read"), std::string("todos:update@own"),
          std::string("caf\xC3\xA9:read"), std::string("a:b\0", 4), too_long + ":read", "read:" + too_long}) {
        EXPECT_FALSE(parse_permission(text)) << text;
    }
}

TEST(Permission, IsAskedForWithoutWildcards) {
    EXPECT_EQ(concrete_permission("invoices", "read"), (Permission{"invoices", "read"}));
    EXPECT_FALSE(concrete_permission("*", "read"));
    EXPECT_FALSE(concrete_permission("invoices", "*"));
    EXPECT_FALSE(concrete_permission("invoices:x", "read"));
    EXPECT_FALSE(concrete_permission("", "read"));
}

TEST(RoleName, IsComparedWithoutRegardToCase) {
    const auto name = parse_role_name("Billing.Clerk-2_x");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->text, "Billing.Clerk-2_x");
    EXPECT_EQ(name->key, "billing.clerk-2_x");
    EXPECT_TRUE(parse_role_name(std::string(kMaxRoleNameBytes, 'R')));
    for (const std::string& text : {std::string(""), std::string("a b"), std::string("-a"), std::string("a\n"),
                                    std::string("r\xC3\xB4le"), std::string(kMaxRoleNameBytes + 1, 'r')})
        EXPECT_FALSE(parse_role_name(text)) << text;
}

// ---- what covers what ------------------------------------------------------------------------------------------
struct Case {
    std::vector<std::string> held;
    std::string wanted;
    bool covered;
};
class Covers : public testing::TestWithParam<Case> {};

TEST_P(Covers, TheTable) {
    const auto& [held, wanted, covered] = GetParam();
    const auto permission = parse_permission(wanted);
    ASSERT_TRUE(permission) << wanted;
    EXPECT_EQ(set(held).covers(*permission), covered) << wanted;
    EXPECT_EQ(set(held).covers(set({wanted})), covered) << wanted;
}
INSTANTIATE_TEST_SUITE_P(PermissionSet, Covers,
                         testing::Values(Case{{}, "invoices:read", false},                              //
                                         Case{{"invoices:read"}, "invoices:read", true},                //
                                         Case{{"invoices:read"}, "invoices:write", false},              //
                                         Case{{"invoices:read"}, "orders:read", false},                 //
                                         Case{{"invoices:*"}, "invoices:write", true},                  //
                                         Case{{"invoices:*"}, "orders:write", false},                   //
                                         Case{{"*:read"}, "orders:read", true},                         //
                                         Case{{"*:read"}, "orders:write", false},                       //
                                         Case{{"*:*"}, "orders:write", true},                           //
                                         Case{{"a:b", "orders:*", "z:y"}, "orders:write", true},        //
                                         Case{{"invoices:read", "invoices:write"}, "invoices:*", false},  //
                                         Case{{"invoices:*", "*:read"}, "*:*", false},                  //
                                         Case{{"*:read"}, "*:read", true},                              //
                                         Case{{"*:*"}, "*:read", true},                                 //
                                         Case{{"*:*"}, "*:*", true},                                    //
                                         Case{{"invoices:read"}, "*:read", false},                      //
                                         Case{{"invoice:read"}, "invoices:read", false}));

TEST(PermissionSet, CoversAnotherSetOnlyAsAWhole) {
    EXPECT_TRUE(set({"invoices:*", "orders:read"}).covers(set({"invoices:read", "orders:read"})));
    EXPECT_FALSE(set({"invoices:*"}).covers(set({"invoices:read", "orders:read"})));
    EXPECT_TRUE(set({}).covers(set({})));
    EXPECT_TRUE(PermissionSet::everything().covers(set({"*:*", "a:b"})));
}

TEST(PermissionSet, HoldsEachOnceAndInOrder) {
    PermissionSet both = set({"b:x", "a:y", "b:x"});
    EXPECT_EQ(both.texts(), (std::vector<std::string>{"a:y", "b:x"}));
    both.add(set({"a:y", "a:x"}));
    EXPECT_EQ(both.texts(), (std::vector<std::string>{"a:x", "a:y", "b:x"}));
    EXPECT_EQ(both, set({"b:x", "a:x", "a:y"}));
}

TEST(PermissionSet, IsNotWidenedByATextThatIsNoPermission) {
    EXPECT_EQ(set({"*", "everything", "a:b:c", "a:b"}).texts(), std::vector<std::string>{"a:b"});
}

}  // namespace
}  // namespace keyledger
