#include "commands/access/groups.hpp"

#include "commands/access/answers_at_head.hpp"
#include "commands/access/apply_access.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "domain/access/assignments.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::kAnnsEmail;
using test::run;
using test::Types;

// Root is the administrator; Ann may do what tests give her; Bob is nobody.
class GroupsTest : public test::CommandTest {
protected:
    void SetUp() override {
        root_ = world.create_administrator(node, "root@example.com");
        roots_ = world.log_in(node, "root@example.com");
        ann_ = world.register_user(node, kAnnsEmail);
        anns_ = world.log_in(node, kAnnsEmail);
        bob_ = world.register_user(node, "bob@example.com", "bob");
        before_ = world.head();
    }
    Result<DefinitionReceipt<Group>, CommandError> define(const Grant& who, std::string name) {
        return run(define_group(services(), bearer_of(who), std::move(name), caller_of(who)));
    }
    Result<Receipt, CommandError> rename(const Grant& who, const GroupId& group, std::string name) {
        return run(rename_group(services(), bearer_of(who), group, std::move(name), caller_of(who)));
    }
    Result<Receipt, CommandError> remove(const Grant& who, const GroupId& group) {
        return run(delete_group(services(), bearer_of(who), group, caller_of(who)));
    }
    Result<Receipt, CommandError> join(const Grant& who, const UserId& user, const GroupId& group) {
        return run(add_member(services(), bearer_of(who), Subject::user(user), group, caller_of(who)));
    }
    Result<Receipt, CommandError> leave(const Grant& who, const UserId& user, const GroupId& group) {
        return run(remove_member(services(), bearer_of(who), Subject::user(user), group, caller_of(who)));
    }
    Result<Receipt, CommandError> nest(const Grant& who, const GroupId& parent, const GroupId& child) {
        return run(nest_group(services(), bearer_of(who), {parent, child}, caller_of(who)));
    }
    Result<Receipt, CommandError> unnest(const Grant& who, const GroupId& parent, const GroupId& child) {
        return run(unnest_group(services(), bearer_of(who), {parent, child}, caller_of(who)));
    }
    Result<Receipt, CommandError> assign(const Grant& who, const Subject& subject, const RoleId& role) {
        return run(assign_role(services(), bearer_of(who), subject, role, caller_of(who)));
    }
    Result<Receipt, CommandError> withdraw(const Grant& who, const Subject& subject, const RoleId& role) {
        return run(withdraw_role(services(), bearer_of(who), subject, role, caller_of(who)));
    }
    RoleId role(std::string name, std::vector<std::string> permissions, std::vector<std::string> deny = {}) {
        RoleDefinition definition{std::move(name), std::move(permissions), std::move(deny)};
        auto defined = run(define_role(services(), bearer_of(roots_), std::move(definition), caller_of(roots_)));
        EXPECT_TRUE(test::succeeds(defined));
        return defined->id;
    }
    GroupId group(const std::string& name, std::vector<std::string> permissions = {},
                  std::vector<std::string> deny = {}) {
        auto defined = define(roots_, name);
        EXPECT_TRUE(test::succeeds(defined));
        if (permissions.empty() && deny.empty()) return defined->id;
        const RoleId what = role("of-" + name, std::move(permissions), std::move(deny));
        EXPECT_TRUE(test::succeeds(assign(roots_, Subject::group(defined->id), what)));
        return defined->id;
    }
    // Ann holds these from now on, and nothing is in the log that matters.
    void let_ann(std::vector<std::string> permissions) {
        ASSERT_TRUE(test::succeeds(assign(roots_, Subject::user(ann_), role("of-ann", std::move(permissions)))));
        before_ = world.head();
    }
    std::vector<std::string> held_by(const UserId& user) {
        auto access = run(access_of_user(other.services, user, Deadline::max()));
        EXPECT_TRUE(test::succeeds(access));
        return access ? access->scope().texts() : std::vector<std::string>{};
    }
    std::vector<std::string> groups_of(const UserId& user) {
        std::vector<std::string> names;
        auto access = run(access_of_user(other.services, user, Deadline::max()));
        EXPECT_TRUE(test::succeeds(access));
        for (const auto& one : access->groups) names.push_back(one->name);
        return names;
    }
    Types since() { return world.types(before_); }

    UserId root_, ann_, bob_;
    Grant roots_, anns_;
    Position before_ = 0;
};
using Texts = std::vector<std::string>;

