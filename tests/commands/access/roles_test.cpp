#include "commands/access/roles.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/users/identity.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::kAnnsEmail;
using test::run;
using test::Types;

// Root is the administrator; Ann may do what tests give her; Bob is nobody.
class RolesTest : public test::CommandTest {
protected:
    void SetUp() override {
        root_ = world.create_administrator(node, "root@example.com");
        roots_ = world.log_in(node, "root@example.com");
        ann_ = world.register_user(node, kAnnsEmail);
        anns_ = world.log_in(node, kAnnsEmail);
        bob_ = world.register_user(node, "bob@example.com", "bob");
        bobs_ = world.log_in(node, "bob@example.com");
        before_ = world.head();
    }
    auto define(const Grant& who, std::string name, std::vector<std::string> permissions) {
        return run(define_role(services(), bearer_of(who), {std::move(name), std::move(permissions)}, caller_of(who)));
    }
    auto define_denying(const Grant& who, std::string name, std::vector<std::string> permissions,
                        std::vector<std::string> deny) {
        RoleDefinition definition{std::move(name), std::move(permissions), std::move(deny)};
        return run(define_role(services(), bearer_of(who), std::move(definition), caller_of(who)));
    }
    Result<Receipt, CommandError> change(const Grant& who, const RoleId& role, std::string name,
                                         std::vector<std::string> permissions) {
        RoleDefinition definition{std::move(name), std::move(permissions)};
        return run(change_role(services(), bearer_of(who), role, std::move(definition), caller_of(who)));
    }
    Result<Receipt, CommandError> remove(const Grant& who, const RoleId& role) {
        return run(delete_role(services(), bearer_of(who), role, caller_of(who)));
    }
    Result<Receipt, CommandError> assign(const Grant& who, const UserId& user, const RoleId& role) {
        return run(assign_role(services(), bearer_of(who), Subject::user(user), role, caller_of(who)));
    }
    Result<Receipt, CommandError> withdraw(const Grant& who, const UserId& user, const RoleId& role) {
        return run(withdraw_role(services(), bearer_of(who), Subject::user(user), role, caller_of(who)));
    }
    Result<Receipt, CommandError> disable(const Grant& who, const UserId& user) {
        return run(disable_user(services(), bearer_of(who), user, "left", caller_of(who)));
    }
    RoleId role(std::string name, std::vector<std::string> permissions) {
        auto defined = define(roots_, std::move(name), std::move(permissions));
        EXPECT_TRUE(test::succeeds(defined));
        return defined->id;
    }
    // Ann holds these from now on, and nothing is in the log that matters.
    void let_ann(std::vector<std::string> permissions) {
        const RoleId hers = role("of-ann", std::move(permissions));
        ASSERT_TRUE(test::succeeds(assign(roots_, ann_, hers)));
        before_ = world.head();
    }
    std::vector<std::string> held_by(const UserId& user) {
        auto access = run(access_of_user(other.services, user, Deadline::max()));
        EXPECT_TRUE(test::succeeds(access));
        return access ? access->scope().texts() : std::vector<std::string>{};
    }
    Types since() { return world.types(before_); }

    UserId root_, ann_, bob_;
    Grant roots_, anns_, bobs_;
    Position before_ = 0;
};

// ---- define ----------------------------------------------------------------------------------------------------
TEST_F(RolesTest, DefineMakesARoleThatGrantsNobodyAnythingYet) {
    auto defined = define(roots_, "Clerk", {"invoices:read", "invoices:read"});
    ASSERT_TRUE(test::succeeds(defined));
    EXPECT_EQ(since(), Types{"role.defined"});
    const auto event = world.events().back();
    EXPECT_EQ(event.stream_id, defined->id);
    EXPECT_EQ(event.position, defined->position);
    EXPECT_EQ(event.payload, R"({"deny":[],"kind":"custom","name":"Clerk","permissions":["invoices:read"]})");
    EXPECT_TRUE(held_by(ann_).empty());
}

TEST_F(RolesTest, DefineRefusesANameInUseWithoutRegardToCase) {
    role("Clerk", {});
    EXPECT_TRUE(test::refused(define(roots_, "clerk", {}), refusals::kRoleNameTaken));
    EXPECT_TRUE(test::refused(define(roots_, "ADMINISTRATOR", {}), refusals::kRoleNameTaken));
    EXPECT_EQ(since().size(), 1u);
}

