// Two commands about roles that overlap, the second one committed at every step of the first; on one node and on two.
#include "commands/access/answers_at_head.hpp"
#include "commands/access/apply_access.hpp"
#include "commands/access/groups.hpp"
#include "commands/access/roles.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/clients/service_accounts.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::kAnnsEmail;
using test::run;

enum class Nodes { kOne, kTwo };

// Root and Carol hold everything; Root is an administrator, Carol by a role of her own. Ann is a clerk who may write
// users and roles; Bob is nobody.
struct Scene : test::Stage {
    explicit Scene(Nodes nodes) : second(nodes == Nodes::kOne ? node : other) {
        world.create_administrator(node, "root@example.com");
        root = world.log_in(node, "root@example.com");
        carol = with_role("carol@example.com", define("everything", {"*:*"}));
        clerks = define("clerk", {"keyledger.users:write", "keyledger.roles:write", "invoices:read"});
        ann = with_role(kAnnsEmail, clerks);
        bob = world.register_user(node, "bob@example.com");
        before = world.head();
    }
    RoleId define(std::string name, std::vector<std::string> permissions) {
        RoleDefinition definition{std::move(name), std::move(permissions)};
        return run(define_role(node.services, bearer_of(root), std::move(definition), caller_of(root)))->id;
    }
    Grant with_role(std::string email, const RoleId& role) {
        const UserId user = world.register_user(node, email);
        EXPECT_TRUE(run(assign_role(node.services, bearer_of(root), Subject::user(user), role, caller_of(root))));
        return world.log_in(node, email);
    }
    GroupId define_group_named(std::string name) {
        return run(define_group(node.services, bearer_of(root), std::move(name), caller_of(root)))->id;
    }
    ServiceAccountId register_billing() {
        const AccountDefinition definition{"billing", {}};
        return run(register_service_account(node.services, bearer_of(root), definition, caller_of(root)))->account_id;
    }
    void watch(test::Steps& steps, std::function<asio::awaitable<void>()> meanwhile) {
        stepped.steps = &steps;
        steps.meanwhile = std::move(meanwhile);
    }
    void stop_watching() { stepped.steps = nullptr; }
    // The first one after `before`; 0: there is none.
    Position position_of(const std::string& type) {
        for (const auto& event : world.events(before))
            if (event.type == type) return event.position;
        return 0;
    }
    std::size_t count_of(const std::string& type) {
        const auto types = world.types(before);
        return static_cast<std::size_t>(std::count(types.begin(), types.end(), type));
    }
    bool is_administrator(const UserId& user) {
        auto known = run(user_at_head(other.services, user, Deadline::max()));
        return known && known->user.status == User::Status::kActive && known->administrator;
    }

    test::Node& second;
    Grant root, carol, ann;
    RoleId clerks;
    UserId bob;
    Position before = 0;
};

class AccessInterleavingTest : public testing::TestWithParam<Nodes> {};
std::vector<Nodes> nodes() {
    return test::kBreadth.on_one_node ? std::vector{Nodes::kOne, Nodes::kTwo} : std::vector{Nodes::kTwo};
}
INSTANTIATE_TEST_SUITE_P(Nodes, AccessInterleavingTest, testing::ValuesIn(nodes()),
                         [](const auto& info) { return info.param == Nodes::kOne ? "One" : "Two"; });

using Act = asio::awaitable<bool> (*)(test::Node& node, const Grant& who, UserId whom);

asio::awaitable<bool> withdraws(test::Node& node, const Grant& who, UserId whom) {
    auto from = caller_of(who);
    auto done = co_await withdraw_role(node.services, bearer_of(who), Subject::user(whom), kAdministratorRole, from);
    co_return done.has_value();
}
asio::awaitable<bool> disables(test::Node& node, const Grant& who, UserId whom) {
    auto from = caller_of(who);
    std::string reason = "left";
    auto done = co_await disable_user(node.services, bearer_of(who), whom, reason, from);
    co_return done.has_value();
}

