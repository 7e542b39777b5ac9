// Service accounts in groups: what they get by them, who may put them there, and when they leave.
#include "commands/access/apply_access.hpp"
#include "commands/access/groups.hpp"
#include "domain/access/assignments.hpp"
#include "tests/commands/clients/service_accounts_fixture.hpp"

namespace keyledger::commands {
namespace {

using Texts = std::vector<std::string>;

// Billing is a service account with a secret. Ann may do what a test lets her.
class GroupAccountsTest : public ServiceAccountsTest {
protected:
    void SetUp() override {
        ServiceAccountsTest::SetUp();
        billing_ = account();
        secret_ = *secret(billing_).secret;
        before_ = world.head();
    }
    GroupId group(const std::string& name, Texts permissions = {}, Texts deny = {}) {
        auto defined = run(define_group(services(), bearer_of(roots_), name, caller_of(roots_)));
        EXPECT_TRUE(test::succeeds(defined));
        if (permissions.empty() && deny.empty()) return defined->id;
        RoleDefinition definition{"of-" + name, std::move(permissions), std::move(deny)};
        auto role = run(define_role(services(), bearer_of(roots_), std::move(definition), caller_of(roots_)));
        EXPECT_TRUE(test::succeeds(
            run(assign_role(services(), bearer_of(roots_), Subject::group(defined->id), role->id, caller_of(roots_)))));
        return defined->id;
    }
    Result<Receipt, CommandError> join(const Grant& who, const ServiceAccountId& id, const GroupId& group) {
        return run(add_member(services(), bearer_of(who), Subject::service_account(id), group, caller_of(who)));
    }
    Result<Receipt, CommandError> leave(const Grant& who, const ServiceAccountId& id, const GroupId& group) {
        return run(remove_member(services(), bearer_of(who), Subject::service_account(id), group, caller_of(who)));
    }
    Result<Receipt, CommandError> nest(const GroupId& parent, const GroupId& child) {
        return run(nest_group(services(), bearer_of(roots_), {parent, child}, caller_of(roots_)));
    }
    // As of the head, on another node.
    ServiceAccess access() {
        auto access = run(access_of_service(other.services, billing_, Deadline::max()));
        EXPECT_TRUE(test::succeeds(access));
        return access ? std::move(*access) : ServiceAccess{};
    }
    Texts held() { return access().held.scope().texts(); }
    Texts groups() {
        Texts names;
        for (const auto& one : access().held.groups) names.push_back(one->name);
        return names;
    }
    // What a token of now is good for.
    Texts granted() {
        auto grant = log_in(node, billing_, secret_);
        EXPECT_TRUE(test::succeeds(grant));
        return grant ? grant->scope : Texts{};
    }
    Result<AppliedGroup, CommandError> apply(Texts groups, DryRun* dry_run = nullptr, std::string name = "billing") {
        return run(apply_account_groups(services(), std::move(name), std::move(groups), dry_run, caller()));
    }