TEST_F(RolesTest, DefineRefusesWhatIsNotOfTheGrammar) {
    EXPECT_TRUE(test::refused(define(roots_, "two words", {}), refusals::kInvalidRoleName));
    EXPECT_TRUE(
        test::refused(define(roots_, "clerk", {"invoices:read", "invoices read"}), refusals::kInvalidPermission));
    EXPECT_TRUE(test::refused(define(roots_, "clerk", std::vector<std::string>(kMaxPermissionsPerRole + 1, "a:b")),
                              refusals::kTooManyPermissions));
    EXPECT_TRUE(since().empty());
}

TEST_F(RolesTest, DefineAnswersARepeatedRequestWithTheFirstRole) {
    auto with_key = caller_of(roots_);
    with_key.idempotency.emplace();
    with_key.idempotency->command_id.fill(7);
    const RoleDefinition clerk{"clerk", {}};
    auto first = run(define_role(services(), bearer_of(roots_), clerk, with_key));
    auto again = run(define_role(other.services, bearer_of(roots_), clerk, with_key));
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(first->id, again->id);
    EXPECT_EQ(first->position, again->position);
    EXPECT_EQ(since().size(), 1u);
}

TEST_F(RolesTest, DefineRefusesToDenyWhatKeyledgerItselfAsksFor) {
    EXPECT_TRUE(
        test::refused(define_denying(roots_, "coup", {}, {"keyledger.users:write"}), refusals::kReservedPermission));
    EXPECT_TRUE(
        test::refused(define_denying(roots_, "coup", {}, {"keyledger.roles/7:*@own"}), refusals::kReservedPermission));
    EXPECT_TRUE(test::refused(define_denying(roots_, "x", {}, {"invoices"}), refusals::kInvalidPermission));
    const std::vector<std::string> half(kMaxPermissionsPerRole / 2 + 1, "a:b");
    EXPECT_TRUE(test::refused(define_denying(roots_, "x", half, half), refusals::kTooManyPermissions));
    EXPECT_TRUE(since().empty());
}

// ---- denials ----------------------------------------------------------------------------------------------
TEST_F(RolesTest, ADenialWinsWhicheverRoleItStandsIn) {
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, role("reader", {"*:read", "orders:write"}))));
    auto nosy = define_denying(roots_, "not-nosy", {}, {"payroll:*", "orders/7:read"});
    ASSERT_TRUE(test::succeeds(nosy));
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, nosy->id)));
    const auto access = run(access_of_user(other.services, ann_, Deadline::max()));
    ASSERT_TRUE(test::succeeds(access));
    EXPECT_TRUE(access->decide({"invoices", "read", "1"}));
    EXPECT_FALSE(access->decide({"payroll", "read", "1"}));
    EXPECT_TRUE(access->decide({"orders", "read", "8"}));
    EXPECT_FALSE(access->decide({"orders", "read", "7"}));
    EXPECT_EQ(held_by(ann_), std::vector<std::string>{"orders:write"}) << "only what holds without exception";
    ASSERT_TRUE(test::succeeds(withdraw(roots_, ann_, nosy->id)));
    EXPECT_TRUE(run(access_of_user(other.services, ann_, Deadline::max()))->decide({"payroll", "read", "1"}));
}

TEST_F(RolesTest, WhatIsOnesOwnIsSaidByTheOwner) {
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, role("editor", {"todos:update@own"}))));
    const std::string ann = ann_.to_string();
    const std::string bob = bob_.to_string();
    for (const auto& access : {run(access_of_user(services(), ann_, Deadline::max())),
                               run(access_of_session(services(), anns_.session_id, Deadline::max()))}) {
        ASSERT_TRUE(test::succeeds(access));
        EXPECT_TRUE(access->decide({"todos", "update", "1", ann}));
        EXPECT_FALSE(access->decide({"todos", "update", "1", bob}));
        EXPECT_FALSE(access->decide({"todos", "update", "1", "nobody"}));
        EXPECT_FALSE(access->decide({"todos", "update", "1"}));
    }
}

