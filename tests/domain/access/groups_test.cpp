// Groups, who is in them, and how they stand one above the other: right events, says no, stays quiet.
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::given;
using test::kAnn;

const AccessRules kAll = AccessRules::everything();
const GroupId kStaff = test::uuid(0xE1);
const GroupId kClerks = test::uuid(0xE2);
const GroupId kTellers = test::uuid(0xE3);
AccessRules allowing(std::vector<std::string> texts) { return PermissionSet::of_texts(texts); }

// ---- the group itself -------------------------------------------------------------------------------------
TEST(DefineGroup, NamesItOnce) {
    EXPECT_TRUE(test::decides(decide(Group{}, DefineGroup{kStaff, "Staff"}), {GroupDefined{"Staff"}}));
    EXPECT_TRUE(test::refuses(decide(given<Group>(GroupDefined{"Staff"}), DefineGroup{kStaff, "Staff"}),
                              refusals::kBegunTwice));
}

TEST(RenameGroup, StaysQuietWhenNothingDiffersAndIsRejectedForWhatIsNotThere) {
    const Group staff = given<Group>(GroupDefined{"Staff"});
    EXPECT_TRUE(test::decides(decide(staff, RenameGroup{kStaff, "staff"}), {GroupRenamed{"staff"}}));
    EXPECT_TRUE(test::stays_quiet(decide(staff, RenameGroup{kStaff, "Staff"})));
    EXPECT_TRUE(test::refuses(decide(Group{}, RenameGroup{kStaff, "Staff"}), refusals::kGroupUnknown));
    EXPECT_TRUE(test::refuses(decide(given<Group>(GroupDefined{"Staff"}, GroupDeleted{}), RenameGroup{kStaff, "x"}),
                              refusals::kGroupUnknown));
}

TEST(DeleteGroup, IsDoneOnce) {
    EXPECT_TRUE(test::decides(decide(given<Group>(GroupDefined{"Staff"}), DeleteGroup{kStaff}), {GroupDeleted{}}));
    EXPECT_TRUE(test::refuses(decide(given<Group>(GroupDefined{"Staff"}, GroupDeleted{}), DeleteGroup{kStaff}),
                              refusals::kGroupUnknown));
}

// ---- members ----------------------------------------------------------------------------------------------
AddMember add(const GroupId& group, AccessRules rules = {}, AccessRules held = kAll) {
    return {Subject::user(kAnn), group, std::move(rules), std::move(held), {}};
}

TEST(AddMember, NamesSubjectAndGroupAndStaysQuietOfAMember) {
    EXPECT_TRUE(test::decides(decide(Assignments{}, add(kStaff)), {GroupMemberAdded{kAnn, kStaff}}));
    const auto member = given<Assignments>(GroupMemberAdded{kAnn, kStaff});
    EXPECT_TRUE(member.is_in(kStaff));
    EXPECT_TRUE(test::stays_quiet(decide(member, add(kStaff))));
}

TEST(AddMember, IsRejectedForWhatTheAdderLacks) {
    EXPECT_TRUE(test::refuses(decide(Assignments{}, add(kStaff, allowing({"a:b"}), allowing({"a:c"}))),
                              refusals::kExceedsAuthority));
    const AccessRules denying({}, PermissionSet::of_texts(std::vector<std::string>{"a:b"}));
    EXPECT_TRUE(
        test::refuses(decide(Assignments{}, add(kStaff, denying, allowing({"a:c"}))), refusals::kExceedsAuthority));
}

TEST(AddMember, IsRejectedAboveTheLimitButNotForGroupsThatWereDeleted) {
    Assignments full;
    for (std::uint16_t i = 0; i < kMaxGroupsPerSubject; ++i) full.groups.push_back(test::uuid(0x100 + i));
    EXPECT_TRUE(test::refuses(decide(full, add(kStaff)), refusals::kTooManyGroups));
    AddMember command = add(kStaff);
    command.deleted = {test::uuid(0x100)};
    EXPECT_TRUE(test::decides(decide(full, command),
                              {GroupMemberRemoved{kAnn, test::uuid(0x100)}, GroupMemberAdded{kAnn, kStaff}}));
}

TEST(RemoveMember, NamesBothAndStaysQuietOfWhoeverIsNone) {
    const auto member = given<Assignments>(GroupMemberAdded{kAnn, kStaff});
    const RemoveMember command{Subject::user(kAnn), kStaff, {}, kAll};
    EXPECT_TRUE(test::decides(decide(member, command), {GroupMemberRemoved{kAnn, kStaff}}));
    EXPECT_TRUE(test::stays_quiet(decide(Assignments{}, command)));
    const AccessRules denying({}, PermissionSet::of_texts(std::vector<std::string>{"a:b"}));
    EXPECT_TRUE(test::refuses(decide(member, RemoveMember{Subject::user(kAnn), kStaff, denying, allowing({"a:c"})}),
                              refusals::kExceedsAuthority))
        << "the denial would be lifted";
}