// ---- what a group is --------------------------------------------------------------------------------------
TEST_F(GroupsTest, DefineRenameAndDeleteMoveTheName) {
    const GroupId staff = group("Staff");
    EXPECT_TRUE(test::refused(define(roots_, "STAFF"), refusals::kGroupNameTaken));
    EXPECT_TRUE(test::refused(define(roots_, "two words"), refusals::kInvalidGroupName));
    ASSERT_TRUE(test::succeeds(rename(roots_, staff, "staff")));
    ASSERT_TRUE(test::succeeds(rename(roots_, staff, "People")));
    EXPECT_TRUE(test::succeeds(define(roots_, "Staff")));
    EXPECT_TRUE(test::refused(rename(roots_, staff, "staff"), refusals::kGroupNameTaken));
    EXPECT_EQ(rename(roots_, staff, "People")->position, 0);
    ASSERT_TRUE(test::succeeds(remove(roots_, staff)));
    EXPECT_TRUE(test::succeeds(define(roots_, "people")));
    EXPECT_TRUE(test::refused(rename(roots_, staff, "x"), refusals::kGroupUnknown));
    EXPECT_TRUE(test::refused(remove(roots_, staff), refusals::kGroupUnknown));
}

// As the roles of a file do: case makes no other name, and the file says how it is spelt.
TEST_F(GroupsTest, TakeTheSpellingOfAnAccessFile) {
    const GroupId staff = group("staff");
    before_ = world.head();
    const auto apply = [&](const char* name, DryRun* dry_run) {
        return run(apply_group(services(), name, GroupDefinition{}, dry_run, test::caller()));
    };
    DryRun dry_run;
    const auto tried = apply("Staff", &dry_run);
    ASSERT_TRUE(test::succeeds(tried));
    EXPECT_EQ(tried->change, Change::kChanged);
    EXPECT_EQ(tried->added, Texts{"name Staff"});
    EXPECT_EQ(tried->removed, Texts{"name staff"});
    EXPECT_TRUE(since().empty());
    ASSERT_TRUE(test::succeeds(apply("Staff", nullptr)));
    EXPECT_EQ(since(), Types{"group.renamed"});
    EXPECT_EQ(apply("Staff", nullptr)->change, Change::kNone);
    EXPECT_EQ(since(), Types{"group.renamed"});
    EXPECT_TRUE(test::refused(define(roots_, "staff"), refusals::kGroupNameTaken)) << "the name is still its own";
    EXPECT_TRUE(test::succeeds(rename(roots_, staff, "people")));
}

TEST_F(GroupsTest, DefineAnswersARepeatedRequestWithTheFirstGroup) {
    auto with_key = caller_of(roots_);
    with_key.idempotency.emplace();
    with_key.idempotency->command_id.fill(7);
    auto first = run(define_group(services(), bearer_of(roots_), "staff", with_key));
    auto again = run(define_group(other.services, bearer_of(roots_), "staff", with_key));
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(first->id, again->id);
    EXPECT_EQ(since().size(), 1u);
}

TEST_F(GroupsTest, AreUnknownUnderAnUnknownIdOrThatOfSomethingElse) {
    const GroupId staff = group("staff");
    const RoleId clerk = role("clerk", {});
    before_ = world.head();
    for (const test::TestId& id :
         test::TestIds{Uuid{}, test::uuid(0xFF), ann_, clerk, assignments_of(staff), kNestingsStream}) {
        EXPECT_TRUE(test::refused(rename(roots_, id, "x"), refusals::kGroupUnknown));
        EXPECT_TRUE(test::refused(remove(roots_, id), refusals::kGroupUnknown));
        EXPECT_TRUE(test::refused(join(roots_, ann_, id), refusals::kGroupUnknown));
        EXPECT_TRUE(test::refused(leave(roots_, ann_, id), refusals::kGroupUnknown));
        EXPECT_TRUE(test::refused(nest(roots_, staff, id), refusals::kGroupUnknown));
        EXPECT_TRUE(test::refused(nest(roots_, id, staff), refusals::kGroupUnknown));
        EXPECT_TRUE(test::refused(unnest(roots_, id, staff), refusals::kGroupUnknown));
        EXPECT_TRUE(test::refused(assign(roots_, Subject::group(id), clerk), refusals::kGroupUnknown));
        EXPECT_TRUE(test::refused(withdraw(roots_, Subject::group(id), clerk), refusals::kGroupUnknown));
    }
    EXPECT_TRUE(test::refused(join(roots_, test::uuid(0xFF), staff), refusals::kUserUnknown));
    EXPECT_TRUE(test::refused(join(roots_, test::TestId(staff), staff), refusals::kUserUnknown));
    EXPECT_TRUE(since().empty());
}

