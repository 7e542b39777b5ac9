// A denial that comes upon many reaches people upon whom its maker may do nothing by name: laying it and lifting it is
// for those who hold everything (ADR 13).
#include "commands/access/answers_at_head.hpp"
#include "commands/access/groups.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::run;
using Texts = std::vector<std::string>;

// Ann holds all of todos, and may give roles and groups. Bob is nobody. Carla holds todos, and payroll, which Ann
// lacks; she is in `staff`.
class DenialsTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.create_administrator(node, "root@example.com");
        roots_ = world.log_in(node, "root@example.com");
        ann_ = world.register_user(node, "ann@example.com");
        anns_ = world.log_in(node, "ann@example.com");
        bob_ = world.register_user(node, "bob@example.com");
        carla_ = world.register_user(node, "carla@example.com");
        frozen_ = role("frozen", {}, {"todos:*"});
        tasks_ = role("tasks", {"todos:*"});
        staff_ = group("staff");
        ices_ = group("ice");
        assign(Subject::user(ann_), role("powers", {"keyledger.roles:write", "keyledger.groups:write"}));
        assign(Subject::user(ann_), tasks_);
        assign(Subject::user(carla_), role("payroll", {"payroll:read", "todos:*"}));
        succeed(add_member(services(), root(), Subject::user(carla_), staff_, by(roots_)));
        assign(Subject::group(ices_), frozen_);
    }
    Bearer root() const { return bearer_of(roots_); }
    static Caller by(const Grant& who) { return caller_of(who); }
    RoleId role(std::string name, Texts allow, Texts deny = {}) {
        RoleDefinition definition{std::move(name), std::move(allow), std::move(deny)};
        return run(define_role(services(), root(), std::move(definition), by(roots_)))->id;
    }
    GroupId group(std::string name) { return run(define_group(services(), root(), std::move(name), by(roots_)))->id; }
    void assign(const Subject& subject, const RoleId& role_id) {
        succeed(assign_role(services(), root(), subject, role_id, by(roots_)));
    }
    void succeed(Answer<Receipt> work) { ASSERT_TRUE(test::succeeds(run(std::move(work)))); }
    bool may(const UserId& user) {
        auto access = run(access_of_user(other.services, user, Deadline::max()));
        EXPECT_TRUE(test::succeeds(access));
        return access->decide({"todos", "read", "1"});
    }
    // By somebody who holds what is denied, and no more; then by whoever holds everything.
    void expect_for_those_who_hold_everything(const std::function<Answer<Receipt>(const Grant&)>& command) {
        const Position head = world.head();
        EXPECT_TRUE(test::refused(run(command(anns_)), refusals::kExceedsAuthority));
        EXPECT_EQ(world.head(), head);
        EXPECT_TRUE(test::succeeds(run(command(roots_))));
    }
    Answer<Receipt> change(const Grant& who, const RoleId& role_id, std::string name, Texts allow, Texts deny) {
        RoleDefinition definition{std::move(name), std::move(allow), std::move(deny)};
        return change_role(services(), bearer_of(who), role_id, std::move(definition), by(who));
    }

    UserId ann_, bob_, carla_;
    RoleId frozen_, tasks_;
    GroupId staff_, ices_;
    Grant roots_, anns_;
};

TEST_F(DenialsTest, AreLaidUponPeopleByNameByWhoeverHasAuthorityOverThem) {
    const auto freeze = [&](const UserId& user) {
        return run(assign_role(services(), bearer_of(anns_), Subject::user(user), frozen_, by(anns_)));
    };
    EXPECT_TRUE(test::succeeds(freeze(bob_)));
    EXPECT_TRUE(test::refused(freeze(carla_), refusals::kExceedsAuthority));
    EXPECT_TRUE(test::refused(freeze(roots_.user_id), refusals::kExceedsAuthority));
}

TEST_F(DenialsTest, UponEveryoneAreForThoseWhoHoldEverything) {
    EXPECT_TRUE(may(carla_));
    for (const GroupId& many : {kEveryone, staff_}) {
        expect_for_those_who_hold_everything([&](const Grant& who) {
            return assign_role(services(), bearer_of(who), Subject::group(many), frozen_, by(who));
        });
        EXPECT_FALSE(may(carla_));
        expect_for_those_who_hold_everything([&](const Grant& who) {
            return withdraw_role(services(), bearer_of(who), Subject::group(many), frozen_, by(who));
        });
        EXPECT_TRUE(may(carla_));
    }
}

TEST_F(DenialsTest, OfAGroupComeUponAnotherByThoseWhoHoldEverything) {
    const Nesting nesting{ices_, staff_};
    expect_for_those_who_hold_everything(
        [&](const Grant& who) { return nest_group(services(), bearer_of(who), nesting, by(who)); });
    EXPECT_FALSE(may(carla_));
    expect_for_those_who_hold_everything(
        [&](const Grant& who) { return unnest_group(services(), bearer_of(who), nesting, by(who)); });
    EXPECT_TRUE(may(carla_));
}

TEST_F(DenialsTest, OfAGroupThatIsDeletedAreLiftedByThoseWhoHoldEverything) {
    const Nesting nesting{ices_, staff_};
    succeed(nest_group(services(), root(), nesting, by(roots_)));
    for (const GroupId& deleted : {staff_, ices_})  // the one has it from above
        expect_for_those_who_hold_everything(
            [&](const Grant& who) { return delete_group(services(), bearer_of(who), deleted, by(who)); });
}

TEST_F(DenialsTest, OfARoleThatPeopleHaveAreChangedByThoseWhoHoldEverything) {
    assign(Subject::user(carla_), tasks_);
    expect_for_those_who_hold_everything(
        [&](const Grant& who) { return change(who, tasks_, "tasks", {}, {"todos:*"}); });
    EXPECT_FALSE(may(carla_));
    EXPECT_TRUE(test::refused(run(change(anns_, tasks_, "tasks", {}, {})), refusals::kExceedsAuthority));
    succeed(change(roots_, tasks_, "tasks", {"todos:*"}, {}));
    expect_for_those_who_hold_everything(
        [&](const Grant& who) { return delete_role(services(), bearer_of(who), frozen_, by(who)); });
}

TEST_F(DenialsTest, AreNoConcernOfWhoeverChangesWhatIsAllowed) {
    EXPECT_TRUE(test::succeeds(run(change(anns_, frozen_, "frozen", {"todos:read"}, {"todos:*"}))));
    EXPECT_TRUE(test::succeeds(run(change(anns_, tasks_, "tasks", {"todos:*"}, {})))) << "nothing changes";
    EXPECT_TRUE(
        test::succeeds(run(assign_role(services(), bearer_of(anns_), Subject::group(staff_), tasks_, by(anns_)))));
    EXPECT_TRUE(
        test::succeeds(run(withdraw_role(services(), bearer_of(anns_), Subject::group(staff_), tasks_, by(anns_)))));
    EXPECT_TRUE(test::succeeds(run(add_member(services(), bearer_of(anns_), Subject::user(bob_), ices_, by(anns_)))))
        << "one person, over whom she has authority";
    EXPECT_TRUE(test::refused(run(add_member(services(), bearer_of(anns_), Subject::user(carla_), ices_, by(anns_))),
                              refusals::kExceedsAuthority));
}

}  // namespace
}  // namespace keyledger::commands