// What says of the event whose stream it is: the subject's kind is not to be lost on the way.
TEST(Membership, NamesTheKindOfItsSubject) {
    const Subject account = Subject::service_account(test::TestId(kAnn));
    const GroupMemberAdded added{kAnn, kStaff, SubjectType::kServiceAccount};
    const GroupMemberRemoved removed{kAnn, kStaff, SubjectType::kServiceAccount};
    EXPECT_TRUE(test::decides(decide(Assignments{}, AddMember{account, kStaff, {}, kAll, {}}), {added}));
    const auto member = given<Assignments>(added);
    EXPECT_TRUE(test::decides(decide(member, RemoveMember{account, kStaff, {}, kAll}), {removed}));
    EXPECT_TRUE(test::decides(decide(member, LeaveAllGroups{account}), {removed}));
}

TEST(LeaveAllGroups, LeavesEach) {
    const auto member = given<Assignments>(GroupMemberAdded{kAnn, kStaff}, GroupMemberAdded{kAnn, kClerks});
    EXPECT_TRUE(test::decides(decide(member, LeaveAllGroups{Subject::user(kAnn)}),
                              {GroupMemberRemoved{kAnn, kStaff}, GroupMemberRemoved{kAnn, kClerks}}));
    EXPECT_TRUE(test::stays_quiet(decide(Assignments{}, LeaveAllGroups{Subject::user(kAnn)})));
}

TEST(AssignRole, ToAGroupEndsAtALowerLimit) {
    Assignments full;
    for (std::uint16_t i = 0; i < kMaxRolesPerGroup; ++i) full.roles.push_back(test::uuid(0x100 + i));
    const AssignRole command{Subject::group(kStaff), test::uuid(0xD1), {}, kAll, {}};
    EXPECT_TRUE(test::refuses(decide(full, command), refusals::kTooManyRoles));
}

TEST(WithdrawAllRoles, WithdrawsEach) {
    const auto two = given<Assignments>(RoleAssigned{kStaff, test::uuid(1), SubjectType::kGroup},
                                        RoleAssigned{kStaff, test::uuid(2), SubjectType::kGroup});
    EXPECT_TRUE(test::decides(decide(two, WithdrawAllRoles{Subject::group(kStaff)}),
                              {RoleWithdrawn{kStaff, test::uuid(1), SubjectType::kGroup},
                               RoleWithdrawn{kStaff, test::uuid(2), SubjectType::kGroup}}));
}

// ---- nesting ----------------------------------------------------------------------------------------------
NestGroup nest(const GroupId& parent, const GroupId& child, AccessRules rules = {}, AccessRules held = kAll) {
    return {parent, child, std::move(rules), std::move(held)};
}
// The first above the second, and so on.
Nestings chain(std::size_t length) {
    Nestings nestings;
    for (std::uint16_t i = 0; i + 1U < length; ++i)
        nestings = evolve(nestings, GroupNested{test::uuid(0x200 + i), test::uuid(0x201 + i)}, {});
    return nestings;
}

TEST(NestGroup, PutsAllThatIsAboveAboveWhatIsBelow) {
    EXPECT_TRUE(test::decides(decide(Nestings{}, nest(kStaff, kClerks)), {GroupNested{kStaff, kClerks}}));
    const auto two = given<Nestings>(GroupNested{kStaff, kClerks}, GroupNested{kClerks, kTellers});
    EXPECT_EQ(two.with_all_above(std::vector{kTellers}), (std::vector{kTellers, kClerks, kStaff}));
    EXPECT_EQ(two.with_all_above(std::vector{kTellers, kStaff}), (std::vector{kTellers, kStaff, kClerks}));
    EXPECT_EQ(two.with_all_above(std::vector{kStaff}), std::vector{kStaff});
    EXPECT_TRUE(test::stays_quiet(decide(two, nest(kStaff, kClerks))));
}

TEST(NestGroup, IsRejectedWhereItMakesACycle) {
    const auto two = given<Nestings>(GroupNested{kStaff, kClerks}, GroupNested{kClerks, kTellers});
    for (const auto& command : {nest(kTellers, kStaff), nest(kClerks, kStaff), nest(kStaff, kStaff)})
        EXPECT_TRUE(test::refuses(decide(two, command), refusals::kGroupCycle));
    EXPECT_TRUE(test::decides(decide(two, nest(kStaff, kTellers)), {GroupNested{kStaff, kTellers}}))
        << "two ways are no cycle";
}