// ---- what it grants ---------------------------------------------------------------------------------------
TEST_F(GroupsTest, MembersHaveWhatTheGroupAndAllAboveItGrant) {
    const GroupId staff = group("staff", {"rooms:enter"});
    const GroupId clerks = group("clerks", {"invoices:read"});
    ASSERT_TRUE(test::succeeds(join(roots_, ann_, clerks)));
    EXPECT_EQ(held_by(ann_), Texts{"invoices:read"});
    ASSERT_TRUE(test::succeeds(nest(roots_, staff, clerks)));
    EXPECT_EQ(held_by(ann_), (Texts{"invoices:read", "rooms:enter"}));
    EXPECT_EQ(groups_of(ann_), (Texts{"clerks", "staff"}));
    EXPECT_EQ(nest(roots_, staff, clerks)->position, 0);
    ASSERT_TRUE(test::succeeds(unnest(roots_, staff, clerks)));
    EXPECT_EQ(held_by(ann_), Texts{"invoices:read"});
    ASSERT_TRUE(test::succeeds(leave(roots_, ann_, clerks)));
    EXPECT_EQ(leave(roots_, ann_, clerks)->position, 0);
    EXPECT_TRUE(held_by(ann_).empty());
    EXPECT_TRUE(groups_of(ann_).empty());
}

TEST_F(GroupsTest, ADenialReachesMembersFromFarAbove) {
    const GroupId staff = group("staff", {}, {"payroll:*"});
    const GroupId clerks = group("clerks", {"payroll:read", "invoices:read"});
    ASSERT_TRUE(test::succeeds(join(roots_, ann_, clerks)));
    EXPECT_EQ(held_by(ann_), (Texts{"invoices:read", "payroll:read"}));
    ASSERT_TRUE(test::succeeds(nest(roots_, staff, clerks)));
    EXPECT_EQ(held_by(ann_), Texts{"invoices:read"});
    EXPECT_FALSE(run(access_of_user(services(), ann_, Deadline::max()))->decide({"payroll", "read", "1"}));
}

TEST_F(GroupsTest, ADeletedGroupGrantsNothingFromThatMoment) {
    const GroupId staff = group("staff", {"rooms:enter"});
    const GroupId clerks = group("clerks", {"invoices:read"});
    const GroupId tellers = group("tellers", {"cash:count"});
    ASSERT_TRUE(test::succeeds(nest(roots_, staff, clerks)));
    ASSERT_TRUE(test::succeeds(nest(roots_, clerks, tellers)));
    ASSERT_TRUE(test::succeeds(join(roots_, ann_, clerks)));
    ASSERT_TRUE(test::succeeds(join(roots_, bob_, tellers)));
    before_ = world.head();
    ASSERT_TRUE(test::succeeds(remove(roots_, clerks)));
    EXPECT_EQ(since(), (Types{"group.deleted", "role.withdrawn", "group.unnested", "group.unnested"}));
    EXPECT_TRUE(held_by(ann_).empty());
    EXPECT_TRUE(groups_of(ann_).empty());
    EXPECT_EQ(held_by(bob_), Texts{"cash:count"});
    EXPECT_TRUE(test::refused(join(roots_, bob_, clerks), refusals::kGroupUnknown));
    EXPECT_TRUE(test::refused(nest(roots_, staff, clerks), refusals::kGroupUnknown));
}

TEST_F(GroupsTest, GiveCommandsTheirAuthorityToo) {
    const GroupId managers = group("managers", {"keyledger.users:write", "keyledger.groups:write", "a:b"});
    ASSERT_TRUE(test::succeeds(join(roots_, ann_, managers)));
    const GroupId peers = group("peers", {"a:b"});
    EXPECT_TRUE(test::succeeds(join(anns_, bob_, peers)));
    EXPECT_TRUE(test::succeeds(run(disable_user(services(), bearer_of(anns_), bob_, "left", caller_of(anns_)))));
    ASSERT_TRUE(test::succeeds(leave(roots_, ann_, managers)));
    EXPECT_TRUE(test::refused(leave(anns_, bob_, peers), refusals::kForbidden));
}