// Scenario: there are two administrators, and Carol, who may do everything and is none of them, takes both away at
// once: by withdrawing the role or by disabling them. One of the two commands is refused, whatever their order.
TEST_P(AccessInterleavingTest, TwoAdministratorsWithdrawnAtOnce) {
    for (Act first : {withdraws, disables})
        for (Act second : {withdraws, disables})
            test::for_every_step([&](test::Steps& steps) {
                Scene scene(GetParam());
                ASSERT_TRUE(run(assign_role(scene.node.services, bearer_of(scene.root), Subject::user(scene.bob),
                                            kAdministratorRole, caller_of(scene.root))));
                bool second_passed = false;
                auto takes_bob = [&]() -> asio::awaitable<void> {
                    second_passed = co_await second(scene.second, scene.carol, scene.bob);
                };
                scene.watch(steps, takes_bob);
                const bool first_passed = run(first(scene.node, scene.carol, scene.root.user_id));
                scene.stop_watching();
                if (!steps.happened()) return;
                EXPECT_NE(first_passed, second_passed) << steps.where();
                EXPECT_EQ(scene.count_of("administrators.left"), 1u) << steps.where();
                EXPECT_NE(scene.is_administrator(scene.bob), scene.is_administrator(scene.root.user_id))
                    << steps.where();
            });
}

// Scenario: two administrators fall out, and each withdraws the other's role. One of them remains.
TEST_P(AccessInterleavingTest, TwoAdministratorsWithdrawEachOther) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        ASSERT_TRUE(run(assign_role(scene.node.services, bearer_of(scene.root), Subject::user(scene.bob),
                                    kAdministratorRole, caller_of(scene.root))));
        const Grant bob = scene.world.log_in(scene.node, "bob@example.com");
        bool bob_passed = false;
        auto strikes_back = [&]() -> asio::awaitable<void> {
            bob_passed = co_await withdraws(scene.second, bob, scene.root.user_id);
        };
        scene.watch(steps, strikes_back);
        const bool root_passed = run(withdraws(scene.node, scene.root, scene.bob));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_NE(root_passed, bob_passed) << steps.where();
        EXPECT_NE(scene.is_administrator(scene.bob), scene.is_administrator(scene.root.user_id)) << steps.where();
    });
}

// Scenario: one group is put under another while that one is put under the first. Each by itself is right; together
// they would be a circle.
TEST_P(AccessInterleavingTest, TwoNestingsAtOnceMakeNoCircle) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        const GroupId one = scene.define_group_named("one");
        const GroupId other = scene.define_group_named("other");
        bool second_passed = false;
        auto the_other_way = [&]() -> asio::awaitable<void> {
            const Nesting nesting{other, one};
            auto from = caller_of(scene.carol);
            auto done = co_await nest_group(scene.second.services, bearer_of(scene.carol), nesting, from);
            second_passed = done.has_value();
        };
        scene.watch(steps, the_other_way);
        const Nesting nesting{one, other};
        const bool first_passed =
            run(nest_group(scene.node.services, bearer_of(scene.root), nesting, caller_of(scene.root))).has_value();
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_NE(first_passed, second_passed) << steps.where();
        EXPECT_EQ(scene.count_of("group.nested"), 1u) << steps.where();
    });
}

