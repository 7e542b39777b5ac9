// The roles of everyone: who has them, who may give them, and what everyone can not be.
#include "commands/access/answers_at_head.hpp"
#include "commands/access/apply_access.hpp"
#include "commands/access/groups.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/clients/service_accounts.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/subject_access.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::kAnnsEmail;
using test::run;
using test::Types;
using Texts = std::vector<std::string>;

const Subject kAll = Subject::group(kEveryone);

// Root is the administrator; Ann may do what tests give her; Bob is nobody. All were there before any default
// role.
class DefaultRolesTest : public test::CommandTest {
protected:
    void SetUp() override {
        root_ = world.create_administrator(node, "root@example.com");
        roots_ = world.log_in(node, "root@example.com");
        ann_ = world.register_user(node, kAnnsEmail);
        anns_ = world.log_in(node, kAnnsEmail);
        bob_ = world.register_user(node, "bob@example.com", "bob");
        viewer_ = role("viewer", {"todos:read"});
    }
    RoleId role(std::string name, Texts permissions, Texts deny = {}) {
        RoleDefinition definition{std::move(name), std::move(permissions), std::move(deny)};
        auto defined = run(define_role(services(), bearer_of(roots_), std::move(definition), caller_of(roots_)));
        EXPECT_TRUE(test::succeeds(defined));
        before_ = world.head();
        return defined->id;
    }
    Result<Receipt, CommandError> change(const RoleId& role, std::string name, Texts permissions) {
        RoleDefinition definition{std::move(name), std::move(permissions)};
        return run(change_role(services(), bearer_of(roots_), role, std::move(definition), caller_of(roots_)));
    }
    Result<Receipt, CommandError> assign(const Grant& who, const Subject& subject, const RoleId& role) {
        return run(assign_role(services(), bearer_of(who), subject, role, caller_of(who)));
    }
    Result<Receipt, CommandError> withdraw(const Grant& who, const RoleId& role) {
        return run(withdraw_role(services(), bearer_of(who), kAll, role, caller_of(who)));
    }
    void let_ann(Texts permissions) {
        ASSERT_TRUE(test::succeeds(assign(roots_, Subject::user(ann_), role("of-ann", std::move(permissions)))));
        before_ = world.head();
    }
    Result<AppliedGroup, CommandError> apply(Texts names, DryRun* dry_run = nullptr) {
        return run(apply_default_roles(services(), std::move(names), dry_run, test::caller()));
    }
    SubjectAccess access_of(const UserId& user) {
        auto access = run(access_of_user(other.services, user, Deadline::max()));
        EXPECT_TRUE(test::succeeds(access));
        return std::move(*access);
    }
    Texts held_by(const UserId& user) { return access_of(user).scope().texts(); }
    Types since() { return world.types(before_); }

    UserId root_, ann_, bob_;
    RoleId viewer_;
    Grant roots_, anns_;
    Position before_ = 0;
};

// ---- who has them -----------------------------------------------------------------------------------------
TEST_F(DefaultRolesTest, AreHadByWhoeverIsRegisteredBeforeAndAfter) {
    ASSERT_TRUE(test::succeeds(assign(roots_, kAll, viewer_)));
    EXPECT_EQ(since(), (Types{"group.defined", "role.assigned"}));
    before_ = world.head();
    const UserId late = world.register_user(node, "late@example.com");
    EXPECT_EQ(since(), (Types{"user.registered", "user.password_set"})) << "registration says nothing of it";
    for (const UserId& user : {root_, ann_, bob_, late}) {
        const SubjectAccess access = access_of(user);
        EXPECT_TRUE(access.decide({"todos", "read", "1"}));
        EXPECT_TRUE(access.groups.empty()) << "that he is one of everyone says nothing of him";
    }
    EXPECT_EQ(assign(roots_, kAll, viewer_)->position, 0) << "again is nothing";
    ASSERT_TRUE(test::succeeds(withdraw(roots_, viewer_)));
    for (const UserId& user : {ann_, bob_, late}) EXPECT_TRUE(held_by(user).empty());
    EXPECT_EQ(withdraw(roots_, viewer_)->position, 0);
}

TEST_F(DefaultRolesTest, AreOfNobodyWhoIsNoUserOrNotActive) {
    ASSERT_TRUE(test::succeeds(assign(roots_, kAll, viewer_)));
    auto account = run(register_service_account(services(), bearer_of(roots_), {"billing", {}}, caller_of(roots_)));
    ASSERT_TRUE(test::succeeds(account));
    ASSERT_TRUE(test::succeeds(run(disable_user(services(), bearer_of(roots_), bob_, "left", caller_of(roots_)))));
    EXPECT_FALSE(access_of(bob_).decide({"todos", "read", "1"}));
    ASSERT_TRUE(test::succeeds(run(request_erasure(services(), bearer_of(roots_), ann_, caller_of(roots_)))));
    for (const test::TestId& nobody : test::TestIds{ann_, account->account_id, test::uuid(0xFF), Uuid{}, viewer_}) {
        const SubjectAccess access = access_of(nobody);
        EXPECT_FALSE(access.decide({"todos", "read", "1"}));
        EXPECT_TRUE(access.roles.empty());
        EXPECT_TRUE(access.groups.empty());
    }
    EXPECT_FALSE(access_of(test::TestId(kEveryone)).decide({"todos", "read", "1"})) << "the group itself is nobody";
    auto service = run(other.access.read_service({account->account_id, std::nullopt}, Deadline::max()));
    ASSERT_TRUE(service);
    EXPECT_TRUE(service->held.roles.empty());
    EXPECT_TRUE(service->held.groups.empty());
}