TEST(NestGroup, IsRejectedBeyondTheDepthOnWhicheverSideItGrows) {
    const Nestings deepest = chain(kMaxGroupDepth);
    const GroupId top = test::uuid(0x200);
    const GroupId bottom = test::uuid(static_cast<std::uint16_t>(0x200 + kMaxGroupDepth - 1));
    EXPECT_TRUE(test::refuses(decide(deepest, nest(bottom, kStaff)), refusals::kGroupsTooDeep));
    EXPECT_TRUE(test::refuses(decide(deepest, nest(kStaff, top)), refusals::kGroupsTooDeep));
    EXPECT_TRUE(
        test::decides(decide(deepest, nest(test::uuid(0x201), kStaff)), {GroupNested{test::uuid(0x201), kStaff}}));
}

TEST(NestGroup, IsRejectedBeyondTheLimitAboveAGroupAndInAll) {
    Nestings wide;
    for (std::uint16_t i = 0; i < kMaxGroupsAbove; ++i)
        wide = evolve(wide, GroupNested{test::uuid(0x300 + i), kClerks}, {});
    EXPECT_TRUE(test::refuses(decide(wide, nest(kStaff, kClerks)), refusals::kTooManyGroupsAbove));
    wide = evolve(wide, GroupNested{kClerks, kTellers}, {});
    EXPECT_TRUE(test::refuses(decide(wide, nest(kStaff, test::uuid(0x300))), refusals::kTooManyGroupsAbove))
        << "for those below it";
    Nestings full;
    full.count = kMaxNestings;
    EXPECT_TRUE(test::refuses(decide(full, nest(kStaff, kClerks)), refusals::kTooManyNestings));
}

TEST(NestGroup, IsRejectedForWhatTheActorLacks) {
    EXPECT_TRUE(test::refuses(decide(Nestings{}, nest(kStaff, kClerks, allowing({"a:b"}), allowing({"a:b@own"}))),
                              refusals::kExceedsAuthority));
}

TEST(UnnestGroup, NamesBothAndStaysQuietWhereTheyDoNotStandSo) {
    const auto nested = given<Nestings>(GroupNested{kStaff, kClerks});
    EXPECT_TRUE(
        test::decides(decide(nested, UnnestGroup{kStaff, kClerks, {}, kAll}), {GroupUnnested{kStaff, kClerks}}));
    EXPECT_TRUE(test::stays_quiet(decide(nested, UnnestGroup{kClerks, kStaff, {}, kAll})));
    EXPECT_TRUE(test::refuses(decide(nested, UnnestGroup{kStaff, kClerks, allowing({"a:b"}), {}}),
                              refusals::kExceedsAuthority));
    const auto none = given<Nestings>(GroupNested{kStaff, kClerks}, GroupUnnested{kStaff, kClerks});
    EXPECT_TRUE(none.parents.empty());
    EXPECT_EQ(none.count, 0U);
}

TEST(RemoveAllNestings, TakesTheGroupOutBothWays) {
    const auto two =
        given<Nestings>(GroupNested{kStaff, kClerks}, GroupNested{kClerks, kTellers}, GroupNested{kStaff, kTellers});
    auto events = decide(two, RemoveAllNestings{kClerks});
    ASSERT_TRUE(events);
    EXPECT_EQ(events->size(), 2U);
    Nestings then = two;
    for (const auto& event : *events) then = evolve(std::move(then), event, {});
    EXPECT_TRUE(then.has(kStaff, kTellers));
    EXPECT_EQ(then.count, 1U);
}

// ---- everyone ---------------------------------------------------------------------------------------------
TEST(Everyone, HasItsNameForItselfInEverySpelling) {
    EXPECT_TRUE(test::decides(decide(Group{}, DefineGroup{kEveryone, "everyone"}), {GroupDefined{"everyone"}}));
    EXPECT_TRUE(test::refuses(decide(Group{}, DefineGroup{kEveryone, "staff"}), refusals::kGroupNameReserved));
    const Group staff = given<Group>(GroupDefined{"Staff"});
    for (const char* name : {"everyone", "Everyone", "EVERYONE", "eVeRyOnE"}) {
        EXPECT_TRUE(test::refuses(decide(Group{}, DefineGroup{kStaff, name}), refusals::kGroupNameReserved)) << name;
        EXPECT_TRUE(test::refuses(decide(staff, RenameGroup{kStaff, name}), refusals::kGroupNameReserved)) << name;
    }
    EXPECT_TRUE(test::decides(decide(Group{}, DefineGroup{kStaff, "everyone-else"}), {GroupDefined{"everyone-else"}}));
    const Group from_before = given<Group>(GroupDefined{"everyone"});
    EXPECT_TRUE(test::decides(decide(from_before, RenameGroup{kStaff, "all"}), {GroupRenamed{"all"}}));
}

