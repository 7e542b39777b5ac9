// Roles, assignments and the set of administrators: right events, says no, stays quiet.
#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/role.hpp"
#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::given;
using test::kAnn;
using test::kBob;

const RoleId kClerk = test::uuid(0xD1);
const RoleId kAuditor = test::uuid(0xD2);

PermissionSet set(std::vector<std::string> texts) { return PermissionSet::of_texts(texts); }
const AccessRules kAll = AccessRules::everything();
const RoleDefined kDefined{"clerk", {"invoices:read"}, RoleKind::kCustom};
const RoleDefined kBuiltIn{"administrator", {"*:*"}, RoleKind::kBuiltIn};

// ---- define ----------------------------------------------------------------------------------------------------
TEST(DefineRole, NamesWhatItGrants) {
    EXPECT_TRUE(test::decides(decide(Role{}, DefineRole{"clerk", set({"b:x", "a:x"}), kAll}),
                              {RoleDefined{"clerk", {"a:x", "b:x"}, RoleKind::kCustom}}));
    EXPECT_TRUE(test::decides(decide(Role{}, DefineRole{"none", {}, {}}), {RoleDefined{"none", {}}}));
}

TEST(DefineRole, IsRejectedForAPermissionThatTheDefinerLacks) {
    EXPECT_TRUE(test::refuses(decide(Role{}, DefineRole{"clerk", set({"invoices:write"}), set({"invoices:read"})}),
                              refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refuses(decide(Role{}, DefineRole{"clerk", set({"*:read"}), set({"invoices:*"})}),
                              refusals::kExceedsAuthority));
}

TEST(DefineRole, IsRejectedWhereThereIsOneOrWas) {
    const DefineRole again{"clerk", {}, kAll};
    EXPECT_TRUE(test::refuses(decide(given<Role>(kDefined), again), refusals::kBegunTwice));
    EXPECT_TRUE(test::refuses(decide(given<Role>(kDefined, RoleDeleted{}), again), refusals::kBegunTwice));
}

TEST(DefineRole, NamesWhatItDenies) {
    EXPECT_TRUE(test::decides(decide(Role{}, DefineRole{"clerk", {set({"a:*"}), set({"a/7:x", "a:w"})}, kAll}),
                              {RoleDefined{"clerk", {"a:*"}, RoleKind::kCustom, {"a/7:x", "a:w"}}}));
}

TEST(DefineRole, IsRejectedForADenialOfWhatTheDefinerLacks) {
    EXPECT_TRUE(test::refuses(decide(Role{}, DefineRole{"grudge", {{}, set({"orders:read"})}, set({"invoices:*"})}),
                              refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refuses(decide(Role{}, DefineRole{"grudge", {{}, set({"*:*"})}, set({"invoices:*"})}),
                              refusals::kExceedsAuthority));
}

// What is given must be held as a whole: these would each make more of less.
TEST(DefineRole, MakesNothingMoreOfWhatIsHeld) {
    const auto tries = [](AccessRules held, std::string wanted) {
        return decide(Role{}, DefineRole{"mine", set({std::move(wanted)}), std::move(held)});
    };
    EXPECT_TRUE(test::refuses(tries(set({"todos:*@own"}), "todos:read"), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refuses(tries(set({"*:*@own"}), "*:*"), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refuses(tries(set({"invoices/42:*"}), "invoices:*"), refusals::kExceedsAuthority));
    EXPECT_TRUE(
        test::refuses(tries({set({"*:*"}), set({"payroll:read"})}, "payroll:read"), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refuses(tries({set({"*:*"}), set({"payroll/7:read"})}, "*:read"), refusals::kExceedsAuthority));
}

// ---- change ----------------------------------------------------------------------------------------------------
TEST(ChangeRole, SaysTheWholeRole) {
    EXPECT_TRUE(test::decides(decide(given<Role>(kDefined), ChangeRole{"Clerk", set({"orders:read"}), kAll}),
                              {RoleChanged{"Clerk", {"orders:read"}}}));
}

TEST(ChangeRole, StaysQuietWhenNothingDiffers) {
    EXPECT_TRUE(test::stays_quiet(
        decide(given<Role>(kDefined), ChangeRole{"clerk", set({"invoices:read", "invoices:read"}), kAll})));
}

TEST(ChangeRole, TakesWhoeverHoldsWhatItGrantsAndGranted) {
    const Role role = given<Role>(kDefined);
    EXPECT_TRUE(test::refuses(decide(role, ChangeRole{"clerk", set({"orders:read"}), set({"invoices:read"})}),
                              refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refuses(decide(role, ChangeRole{"clerk", set({"orders:read"}), set({"orders:read"})}),
                              refusals::kExceedsAuthority));
    EXPECT_TRUE(test::decides(decide(role, ChangeRole{"clerk", set({"orders:read"}), set({"*:read"})}),
                              {RoleChanged{"clerk", {"orders:read"}}}));
}

TEST(ChangeRole, IsRejectedForWhatIsNotThereAndForTheBuiltIn) {
    const ChangeRole change{"clerk", {}, kAll};
    EXPECT_TRUE(test::refuses(decide(Role{}, change), refusals::kRoleUnknown));
    EXPECT_TRUE(test::refuses(decide(given<Role>(kDefined, RoleDeleted{}), change), refusals::kRoleUnknown));
    EXPECT_TRUE(test::refuses(decide(given<Role>(kBuiltIn), change), refusals::kRoleBuiltIn));
}

TEST(ChangeRole, CanNotBeLiftedByWhomTheyDeny) {
    const Role role = given<Role>(RoleDefined{"clerk", {"payroll:*"}, RoleKind::kCustom, {"payroll:read"}});
    const AccessRules denied(set({"*:*"}), set({"payroll:read"}));
    EXPECT_TRUE(test::refuses(decide(role, ChangeRole{"clerk", {}, denied}), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refuses(decide(role, DeleteRole{denied}), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::decides(decide(role, ChangeRole{"clerk", set({"payroll:*"}), kAll}),
                              {RoleChanged{"clerk", {"payroll:*"}, {}}}));
}

// ---- delete ----------------------------------------------------------------------------------------------------
TEST(ChangeRole, AddsNothingThatAdministersToWhatEveryoneHas) {
    const Role role = given<Role>(kDefined);
    const auto change = [](std::vector<std::string> texts, RoleHolders role_holders) {
        return ChangeRole{"clerk", set(std::move(texts)), kAll, role_holders};
    };
    for (const char* text : {"keyledger.users:read", "*:read"}) {
        EXPECT_TRUE(
            test::refuses(decide(role, change({"a:b", text}, RoleHolders::kEveryone)), refusals::kNotForEveryone));
        EXPECT_TRUE(decide(role, change({"a:b", text}, RoleHolders::kSome)));
    }
    EXPECT_TRUE(decide(role, change({"a:b"}, RoleHolders::kEveryone)));
}

TEST(DeleteRole, EndsItAndWhatItGrants) {
    EXPECT_TRUE(test::decides(decide(given<Role>(kDefined), DeleteRole{kAll}), {RoleDeleted{}}));
    const Role deleted = given<Role>(kDefined, RoleDeleted{});
    EXPECT_EQ(deleted.status, Role::Status::kDeleted);
    EXPECT_EQ(deleted.rules, AccessRules{});
}

TEST(DeleteRole, IsRejectedForWhatIsNotThereForTheBuiltInAndForOneWhoLacksWhatItGrants) {
    EXPECT_TRUE(test::refuses(decide(Role{}, DeleteRole{kAll}), refusals::kRoleUnknown));
    EXPECT_TRUE(test::refuses(decide(given<Role>(kDefined, RoleDeleted{}), DeleteRole{kAll}), refusals::kRoleUnknown));
    EXPECT_TRUE(test::refuses(decide(given<Role>(kBuiltIn), DeleteRole{kAll}), refusals::kRoleBuiltIn));
    EXPECT_TRUE(
        test::refuses(decide(given<Role>(kDefined), DeleteRole{set({"orders:*"})}), refusals::kExceedsAuthority));
}

TEST(Role, IsWhatWasSaidLast) {
    const Role role = given<Role>(kDefined, RoleChanged{"Clerks", {"orders:read", "no permission"}});
    EXPECT_EQ(role.status, Role::Status::kDefined);
    EXPECT_EQ(role.name, "Clerks");
    EXPECT_EQ(role.rules, AccessRules(set({"orders:read"})));
    EXPECT_EQ(given<Role>(kBuiltIn).kind, RoleKind::kBuiltIn);
}

// ---- assign ----------------------------------------------------------------------------------------------------
AssignRole assign(const RoleId& role, AccessRules grants = {}, AccessRules held = kAll) {
    return {Subject::user(kAnn), role, std::move(grants), std::move(held), {}};
}

TEST(AssignRole, NamesUserAndRole) {
    EXPECT_TRUE(
        test::decides(decide(Assignments{}, assign(kClerk, set({"invoices:read"}))), {RoleAssigned{kAnn, kClerk}}));
}

TEST(AssignRole, IsRejectedForAPermissionThatTheAssignerLacks) {
    EXPECT_TRUE(test::refuses(decide(Assignments{}, assign(kClerk, set({"invoices:read"}), set({"orders:*"}))),
                              refusals::kExceedsAuthority));
    const Assignments there = given<Assignments>(RoleAssigned{kAnn, kClerk});
    EXPECT_TRUE(test::refuses(decide(there, assign(kClerk, set({"invoices:read"}), {})), refusals::kExceedsAuthority));
}

TEST(AssignRole, StaysQuietWhenTheyHaveIt) {
    EXPECT_TRUE(test::stays_quiet(decide(given<Assignments>(RoleAssigned{kAnn, kClerk}), assign(kClerk))));
}

TEST(AssignRole, WithdrawsByTheWayWhatWasDeleted) {
    AssignRole command = assign(kClerk);
    command.deleted = {kAuditor, test::uuid(0xD9)};
    EXPECT_TRUE(test::decides(decide(given<Assignments>(RoleAssigned{kAnn, kAuditor}), command),
                              {RoleWithdrawn{kAnn, kAuditor}, RoleAssigned{kAnn, kClerk}}));
}

TEST(AssignRole, IsRejectedAboveTheLimitButNotForRolesThatWereDeleted) {
    Assignments full;
    for (std::uint16_t i = 0; i < kMaxRolesPerUser; ++i) full.roles.push_back(test::uuid(0x100 + i));
    EXPECT_TRUE(test::refuses(decide(full, assign(kClerk)), refusals::kTooManyRoles));
    AssignRole command = assign(kClerk);
    command.deleted = {test::uuid(0x100)};
    EXPECT_TRUE(
        test::decides(decide(full, command), {RoleWithdrawn{kAnn, test::uuid(0x100)}, RoleAssigned{kAnn, kClerk}}));
}

// ---- withdraw --------------------------------------------------------------------------------------------------
WithdrawRole withdraw(const RoleId& role, AccessRules grants = {}, AccessRules held = kAll) {
    return {Subject::user(kAnn), role, std::move(grants), std::move(held)};
}

TEST(WithdrawRole, NamesUserAndRoleAndStaysQuietWhenTheyLackIt) {
    const Assignments clerk = given<Assignments>(RoleAssigned{kAnn, kClerk});
    EXPECT_TRUE(test::decides(decide(clerk, withdraw(kClerk)), {RoleWithdrawn{kAnn, kClerk}}));
    EXPECT_TRUE(test::stays_quiet(decide(clerk, withdraw(kAuditor))));
    EXPECT_TRUE(test::stays_quiet(
        decide(given<Assignments>(RoleAssigned{kAnn, kClerk}, RoleWithdrawn{kAnn, kClerk}), withdraw(kClerk))));
}

TEST(WithdrawRole, CanNotBeLiftedByWhomTheyDeny) {
    const Assignments denied = given<Assignments>(RoleAssigned{kAnn, kClerk});
    const AccessRules clerk(set({"invoices:read"}), set({"payroll:read"}));
    EXPECT_TRUE(test::refuses(decide(denied, withdraw(kClerk, clerk, {set({"*:*"}), set({"payroll:read"})})),
                              refusals::kExceedsAuthority));
    EXPECT_TRUE(test::decides(decide(denied, withdraw(kClerk, clerk)), {RoleWithdrawn{kAnn, kClerk}}));
}

TEST(AssignRole, NamesWhatTheSubjectIs) {
    AssignRole command = assign(kClerk);
    command.subject = Subject::service_account(test::TestId(kBob));
    EXPECT_TRUE(
        test::decides(decide(Assignments{}, command), {RoleAssigned{kBob, kClerk, SubjectType::kServiceAccount}}));
}

TEST(AssignRole, IsRejectedForTheAdministratorsRoleAndWhoeverIsNoUser) {
    AssignRole command = assign(kAdministratorRole, kAll);
    for (const Subject& subject : {Subject::service_account(test::TestId(kBob)), Subject::group(test::TestId(kBob))}) {
        command.subject = subject;
        EXPECT_TRUE(test::refuses(decide(Assignments{}, command), refusals::kAdministratorsAreUsers));
    }
}

TEST(Assignments, StandInAStreamThatNoUserAndNoOtherHas) {
    EXPECT_NE(assignments_of(kAnn).uuid, kAnn.uuid);
    EXPECT_NE(assignments_of(kAnn), assignments_of(kBob));
    EXPECT_EQ(assignments_of(kAnn).to_string()[14], '8');
}

// ---- administrators --------------------------------------------------------------------------------------------
TEST(JoinAdministrators, CountsEachOnce) {
    EXPECT_TRUE(test::decides(decide(Administrators{}, JoinAdministrators{kAnn}), {AdministratorsJoined{kAnn}}));
    EXPECT_TRUE(test::stays_quiet(decide(given<Administrators>(AdministratorsJoined{kAnn}), JoinAdministrators{kAnn})));
}

TEST(JoinAdministrators, IsRejectedAboveTheLimit) {
    Administrators full;
    for (std::uint16_t i = 0; i < kMaxAdministrators; ++i) full.users.push_back(test::uuid(0x100 + i));
    EXPECT_TRUE(test::refuses(decide(full, JoinAdministrators{kAnn}), refusals::kTooManyAdministrators));
    EXPECT_TRUE(
        test::decides(decide(full, JoinAdministrators{kAnn, JoinReason::kEnabledAgain}), {AdministratorsJoined{kAnn}}));
}

TEST(LeaveAdministrators, IsRejectedForTheLast) {
    const auto two = given<Administrators>(AdministratorsJoined{kAnn}, AdministratorsJoined{kBob});
    EXPECT_TRUE(test::decides(decide(two, LeaveAdministrators{kAnn}), {AdministratorsLeft{kAnn}}));
    const auto one = test::further(two, AdministratorsLeft{kAnn}, {3, test::kNow});
    EXPECT_TRUE(test::refuses(decide(one, LeaveAdministrators{kBob}), refusals::kLastAdministrator));
}

TEST(LeaveAdministrators, StaysQuietForWhoeverIsNone) {
    EXPECT_TRUE(
        test::stays_quiet(decide(given<Administrators>(AdministratorsJoined{kAnn}), LeaveAdministrators{kBob})));
    EXPECT_TRUE(test::stays_quiet(decide(Administrators{}, LeaveAdministrators{kBob})));
}

}  // namespace
}  // namespace keyledger