TEST_F(GroupsTest, AnErasedUserIsInNoneAnyMore) {
    const GroupId staff = group("staff", {"rooms:enter"});
    ASSERT_TRUE(test::succeeds(join(roots_, bob_, staff)));
    before_ = world.head();
    ASSERT_TRUE(test::succeeds(run(request_erasure(services(), bearer_of(roots_), bob_, caller_of(roots_)))));
    EXPECT_EQ(since(), (Types{"user.erasure_requested", "user.erased", "group.member_removed"}));
    EXPECT_TRUE(groups_of(bob_).empty());
}

// ---- who may ----------------------------------------------------------------------------------------------
TEST_F(GroupsTest, TakeThePermissionToWriteGroups) {
    const GroupId staff = group("staff");
    const GroupId clerks = group("clerks");
    let_ann({"keyledger.users:*", "keyledger.groups:read", "a:*"});
    EXPECT_TRUE(test::refused(define(anns_, "mine"), refusals::kForbidden));
    EXPECT_TRUE(test::refused(rename(anns_, staff, "mine"), refusals::kForbidden));
    EXPECT_TRUE(test::refused(remove(anns_, staff), refusals::kForbidden));
    EXPECT_TRUE(test::refused(join(anns_, bob_, staff), refusals::kForbidden));
    EXPECT_TRUE(test::refused(leave(anns_, bob_, staff), refusals::kForbidden));
    EXPECT_TRUE(test::refused(nest(anns_, staff, clerks), refusals::kForbidden));
    EXPECT_TRUE(test::refused(unnest(anns_, staff, clerks), refusals::kForbidden));
    EXPECT_TRUE(test::refused(join(anns_, bob_, test::uuid(0xFF)), refusals::kForbidden)) << "nor who exists";
    EXPECT_TRUE(since().empty());
}