// Scenario: Ann adds Bob to a group in the moment in which the group is given what she lacks, or is deleted. Whoever is
// in it afterwards was added before.
TEST_P(AccessInterleavingTest, AddAMemberWhileTheGroupIsGivenMoreOrDeleted) {
    for (const bool is_deleted : {false, true})
        test::for_every_step([&](test::Steps& steps) {
            Scene scene(GetParam());
            const GroupId group = scene.define_group_named("staff");
            const RoleId payroll = scene.define("payroll", {"payroll:read"});
            const RoleId writers = scene.define("writers", {"keyledger.groups:write"});
            ASSERT_TRUE(run(assign_role(scene.node.services, bearer_of(scene.root), Subject::user(scene.ann.user_id),
                                        writers, caller_of(scene.root))));
            scene.before = scene.world.head();
            auto meanwhile = [&]() -> asio::awaitable<void> {
                auto from = caller_of(scene.root);
                const Subject subject = Subject::group(group);
                if (is_deleted) {
                    (void)co_await delete_group(scene.second.services, bearer_of(scene.root), group, from);
                } else {
                    (void)co_await assign_role(scene.second.services, bearer_of(scene.root), subject, payroll, from);
                }
            };
            scene.watch(steps, meanwhile);
            const Subject bob = Subject::user(scene.bob);
            auto from = caller_of(scene.ann);
            auto adding = add_member(scene.node.services, bearer_of(scene.ann), bob, group, std::move(from));
            const bool added = run(std::move(adding)).has_value();
            scene.stop_watching();
            if (!steps.happened()) return;
            const Position changed = scene.position_of(is_deleted ? "group.deleted" : "role.assigned");
            const Position joined = scene.position_of("group.member_added");
            EXPECT_GT(changed, 0) << steps.where();
            EXPECT_EQ(added, joined > 0) << steps.where();
            EXPECT_LT(joined, changed) << steps.where();
        });
}

// Scenario: Ann, or an access file, puts a service account into a group in the moment in which the account is deleted,
// or the group is. Nothing that is gone is in anything, and nobody is in what is gone.
TEST_P(AccessInterleavingTest, AddAServiceAccountWhileItOrTheGroupIsDeleted) {
    for (const bool by_file : {false, true})
        for (const bool account_is_deleted : {false, true})
            test::for_every_step([&](test::Steps& steps) {
                Scene scene(GetParam());
                const GroupId group = scene.define_group_named("staff");
                const ServiceAccountId billing = scene.register_billing();
                scene.before = scene.world.head();
                auto meanwhile = [&]() -> asio::awaitable<void> {
                    auto& services = scene.second.services;
                    auto from = caller_of(scene.root);
                    Result<Receipt, CommandError> done = Receipt{};
                    if (account_is_deleted)
                        done = co_await delete_service_account(services, bearer_of(scene.root), billing, from);
                    else done = co_await delete_group(services, bearer_of(scene.root), group, from);
                    EXPECT_TRUE(test::succeeds(done));
                };
                scene.watch(steps, meanwhile);
                const bool added =
                    by_file
                        ? run(apply_account_groups(scene.node.services, "billing", {"staff"}, nullptr, test::caller()))
                              .has_value()
                        : run(add_member(scene.node.services, bearer_of(scene.root), Subject::service_account(billing),
                                         group, caller_of(scene.root)))
                              .has_value();
                scene.stop_watching();
                if (!steps.happened()) return;
                const Position gone =
                    scene.position_of(account_is_deleted ? "service_account.deleted" : "group.deleted");
                const Position joined = scene.position_of("group.member_added");
                EXPECT_GT(gone, 0) << steps.where();
                EXPECT_EQ(added, joined > 0) << steps.where();
                EXPECT_LT(joined, gone) << steps.where();
                const bool has_left = scene.position_of("group.member_removed") > gone;
                EXPECT_EQ(has_left, account_is_deleted && joined > 0) << steps.where();
            });
}