TEST_F(DefaultRolesTest, CanDenyEverybodyWhatTheirOwnRolesGrant) {
    ASSERT_TRUE(test::succeeds(assign(roots_, Subject::user(bob_), viewer_)));
    const RoleId frozen = role("frozen", {}, {"todos:*"});
    ASSERT_TRUE(test::succeeds(assign(roots_, kAll, frozen)));
    EXPECT_FALSE(access_of(bob_).decide({"todos", "read", "1"}));
    ASSERT_TRUE(test::succeeds(withdraw(roots_, frozen)));
    EXPECT_TRUE(access_of(bob_).decide({"todos", "read", "1"}));
}

TEST_F(DefaultRolesTest, CountInWhatAnActorMayPassOn) {
    let_ann({"keyledger.roles:write"});
    EXPECT_TRUE(test::refused(assign(anns_, Subject::user(bob_), viewer_), refusals::kExceedsAuthority));
    ASSERT_TRUE(test::succeeds(assign(roots_, kAll, viewer_)));
    EXPECT_TRUE(test::succeeds(assign(anns_, Subject::user(bob_), viewer_))) << "she has it as everyone";
    ASSERT_TRUE(test::succeeds(withdraw(roots_, viewer_)));
    EXPECT_TRUE(test::refused(assign(anns_, Subject::user(root_), viewer_), refusals::kExceedsAuthority));
}

// ---- who may ----------------------------------------------------------------------------------------------
TEST_F(DefaultRolesTest, AreGivenByThoseAloneWhoMayGiveRolesAndHoldThem) {
    EXPECT_TRUE(test::refused(assign(anns_, kAll, viewer_), refusals::kForbidden));
    EXPECT_TRUE(test::refused(withdraw(anns_, viewer_), refusals::kForbidden));
    let_ann({"keyledger.groups:*", "todos:*"});
    EXPECT_TRUE(test::refused(assign(anns_, kAll, viewer_), refusals::kForbidden));
    const RoleId writer = role("writer", {"keyledger.roles:write"});
    ASSERT_TRUE(test::succeeds(assign(roots_, Subject::user(ann_), writer)));
    const RoleId payroll = role("payroll", {"payroll:read"});
    EXPECT_TRUE(test::refused(assign(anns_, kAll, payroll), refusals::kExceedsAuthority));
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(test::succeeds(assign(anns_, kAll, viewer_)));
}

TEST_F(DefaultRolesTest, AdministerNothing) {
    EXPECT_TRUE(test::refused(assign(roots_, kAll, kAdministratorRole), refusals::kAdministratorsAreUsers));
    for (const char* text : {"keyledger.users:read", "*:read", "*:*"})
        EXPECT_TRUE(test::refused(assign(roots_, kAll, role("r" + std::to_string(world.head()), {"a:b", text})),
                                  refusals::kNotForEveryone))
            << text;
    ASSERT_TRUE(test::succeeds(assign(roots_, kAll, viewer_)));
    before_ = world.head();
    EXPECT_TRUE(test::refused(change(viewer_, "viewer", {"keyledger.audit:read"}), refusals::kNotForEveryone));
    const RoleDefinition wide{"viewer", {"*:*"}};
    DryRun dry_run;
    EXPECT_TRUE(
        test::refused(run(apply_role(services(), "viewer", wide, nullptr, test::caller())), refusals::kNotForEveryone));
    EXPECT_TRUE(test::refused(run(apply_role(services(), "viewer", wide, &dry_run, test::caller())),
                              refusals::kNotForEveryone));
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(test::succeeds(change(viewer_, "viewer", {"todos:*"})));
    ASSERT_TRUE(test::succeeds(withdraw(roots_, viewer_)));
    EXPECT_TRUE(test::succeeds(change(viewer_, "viewer", {"keyledger.audit:read"})));
    EXPECT_TRUE(test::refused(assign(roots_, kAll, viewer_), refusals::kNotForEveryone));
}

