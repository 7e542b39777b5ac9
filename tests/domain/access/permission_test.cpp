#include "domain/access/permission.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace keyledger {
namespace {

PermissionSet set(std::vector<std::string> texts) { return PermissionSet::of_texts(texts); }

// ---- the grammar -----------------------------------------------------------------------------------------------
TEST(Permission, IsTwoSegments) {
    const std::string longest(kMaxSegmentBytes, 'a');
    for (const std::string& text : {std::string("invoices:read"),
                                    std::string("keyledger.users:write"),
                                    std::string("a:b"),
                                    std::string("7:0"),
                                    std::string("can_read-it.all:x_1"),
                                    std::string("*:read"),
                                    std::string("invoices:*"),
                                    std::string("*:*"),
                                    std::string("invoices/42:read"),
                                    std::string("docs/Q3_plan-v2.1~b:*"),
                                    std::string("todos:update@own"),
                                    std::string("todos/7:*@own"),
                                    std::string("*:*@own"),
                                    longest + ":" + longest,
                                    longest + "/" + std::string(kMaxInstanceBytes, 'Z') + ":" + longest + "@own",
                                    std::string("Record:GET"),
                                    std::string("urn%3Aexample%3Adoc:can_%C3%A4ndern"),
                                    std::string("%2A:%2E"),
                                    std::string("a/%20%2F:b%40own"),
                                    std::string("%E2%82%AC:x")}) {
        const auto parsed = parse_permission(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parsed->text(), text);
    }
}

TEST(Permission, HasOneSpelling) {
    const std::string too_long(kMaxSegmentBytes + 1, 'a');
    for (const std::string& text : {std::string(""),
                                    std::string(":"),
                                    std::string("invoices"),
                                    std::string("invoices:"),
                                    std::string(":read"),
                                    std::string("invoices:read:now"),
                                    std::string("%61:read"),
                                    std::string("a%2D:read"),
                                    std::string("a%c3%a4:read"),
                                    std::string("a%:read"),
                                    std::string("a%2:read"),
                                    std::string("a%GG:read"),
                                    std::string("a%00:read"),
                                    std::string("a%FF:read"),
                                    std::string("a%E2%80%AE:read"),
                                    std::string("a/%2D:read"),
                                    std::string(" invoices:read"),
                                    std::string("invoices: read"),
                                    std::string("invoices:read\n"),
                                    std::string("inv*:read"),
                                    std::string("**:read"),
                                    std::string("invoices.*:read"),
                                    std::string(".a:read"),
                                    std::string("a:_b"),
                                    std::string("-a:b"),
                                    std::string("*/42:read"),
                                    std::string("invoices/:read"),
                                    std::string("invoices/*:read"),
                                    std::string("invoices/4/2:read"),
                                    std::string("invoices/4 2:read"),
                                    std::string("/42:read"),
                                    std::string("invoices@own:read"),
                                    std::string("invoices:read@OWN"),
                                    std::string("invoices:read@own@own"),
                                    std::string("invoices:@own"),
                                    std::string("invoices:read@"),
                                    std::string("invoices:read@all"),
                                    std::string("a/caf\xC3\xA9:b"),
                                    "a/" + std::string(kMaxInstanceBytes + 1, 'x') + ":b",
                                    std::string("caf\xC3\xA9:read"),
                                    std::string("a:b\0", 4),
                                    too_long + ":read",
                                    "read:" + too_long}) {
        EXPECT_FALSE(parse_permission(text)) << text;
    }
}

// Whatever a resource or action is called, a permission can name it, and none of its names is a wildcard.
TEST(Permission, NamesAnyText) {
    const std::pair<std::string, std::string> kNames[] = {{"read", "read"},
                                                          {"GET", "GET"},
                                                          {"urn:example:doc", "urn%3Aexample%3Adoc"},
                                                          {"*", "%2A"},
                                                          {"a/b", "a%2Fb"},
                                                          {"%2A", "%252A"},
                                                          {"caf\xC3\xA9", "caf%C3%A9"},
                                                          {".a", "%2Ea"},
                                                          {"a.b", "a.b"},
                                                          {"read@own", "read%40own"},
                                                          {" ", "%20"},
                                                          {"~", "%7E"}};
    for (const auto& [text, name] : kNames) {
        EXPECT_EQ(name_in_permission(text), name);
        EXPECT_EQ(text_of_part(name), text);
        const auto permission = parse_permission(name + ":" + name);
        ASSERT_TRUE(permission) << name;
        EXPECT_TRUE(set({name + ":" + name}).allows({name_in_permission(text), name_in_permission(text)})) << text;
        EXPECT_FALSE(set({name + ":" + name}).allows({"invoices", "other"})) << text;
        EXPECT_TRUE(set({"*:*"}).allows({name, name})) << text;
    }
    EXPECT_EQ(instance_in_permission("-a~b/c"), "-a~b%2Fc");
    EXPECT_EQ(text_of_part("-a~b%2Fc"), "-a~b/c");
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
                         testing::Values(Case{{}, "invoices:read", false},                                //
                                         Case{{"invoices:read"}, "invoices:read", true},                  //
                                         Case{{"invoices:read"}, "invoices:write", false},                //
                                         Case{{"invoices:read"}, "orders:read", false},                   //
                                         Case{{"invoices:*"}, "invoices:write", true},                    //
                                         Case{{"invoices:*"}, "orders:write", false},                     //
                                         Case{{"*:read"}, "orders:read", true},                           //
                                         Case{{"*:read"}, "orders:write", false},                         //
                                         Case{{"*:*"}, "orders:write", true},                             //
                                         Case{{"a:b", "orders:*", "z:y"}, "orders:write", true},          //
                                         Case{{"invoices:read", "invoices:write"}, "invoices:*", false},  //
                                         Case{{"invoices:*", "*:read"}, "*:*", false},                    //
                                         Case{{"*:read"}, "*:read", true},                                //
                                         Case{{"*:*"}, "*:read", true},                                   //
                                         Case{{"*:*"}, "*:*", true},                                      //
                                         Case{{"invoices:read"}, "*:read", false},                        //
                                         Case{{"invoice:read"}, "invoices:read", false},
                                         // instances
                                         Case{{"invoices:read"}, "invoices/42:read", true},      //
                                         Case{{"*:read"}, "invoices/42:read", true},             //
                                         Case{{"invoices/42:*"}, "invoices/42:read", true},      //
                                         Case{{"invoices/42:read"}, "invoices/42:read", true},   //
                                         Case{{"invoices/42:read"}, "invoices/43:read", false},  //
                                         Case{{"docs/a:read"}, "docs/A:read", false},            //
                                         Case{{"invoices/42:read"}, "invoices:read", false},     //
                                         Case{{"invoices/42:read"}, "*:read", false},            //
                                         // one's own
                                         Case{{"todos:update"}, "todos:update@own", true},         //
                                         Case{{"todos:*@own"}, "todos:update@own", true},          //
                                         Case{{"*:*@own"}, "todos/7:update@own", true},            //
                                         Case{{"todos:update@own"}, "todos:update", false},        //
                                         Case{{"*:*@own"}, "todos:update", false},                 //
                                         Case{{"todos/7:update@own"}, "todos:update@own", false},  //
                                         Case{{"todos/7:update"}, "todos/7:update@own", true},
                                         // actions with a property
                                         Case{{"docs:burn"}, "docs:burn%3Fsoft%3Dtrue", true},                  //
                                         Case{{"docs:*"}, "docs:burn%3Fsoft%3Dtrue", true},                     //
                                         Case{{"docs:burn%3Fsoft%3Dtrue"}, "docs/7:burn%3Fsoft%3Dtrue", true},  //
                                         Case{{"docs:burn%3Fsoft%3Dtrue"}, "docs:burn", false},                 //
                                         Case{{"docs:burn%3Fsoft%3Dtrue"}, "docs:burn%3Fsoft%3Dfalse", false},  //
                                         Case{{"docs:bur"}, "docs:burn%3Fsoft%3Dtrue", false},                  //
                                         Case{{"docs:burn"}, "docs:burn%3Fsoft", false}));  // a name of its own

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

// ---- what is asked ----------------------------------------------------------------------------------------
struct Asked {
    std::vector<std::string> allow;
    std::vector<std::string> deny;
    RequestedPermission wanted;
    bool allowed;
};
class Decides : public testing::TestWithParam<Asked> {};

TEST_P(Decides, TheTable) {
    const auto& [allow, deny, wanted, allowed] = GetParam();
    EXPECT_EQ(AccessRules(set(allow), set(deny)).allows(wanted), allowed)
        << wanted.resource << '/' << wanted.instance << ':' << wanted.action;
}
constexpr RequestedPermission kRead42{"invoices", "read", "42", Owner::kUnknown};
constexpr RequestedPermission kReadOwn{"invoices", "read", "42", Owner::kRequester};
constexpr RequestedPermission kReadAnothers{"invoices", "read", "42", Owner::kSomebodyElse};
constexpr RequestedPermission kReadAny{"invoices", "read"};
constexpr RequestedPermission kReadUsers{"keyledger.users", "read"};
const std::vector<std::string> kSoft{"burn%3Fsoft%3Dtrue", "burn%3Fwhy%3Dold"};
const RequestedPermission kBurn42{"docs", "burn", "42"};
const RequestedPermission kBurnSoftly42{"docs", "burn", "42", Owner::kUnknown, kSoft};
INSTANTIATE_TEST_SUITE_P(AccessRules, Decides,
                         testing::Values(Asked{{}, {}, kRead42, false},                                         //
                                         Asked{{"invoices:read"}, {}, kRead42, true},                           //
                                         Asked{{"invoices:write"}, {}, kRead42, false},                         //
                                         Asked{{"invoices/42:read"}, {}, kRead42, true},                        //
                                         Asked{{"invoices/43:read"}, {}, kRead42, false},                       //
                                         Asked{{"invoices/42:read"}, {}, kReadAny, false},                      //
                                         Asked{{"*:read"}, {}, kRead42, true},                                  //
                                         Asked{{"a:b", "z:y", "invoices:*"}, {}, kRead42, true},                //
                                         Asked{{"invoices:read@own"}, {}, kReadOwn, true},                      //
                                         Asked{{"invoices:read@own"}, {}, kReadAnothers, false},                //
                                         Asked{{"invoices:read@own"}, {}, kRead42, false},                      //
                                         Asked{{"*:*"}, {"invoices:read"}, kRead42, false},                     //
                                         Asked{{"invoices/42:read"}, {"invoices:*"}, kRead42, false},           //
                                         Asked{{"invoices:read"}, {"*:*"}, kRead42, false},                     //
                                         Asked{{"invoices:read"}, {"*:write"}, kRead42, true},                  //
                                         Asked{{"invoices:read"}, {"invoices/42:read"}, kRead42, false},        //
                                         Asked{{"invoices:read"}, {"invoices/43:read"}, kRead42, true},         //
                                         Asked{{"invoices:read"}, {"invoices:read@own"}, kReadOwn, false},      //
                                         Asked{{"invoices:read"}, {"invoices:read@own"}, kReadAnothers, true},  //
                                         Asked{{"invoices:read"}, {"invoices:read@own"}, kRead42, false},       //
                                         Asked{{"*:*"}, {"*:*"}, kReadUsers, true},                             //
                                         Asked{{"*:*"}, {"keyledger.users:read"}, kReadUsers, true},            //
                                         // actions with a property
                                         Asked{{"docs:burn%3Fsoft%3Dtrue"}, {}, kBurnSoftly42, true},            //
                                         Asked{{"docs/42:burn%3Fsoft%3Dtrue"}, {}, kBurnSoftly42, true},         //
                                         Asked{{"docs/43:burn%3Fsoft%3Dtrue"}, {}, kBurnSoftly42, false},        //
                                         Asked{{"docs:burn%3Fsoft%3Dtrue"}, {}, kBurn42, false},                 //
                                         Asked{{"docs:burn%3Fsoft%3Dfalse"}, {}, kBurnSoftly42, false},          //
                                         Asked{{"docs:burn"}, {}, kBurnSoftly42, true},                          //
                                         Asked{{"docs:burn"}, {"docs:burn%3Fwhy%3Dold"}, kBurnSoftly42, false},  //
                                         Asked{{"docs:burn"}, {"docs:burn%3Fwhy%3Dold"}, kBurn42, true},         //
                                         Asked{{"docs:burn%3Fsoft%3Dtrue"}, {"docs:burn"}, kBurnSoftly42, false}));

// What somebody must hold plainly, to give it, take it, deny it or lift a denial of it.
TEST(AccessRules, CoverNothingThatADenialTouches) {
    const auto held = [](std::vector<std::string> allow, std::vector<std::string> deny, const std::string& wanted) {
        return AccessRules(set(std::move(allow)), set(std::move(deny))).covers(*parse_permission(wanted));
    };
    EXPECT_TRUE(held({"*:*"}, {}, "invoices:read"));
    EXPECT_FALSE(held({"*:*"}, {"invoices:read"}, "invoices:read"));
    EXPECT_FALSE(held({"*:*"}, {"invoices:read"}, "*:*"));
    EXPECT_FALSE(held({"*:*"}, {"invoices:read"}, "*:read"));
    EXPECT_FALSE(held({"*:*"}, {"invoices/42:read"}, "invoices:read"));
    EXPECT_FALSE(held({"*:*"}, {"invoices:read@own"}, "invoices/42:read"));
    EXPECT_FALSE(held({"*:*"}, {"*:read"}, "invoices/42:*"));
    EXPECT_TRUE(held({"*:*"}, {"invoices/42:read"}, "invoices/43:read"));
    EXPECT_TRUE(held({"*:*"}, {"invoices:write"}, "invoices:read"));
    EXPECT_TRUE(held({"*:*"}, {"*:*"}, "keyledger.roles:write"));
    EXPECT_TRUE(held({"keyledger.roles:*"}, {"*:*"}, "keyledger.roles:*"));
    EXPECT_FALSE(held({"*:*"}, {"docs:burn"}, "docs:burn%3Fsoft%3Dtrue"));
    EXPECT_FALSE(held({"*:*"}, {"docs:burn%3Fsoft%3Dtrue"}, "docs:burn"));
    EXPECT_FALSE(held({"*:*"}, {"docs:burn%3Fwhy%3Dold"}, "docs:burn%3Fsoft%3Dtrue")) << "both may be asked at once";
    EXPECT_TRUE(held({"*:*"}, {"docs:burn%3Fsoft%3Dfalse"}, "docs:burn%3Fsoft%3Dtrue"));
}

// What nobody could write into a permission qualifies nothing, and two spellings are never one action.
TEST(QualifiedAction, IsSpeltInOneWay) {
    EXPECT_EQ(qualified_action("burn", "soft", "true"), "burn%3Fsoft%3Dtrue");
    EXPECT_EQ(qualified_action("burn", "reason", "a=b c?"), "burn%3Freason%3Da%3Db%20c%3F");
    EXPECT_EQ(qualified_action("burn", "soft", ""), "burn%3Fsoft%3D");
    for (const auto& [name, property, value] :
         std::vector<std::array<std::string, 3>>{{"", "soft", "true"},
                                                 {"burn", "", "true"},
                                                 {"burn?soft=true", "why", "old"},
                                                 {"burn", "a=b", "c"},
                                                 {"burn", "soft", std::string(kMaxSegmentBytes, 'x')},
                                                 {"burn", "soft", std::string("a\0b", 3)}})
        EXPECT_EQ(qualified_action(name, property, value), std::nullopt) << name << ' ' << property << ' ' << value;
    EXPECT_EQ(unqualified("burn%3Fsoft%3Dtrue"), "burn");
    for (const std::string whole : {"burn", "*", "%3Fsoft%3Dtrue", "burn%3Fsoft", "burn%3F%3Dtrue", "a%3Db%3Fc"})
        EXPECT_EQ(unqualified(whole), whole);
}

TEST(AccessRules, CoverTheDenialsOfOthersOnlyByHoldingWhatTheyDeny) {
    const AccessRules clerk(set({"invoices:*"}));
    EXPECT_TRUE(clerk.covers(AccessRules(set({"invoices:read"}), set({"invoices/42:read"}))));
    EXPECT_FALSE(clerk.covers(AccessRules(set({"invoices:read"}), set({"orders:read"}))));
    EXPECT_FALSE(
        AccessRules(set({"invoices:*"}), set({"invoices/42:read"})).covers(AccessRules({}, set({"invoices/42:read"}))));
}

// By a role or a group a denial reaches people whom nobody looked at.
TEST(AccessRules, CoverADenialOfManyOnlyByHoldingEverything) {
    const AccessRules denying(set({"invoices:read"}), set({"invoices/42:read"}));
    const AccessRules clerk(set({"invoices:*"}));
    EXPECT_TRUE(clerk.covers(denying));
    EXPECT_FALSE(clerk.covers_for_many(denying));
    EXPECT_TRUE(clerk.covers_for_many(AccessRules(set({"invoices:read"}))));
    EXPECT_FALSE(clerk.covers_for_many(AccessRules(set({"orders:read"}))));
    EXPECT_TRUE(AccessRules::everything().covers_for_many(denying));
    EXPECT_FALSE(AccessRules(set({"*:*"}), set({"orders:read"})).covers_for_many(denying));
}

TEST(AccessRules, SayWhatHoldsWithoutException) {
    const AccessRules rules(set({"invoices:*", "orders:read", "todos/7:read", "keyledger.users:read"}),
                            set({"invoices:delete", "*:write", "todos/8:read"}));
    EXPECT_EQ(rules.without_exceptions(), set({"orders:read", "todos/7:read", "keyledger.users:read"}));
    EXPECT_EQ(AccessRules(set({"*:*"})).without_exceptions(), set({"*:*"}));
}

TEST(PermissionSet, IsNotWidenedByATextThatIsNoPermission) {
    EXPECT_EQ(set({"*", "everything", "a:b:c", "a:b"}).texts(), std::vector<std::string>{"a:b"});
}

// As the documents say: whoever compares two answers compares texts.
TEST(PermissionSet, TellsItsTextsSorted) {
    const std::vector<std::string> given{"todos.lists:read", "todos:read", "todos/9:read",  "todos:read@own",
                                         "*:read",           "todos:*",    "todos-a:write", "a:z"};
    auto sorted = given;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(PermissionSet::of_texts(given).texts(), sorted);
}

}  // namespace
}  // namespace keyledger