TEST_F(GroupsTest, BringNobodyToWhatTheirActorLacks) {
    const GroupId strong = group("strong", {"orders:write"});
    const GroupId above = group("above", {"payroll:read"});
    const GroupId below = group("below", {"invoices:read"});
    ASSERT_TRUE(test::succeeds(nest(roots_, above, below)));
    const GroupId weak = group("weak", {"invoices:read"});
    const GroupId denying = group("denying", {}, {"orders:write"});
    let_ann({"keyledger.groups:write", "keyledger.roles:write", "invoices:read"});
    EXPECT_TRUE(test::refused(join(anns_, ann_, strong), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(join(anns_, bob_, strong), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(join(anns_, bob_, below), refusals::kExceedsAuthority)) << "for what is above it";
    EXPECT_TRUE(test::refused(join(anns_, bob_, denying), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(nest(anns_, strong, weak), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(nest(anns_, denying, weak), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(nest(anns_, weak, strong), refusals::kExceedsAuthority)) << "whose members are stronger";
    EXPECT_TRUE(test::refused(unnest(anns_, above, below), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(remove(anns_, strong), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(remove(anns_, denying), refusals::kExceedsAuthority)) << "the denial would be lifted";
    EXPECT_TRUE(
        test::refused(assign(anns_, Subject::group(strong), role("harmless", {})), refusals::kExceedsAuthority));
    EXPECT_EQ(since(), Types{"role.defined"});
    EXPECT_TRUE(test::succeeds(join(anns_, bob_, weak)));
    EXPECT_TRUE(test::succeeds(leave(anns_, bob_, weak)));
}

TEST_F(GroupsTest, NobodyTouchesSomebodyWhoHoldsMoreThroughAGroup) {
    const GroupId strong = group("strong", {"orders:write"});
    const GroupId members = group("members");
    ASSERT_TRUE(test::succeeds(nest(roots_, strong, members)));
    ASSERT_TRUE(test::succeeds(join(roots_, bob_, members)));
    let_ann({"keyledger.users:write", "keyledger.groups:write", "invoices:read"});
    const GroupId weak = group("weak");
    EXPECT_TRUE(test::refused(run(disable_user(services(), bearer_of(anns_), bob_, "x", caller_of(anns_))),
                              refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(join(anns_, bob_, weak), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(join(anns_, root_, weak), refusals::kExceedsAuthority));
}

TEST_F(GroupsTest, HaveNoAdministrators) {
    const GroupId staff = group("staff");
    EXPECT_TRUE(
        test::refused(assign(roots_, Subject::group(staff), kAdministratorRole), refusals::kAdministratorsAreUsers));
}

// ---- limits -----------------------------------------------------------------------------------------------
TEST_F(GroupsTest, EndAtTheirLimits) {
    std::vector<GroupId> groups;
    for (std::size_t i = 0; i <= kMaxGroupsPerSubject; ++i) groups.push_back(group("g" + std::to_string(i)));
    for (std::size_t i = 0; i < kMaxGroupsPerSubject; ++i) ASSERT_TRUE(test::succeeds(join(roots_, ann_, groups[i])));
    EXPECT_TRUE(test::refused(join(roots_, ann_, groups.back()), refusals::kTooManyGroups));
    ASSERT_TRUE(test::succeeds(remove(roots_, groups.front())));
    EXPECT_TRUE(test::succeeds(join(roots_, ann_, groups.back()))) << "a deleted one makes room";
    for (std::size_t i = 1; i < kMaxGroupDepth; ++i)
        ASSERT_TRUE(test::succeeds(nest(roots_, groups[i], groups[i + 1])));
    EXPECT_TRUE(
        test::refused(nest(roots_, groups[kMaxGroupDepth], groups[kMaxGroupDepth + 1]), refusals::kGroupsTooDeep));
    EXPECT_TRUE(test::refused(nest(roots_, groups[kMaxGroupDepth], groups[1]), refusals::kGroupCycle));
    for (std::size_t i = 0; i < kMaxRolesPerGroup; ++i)
        ASSERT_TRUE(test::succeeds(assign(roots_, Subject::group(groups[1]), role("r" + std::to_string(i), {"a:b"}))));
    EXPECT_TRUE(test::refused(assign(roots_, Subject::group(groups[1]), role("more", {})), refusals::kTooManyRoles));
}

// An append guards a bounded number of streams. Whoever holds more than fit is left to administrators, who
// need no look at what they hold through groups.
TEST_F(GroupsTest, TooManyHoldingsAreForAdministrators) {
    const RoleId manager = role("manager", {"keyledger.users:write", "a:b"});
    ASSERT_TRUE(test::succeeds(assign(roots_, Subject::user(ann_), manager)));
    int number = 0;
    for (std::size_t i = 0; i < kMaxGroupsPerSubject; ++i) {
        const GroupId one = group("g" + std::to_string(i));
        for (std::size_t j = 0; j < kMaxRolesPerGroup; ++j)
            ASSERT_TRUE(
                test::succeeds(assign(roots_, Subject::group(one), role("r" + std::to_string(number++), {"a:b"}))));
        ASSERT_TRUE(test::succeeds(join(roots_, bob_, one)));
    }
    const auto disable = [&](const Grant& who) {
        return run(disable_user(services(), bearer_of(who), bob_, "x", caller_of(who)));
    };
    for (std::size_t i = 0; i + 2 < kMaxRolesPerUser; ++i)
        ASSERT_TRUE(test::succeeds(assign(roots_, Subject::user(bob_), role("r" + std::to_string(number++), {"a:b"}))));
    EXPECT_TRUE(test::succeeds(disable(anns_)));
    ASSERT_TRUE(test::succeeds(run(enable_user(services(), bearer_of(roots_), bob_, caller_of(roots_)))));
    for (int i = 0; i < 3 && number < 200; ++i) {
        const GroupId top = group("top" + std::to_string(i));
        auto first = run(access_of_user(services(), bob_, Deadline::max()));
        ASSERT_TRUE(test::succeeds(first));
        // Above a group that Bob is in.
        const auto nestable = world.events(0);
        for (const auto& event : nestable) {
            if (event.type != "group.member_added") continue;
            const auto at = event.payload.find("\"group_id\":\"") + 12;
            const auto lower = Uuid::parse(event.payload.substr(at, 36));
            ASSERT_TRUE(test::succeeds(nest(roots_, top, GroupId{*lower})));
            break;
        }
    }
    EXPECT_TRUE(test::refused(disable(anns_), refusals::kTooManyHoldings));
    EXPECT_TRUE(test::succeeds(disable(roots_)));
}

}  // namespace
}  // namespace keyledger::commands