// ---- what everyone is not ---------------------------------------------------------------------------------
TEST_F(DefaultRolesTest, EveryoneIsNotMadeRenamedDeletedJoinedOrNested) {
    const Bearer root = bearer_of(roots_);
    const auto by_root = [&] { return caller_of(roots_); };
    const GroupId staff = run(define_group(services(), root, "staff", by_root()))->id;
    before_ = world.head();
    for (const bool is_there : {false, true}) {
        if (is_there) {
            ASSERT_TRUE(test::succeeds(assign(roots_, kAll, viewer_)));
            before_ = world.head();
        }
        for (const char* name : {"everyone", "Everyone", "EVERYONE"}) {
            EXPECT_TRUE(
                test::refused(run(define_group(services(), root, name, by_root())), refusals::kGroupNameReserved));
            EXPECT_TRUE(test::refused(run(rename_group(services(), root, staff, name, by_root())),
                                      refusals::kGroupNameReserved));
        }
        EXPECT_TRUE(
            test::refused(run(rename_group(services(), root, kEveryone, "all", by_root())), refusals::kGroupBuiltIn));
        EXPECT_TRUE(test::refused(run(delete_group(services(), root, kEveryone, by_root())), refusals::kGroupBuiltIn));
        const Subject ann = Subject::user(ann_);
        EXPECT_TRUE(
            test::refused(run(add_member(services(), root, ann, kEveryone, by_root())), refusals::kGroupBuiltIn));
        EXPECT_TRUE(
            test::refused(run(remove_member(services(), root, ann, kEveryone, by_root())), refusals::kGroupBuiltIn));
        for (const Nesting& nesting : {Nesting{kEveryone, staff}, Nesting{staff, kEveryone}}) {
            EXPECT_TRUE(test::refused(run(nest_group(services(), root, nesting, by_root())), refusals::kGroupBuiltIn));
            EXPECT_TRUE(
                test::refused(run(unnest_group(services(), root, nesting, by_root())), refusals::kGroupBuiltIn));
        }
        EXPECT_TRUE(test::refused(run(delete_group(services(), bearer_of(anns_), kEveryone, caller_of(anns_))),
                                  refusals::kForbidden));
        EXPECT_TRUE(
            test::refused(assign(roots_, Subject::user(test::TestId(kEveryone)), viewer_), refusals::kUserUnknown));
        EXPECT_TRUE(since().empty());
    }
}

// Scenario: a log of before there was everyone has a group of that name.
TEST_F(DefaultRolesTest, AskForTheNameWhereAnotherGroupHasIt) {
    const GroupId group{services().identifiers.next()};
    Streams streams;
    const auto stream = streams.begin<Group>(group);
    const Step as_before = [&](Attempt& attempt) -> StepResult {
        attempt.append(stream, {GroupDefined{"Everyone"}});
        co_return Result<void, CommandError>{};
    };
    ASSERT_TRUE(run(services().executor.run(test::caller(), streams, as_before)));
    before_ = world.head();
    EXPECT_TRUE(test::refused(assign(roots_, kAll, viewer_), refusals::kEveryoneNameTaken));
    EXPECT_TRUE(test::refused(apply({"viewer"}), refusals::kEveryoneNameTaken));
    EXPECT_TRUE(since().empty());
    ASSERT_TRUE(test::succeeds(run(rename_group(services(), bearer_of(roots_), group, "all", caller_of(roots_)))));
    EXPECT_TRUE(test::succeeds(assign(roots_, kAll, viewer_)));
}

// ---- by an access file ------------------------------------------------------------------------------------
TEST_F(DefaultRolesTest, BecomeWhatAFileSays) {
    EXPECT_EQ(apply({})->change, Change::kNone);
    EXPECT_TRUE(since().empty()) << "nothing to give makes no group";
    DryRun dry_run;
    auto tried = apply({"viewer"}, &dry_run);
    ASSERT_TRUE(test::succeeds(tried));
    EXPECT_EQ(tried->change, Change::kChanged);
    EXPECT_EQ(tried->added, Texts{"role viewer"});
    EXPECT_TRUE(test::refused(apply({"nobody-knows"}, &dry_run), refusals::kRoleUnknown));
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(test::refused(apply({"nobody-knows"}), refusals::kRoleUnknown));
    auto applied = apply({"Viewer"});
    ASSERT_TRUE(test::succeeds(applied));
    EXPECT_EQ(since(), (Types{"group.defined", "role.assigned"}));
    EXPECT_EQ(held_by(bob_), Texts{"todos:read"});
    EXPECT_EQ(apply({"viewer"})->change, Change::kNone);
    const RoleId editor = role("editor", {"todos:update"});
    (void)editor;
    applied = apply({"editor"});
    EXPECT_EQ(applied->added, Texts{"role editor"});
    EXPECT_EQ(applied->removed, Texts{"role viewer"});
    EXPECT_EQ(since(), (Types{"role.withdrawn", "role.assigned"}));
    EXPECT_EQ(apply({})->removed, Texts{"role editor"});
    EXPECT_TRUE(held_by(bob_).empty());
    role("auditor", {"keyledger.audit:read"});
    EXPECT_TRUE(test::refused(apply({"auditor"}, &dry_run), refusals::kNotForEveryone));
    EXPECT_TRUE(test::refused(run(apply_group(services(), "Everyone", GroupDefinition{}, &dry_run, test::caller())),
                              refusals::kGroupNameReserved));
}

}  // namespace
}  // namespace keyledger::commands