// Only administrators can lift a denial of their own permissions, and no denial binds an administrator's hands for
// good.
TEST_F(RolesTest, ADenialIsLiftedByThoseWhoHoldWhatItDenies) {
    auto denied = define_denying(roots_, "no-payroll", {}, {"payroll:*"});
    ASSERT_TRUE(test::succeeds(denied));
    const RoleId all = role("everything", {"*:*"});
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, all)));
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, denied->id)));
    before_ = world.head();
    EXPECT_TRUE(test::refused(withdraw(anns_, ann_, denied->id), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(remove(anns_, denied->id), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(change(anns_, denied->id, "harmless", {}), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(define(anns_, "payroll", {"payroll:read"}), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(assign(anns_, bob_, all), refusals::kExceedsAuthority)) << "for he would act through Bob";
    EXPECT_TRUE(since().empty());
    ASSERT_TRUE(test::succeeds(assign(roots_, root_, denied->id)));
    EXPECT_FALSE(run(access_of_user(services(), root_, Deadline::max()))->decide({"payroll", "read", "1"}));
    EXPECT_TRUE(test::succeeds(withdraw(roots_, root_, denied->id)));
    EXPECT_TRUE(test::succeeds(withdraw(roots_, ann_, denied->id)));
}

TEST_F(RolesTest, AreGivenToServiceAccountsToo) {
    const AccountDefinition billing{"billing", {}};
    const ServiceAccountId account =
        run(register_service_account(services(), bearer_of(roots_), billing, caller_of(roots_)))->account_id;
    before_ = world.head();
    const RoleId clerk = role("clerk", {"invoices:read"});
    const auto give = [&](const RoleId& what) {
        return run(
            assign_role(services(), bearer_of(roots_), Subject::service_account(account), what, caller_of(roots_)));
    };
    ASSERT_TRUE(test::succeeds(give(clerk)));
    EXPECT_TRUE(test::refused(give(kAdministratorRole), refusals::kAdministratorsAreUsers));
    EXPECT_EQ(held_by(test::TestId(account)), std::vector<std::string>{"invoices:read"});
    EXPECT_EQ(since(), (Types{"role.defined", "role.assigned"}));
    ASSERT_TRUE(test::succeeds(run(
        withdraw_role(services(), bearer_of(roots_), Subject::service_account(account), clerk, caller_of(roots_)))));
    EXPECT_TRUE(held_by(test::TestId(account)).empty());
}

// ---- change and delete -----------------------------------------------------------------------------------------
TEST_F(RolesTest, ChangeReachesWhoeverHasTheRole) {
    const RoleId clerk = role("clerk", {"invoices:read"});
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, clerk)));
    EXPECT_EQ(held_by(ann_), (std::vector<std::string>{"invoices:read"}));
    ASSERT_TRUE(test::succeeds(change(roots_, clerk, "clerk", {"orders:read"})));
    EXPECT_EQ(held_by(ann_), (std::vector<std::string>{"orders:read"}));
    EXPECT_EQ(since(), (Types{"role.defined", "role.assigned", "role.changed"}));
}

TEST_F(RolesTest, ChangeStaysQuietWhenNothingDiffers) {
    const RoleId clerk = role("clerk", {"invoices:read"});
    auto done = change(roots_, clerk, "clerk", {"invoices:read"});
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_EQ(done->position, 0);
}

TEST_F(RolesTest, ChangeMovesTheClaimWithTheName) {
    const RoleId clerk = role("clerk", {});
    ASSERT_TRUE(test::succeeds(change(roots_, clerk, "CLERK", {}))) << "its own name is free for it";
    ASSERT_TRUE(test::succeeds(change(roots_, clerk, "teller", {})));
    EXPECT_TRUE(test::refused(define(roots_, "Teller", {}), refusals::kRoleNameTaken));
    EXPECT_TRUE(test::succeeds(define(roots_, "clerk", {})));
    EXPECT_TRUE(test::refused(change(roots_, clerk, "clerk", {}), refusals::kRoleNameTaken));
}

TEST_F(RolesTest, DeleteEndsWhatTheRoleGrantedAndFreesItsName) {
    const RoleId clerk = role("clerk", {"invoices:read"});
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, clerk)));
    ASSERT_TRUE(test::succeeds(remove(roots_, clerk)));
    EXPECT_TRUE(held_by(ann_).empty());
    EXPECT_TRUE(test::refused(assign(roots_, bob_, clerk), refusals::kRoleUnknown));
    EXPECT_TRUE(test::refused(change(roots_, clerk, "clerk", {}), refusals::kRoleUnknown));
    const RoleId second = role("clerk", {"orders:read"});
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, second)));
    EXPECT_EQ(since(), (Types{"role.defined", "role.assigned", "role.deleted", "role.defined", "role.withdrawn",
                              "role.assigned"}));
    EXPECT_EQ(held_by(ann_), (std::vector<std::string>{"orders:read"}));
}

