// Groups, who is in them, and how they stand one above the other: right events, says no, stays quiet.
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "tests/support/history.hpp"

namespace keyledger {
namespace {

using test::given;
using test::kAnn;

const AccessRules kAll = AccessRules::everything();
const Uuid kStaff = test::uuid(0xE1);
const Uuid kClerks = test::uuid(0xE2);
const Uuid kTellers = test::uuid(0xE3);
AccessRules allowing(std::vector<std::string> texts) { return PermissionSet::of_texts(texts); }

// ---- the group itself
// ------------------------------------------------------------------------------------------
TEST(DefineGroup, NamesItOnce) {
    EXPECT_TRUE(test::decides(decide(Group{}, DefineGroup{"Staff"}), {GroupDefined{"Staff"}}));
    EXPECT_TRUE(test::refuses(decide(given<Group>(GroupDefined{"Staff"}), DefineGroup{"Staff"}),
                              GroupError::kAlreadyDefined));
}

TEST(RenameGroup, StaysQuietWhenNothingDiffersAndIsRejectedForWhatIsNotThere) {
    const Group staff = given<Group>(GroupDefined{"Staff"});
    EXPECT_TRUE(test::decides(decide(staff, RenameGroup{"staff"}), {GroupRenamed{"staff"}}));
    EXPECT_TRUE(test::stays_quiet(decide(staff, RenameGroup{"Staff"})));
    EXPECT_TRUE(test::refuses(decide(Group{}, RenameGroup{"Staff"}), GroupError::kUnknown));
    EXPECT_TRUE(test::refuses(decide(given<Group>(GroupDefined{"Staff"}, GroupDeleted{}), RenameGroup{"x"}),
                              GroupError::kUnknown));
}

TEST(DeleteGroup, IsDoneOnce) {
    EXPECT_TRUE(test::decides(decide(given<Group>(GroupDefined{"Staff"}), DeleteGroup{}), {GroupDeleted{}}));
    EXPECT_TRUE(test::refuses(decide(given<Group>(GroupDefined{"Staff"}, GroupDeleted{}), DeleteGroup{}),
                              GroupError::kUnknown));
}

// ---- members
// ---------------------------------------------------------------------------------------------------
AddMember add(const Uuid& group, AccessRules rules = {}, AccessRules held = kAll) {
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
                              AssignmentsError::kLacksPermission));
    const AccessRules denying({}, PermissionSet::of_texts(std::vector<std::string>{"a:b"}));
    EXPECT_TRUE(test::refuses(decide(Assignments{}, add(kStaff, denying, allowing({"a:c"}))),
                              AssignmentsError::kLacksPermission));
}

TEST(AddMember, IsRejectedAboveTheLimitButNotForGroupsThatWereDeleted) {
    Assignments full;
    for (std::uint16_t i = 0; i < kMaxGroupsPerSubject; ++i) full.groups.push_back(test::uuid(0x100 + i));
    EXPECT_TRUE(test::refuses(decide(full, add(kStaff)), AssignmentsError::kTooManyGroups));
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
    EXPECT_TRUE(
        test::refuses(decide(member, RemoveMember{Subject::user(kAnn), kStaff, denying, allowing({"a:c"})}),
                      AssignmentsError::kLacksPermission))
        << "the denial would be lifted";
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
    EXPECT_TRUE(test::refuses(decide(full, command), AssignmentsError::kTooManyRoles));
}

TEST(WithdrawAllRoles, WithdrawsEach) {
    const auto two = given<Assignments>(RoleAssigned{kStaff, test::uuid(1), SubjectType::kGroup},
                                        RoleAssigned{kStaff, test::uuid(2), SubjectType::kGroup});
    EXPECT_TRUE(test::decides(decide(two, WithdrawAllRoles{Subject::group(kStaff)}),
                              {RoleWithdrawn{kStaff, test::uuid(1), SubjectType::kGroup},
                               RoleWithdrawn{kStaff, test::uuid(2), SubjectType::kGroup}}));
}