// Scenario: an access file gives a group a role and a group within it, while the group, the role or the other group is
// deleted. Nothing is given to, or of, what is gone.
TEST_P(AccessInterleavingTest, ApplyAGroupWhileItOrWhatItIsGivenIsDeleted) {
    enum class What { kGroup, kRole, kChild };
    for (const What what : {What::kGroup, What::kRole, What::kChild})
        test::for_every_step([&](test::Steps& steps) {
            Scene scene(GetParam());
            const GroupId staff = scene.define_group_named("staff");
            const GroupId interns = scene.define_group_named("interns");
            const RoleId payroll = scene.define("payroll", {"payroll:read"});
            scene.before = scene.world.head();
            auto meanwhile = [&]() -> asio::awaitable<void> {
                auto& services = scene.second.services;
                auto from = caller_of(scene.root);
                const GroupId group = what == What::kGroup ? staff : interns;
                if (what == What::kRole) {
                    (void)co_await delete_role(services, bearer_of(scene.root), payroll, from);
                } else {
                    (void)co_await delete_group(services, bearer_of(scene.root), group, from);
                }
            };
            scene.watch(steps, meanwhile);
            GroupDefinition definition{{"payroll"}, {"interns"}};
            auto from = test::caller();
            auto applying = apply_group(scene.node.services, "staff", definition, nullptr, std::move(from));
            (void)run(std::move(applying));
            scene.stop_watching();
            if (!steps.happened()) return;
            const Position deleted = scene.position_of(what == What::kRole ? "role.deleted" : "group.deleted");
            EXPECT_GT(deleted, 0) << steps.where();
            // Where "staff" was gone before it was looked for, there is another one of this name.
            if (scene.count_of("group.defined") > 0) return;
            EXPECT_LT(scene.position_of("role.assigned"), deleted) << steps.where();
            EXPECT_LT(scene.position_of("group.nested"), deleted) << steps.where();
        });
}

// Scenario: two administrators give everyone a first role at once, the same one or another. The group comes
// into being once, and both have what they wanted.
TEST_P(AccessInterleavingTest, TwoFirstDefaultRolesAtOnce) {
    for (const bool same : {false, true})
        test::for_every_step([&](test::Steps& steps) {
            Scene scene(GetParam());
            const RoleId viewer = scene.define("viewer", {"todos:read"});
            const RoleId second = same ? viewer : scene.define("guest", {"rooms:read"});
            scene.before = scene.world.head();
            auto meanwhile = [&]() -> asio::awaitable<void> {
                auto from = caller_of(scene.carol);
                const Subject everyone = Subject::group(kEveryone);
                auto given =
                    co_await assign_role(scene.second.services, bearer_of(scene.carol), everyone, second, from);
                EXPECT_TRUE(test::succeeds(given));
            };
            scene.watch(steps, meanwhile);
            const Subject everyone = Subject::group(kEveryone);
            auto from = caller_of(scene.root);
            auto giving = assign_role(scene.node.services, bearer_of(scene.root), everyone, viewer, std::move(from));
            EXPECT_TRUE(test::succeeds(run(std::move(giving)))) << steps.where();
            scene.stop_watching();
            if (!steps.happened()) return;
            EXPECT_EQ(scene.count_of("group.defined"), 1u) << steps.where();
            EXPECT_EQ(scene.count_of("role.assigned"), same ? 1u : 2u) << steps.where();
        });
}

// Scenario: a role is given to everyone in the moment in which it is given a permission that administers
// Keyledger. One of the two is refused, or everybody would be an administrator.
TEST_P(AccessInterleavingTest, GiveEveryoneARoleWhileItComesToAdminister) {
    for (const bool given_first : {false, true})
        test::for_every_step([&](test::Steps& steps) {
            Scene scene(GetParam());
            const RoleId viewer = scene.define("viewer", {"todos:read"});
            scene.before = scene.world.head();
            const auto give = [&](test::Node& node, const Grant& who) {
                auto from = caller_of(who);
                return assign_role(node.services, bearer_of(who), Subject::group(kEveryone), viewer, std::move(from));
            };
            const auto widen = [&](test::Node& node, const Grant& who) {
                RoleDefinition wider{"viewer", {"keyledger.users:write"}};
                auto from = caller_of(who);
                return change_role(node.services, bearer_of(who), viewer, std::move(wider), std::move(from));
            };
            bool second_passed = false;
            auto meanwhile = [&]() -> asio::awaitable<void> {
                auto act = given_first ? widen(scene.second, scene.carol) : give(scene.second, scene.carol);
                auto done = co_await std::move(act);
                second_passed = done.has_value();
            };
            scene.watch(steps, meanwhile);
            auto act = given_first ? give(scene.node, scene.root) : widen(scene.node, scene.root);
            const bool first_passed = run(std::move(act)).has_value();
            scene.stop_watching();
            if (!steps.happened()) return;
            EXPECT_NE(first_passed, second_passed) << steps.where();
            EXPECT_EQ(scene.count_of("role.assigned") + scene.count_of("role.changed"), 1u) << steps.where();
        });
}