TEST_F(RolesTest, TheBuiltInRoleIsNeitherChangedNorDeleted) {
    EXPECT_TRUE(test::refused(change(roots_, kAdministratorRole, "boss", {"*:*"}), refusals::kRoleBuiltIn));
    EXPECT_TRUE(test::refused(remove(roots_, kAdministratorRole), refusals::kRoleBuiltIn));
}

TEST_F(RolesTest, KnowNoRoleUnderAnUnknownIdOrThatOfSomethingElse) {
    for (const test::TestId& id : test::TestIds{test::uuid(0xFF), ann_, assignments_of(root_), anns_.session_id}) {
        EXPECT_TRUE(test::refused(change(roots_, id, "x", {}), refusals::kRoleUnknown));
        EXPECT_TRUE(test::refused(remove(roots_, id), refusals::kRoleUnknown));
        EXPECT_TRUE(test::refused(assign(roots_, ann_, id), refusals::kRoleUnknown));
        auto nothing = withdraw(roots_, ann_, id);
        ASSERT_TRUE(test::succeeds(nothing));
        EXPECT_EQ(nothing->position, 0);
    }
    EXPECT_TRUE(since().empty());
}

// ---- assign and withdraw ---------------------------------------------------------------------------------------
TEST_F(RolesTest, AssignAndWithdrawStayQuietWhenNothingDiffers) {
    const RoleId clerk = role("clerk", {"invoices:read"});
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, clerk)));
    EXPECT_EQ(assign(roots_, ann_, clerk)->position, 0);
    ASSERT_TRUE(test::succeeds(withdraw(roots_, ann_, clerk)));
    EXPECT_EQ(withdraw(roots_, ann_, clerk)->position, 0);
    EXPECT_EQ(since(), (Types{"role.defined", "role.assigned", "role.withdrawn"}));
    EXPECT_TRUE(held_by(ann_).empty());
}

TEST_F(RolesTest, KnowNoUserUnderAnUnknownIdOrThatOfSomethingElse) {
    const RoleId clerk = role("clerk", {});
    for (const test::TestId& id :
         test::TestIds{test::uuid(0xFF), clerk, assignments_of(ann_), kAdministratorsStream, anns_.session_id}) {
        EXPECT_TRUE(test::refused(assign(roots_, id, clerk), refusals::kUserUnknown));
        EXPECT_TRUE(test::refused(withdraw(roots_, id, clerk), refusals::kUserUnknown));
    }
    EXPECT_EQ(since().size(), 1u);
}

TEST_F(RolesTest, AssignEndsAtTheLimit) {
    for (std::size_t i = 0; i < kMaxRolesPerUser; ++i)
        ASSERT_TRUE(test::succeeds(assign(roots_, ann_, role("r" + std::to_string(i), {"a:b"}))));
    ASSERT_TRUE(test::succeeds(assign(roots_, root_, role("of-root", {}))));
    EXPECT_TRUE(test::refused(assign(roots_, ann_, role("one-more", {})), refusals::kTooManyRoles));
}

// An append may guard 64 streams: two users with as many roles as one can have must fit.
TEST_F(RolesTest, AreChangedByOneWithManyRolesOnOneWithMany) {
    for (std::size_t i = 0; i + 1 < kMaxRolesPerUser; ++i) {
        ASSERT_TRUE(test::succeeds(assign(roots_, root_, role("mine" + std::to_string(i), {"a:b"}))));
        ASSERT_TRUE(test::succeeds(assign(roots_, ann_, role("hers" + std::to_string(i), {"a:b"}))));
    }
    EXPECT_TRUE(test::succeeds(assign(roots_, ann_, role("last", {}))));
}