// ---- nesting
// ---------------------------------------------------------------------------------------------------
NestGroup nest(const Uuid& parent, const Uuid& child, AccessRules rules = {}, AccessRules held = kAll) {
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
        EXPECT_TRUE(test::refuses(decide(two, command), NestingsError::kCycle));
    EXPECT_TRUE(test::decides(decide(two, nest(kStaff, kTellers)), {GroupNested{kStaff, kTellers}}))
        << "two ways are no cycle";
}

TEST(NestGroup, IsRejectedBeyondTheDepthOnWhicheverSideItGrows) {
    const Nestings deepest = chain(kMaxGroupDepth);
    const Uuid top = test::uuid(0x200);
    const Uuid bottom = test::uuid(static_cast<std::uint16_t>(0x200 + kMaxGroupDepth - 1));
    EXPECT_TRUE(test::refuses(decide(deepest, nest(bottom, kStaff)), NestingsError::kTooDeep));
    EXPECT_TRUE(test::refuses(decide(deepest, nest(kStaff, top)), NestingsError::kTooDeep));
    EXPECT_TRUE(test::decides(decide(deepest, nest(test::uuid(0x201), kStaff)),
                              {GroupNested{test::uuid(0x201), kStaff}}));
}

TEST(NestGroup, IsRejectedBeyondTheLimitAboveAGroupAndInAll) {
    Nestings wide;
    for (std::uint16_t i = 0; i < kMaxGroupsAbove; ++i)
        wide = evolve(wide, GroupNested{test::uuid(0x300 + i), kClerks}, {});
    EXPECT_TRUE(test::refuses(decide(wide, nest(kStaff, kClerks)), NestingsError::kTooManyAbove));
    wide = evolve(wide, GroupNested{kClerks, kTellers}, {});
    EXPECT_TRUE(test::refuses(decide(wide, nest(kStaff, test::uuid(0x300))), NestingsError::kTooManyAbove))
        << "for those below it";
    Nestings full;
    full.count = kMaxNestings;
    EXPECT_TRUE(test::refuses(decide(full, nest(kStaff, kClerks)), NestingsError::kTooMany));
}

TEST(NestGroup, IsRejectedForWhatTheActorLacks) {
    EXPECT_TRUE(
        test::refuses(decide(Nestings{}, nest(kStaff, kClerks, allowing({"a:b"}), allowing({"a:b@own"}))),
                      NestingsError::kLacksPermission));
}

TEST(UnnestGroup, NamesBothAndStaysQuietWhereTheyDoNotStandSo) {
    const auto nested = given<Nestings>(GroupNested{kStaff, kClerks});
    EXPECT_TRUE(test::decides(decide(nested, UnnestGroup{kStaff, kClerks, {}, kAll}),
                              {GroupUnnested{kStaff, kClerks}}));
    EXPECT_TRUE(test::stays_quiet(decide(nested, UnnestGroup{kClerks, kStaff, {}, kAll})));
    EXPECT_TRUE(test::refuses(decide(nested, UnnestGroup{kStaff, kClerks, allowing({"a:b"}), {}}),
                              NestingsError::kLacksPermission));
    const auto none = given<Nestings>(GroupNested{kStaff, kClerks}, GroupUnnested{kStaff, kClerks});
    EXPECT_TRUE(none.parents.empty());
    EXPECT_EQ(none.count, 0U);
}

TEST(UnnestWholly, TakesTheGroupOutBothWays) {
    const auto two = given<Nestings>(GroupNested{kStaff, kClerks}, GroupNested{kClerks, kTellers},
                                     GroupNested{kStaff, kTellers});
    auto events = decide(two, UnnestWholly{kClerks});
    ASSERT_TRUE(events);
    EXPECT_EQ(events->size(), 2U);
    Nestings then = two;
    for (const auto& event : *events) then = evolve(std::move(then), event, {});
    EXPECT_TRUE(then.has(kStaff, kTellers));
    EXPECT_EQ(then.count, 1U);
}

}  // namespace
}  // namespace keyledger
