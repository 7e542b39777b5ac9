// `If-Match` in commands: done only if what it is about is as the caller saw it, in the moment of the decision.
#include "commands/access/groups.hpp"
#include "commands/access/roles.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/clients/service_accounts.hpp"
#include "commands/entity_tags.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::kAnnsEmail;
using test::run;

// Ann, a role, a group and a service account; root changes each, on two nodes.
struct Scene : test::Stage {
    Scene() {
        world.create_administrator(node, "root@example.com");
        root = world.log_in(node, "root@example.com");
        ann = world.register_user(node, kAnnsEmail, "ann");
        RoleDefinition clerk{"clerk", {"a:b"}};
        role = run(define_role(node.services, bearer_of(root), clerk, caller_of(root)))->id;
        group = run(define_group(node.services, bearer_of(root), "staff", caller_of(root)))->id;
        AccountDefinition account_definition{"robot", {}};
        account = run(register_service_account(node.services, bearer_of(root), account_definition, caller_of(root)))
                      ->account_id;
    }
    Caller only_if_it_is(std::string tag) {
        Caller caller = caller_of(root);
        caller.precondition = std::vector<std::string>{"another", std::move(tag)};
        return caller;
    }
    Grant root;
    UserId ann;
    RoleId role;
    GroupId group;
    ServiceAccountId account;
};

// One command of each kind, upon the state that the scene begins with.
struct Kind {
    const char* name;
    std::string (*tag)();
    Answer<Receipt> (*change)(Scene& scene, Services& services, const char* name, Caller caller);
    Answer<Receipt> (*remove)(Scene& scene, Services& services, Caller caller);
};

std::string tag_of_ann() { return user_tag({kAnnsEmail, "ann", std::nullopt, true}); }
Answer<Receipt> change_ann(Scene& scene, Services& services, const char* name, Caller caller) {
    ProfileUpdate update{bearer_of(scene.root), "ann", name};
    auto done = co_await update_user(services, scene.ann, std::move(update), std::move(caller));
    co_return done;
}
Answer<Receipt> remove_ann(Scene& scene, Services& services, Caller caller) {
    auto erasure = co_await request_erasure(services, bearer_of(scene.root), scene.ann, std::move(caller));
    if (!erasure) co_return Unexpected(erasure.error());
    co_return Receipt{};
}

std::string tag_of_role() {
    const std::vector<std::string> permissions{"a:b"};
    return role_tag("clerk", AccessRules(PermissionSet::of_texts(permissions)));
}
Answer<Receipt> change_the_role(Scene& scene, Services& services, const char* name, Caller caller) {
    RoleDefinition definition{name, {"a:b"}};
    auto done = co_await change_role(services, bearer_of(scene.root), scene.role, definition, std::move(caller));
    co_return done;
}
Answer<Receipt> remove_the_role(Scene& scene, Services& services, Caller caller) {
    return delete_role(services, bearer_of(scene.root), scene.role, std::move(caller));
}

std::string tag_of_group() { return group_tag("staff"); }
Answer<Receipt> change_the_group(Scene& scene, Services& services, const char* name, Caller caller) {
    return rename_group(services, bearer_of(scene.root), scene.group, name, std::move(caller));
}
Answer<Receipt> remove_the_group(Scene& scene, Services& services, Caller caller) {
    return delete_group(services, bearer_of(scene.root), scene.group, std::move(caller));
}

std::string tag_of_account() {
    ServiceAccount account;
    account.status = ServiceAccount::Status::kEnabled;
    account.name = "robot";
    return account_tag(account);
}
Answer<Receipt> change_the_account(Scene& scene, Services& services, const char* name, Caller caller) {
    AccountDefinition definition{name, {}};
    auto done = co_await change_service_account(services, bearer_of(scene.root), scene.account, definition,
                                                AccountStatus::kEnabled, std::move(caller));
    co_return done;
}
Answer<Receipt> remove_the_account(Scene& scene, Services& services, Caller caller) {
    return delete_service_account(services, bearer_of(scene.root), scene.account, std::move(caller));
}

constexpr Kind kKinds[] = {{"user", tag_of_ann, change_ann, remove_ann},
                           {"role", tag_of_role, change_the_role, remove_the_role},
                           {"group", tag_of_group, change_the_group, remove_the_group},
                           {"service account", tag_of_account, change_the_account, remove_the_account}};

TEST(Precondition, IsHeldAgainstTheStateThatIsChanged) {
    for (const Kind& kind : kKinds) {
        SCOPED_TRACE(kind.name);
        Scene scene;
        auto& services = scene.node.services;
        const auto change = [&](const char* name, Caller caller) {
            return run(kind.change(scene, services, name, std::move(caller)));
        };
        const Position before = scene.world.head();
        EXPECT_TRUE(test::refused(change("one", scene.only_if_it_is("of nothing")), refusals::kPreconditionFailed));
        Caller nothing = caller_of(scene.root);
        nothing.precondition = std::vector<std::string>{};
        EXPECT_TRUE(test::refused(change("one", nothing), refusals::kPreconditionFailed));
        EXPECT_EQ(scene.world.head(), before);
        EXPECT_TRUE(test::succeeds(change("one", scene.only_if_it_is(kind.tag()))));
        EXPECT_TRUE(test::refused(change("two", scene.only_if_it_is(kind.tag())), refusals::kPreconditionFailed));
        EXPECT_TRUE(test::refused(run(kind.remove(scene, services, scene.only_if_it_is(kind.tag()))),
                                  refusals::kPreconditionFailed));
        EXPECT_TRUE(test::succeeds(change("two", caller_of(scene.root)))) << "who does not ask is not asked";
        EXPECT_TRUE(test::succeeds(run(kind.remove(scene, services, caller_of(scene.root)))));
    }
}

// Scenario: two writers saw the same state, and the second one writes at some step of the first. Whoever is first to
// write wins, and the other one is refused, on whichever node.
TEST(Precondition, LetsOneOfTwoWritersThroughAtEveryStep) {
    for (const Kind& kind : kKinds)
        test::for_every_step([&](test::Steps& steps) {
            Scene scene;
            std::optional<Result<Receipt, CommandError>> second;
            scene.stepped.steps = &steps;
            steps.meanwhile = [&]() -> asio::awaitable<void> {
                Caller caller = scene.only_if_it_is(kind.tag());
                second = co_await kind.change(scene, scene.other.services, "second", std::move(caller));
            };
            Caller caller = scene.only_if_it_is(kind.tag());
            const auto first = run(kind.change(scene, scene.node.services, "first", std::move(caller)));
            scene.stepped.steps = nullptr;
            if (!second) {
                EXPECT_TRUE(test::succeeds(first)) << kind.name;
                return;
            }
            EXPECT_NE(first.has_value(), second->has_value()) << kind.name << ' ' << steps.where();
            const auto& loser = first ? *second : first;
            EXPECT_TRUE(test::refused(loser, refusals::kPreconditionFailed)) << kind.name << ' ' << steps.where();
        });
}

}  // namespace
}  // namespace keyledger::commands