// Scenario: Ann defines a role while the permission to do so is taken from her: her role is withdrawn, changed or
// deleted, or she is disabled. Nothing of hers stands after that in the log.
TEST_P(AccessInterleavingTest, DefineARoleWhileItsDefinerLosesThePermission) {
    enum class How { kWithdrawn, kChanged, kDeleted, kDisabled };
    for (How how : {How::kWithdrawn, How::kChanged, How::kDeleted, How::kDisabled})
        test::for_every_step([&](test::Steps& steps) {
            Scene scene(GetParam());
            auto takes_it = [&]() -> asio::awaitable<void> {
                auto& services = scene.second.services;
                const Bearer roots = bearer_of(scene.root);
                auto from = caller_of(scene.root);
                Result<Receipt, CommandError> done = Receipt{};
                const UserId ann = scene.ann.user_id;
                RoleDefinition poorer{"clerk", {"invoices:read"}};
                if (how == How::kWithdrawn)
                    done = co_await withdraw_role(services, roots, Subject::user(ann), scene.clerks, from);
                if (how == How::kChanged) done = co_await change_role(services, roots, scene.clerks, poorer, from);
                if (how == How::kDeleted) done = co_await delete_role(services, roots, scene.clerks, from);
                std::string reason = "left";
                if (how == How::kDisabled) done = co_await disable_user(services, roots, ann, reason, from);
                EXPECT_TRUE(test::succeeds(done));
            };
            scene.watch(steps, takes_it);
            const RoleDefinition mine{"mine", {"invoices:read"}};
            auto defined = run(define_role(scene.node.services, bearer_of(scene.ann), mine, caller_of(scene.ann)));
            scene.stop_watching();
            if (!steps.happened()) return;
            const Position lost = std::max({scene.position_of("role.withdrawn"), scene.position_of("role.changed"),
                                            scene.position_of("role.deleted"), scene.position_of("user.disabled")});
            EXPECT_EQ(defined.has_value(), scene.position_of("role.defined") > 0) << steps.where();
            EXPECT_LT(scene.position_of("role.defined"), lost) << steps.where();
        });
}

// Scenario: Ann may disable Bob, who is nobody, while Root makes Bob an administrator. Ann comes first, or is
// refused.
TEST_P(AccessInterleavingTest, DisableAUserWhileTheyAreMadeAnAdministrator) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        auto raises_bob = [&]() -> asio::awaitable<void> {
            auto from = caller_of(scene.root);
            auto done = co_await assign_role(scene.second.services, bearer_of(scene.root), Subject::user(scene.bob),
                                             kAdministratorRole, from);
            EXPECT_TRUE(test::succeeds(done));
        };
        scene.watch(steps, raises_bob);
        const bool disabled = run(disables(scene.node, scene.ann, scene.bob));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_EQ(disabled, scene.position_of("user.disabled") > 0) << steps.where();
        EXPECT_LT(scene.position_of("user.disabled"), scene.position_of("role.assigned")) << steps.where();
        EXPECT_EQ(scene.is_administrator(scene.bob), !disabled) << steps.where();
        EXPECT_EQ(scene.count_of("administrators.joined"), disabled ? 0u : 1u) << steps.where();
    });
}

