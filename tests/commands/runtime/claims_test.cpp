// A name is claimed exactly as long as the state of its owner's stream has it, whatever overlaps with whatever.
#include "commands/access/apply_access.hpp"
#include "commands/access/groups.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/clients/service_accounts.hpp"
#include "domain/users/user.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::run;

struct Owners : test::Stage {
    Owners() {
        world.create_administrator(node, "root@example.com");
        roots = world.log_in(node, "root@example.com");
        bob = world.register_user(node, "bob@example.com", "bob");
        const Bearer root = bearer_of(roots);
        const auto by_root = [&] { return caller_of(roots); };
        role = run(define_role(node.services, root, {"clerk", {"invoices:read"}}, by_root()))->id;
        group = run(define_group(node.services, root, "staff", by_root()))->id;
        account = run(register_service_account(node.services, root, {"billing", {}}, by_root()))->account_id;
    }
    void watch(test::Steps& steps, std::function<asio::awaitable<void>()> meanwhile) {
        stepped.steps = &steps;
        steps.meanwhile = std::move(meanwhile);
    }
    // Of the one stream that may have these names.
    template <class Aggregate>
    void expect_claims_of(const Id<Aggregate>& id, std::string_view kind, const std::vector<std::string>& keys) {
        stepped.steps = nullptr;
        std::vector<LoadStream> streams{load_of(StreamOf<Aggregate>{id})};
        auto folds = run(other.executor.folder().load(std::move(streams), Freshness::kAtHead, Deadline::max()));
        ASSERT_TRUE(folds.has_value());
        const auto names = eventstore::held_names(*folds->front().state);
        for (const std::string& key : keys) {
            auto owner = run(store.find_claim(std::string(kind), world.pseudonyms.claim(kind, key), Deadline::max()));
            ASSERT_TRUE(owner.has_value());
            const bool held = std::ranges::find(names, ClaimedName{kind, key}) != names.end();
            EXPECT_EQ(owner->has_value(), held) << kind << " " << key;
            EXPECT_EQ(owner->value_or(id), id) << kind << " " << key;
        }
    }

    Grant roots;
    UserId bob;
    RoleId role;
    GroupId group;
    ServiceAccountId account;
};

// Scenario: an access file says that there is no role of this name, or says what it is, while somebody renames the
// role that has it. The file's command finds the role by its name before, and must not delete another one than was
// meant, nor leave a name taken that nobody has.
TEST(Claims, FollowARoleThatIsRenamedWhileAFileIsApplied) {
    const std::vector<std::optional<RoleDefinition>> said{std::nullopt, RoleDefinition{"clerk", {"invoices:*"}},
                                                          RoleDefinition{"Clerk", {"invoices:read"}}};
    for (const auto& definition : said) {
        const int steps = test::for_every_step([&](test::Steps& steps) {
            Owners scene;
            std::optional<Result<Receipt, CommandError>> renamed;
            scene.watch(steps, [&]() -> asio::awaitable<void> {
                RoleDefinition manager{"manager", {"invoices:read"}};
                auto from = caller_of(scene.roots);
                renamed = co_await change_role(scene.other.services, bearer_of(scene.roots), scene.role,
                                               std::move(manager), from);
            });
            auto applied = run(apply_role(scene.node.services, "clerk", definition, nullptr, test::caller()));
            const bool is_another = applied && applied->change == Change::kMade;  // the name was free by then
            std::vector<std::string> names{"manager"};
            if (!is_another) names.push_back("clerk");
            scene.expect_claims_of<Role>(scene.role, "role_name", names);
            if (!steps.happened()) return;
            const bool was_renamed = renamed->has_value();
            if (was_renamed && !applied) {
                EXPECT_TRUE(test::refused(applied, refusals::kBusy)) << steps.where();
            }
            if (!definition && was_renamed) {
                EXPECT_FALSE(applied && applied->change == Change::kRemoved) << "another one " << steps.where();
            }
        });
        EXPECT_GE(steps, 4);
    }
}

// Scenario: the role is deleted, and its name given to another one, while a file says what it is.
TEST(Claims, FollowANameThatIsGivenToAnotherRoleMeanwhile) {
    test::for_every_step([](test::Steps& steps) {
        Owners scene;
        std::optional<RoleId> second;
        scene.watch(steps, [&]() -> asio::awaitable<void> {
            auto from = caller_of(scene.roots);
            auto deleted = co_await delete_role(scene.other.services, bearer_of(scene.roots), scene.role, from);
            RoleDefinition definition{"clerk", {"orders:read"}};
            auto defined = co_await define_role(scene.other.services, bearer_of(scene.roots), definition, from);
            if (deleted && defined) second = defined->id;
        });
        auto applied = run(apply_role(scene.node.services, "clerk", std::nullopt, nullptr, test::caller()));
        if (!second) return;
        scene.expect_claims_of<Role>(*second, "role_name", {"clerk"});
    });
}

TEST(Claims, FollowGroupsAccountsAndUsersThatGoWhileTheyAreRenamed) {
    test::for_every_step([](test::Steps& steps) {
        Owners scene;
        scene.watch(steps, [&]() -> asio::awaitable<void> {
            auto from = caller_of(scene.roots);
            const Bearer root = bearer_of(scene.roots);
            std::string people = "people";
            (void)co_await rename_group(scene.other.services, root, scene.group, std::move(people), from);
            AccountDefinition bills{"bills", {}};
            (void)co_await change_service_account(scene.other.services, root, scene.account, std::move(bills),
                                                  AccountStatus::kEnabled, from);
            ProfileUpdate robert{root, "robert", std::nullopt};
            (void)co_await update_user(scene.other.services, scene.bob, std::move(robert), from);
        });
        const Bearer root = bearer_of(scene.roots);
        (void)run(delete_group(scene.node.services, root, scene.group, caller_of(scene.roots)));
        (void)run(delete_service_account(scene.node.services, root, scene.account, caller_of(scene.roots)));
        (void)run(request_erasure(scene.node.services, root, scene.bob, caller_of(scene.roots)));
        scene.expect_claims_of<Group>(scene.group, "group_name", {"staff", "people"});
        scene.expect_claims_of<ServiceAccount>(scene.account, "service_account_name", {"billing", "bills"});
        scene.expect_claims_of<User>(scene.bob, "username", {"bob", "robert"});
        scene.expect_claims_of<User>(scene.bob, "email", {"bob@example.com"});
    });
}

TEST(Claims, StayWhereANameDiffersInCaseAlone) {
    Owners scene;
    const Bearer root = bearer_of(scene.roots);
    ASSERT_TRUE(
        test::succeeds(run(rename_group(scene.node.services, root, scene.group, "Staff", caller_of(scene.roots)))));
    scene.expect_claims_of<Group>(scene.group, "group_name", {"staff"});
    EXPECT_TRUE(test::refused(run(define_group(scene.node.services, root, "STAFF", caller_of(scene.roots))),
                              refusals::kGroupNameTaken));
}

}  // namespace
}  // namespace keyledger::commands