// ---- who may ---------------------------------------------------------------------------------------------------
TEST_F(RolesTest, TakeThePermissionToWriteRoles) {
    const RoleId clerk = role("clerk", {});
    let_ann({"keyledger.users:*", "keyledger.roles:read", "invoices:*"});
    for (const Grant& who : {anns_, bobs_}) {
        EXPECT_TRUE(test::refused(define(who, "mine", {}), refusals::kForbidden));
        EXPECT_TRUE(test::refused(change(who, clerk, "mine", {}), refusals::kForbidden));
        EXPECT_TRUE(test::refused(remove(who, clerk), refusals::kForbidden));
        EXPECT_TRUE(test::refused(assign(who, bob_, clerk), refusals::kForbidden));
        EXPECT_TRUE(test::refused(withdraw(who, bob_, clerk), refusals::kForbidden));
        EXPECT_TRUE(test::refused(assign(who, test::uuid(0xFF), clerk), refusals::kForbidden))
            << "nor is it told who exists";
    }
    EXPECT_TRUE(since().empty());
}

TEST_F(RolesTest, TakeATokenThatHolds) {
    ASSERT_TRUE(run(log_out(services(), bearer_of(roots_), caller_of(roots_))));
    EXPECT_TRUE(test::refused(define(roots_, "clerk", {}), refusals::kInvalidToken));
}

