// Whether a token holds, and whose it is: answered at the head from memory, with a read of the store only where
// somebody is not remembered as they stand.
#include <gtest/gtest.h>

#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "domain/access/exchanged_access.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "projections/hot/hot_access.hpp"
#include "tests/projections/hot/asked.hpp"

namespace keyledger::projections::test {
namespace {

using commands::AccessReader;
using commands::Bearer;
using commands::Grant;
using commands::Services;
using commands::UserAtHead;
using eventstore::StoreError;
using namespace std::chrono_literals;

// As the service answers: of the head, and then of memory that includes it.
class FromMemory : public AccessReader {
public:
    FromMemory(eventstore::Store& store, HotAccess& hot) : store_(store), hot_(hot) {}
    bool answers_from_memory() const override { return true; }
    asio::awaitable<Result<SubjectAccess, StoreError>> read(commands::AccessSubject subject,
                                                            Deadline deadline) override {
        const auto head = co_await store_.head(deadline);
        if (!head) co_return Unexpected(head.error());
        auto found = co_await hot_.read(subject.subject_id, subject.session_id, *head, deadline);
        if (!found) co_return Unexpected(StoreError::kUnavailable);
        co_return std::move(*found);
    }
    asio::awaitable<Result<ServiceAccess, StoreError>> read_service(commands::ServiceSubject, Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    asio::awaitable<Result<ExchangedAccess, StoreError>> read_exchanged(commands::ExchangedSubject, Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    asio::awaitable<Result<SubjectPage, StoreError>> search(SubjectSearch, SubjectPlace, std::size_t,
                                                            Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }
    asio::awaitable<Result<std::set<std::string>, StoreError>> actions_of(std::string, Deadline) override {
        co_return Unexpected(StoreError::kUnavailable);
    }

private:
    eventstore::Store& store_;
    HotAccess& hot_;
};

// Ann has a laptop and a phone, which the node that is asked has never heard of.
struct Scene : Stage {
    Scene() : memory(stepped, hot) {
        hot.start();
        ann = world.register_user(other, kAnnsEmail);
        laptop = world.log_in(other, kAnnsEmail);
        phone = world.log_in(other, kAnnsEmail);
        world.create_administrator(other, "root@example.com");
        root = world.log_in(other, "root@example.com");
        stepped.calls.clear();
    }
    HotSettings settings() {
        HotSettings settings;
        settings.now = [this] { return clock.now(); };
        settings.new_id = [this] { return world.identifiers.next(); };
        return settings;
    }
    static Deadline soon() { return std::chrono::steady_clock::now() + 30s; }
    Result<UserAtHead, commands::CommandError> who(const Grant& grant) {
        return run(commands::bearer_at_head(asked, bearer_of(grant), soon()));
    }
    Result<SubjectAccess, commands::CommandError> holder(const Grant& grant) {
        return run(commands::holder_at_head(asked, bearer_of(grant), soon()));
    }
    asio::awaitable<void> call_her(std::string name, const Grant& by) {
        commands::ProfileUpdate update{bearer_of(by), std::nullopt, std::move(name)};
        auto from = caller_of(by);
        const auto done = co_await commands::update_profile(other.services, std::move(update), std::move(from));
        EXPECT_TRUE(succeeds(done));
    }
    asio::awaitable<void> end(const Grant& grant) {
        const Bearer bearer = bearer_of(grant);
        auto from = caller_of(grant);
        const auto done = co_await commands::log_out(other.services, bearer, std::move(from));
        EXPECT_TRUE(succeeds(done));
    }
    int count(const std::string& call) { return stepped.calls[call]; }
    // All that is read of the store, but for its head.
    int reads() { return count("read_streams") + count("confirm") + count("read_subject_keys") + count("append"); }

    HotAccess hot{settings(),
                  std::make_unique<eventstore::MemoryLogSource>(dynamic_cast<eventstore::MemoryStore&>(store)),
                  world.cipher};
    FromMemory memory;
    Services asked{node.executor,
                   memory,
                   stepped,
                   world.cipher,
                   clock,
                   world.identifiers,
                   world.pseudonyms,
                   world.hasher,
                   world.policy,
                   node.client_secret_cache,
                   world.assertions,
                   world.operator_log,
                   world.limits,
                   node.failure_sums,
                   node.unrecorded_failures,
                   world.accounts,
                   world.settings};
    UserId ann;
    Grant laptop, phone, root;
};

TEST(HolderAtHead, IsToldWithoutARead) {
    Scene scene;
    for (const Grant& grant : {scene.laptop, scene.phone, scene.root}) {
        const auto holder = scene.holder(grant);
        ASSERT_TRUE(succeeds(holder));
        EXPECT_EQ(UserId{holder->subject_id}, grant.user_id);
    }
    const auto may = [&](const Grant& grant) {
        return run(
            commands::access_with_permission(scene.asked, commands::kReadUsers, bearer_of(grant), Scene::soon()));
    };
    EXPECT_TRUE(succeeds(may(scene.root)));
    EXPECT_TRUE(refused(may(scene.laptop), refusals::kForbidden));
    EXPECT_TRUE(succeeds(run(commands::existing_user(scene.asked, scene.ann, Scene::soon()))));
    EXPECT_TRUE(
        refused(run(commands::existing_user(scene.asked, UserId{uuid(7)}, Scene::soon())), refusals::kUserUnknown));
    EXPECT_EQ(scene.reads(), 0);
}

TEST(HolderAtHead, IsReadOnceForWhatIsPersonal) {
    Scene scene;
    auto known = scene.who(scene.laptop);
    ASSERT_TRUE(succeeds(known));
    EXPECT_EQ(known->user.email, kAnnsEmail);
    EXPECT_FALSE(known->administrator);
    EXPECT_EQ(scene.count("read_streams"), 1);
    const int once = scene.reads();
    for (int i = 0; i < 5; ++i) {
        scene.laptop = scene.world.refresh(scene.other, scene.laptop);
        scene.world.log_in(scene.other, kAnnsEmail);
        ASSERT_TRUE(succeeds(scene.who(scene.laptop)));
        ASSERT_TRUE(succeeds(scene.who(scene.phone)));
        ASSERT_TRUE(succeeds(run(commands::user_at_head(scene.asked, scene.ann, Scene::soon()))));
    }
    EXPECT_EQ(scene.reads(), once) << "her own stream has not moved";
    run(scene.call_her("Ann", scene.phone));
    known = scene.who(scene.laptop);
    ASSERT_TRUE(succeeds(known));
    EXPECT_EQ(known->user.name, "Ann");
    EXPECT_EQ(scene.count("read_streams"), 2);
    const auto root = scene.who(scene.root);
    ASSERT_TRUE(succeeds(root));
    EXPECT_TRUE(root->administrator);
}

// The moment that the command returned on another node.
TEST(HolderAtHead, I8IsRefusedOnceItsSessionEnded) {
    Scene scene;
    for (int i = 0; i < 50; ++i) {
        Grant grant = scene.world.log_in(scene.other, kAnnsEmail);
        ASSERT_TRUE(succeeds(scene.who(grant)));
        run(scene.end(grant));
        ASSERT_TRUE(refused(scene.who(grant), refusals::kInvalidToken)) << i;
        ASSERT_TRUE(refused(scene.holder(grant), refusals::kInvalidToken)) << i;
    }
    const Bearer root = bearer_of(scene.root);
    ASSERT_TRUE(
        succeeds(run(commands::disable_user(scene.other.services, root, scene.ann, "left", caller_of(scene.root)))));
    EXPECT_TRUE(refused(scene.who(scene.laptop), refusals::kInvalidToken));
    ASSERT_TRUE(succeeds(run(commands::enable_user(scene.other.services, root, scene.ann, caller_of(scene.root)))));
    EXPECT_TRUE(refused(scene.who(scene.laptop), refusals::kInvalidToken));
    EXPECT_TRUE(refused(scene.holder(scene.phone), refusals::kInvalidToken));
}

TEST(HolderAtHead, IsNobodyByIdsOfSomethingElse) {
    Scene scene;
    const auto who = [&](const Bearer& bearer) {
        return run(commands::bearer_at_head(scene.asked, bearer, Scene::soon()));
    };
    EXPECT_TRUE(refused(who({}), refusals::kInvalidToken));
    EXPECT_TRUE(refused(who({scene.root.user_id, scene.laptop.session_id, 0}), refusals::kInvalidToken));
    EXPECT_TRUE(refused(who({scene.ann, SessionId{scene.ann.uuid}, 0}), refusals::kInvalidToken));
    EXPECT_EQ(scene.reads(), 0) << "they cost no more than a look into memory";
}

// Scenario: a thief of the laptop asks who it is; meanwhile Ann ends that session and then changes her name, wherever
// the question stands. The thief is refused, or is told what was so before: never what came after.
TEST(HolderAtHead, IsToldNothingOfLaterThanItsEnd) {
    int told = 0;
    int not_told = 0;
    const int steps = for_every_step([&](Steps& steps) {
        Scene scene;
        run(scene.call_her("Ann", scene.phone));
        scene.stepped.steps = &steps;
        steps.meanwhile = [&scene]() -> asio::awaitable<void> {
            co_await scene.end(scene.laptop);
            co_await scene.call_her("Anna", scene.phone);
        };
        const auto known = scene.who(scene.laptop);
        scene.stepped.steps = nullptr;
        ++(known ? told : not_told);
        if (known) {
            EXPECT_EQ(known->user.name, "Ann") << steps.where();
        } else {
            EXPECT_TRUE(refused(known, refusals::kInvalidToken)) << steps.where();
        }
        if (!steps.happened()) return;
        EXPECT_TRUE(refused(scene.who(scene.laptop), refusals::kInvalidToken)) << steps.where();
    });
    EXPECT_GE(steps, 4);
    EXPECT_GE(told, 1);
    EXPECT_GE(not_told, 2);
}

// Scenario: the same with the session that stays: she is told of herself as of one moment, whatever was remembered.
TEST(HolderAtHead, IsToldOfOneMoment) {
    const int steps = for_every_step([&](Steps& steps) {
        Scene scene;
        run(scene.call_her("Ann", scene.phone));
        ASSERT_TRUE(succeeds(scene.who(scene.laptop)));
        scene.stepped.steps = &steps;
        steps.meanwhile = [&scene] { return scene.call_her("Anna", scene.phone); };
        const auto known = scene.who(scene.laptop);
        scene.stepped.steps = nullptr;
        ASSERT_TRUE(succeeds(known)) << steps.where();
        const bool was_before = steps.where() == "before head";
        if (was_before) {
            EXPECT_EQ(known->user.name, "Anna");
        }
        const auto after = scene.who(scene.laptop);
        ASSERT_TRUE(succeeds(after));
        EXPECT_EQ(after->user.name, steps.happened() ? "Anna" : "Ann");
    });
    EXPECT_GE(steps, 2);
}

}  // namespace
}  // namespace keyledger::projections::test