    ServiceAccountId billing_;
    Secret secret_;
};

// ---- what a group gives it ----------------------------------------------------------------------------------
TEST_F(GroupAccountsTest, HaveWhatTheirGroupsAndAllAboveThemGrant) {
    const GroupId upper = group("upper", {"rooms:enter"});
    const GroupId lower = group("lower", {"invoices:read"});
    before_ = world.head();
    ASSERT_TRUE(test::succeeds(join(roots_, billing_, lower)));
    EXPECT_EQ(since(), Types{"group.member_added"});
    EXPECT_EQ(join(roots_, billing_, lower)->position, 0) << "again is no error, and nothing";
    EXPECT_EQ(held(), Texts{"invoices:read"});
    ASSERT_TRUE(test::succeeds(nest(upper, lower)));
    EXPECT_EQ(held(), (Texts{"invoices:read", "rooms:enter"}));
    EXPECT_EQ(groups(), (Texts{"lower", "upper"}));
    EXPECT_EQ(granted(), held());
    ASSERT_TRUE(test::succeeds(leave(roots_, billing_, lower)));
    EXPECT_EQ(leave(roots_, billing_, lower)->position, 0);
    EXPECT_TRUE(held().empty());
    EXPECT_TRUE(granted().empty());
}

TEST_F(GroupAccountsTest, AreDeniedWhatAGroupFarAboveDenies) {
    ASSERT_TRUE(test::succeeds(assign(roots_, billing_, role("payer", {"payroll:read", "invoices:read"}))));
    const GroupId upper = group("upper", {}, {"payroll:*"});
    const GroupId lower = group("lower");
    ASSERT_TRUE(test::succeeds(join(roots_, billing_, lower)));
    EXPECT_TRUE(access().held.decide({"payroll", "read", "1"}));
    ASSERT_TRUE(test::succeeds(nest(upper, lower)));
    EXPECT_FALSE(access().held.decide({"payroll", "read", "1"}));
    EXPECT_EQ(held(), Texts{"invoices:read"});
    EXPECT_EQ(granted(), Texts{"invoices:read"});
}

// What it was granted stays in the token; what of it still holds is asked of the log.
TEST_F(GroupAccountsTest, KeepNothingInATokenThatAGroupTakesAway) {
    const GroupId clerks = group("clerks", {"invoices:read"});
    ASSERT_TRUE(test::succeeds(join(roots_, billing_, clerks)));
    const auto grant = log_in(node, billing_, secret_);
    ASSERT_TRUE(test::succeeds(grant));
    const ServiceBearer bearer{grant->account_id, grant->token_id, grant->scope};
    const auto still_held = [&] {
        auto access = run(access_of_service_token(other.services, bearer, Deadline::max()));
        EXPECT_TRUE(test::succeeds(access));
        return access->still_held(bearer.scope);
    };
    EXPECT_EQ(still_held(), Texts{"invoices:read"});
    const GroupId frozen = group("frozen", {}, {"invoices:*"});
    ASSERT_TRUE(test::succeeds(join(roots_, billing_, frozen)));
    EXPECT_TRUE(still_held().empty());
    ASSERT_TRUE(test::succeeds(leave(roots_, billing_, frozen)));
    EXPECT_EQ(still_held(), Texts{"invoices:read"});
    ASSERT_TRUE(test::succeeds(run(delete_group(services(), bearer_of(roots_), clerks, caller_of(roots_)))));
    EXPECT_TRUE(still_held().empty());
}

TEST_F(GroupAccountsTest, AreNoneOfEveryone) {
    const RoleId viewer = role("viewer", {"todos:read"});
    ASSERT_TRUE(test::succeeds(
        run(assign_role(services(), bearer_of(roots_), Subject::group(kEveryone), viewer, caller_of(roots_)))));
    EXPECT_TRUE(held().empty());
    before_ = world.head();
    EXPECT_TRUE(test::refused(join(roots_, billing_, kEveryone), refusals::kGroupBuiltIn));
    EXPECT_TRUE(test::refused(leave(roots_, billing_, kEveryone), refusals::kGroupBuiltIn));
    EXPECT_TRUE(since().empty());
}

TEST_F(GroupAccountsTest, AreFoundUnderTheirOwnKindAlone) {
    const GroupId clerks = group("clerks");
    before_ = world.head();
    for (const test::TestId& id : test::TestIds{Uuid{}, test::uuid(0xFF), ann_, clerks}) {
        EXPECT_TRUE(test::refused(join(roots_, id, clerks), refusals::kAccountUnknown));
        EXPECT_TRUE(test::refused(leave(roots_, id, clerks), refusals::kAccountUnknown));
    }
    EXPECT_TRUE(test::refused(run(add_member(services(), bearer_of(roots_), Subject::user(test::TestId(billing_)),
                                             clerks, caller_of(roots_))),
                              refusals::kUserUnknown));
    EXPECT_TRUE(test::refused(join(roots_, billing_, test::TestId(ann_)), refusals::kGroupUnknown));
    EXPECT_TRUE(test::refused(leave(roots_, billing_, test::uuid(0xFF)), refusals::kGroupUnknown));
    EXPECT_TRUE(since().empty());
}

TEST_F(GroupAccountsTest, AreInAsManyGroupsAsAnybody) {
    std::vector<GroupId> all;
    for (std::size_t i = 0; i <= kMaxGroupsPerSubject; ++i) all.push_back(group("g" + std::to_string(i)));
    for (std::size_t i = 0; i < kMaxGroupsPerSubject; ++i) ASSERT_TRUE(test::succeeds(join(roots_, billing_, all[i])));
    EXPECT_TRUE(test::refused(join(roots_, billing_, all.back()), refusals::kTooManyGroups));
    ASSERT_TRUE(test::succeeds(run(delete_group(services(), bearer_of(roots_), all.front(), caller_of(roots_)))));
    EXPECT_TRUE(test::succeeds(join(roots_, billing_, all.back()))) << "a deleted one makes room";
}

// ---- who may ------------------------------------------------------------------------------------------------
TEST_F(GroupAccountsTest, TakeThePermissionToWriteGroups) {
    const GroupId clerks = group("clerks");
    let_ann({"keyledger.clients:*", "keyledger.groups:read", "keyledger.roles:*"});
    before_ = world.head();
    EXPECT_TRUE(test::refused(join(anns_, billing_, clerks), refusals::kForbidden));
    EXPECT_TRUE(test::refused(leave(anns_, billing_, clerks), refusals::kForbidden));
    EXPECT_TRUE(test::refused(join(anns_, test::uuid(0xFF), clerks), refusals::kForbidden)) << "nor what exists";
    EXPECT_TRUE(since().empty());
}

TEST_F(GroupAccountsTest, AreBroughtToNothingThatTheirActorLacks) {
    const GroupId strong = group("strong", {"orders:write"});
    const GroupId above = group("above", {"payroll:read"});
    const GroupId below = group("below", {"invoices:read"});
    ASSERT_TRUE(test::succeeds(nest(above, below)));
    const GroupId weak = group("weak", {"invoices:read"});
    const GroupId denying = group("denying", {}, {"orders:write"});
    let_ann({"keyledger.groups:write", "keyledger.clients:write", "invoices:read"});
    before_ = world.head();
    for (const GroupId& one : {strong, below, denying}) {
        EXPECT_TRUE(test::refused(join(anns_, billing_, one), refusals::kExceedsAuthority));
        EXPECT_TRUE(test::refused(leave(anns_, billing_, one), refusals::kExceedsAuthority));
    }
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(test::succeeds(join(anns_, billing_, weak)));
    EXPECT_TRUE(test::succeeds(leave(anns_, billing_, weak)));
}

// Whoever adds a secret to it could be what it is: so what it has by a group counts, as what it has itself.
TEST_F(GroupAccountsTest, AreTouchedByNobodyWhoLacksWhatTheyHoldByAGroup) {
    const GroupId strong = group("strong", {"orders:write"});
    const GroupId inner = group("inner");
    const GroupId weak = group("weak");
    ASSERT_TRUE(test::succeeds(nest(strong, inner)));
    let_ann({"keyledger.groups:write", "keyledger.clients:write", "keyledger.roles:write"});
    EXPECT_TRUE(test::succeeds(add_secret(anns_, billing_))) << "as long as it holds nothing";
    ASSERT_TRUE(test::succeeds(join(roots_, billing_, inner)));
    const RoleId harmless = role("harmless", {});
    before_ = world.head();
    EXPECT_TRUE(test::refused(add_secret(anns_, billing_), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(add_key(anns_, billing_, "key-1"), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(change(anns_, billing_, AccountStatus::kDisabled), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(remove(anns_, billing_), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(assign(anns_, billing_, harmless), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(join(anns_, billing_, weak), refusals::kExceedsAuthority));
    EXPECT_TRUE(since().empty());
}

// ---- when it leaves -----------------------------------------------------------------------------------------
TEST_F(GroupAccountsTest, LeaveAllGroupsWhenTheyAreDeleted) {
    const GroupId clerks = group("clerks", {"invoices:read"});
    const GroupId staff = group("staff");
    ASSERT_TRUE(test::succeeds(join(roots_, billing_, clerks)));
    ASSERT_TRUE(test::succeeds(join(roots_, billing_, staff)));
    before_ = world.head();
    ASSERT_TRUE(test::succeeds(change(roots_, billing_, AccountStatus::kDisabled)));
    EXPECT_EQ(groups(), (Texts{"clerks", "staff"})) << "one that is disabled may come back";
    EXPECT_FALSE(access().held.decide({"invoices", "read", "1"}));
    ASSERT_TRUE(test::succeeds(remove(roots_, billing_)));
    EXPECT_EQ(since(), (Types{"service_account.disabled", "service_account.deleted", "group.member_removed",
                              "group.member_removed"}));
    EXPECT_TRUE(groups().empty());
    EXPECT_TRUE(held().empty());
    EXPECT_TRUE(test::refused(join(roots_, billing_, clerks), refusals::kAccountUnknown));
}

// ---- access files -------------------------------------------------------------------------------------------
TEST_F(GroupAccountsTest, AreInTheGroupsOfAnAccessFileAndNoOthers) {
    group("clerks", {"invoices:read"});
    const GroupId staff = group("staff", {"rooms:enter"});
    ASSERT_TRUE(test::succeeds(join(roots_, billing_, staff)));
    before_ = world.head();
    DryRun dry_run;
    for (DryRun* how : {&dry_run, static_cast<DryRun*>(nullptr)}) {
        const auto applied = apply({"Clerks"}, how, "Billing");
        ASSERT_TRUE(test::succeeds(applied));
        EXPECT_EQ(applied->change, Change::kChanged);
        EXPECT_EQ(applied->added, Texts{"group Clerks"});
        EXPECT_EQ(applied->removed, Texts{"group staff"});
        EXPECT_EQ(since().empty(), how != nullptr) << "what is only tried is not done";
    }
    EXPECT_EQ(since(), (Types{"group.member_removed", "group.member_added"}));
    EXPECT_EQ(held(), Texts{"invoices:read"});
    const auto again = apply({"clerks"});
    EXPECT_EQ(again->change, Change::kNone);
    EXPECT_EQ(again->position, 0);
    ASSERT_TRUE(test::succeeds(apply({})));
    EXPECT_TRUE(held().empty());
}

TEST_F(GroupAccountsTest, AreTriedWithTheGroupsThatTheFileMakes) {
    DryRun dry_run;
    ASSERT_TRUE(test::succeeds(run(apply_group(services(), "fresh", GroupDefinition{}, &dry_run, caller()))));
    const auto tried = apply({"fresh"}, &dry_run);
    ASSERT_TRUE(test::succeeds(tried));
    EXPECT_EQ(tried->added, Texts{"group fresh"});
    EXPECT_TRUE(since().empty());
}

TEST_F(GroupAccountsTest, AreRefusedByAFileAsByARoute) {
    group("clerks");
    for (std::size_t i = 0; i < kMaxGroupsPerSubject; ++i) group("g" + std::to_string(i));
    Texts too_many{"clerks"};
    for (std::size_t i = 0; i < kMaxGroupsPerSubject; ++i) too_many.push_back("g" + std::to_string(i));
    before_ = world.head();
    DryRun dry_run;
    for (DryRun* how : {&dry_run, static_cast<DryRun*>(nullptr)}) {
        EXPECT_TRUE(test::refused(apply({"clerks"}, how, "nobody"), refusals::kAccountUnknown));
        EXPECT_TRUE(test::refused(apply({"nobody"}, how), refusals::kGroupUnknown));
        EXPECT_TRUE(test::refused(apply(too_many, how), refusals::kTooManyGroups));
    }
    EXPECT_TRUE(since().empty());
    ASSERT_TRUE(test::succeeds(remove(roots_, billing_)));
    EXPECT_TRUE(test::refused(apply({"clerks"}), refusals::kAccountUnknown)) << "its name is free";
}

}  // namespace
}  // namespace keyledger::commands