TEST_F(RolesTest, GrantNothingThatTheirActorLacks) {
    const RoleId strong = role("strong", {"orders:write"});
    const RoleId weak = role("weak", {"invoices:read"});
    let_ann({"keyledger.roles:write", "invoices:read"});
    EXPECT_TRUE(test::refused(define(anns_, "mine", {"orders:write"}), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(define(anns_, "mine", {"*:*"}), refusals::kExceedsAuthority));
    EXPECT_TRUE(
        test::refused(change(anns_, weak, "weak", {"invoices:read", "orders:write"}), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(change(anns_, strong, "strong", {"invoices:read"}), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(remove(anns_, strong), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(assign(anns_, bob_, strong), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(assign(anns_, ann_, strong), refusals::kExceedsAuthority)) << "nor to himself";
    EXPECT_TRUE(test::refused(assign(anns_, ann_, kAdministratorRole), refusals::kExceedsAuthority));
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(test::succeeds(assign(anns_, bob_, weak)));
    EXPECT_TRUE(test::succeeds(define(anns_, "mine", {"invoices:read"})));
}

TEST_F(RolesTest, NobodyEditsDisablesOrEndsSomebodyWhoHoldsAPermissionThatTheyLack) {
    const RoleId strong = role("strong", {"orders:write"});
    const RoleId weak = role("weak", {"invoices:read"});
    ASSERT_TRUE(test::succeeds(assign(roots_, bob_, strong)));
    ASSERT_TRUE(test::succeeds(assign(roots_, bob_, weak)));
    let_ann({"keyledger.users:write", "keyledger.roles:write", "invoices:read"});
    for (const UserId& superior : {bob_, root_}) {
        const ProfileUpdate update{bearer_of(anns_), std::nullopt, "Renamed"};
        EXPECT_TRUE(test::refused(run(update_user(services(), superior, update, caller_of(anns_))),
                                  refusals::kExceedsAuthority));
        EXPECT_TRUE(test::refused(disable(anns_, superior), refusals::kExceedsAuthority));
        EXPECT_TRUE(test::refused(run(revoke_sessions_of(services(), bearer_of(anns_), superior, caller_of(anns_))),
                                  refusals::kExceedsAuthority));
        EXPECT_TRUE(test::refused(withdraw(anns_, superior, weak), refusals::kExceedsAuthority));
        EXPECT_TRUE(test::refused(assign(anns_, superior, weak), refusals::kExceedsAuthority));
    }
    EXPECT_TRUE(since().empty());
    ASSERT_TRUE(test::succeeds(withdraw(roots_, bob_, strong)));
    EXPECT_TRUE(test::succeeds(disable(anns_, bob_)));
    EXPECT_TRUE(test::succeeds(run(enable_user(services(), bearer_of(anns_), bob_, caller_of(anns_)))));
}

// ---- somebody else's account -----------------------------------------------------------------------------------
TEST_F(RolesTest, UpdateUserWritesAnothersProfileAndMovesTheClaim) {
    let_ann({"keyledger.users:write"});
    const ProfileUpdate update{bearer_of(anns_), "robert", "Bob"};
    ASSERT_TRUE(test::succeeds(run(update_user(services(), bob_, update, caller_of(anns_)))));
    EXPECT_EQ(since(), Types{"user.profile_updated"});
    EXPECT_EQ(world.events().back().stream_id, bob_);
    EXPECT_EQ(run(user_at_head(other.services, bob_, Deadline::max()))->user.username, "robert");
    EXPECT_TRUE(
        test::succeeds(run(update_profile(services(), {bearer_of(anns_), "bob", std::nullopt}, caller_of(anns_)))));
    EXPECT_TRUE(
        test::refused(run(update_user(services(), bob_, {bearer_of(anns_), "BOB", std::nullopt}, caller_of(anns_))),
                      refusals::kUsernameTaken));
    EXPECT_TRUE(
        test::refused(run(update_user(services(), bob_, {bearer_of(anns_), "b b", std::nullopt}, caller_of(anns_))),
                      refusals::kInvalidUsername));
    EXPECT_TRUE(
        test::refused(run(update_user(services(), ann_, {bearer_of(bobs_), "x12", std::nullopt}, caller_of(bobs_))),
                      refusals::kForbidden));
}

TEST_F(RolesTest, RevokeSessionsOfEndsAllOfThem) {
    let_ann({"keyledger.users:write"});
    const Grant second = world.log_in(node, "bob@example.com");
    before_ = world.head();
    ASSERT_TRUE(test::succeeds(run(revoke_sessions_of(services(), bearer_of(anns_), bob_, caller_of(anns_)))));
    EXPECT_EQ(since(), Types{"user.sessions_revoked"});
    for (const Grant& grant : {bobs_, second})
        EXPECT_TRUE(test::refused(run(bearer_at_head(other.services, bearer_of(grant), Deadline::max())),
                                  refusals::kInvalidToken));
    EXPECT_TRUE(test::succeeds(run(bearer_at_head(other.services, bearer_of(anns_), Deadline::max()))));
    EXPECT_TRUE(test::refused(run(revoke_sessions_of(services(), bearer_of(anns_), test::uuid(0xFF), caller_of(anns_))),
                              refusals::kUserUnknown));
}

// ---- administrators --------------------------------------------------------------------------------------------
TEST_F(RolesTest, TheLastActiveAdministratorStays) {
    EXPECT_TRUE(test::refused(withdraw(roots_, root_, kAdministratorRole), refusals::kLastAdministrator));
    EXPECT_TRUE(test::refused(disable(roots_, root_), refusals::kLastAdministrator));
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, kAdministratorRole)));
    ASSERT_TRUE(test::succeeds(disable(anns_, root_)));
    EXPECT_EQ(since(), (Types{"role.assigned", "administrators.joined", "user.disabled", "administrators.left"}));
    EXPECT_TRUE(test::refused(withdraw(anns_, ann_, kAdministratorRole), refusals::kLastAdministrator))
        << "the other one is disabled";
    EXPECT_TRUE(test::refused(disable(anns_, ann_), refusals::kLastAdministrator));
    ASSERT_TRUE(run(enable_user(services(), bearer_of(anns_), root_, caller_of(anns_))));
    EXPECT_EQ(since().back(), "administrators.joined");
    EXPECT_TRUE(test::succeeds(withdraw(anns_, ann_, kAdministratorRole)));
    EXPECT_TRUE(test::refused(define(anns_, "clerk", {}), refusals::kForbidden)) << "from the next command on";
}

TEST_F(RolesTest, ADisabledUserIsNoAdministratorUntilTheyAreEnabled) {
    ASSERT_TRUE(test::succeeds(disable(roots_, ann_)));
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, kAdministratorRole)));
    EXPECT_TRUE(test::refused(withdraw(roots_, root_, kAdministratorRole), refusals::kLastAdministrator));
    ASSERT_TRUE(test::succeeds(withdraw(roots_, ann_, kAdministratorRole)));
    EXPECT_EQ(since(), (Types{"user.disabled", "role.assigned", "role.withdrawn"}));
}