TEST(Everyone, IsNeitherRenamedDeletedJoinedLeftNorNested) {
    for (const Group& group : {Group{}, given<Group>(GroupDefined{"everyone"})}) {
        EXPECT_TRUE(test::refuses(decide(group, RenameGroup{kEveryone, "all"}), refusals::kGroupBuiltIn));
        EXPECT_TRUE(test::refuses(decide(group, RenameGroup{kEveryone, "everyone"}), refusals::kGroupBuiltIn));
        EXPECT_TRUE(test::refuses(decide(group, DeleteGroup{kEveryone}), refusals::kGroupBuiltIn));
    }
    EXPECT_TRUE(test::refuses(decide(Assignments{}, add(kEveryone)), refusals::kGroupBuiltIn));
    EXPECT_TRUE(test::refuses(decide(Assignments{}, RemoveMember{Subject::user(kAnn), kEveryone, {}, kAll}),
                              refusals::kGroupBuiltIn));
    EXPECT_TRUE(test::refuses(decide(Nestings{}, NestGroup{kEveryone, kStaff, {}, kAll}), refusals::kGroupBuiltIn));
    EXPECT_TRUE(test::refuses(decide(Nestings{}, NestGroup{kStaff, kEveryone, {}, kAll}), refusals::kGroupBuiltIn));
    EXPECT_TRUE(test::refuses(decide(Nestings{}, UnnestGroup{kEveryone, kStaff, {}, kAll}), refusals::kGroupBuiltIn));
    EXPECT_TRUE(test::refuses(decide(Nestings{}, UnnestGroup{kStaff, kEveryone, {}, kAll}), refusals::kGroupBuiltIn));
}

TEST(Everyone, IsGivenNothingThatAdministers) {
    const auto give = [](std::vector<std::string> texts) {
        return AssignRole{Subject::group(kEveryone), test::uuid(0xD1), allowing(std::move(texts)), kAll, {}};
    };
    for (const char* text : {"keyledger.users:read", "keyledger.audit:*", "*:read", "*:*", "keyledger.x/7:read@own"})
        EXPECT_TRUE(test::refuses(decide(Assignments{}, give({"todos:read", text})), refusals::kNotForEveryone))
            << text;
    EXPECT_TRUE(decide(Assignments{}, give({"todos:*", "keyledgers:read", "keyledger:read"})));
    AssignRole denial = give({});
    denial.rules.deny = PermissionSet::of_texts(std::vector<std::string>{"*:delete"});
    EXPECT_TRUE(decide(Assignments{}, denial)) << "denying is not granting";
}

TEST(Everyone, IsEveryUserAndNobodyElse) {
    Nestings nestings = given<Nestings>(GroupNested{kStaff, kClerks});
    const auto groups_of = [&](SubjectType type, std::vector<GroupId> own) {
        std::vector<GroupId> groups;
        for_each_group(type, own, nestings, [&](const GroupId& group) { groups.push_back(group); });
        return groups;
    };
    using Groups = std::vector<GroupId>;
    EXPECT_EQ(groups_of(SubjectType::kUser, {}), Groups{kEveryone});
    EXPECT_EQ(groups_of(SubjectType::kUser, {kClerks}), (Groups{kClerks, kStaff, kEveryone}));
    EXPECT_EQ(groups_of(SubjectType::kServiceAccount, {kClerks}), (Groups{kClerks, kStaff}));
    EXPECT_TRUE(groups_of(SubjectType::kServiceAccount, {}).empty());
    EXPECT_EQ(groups_of(SubjectType::kGroup, {kStaff}), Groups{kStaff}) << "members have it, not their group";
}

TEST(Everyone, HasAnIdThatNoGeneratorMakesAndAStreamOfItsOwnForItsRoles) {
    EXPECT_EQ(kEveryone.to_string(), "1890da4a-9342-538d-9991-739cb9baada4");
    const test::TestIds fixed{kEveryone, assignments_of(kEveryone), kNestingsStream, kAdministratorRole};
    for (std::size_t i = 0; i < fixed.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) EXPECT_NE(fixed[i], fixed[j]);
}

}  // namespace
}  // namespace keyledger