// Scenario: a role is deleted, or made stronger than its assigner is, while being assigned.
TEST_P(AccessInterleavingTest, AssignARoleWhileItIsDeletedOrMadeStronger) {
    for (const bool deleted : {true, false})
        test::for_every_step([&](test::Steps& steps) {
            Scene scene(GetParam());
            const RoleId reader = scene.define("reader", {"invoices:read"});
            auto meanwhile = [&]() -> asio::awaitable<void> {
                auto& services = scene.second.services;
                auto from = caller_of(scene.root);
                RoleDefinition stronger{"reader", {"orders:write"}};
                Result<Receipt, CommandError> done = Receipt{};
                if (deleted) done = co_await delete_role(services, bearer_of(scene.root), reader, from);
                if (!deleted) done = co_await change_role(services, bearer_of(scene.root), reader, stronger, from);
                EXPECT_TRUE(test::succeeds(done));
            };
            scene.watch(steps, meanwhile);
            auto assigned = run(assign_role(scene.node.services, bearer_of(scene.ann), Subject::user(scene.bob), reader,
                                            caller_of(scene.ann)));
            scene.stop_watching();
            if (!steps.happened()) return;
            EXPECT_EQ(assigned.has_value(), scene.position_of("role.assigned") > 0) << steps.where();
            EXPECT_LT(scene.position_of("role.assigned"), scene.position_of(deleted ? "role.deleted" : "role.changed"))
                << steps.where();
        });
}

// Scenario: two define a role of the same name. One gets it.
TEST_P(AccessInterleavingTest, DefineTheSameNameTwiceAtOnce) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        std::optional<Result<DefinitionReceipt<Role>, CommandError>> second;
        auto same = [&]() -> asio::awaitable<void> {
            RoleDefinition definition{"Reader", {}};
            auto from = caller_of(scene.root);
            second = co_await define_role(scene.second.services, bearer_of(scene.root), definition, from);
        };
        scene.watch(steps, same);
        const RoleDefinition definition{"reader", {}};
        auto first = run(define_role(scene.node.services, bearer_of(scene.ann), definition, caller_of(scene.ann)));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_NE(first.has_value(), second->has_value()) << steps.where();
        EXPECT_TRUE(test::refused(first ? *second : first, refusals::kRoleNameTaken)) << steps.where();
        EXPECT_EQ(scene.count_of("role.defined"), 1u) << steps.where();
    });
}

// Scenario: an application asks what Ann may do while her only role is withdrawn. Whoever asks after the command
// returned hears that she may nothing (I8), whatever the node remembers.
TEST_P(AccessInterleavingTest, AskWhatSomebodyMayWhileItIsTakenFromThem) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        auto takes_it = [&]() -> asio::awaitable<void> {
            auto from = caller_of(scene.root);
            auto done = co_await withdraw_role(scene.second.services, bearer_of(scene.root),
                                               Subject::user(scene.ann.user_id), scene.clerks, from);
            EXPECT_TRUE(test::succeeds(done));
        };
        scene.watch(steps, takes_it);
        auto during = run(access_of_user(scene.node.services, scene.ann.user_id, Deadline::max()));
        scene.stop_watching();
        ASSERT_TRUE(test::succeeds(during)) << steps.where();
        if (!steps.happened()) return;
        // The position tells which of the two it is.
        const bool before = during->position < scene.position_of("role.withdrawn");
        EXPECT_EQ(during->scope().permissions().size(), before ? 3u : 0u) << steps.where();
        auto after = run(access_of_user(scene.node.services, scene.ann.user_id, Deadline::max()));
        ASSERT_TRUE(test::succeeds(after)) << steps.where();
        EXPECT_TRUE(after->scope().empty()) << steps.where();
        EXPECT_EQ(after->position, scene.world.head()) << steps.where();
    });
}

}  // namespace
}  // namespace keyledger::commands