// A log of before there were roles: its administrator is known by user.made_administrator alone.
TEST_F(RolesTest, TheFirstAdministratorOfAnOldLogIsAdoptedOnce) {
    test::Stage old;
    const UserId root = old.world.register_user(old.node, "root@example.com");
    Streams streams;
    const auto user = streams.read<User>(root);
    const Step make = [&](Attempt& attempt) -> StepResult {
        attempt.append(user, {UserMadeAdministrator{}});
        attempt.take_claim("first_administrator", root, old.world.pseudonyms.claim("first_administrator", "first"),
                           refusals::kAdministratorExists);
        co_return Result<void, CommandError>{};
    };
    ASSERT_TRUE(run(old.node.executor.run(test::caller(), streams, make)));
    const Position before = old.world.head();
    const Grant grant = old.world.log_in(old.node, "root@example.com");
    auto known = run(access_with_permission(old.node.services, kReadUsers, bearer_of(grant), Deadline::max()));
    EXPECT_TRUE(test::refused(known, refusals::kForbidden));

    ASSERT_TRUE(test::succeeds(run(assign_role_to_first_administrator(old.node.services, test::caller()))));
    EXPECT_EQ(old.world.types(before + 1), (Types{"role.defined", "role.assigned", "administrators.joined"}));
    known = run(access_with_permission(old.other.services, kReadUsers, bearer_of(grant), Deadline::max()));
    ASSERT_TRUE(test::succeeds(known));
    EXPECT_TRUE(known->scope().covers(PermissionSet::everything()));
    auto again = run(assign_role_to_first_administrator(old.other.services, test::caller()));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_EQ(again->position, 0);
}

TEST_F(RolesTest, NobodyIsAdoptedWhereThereIsNoAdministratorOrANewOne) {
    EXPECT_EQ(run(assign_role_to_first_administrator(services(), test::caller()))->position, 0);
    test::Stage empty;
    EXPECT_EQ(run(assign_role_to_first_administrator(empty.node.services, test::caller()))->position, 0);
    EXPECT_TRUE(empty.world.types().empty());
}

// ---- what somebody may -----------------------------------------------------------------------------------------
TEST_F(RolesTest, AccessIsNobodysWhoIsNotActive) {
    ASSERT_TRUE(test::succeeds(assign(roots_, ann_, role("clerk", {"invoices:read"}))));
    auto user = run(access_of_user(services(), ann_, Deadline::max()));
    auto session = run(access_of_session(services(), anns_.session_id, Deadline::max()));
    ASSERT_TRUE(test::succeeds(user));
    ASSERT_TRUE(test::succeeds(session));
    EXPECT_TRUE(user->active && session->active);
    EXPECT_EQ(user->scope().texts(), std::vector<std::string>{"invoices:read"});
    EXPECT_EQ(session->scope(), user->scope());
    EXPECT_EQ(user->roles.front()->name, "clerk");
    ASSERT_TRUE(run(log_out(other.services, bearer_of(anns_), caller_of(anns_))));
    EXPECT_FALSE(run(access_of_session(services(), anns_.session_id, Deadline::max()))->active);
    EXPECT_TRUE(
        test::refused(run(access_of_bearer(services(), bearer_of(anns_), Deadline::max())), refusals::kInvalidToken));
    EXPECT_TRUE(run(access_of_user(services(), ann_, Deadline::max()))->active);
    ASSERT_TRUE(test::succeeds(disable(roots_, ann_)));
    user = run(access_of_user(services(), ann_, Deadline::max()));
    EXPECT_FALSE(user->active);
    EXPECT_EQ(user->position, world.head());
}

TEST_F(RolesTest, AccessIsNobodysUnderAnUnknownIdOrThatOfSomethingElse) {
    for (const test::TestId& id :
         test::TestIds{Uuid{}, test::uuid(0xFF), anns_.session_id, kAdministratorRole, assignments_of(root_)}) {
        auto access = run(access_of_user(services(), id, Deadline::max()));
        ASSERT_TRUE(test::succeeds(access));
        EXPECT_FALSE(access->active);
    }
    for (const test::TestId& id : test::TestIds{Uuid{}, test::uuid(0xFF), ann_, root_}) {
        auto access = run(access_of_session(services(), id, Deadline::max()));
        ASSERT_TRUE(test::succeeds(access));
        EXPECT_FALSE(access->active);
    }
}

// ---- the world goes wrong --------------------------------------------------------------------------------------
TEST_F(RolesTest, SayWhenTheStoreIsAway) {
    stepped.away = true;
    EXPECT_TRUE(test::refused(define(roots_, "clerk", {}), refusals::kUnavailable));
    EXPECT_TRUE(test::refused(assign(roots_, ann_, kAdministratorRole), refusals::kUnavailable));
    auto access = run(access_of_user(services(), ann_, Deadline::max()));
    EXPECT_TRUE(test::refused(access, refusals::kUnavailable));
}

}  // namespace
}  // namespace keyledger::commands
