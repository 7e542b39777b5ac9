// Two commands that overlap, the second one committed at every step of the first: before and after each call of the
// store and before each hash; on one node, which shares its memory, and on two.
#include "commands/access/answers_at_head.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/accounts/update_profile.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kOtherPassword;
using test::kPassword;
using test::login;
using test::refresh_of;
using test::run;

enum class Nodes { kOne, kTwo };

// Ann with two sessions, and an administrator.
struct Scene : test::Stage {
    explicit Scene(Nodes nodes) : second(nodes == Nodes::kOne ? node : other) {
        ann = world.register_user(node, kAnnsEmail, "ann");
        laptop = world.log_in(node, kAnnsEmail);
        phone = world.log_in(node, kAnnsEmail);
        world.create_administrator(node, "root@example.com");
        root = world.log_in(node, "root@example.com");
        before = world.head();
    }

    // From now on `meanwhile` may happen at the chosen step of what this node does, until `stop_watching`.
    void watch(test::Steps& steps, std::function<asio::awaitable<void>()> meanwhile) {
        stepped.steps = &steps;
        world.hasher.before = [&steps] { return steps.reached("before a hash"); };
        steps.meanwhile = std::move(meanwhile);
    }
    void stop_watching() {
        stepped.steps = nullptr;
        world.hasher.before = nullptr;
    }

    bool holds(const Grant& grant) {
        return run(bearer_at_head(other.services, bearer_of(grant), Deadline::max())).has_value();
    }
    bool lets_in(const std::string& password) {
        return run(log_in(other.services, login(kAnnsEmail, password), caller())).has_value();
    }
    // 0: there is none.
    Position position_of(const std::string& type) {
        Position found = 0;
        for (const auto& event : world.events(before))
            if (event.type == type) found = event.position;
        return found;
    }

    test::Node& second;
    UserId ann;
    Grant laptop, phone, root;
    Position before = 0;
};

class InterleavingTest : public testing::TestWithParam<Nodes> {};
std::vector<Nodes> nodes() {
    return test::kBreadth.on_one_node ? std::vector{Nodes::kOne, Nodes::kTwo} : std::vector{Nodes::kTwo};
}
INSTANTIATE_TEST_SUITE_P(Nodes, InterleavingTest, testing::ValuesIn(nodes()),
                         [](const auto& info) { return info.param == Nodes::kOne ? "One" : "Two"; });

asio::awaitable<void> disable_ann(Scene& scene) {
    std::string reason = "left";
    auto from = caller_of(scene.root);
    auto done = co_await disable_user(scene.second.services, bearer_of(scene.root), scene.ann, reason, from);
    EXPECT_TRUE(test::succeeds(done));
}

asio::awaitable<void> change_anns_password(Scene& scene) {
    auto change = test::password_change(bearer_of(scene.laptop));
    auto from = caller_of(scene.laptop);
    auto done = co_await change_password(scene.second.services, std::move(change), from);
    EXPECT_TRUE(test::succeeds(done));
}

asio::awaitable<void> revoke_all_of_anns(Scene& scene) {
    auto from = caller_of(scene.laptop);
    auto done = co_await revoke_all_sessions(scene.second.services, bearer_of(scene.laptop),
                                             SessionsToKeep::kCurrentSession, from);
    EXPECT_TRUE(test::succeeds(done));
}

// Scenario: an administrator disables Ann while she logs in. Either her session began first, and the same event that
// disables her ends it; or she is not let in. She has no live session in the end, nor when she is enabled again.
TEST_P(InterleavingTest, DisableAUserWhileTheyLogIn) {
    const int steps = test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        scene.watch(steps, [&] { return disable_ann(scene); });
        auto grant = run(log_in(scene.node.services, login(kAnnsEmail), caller()));
        scene.stop_watching();
        if (!steps.happened()) return;
        const Position started = scene.position_of("session.started");
        EXPECT_EQ(grant.has_value(), started > 0) << steps.where();
        EXPECT_LT(started, scene.position_of("user.disabled")) << steps.where();
        if (grant) {
            EXPECT_FALSE(scene.holds(*grant)) << steps.where();
        } else {
            EXPECT_TRUE(test::refused(grant, refusals::kUserDisabled)) << steps.where();
        }
        ASSERT_TRUE(run(enable_user(scene.node.services, bearer_of(scene.root), scene.ann, caller_of(scene.root))));
        if (grant) {
            EXPECT_FALSE(scene.holds(*grant)) << steps.where();
        }
        EXPECT_FALSE(scene.holds(scene.laptop)) << steps.where();
    });
    EXPECT_GE(steps, 7);
}

// Scenario: Ann changes her password while somebody logs in with the old one. Whoever got in did so before the change,
// which ended that session with all the others; nobody gets in after it.
TEST_P(InterleavingTest, ChangePasswordWhileSomebodyLogsInWithTheOldOne) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        scene.watch(steps, [&] { return change_anns_password(scene); });
        auto grant = run(log_in(scene.node.services, login(kAnnsEmail), caller("thief")));
        scene.stop_watching();
        if (!steps.happened()) return;
        const Position started = scene.position_of("session.started");
        EXPECT_EQ(grant.has_value(), started > 0) << steps.where();
        EXPECT_LT(started, scene.position_of("user.password_changed")) << steps.where();
        if (grant) {
            EXPECT_FALSE(scene.holds(*grant)) << steps.where();
        } else {
            EXPECT_TRUE(test::refused(grant, refusals::kInvalidCredentials)) << steps.where();
        }
        EXPECT_TRUE(scene.world.operator_log.lines().empty()) << steps.where();
        EXPECT_TRUE(scene.holds(scene.laptop)) << steps.where();
        EXPECT_FALSE(scene.lets_in(kPassword)) << steps.where();
        EXPECT_TRUE(scene.lets_in(kOtherPassword)) << steps.where();
    });
}

// Scenario: the other way round, somebody already types the new password. They may be too early, and are then
// refused; a log-in after the change is never refused for what this node remembers.
TEST_P(InterleavingTest, ChangePasswordWhileSomebodyLogsInWithTheNewOne) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        scene.watch(steps, [&] { return change_anns_password(scene); });
        auto grant = run(log_in(scene.node.services, login(kAnnsEmail, kOtherPassword), caller()));
        scene.stop_watching();
        if (!steps.happened()) return;
        if (grant) {
            EXPECT_GT(scene.position_of("session.started"), scene.position_of("user.password_changed"));
            EXPECT_TRUE(scene.holds(*grant)) << steps.where();
        } else {
            EXPECT_TRUE(test::refused(grant, refusals::kInvalidCredentials)) << steps.where();
        }
        EXPECT_TRUE(scene.world.operator_log.lines().empty()) << steps.where();
    });
}

// Scenario: Ann revokes all her other sessions while somebody logs in as her. The password is good, so that they may
// get in; but what began before the revocation is over, and what began after it lives.
TEST_P(InterleavingTest, RevokeAllWhileSomebodyLogsIn) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        scene.watch(steps, [&] { return revoke_all_of_anns(scene); });
        auto grant = run(log_in(scene.node.services, login(kAnnsEmail), caller()));
        scene.stop_watching();
        ASSERT_TRUE(test::succeeds(grant)) << steps.where();
        if (!steps.happened()) return;
        const bool after = scene.position_of("session.started") > scene.position_of("user.sessions_revoked");
        EXPECT_EQ(scene.holds(*grant), after) << steps.where();
        EXPECT_EQ(grant->security_stamp, after ? 1 : 0) << steps.where();
        auto refreshed = run(refresh_session(scene.other.services, refresh_of(*grant), caller()));
        EXPECT_EQ(refreshed.has_value(), after) << steps.where();
    });
}

// Scenario: Ann changes her password, or revokes all other sessions, while the phone refreshes. The phone's refresh is
// before it in the log or not at all, and its new tokens are as dead as the old ones.
TEST_P(InterleavingTest, ChangePasswordOrRevokeAllWhileAnotherSessionRefreshes) {
    for (auto ending : {change_anns_password, revoke_all_of_anns, disable_ann})
        test::for_every_step([&](test::Steps& steps) {
            Scene scene(GetParam());
            scene.watch(steps, [&] { return ending(scene); });
            auto grant = run(refresh_session(scene.node.services, refresh_of(scene.phone), caller()));
            scene.stop_watching();
            if (!steps.happened()) return;
            const Position ended =
                std::max({scene.position_of("user.password_changed"), scene.position_of("user.sessions_revoked"),
                          scene.position_of("user.disabled")});
            const Position refreshed = scene.position_of("session.refreshed");
            EXPECT_EQ(grant.has_value(), refreshed > 0) << steps.where();
            EXPECT_LT(refreshed, ended) << steps.where();
            if (grant) {
                EXPECT_FALSE(scene.holds(*grant)) << steps.where();
                auto again = run(refresh_session(scene.other.services, refresh_of(*grant), caller()));
                EXPECT_TRUE(test::refused(again, refusals::kInvalidGrant)) << steps.where();
            } else {
                EXPECT_TRUE(test::refused(grant, refusals::kInvalidGrant)) << steps.where();
            }
        });
}

// Scenario: Ann logs out on the laptop while the laptop refreshes in the background.
TEST_P(InterleavingTest, LogOutWhileTheSameSessionRefreshes) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        auto leave = [&]() -> asio::awaitable<void> {
            auto from = caller_of(scene.laptop);
            auto done = co_await log_out(scene.second.services, bearer_of(scene.laptop), from);
            EXPECT_TRUE(test::succeeds(done));
        };
        scene.watch(steps, leave);
        auto grant = run(refresh_session(scene.node.services, refresh_of(scene.laptop), caller()));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_LT(scene.position_of("session.refreshed"), scene.position_of("session.ended")) << steps.where();
        EXPECT_FALSE(scene.holds(scene.laptop)) << steps.where();
        auto again = run(refresh_session(scene.other.services, refresh_of(grant ? *grant : scene.laptop), caller()));
        EXPECT_TRUE(test::refused(again, refusals::kInvalidGrant)) << steps.where();
    });
}

// Scenario: an application sends one refresh token twice, from the same device, the second while the first is on its
// way. Both get the same successor.
TEST_P(InterleavingTest, RefreshTwiceWithOneTokenOnOneDevice) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        std::optional<Grant> second;
        auto same = [&]() -> asio::awaitable<void> {
            auto request = refresh_of(scene.laptop);
            auto from = caller();
            auto grant = co_await refresh_session(scene.second.services, std::move(request), from);
            EXPECT_TRUE(test::succeeds(grant));
            if (grant) second = *grant;
        };
        scene.watch(steps, same);
        auto first = run(refresh_session(scene.node.services, refresh_of(scene.laptop), caller()));
        scene.stop_watching();
        ASSERT_TRUE(test::succeeds(first)) << steps.where();
        if (!steps.happened()) return;
        EXPECT_EQ(first->generation, 2) << steps.where();
        EXPECT_EQ(second->generation, 2) << steps.where();
        EXPECT_EQ(first->generated_at, second->generated_at) << steps.where();
        EXPECT_EQ(scene.world.types(scene.before), test::Types{"session.refreshed"}) << steps.where();
    });
}

// Scenario: a thief uses the stolen refresh token on another device while the laptop does. One of them gets a
// successor, the other ends the session: no token of it is good any more.
TEST_P(InterleavingTest, RefreshTwiceWithOneTokenOnTwoDevices) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        std::optional<Result<Grant, CommandError>> thiefs;
        auto thief = [&]() -> asio::awaitable<void> {
            auto request = refresh_of(scene.laptop);
            auto from = caller("thief");
            thiefs = co_await refresh_session(scene.second.services, std::move(request), from);
        };
        scene.watch(steps, thief);
        auto grant = run(refresh_session(scene.node.services, refresh_of(scene.laptop), caller()));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_NE(grant.has_value(), thiefs->has_value()) << steps.where();
        EXPECT_EQ(scene.world.types(scene.before), (test::Types{"session.refreshed", "session.ended"}))
            << steps.where();
        EXPECT_FALSE(scene.holds(grant ? *grant : **thiefs)) << steps.where();
    });
}

// Scenario: the hash parameters were raised, and Ann's log-in renews her hash, while she changes her password on the
// laptop. The renewal puts the old password under new parameters: it must not come after the change.
TEST_P(InterleavingTest, RenewTheHashWhileThePasswordIsChanged) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        scene.world.hasher.strength = 2;
        scene.watch(steps, [&] { return change_anns_password(scene); });
        auto grant = run(log_in(scene.node.services, login(kAnnsEmail), caller()));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_LT(scene.position_of("user.password_hash_renewed"), scene.position_of("user.password_changed"))
            << steps.where();
        if (grant) {
            EXPECT_FALSE(scene.holds(*grant)) << steps.where();
        }
        EXPECT_TRUE(scene.world.operator_log.lines().empty()) << steps.where();
        EXPECT_FALSE(scene.lets_in(kPassword)) << steps.where();
        EXPECT_TRUE(scene.lets_in(kOtherPassword)) << steps.where();
    });
}

// Scenario: the same, told from the other side: the log-in with its renewal happens within the change.
TEST_P(InterleavingTest, ChangeThePasswordWhileTheHashIsRenewed) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        scene.world.hasher.strength = 2;
        auto come_in = [&]() -> asio::awaitable<void> {
            auto request = login(kAnnsEmail);
            auto from = caller();
            (void)co_await log_in(scene.second.services, std::move(request), from);
        };
        scene.watch(steps, come_in);
        auto change = test::password_change(bearer_of(scene.laptop));
        auto changed = run(change_password(scene.node.services, std::move(change), caller_of(scene.laptop)));
        scene.stop_watching();
        ASSERT_TRUE(test::succeeds(changed)) << steps.where();
        EXPECT_FALSE(scene.lets_in(kPassword)) << steps.where();
        EXPECT_TRUE(scene.lets_in(kOtherPassword)) << steps.where();
        EXPECT_TRUE(scene.world.operator_log.lines().empty()) << steps.where();
    });
}

// Scenario: Ann changes her password on the laptop and on the phone at once. One change stands, and ends the session
// of the other device, whose change is then none.
TEST_P(InterleavingTest, ChangeThePasswordTwiceAtOnce) {
    const char* phones = "another staple, another horse";
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        std::optional<Result<Receipt, CommandError>> on_laptop;
        auto change_on_laptop = [&]() -> asio::awaitable<void> {
            auto change = test::password_change(bearer_of(scene.laptop));
            auto from = caller_of(scene.laptop);
            on_laptop = co_await change_password(scene.second.services, std::move(change), from);
        };
        scene.watch(steps, change_on_laptop);
        auto change = test::password_change(bearer_of(scene.phone), kPassword, phones);
        auto on_phone = run(change_password(scene.node.services, std::move(change), caller_of(scene.phone)));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_NE(on_phone.has_value(), on_laptop->has_value()) << steps.where();
        EXPECT_TRUE(test::refused(on_phone ? *on_laptop : on_phone, refusals::kInvalidToken)) << steps.where();
        EXPECT_EQ(scene.holds(scene.phone), on_phone.has_value()) << steps.where();
        EXPECT_EQ(scene.holds(scene.laptop), on_laptop->has_value()) << steps.where();
        EXPECT_EQ(scene.lets_in(phones), on_phone.has_value()) << steps.where();
        EXPECT_EQ(scene.lets_in(kOtherPassword), on_laptop->has_value()) << steps.where();
    });
}

// Scenario: while Ann does whatever she may, she is disabled. Nothing that she did stands after it in the log.
TEST_P(InterleavingTest, DisableAUserWhateverTheyDo) {
    using Act = std::function<asio::awaitable<bool>(Scene&)>;
    const Act updates = [](Scene& scene) -> asio::awaitable<bool> {
        ProfileUpdate update{bearer_of(scene.laptop), "annie", "Ann"};
        auto from = caller_of(scene.laptop);
        auto done = co_await update_profile(scene.node.services, std::move(update), from);
        co_return done.has_value();
    };
    const Act changes = [](Scene& scene) -> asio::awaitable<bool> {
        auto change = test::password_change(bearer_of(scene.laptop));
        auto from = caller_of(scene.laptop);
        auto done = co_await change_password(scene.node.services, std::move(change), from);
        co_return done.has_value();
    };
    const Act leaves = [](Scene& scene) -> asio::awaitable<bool> {
        auto from = caller_of(scene.laptop);
        auto done = co_await log_out(scene.node.services, bearer_of(scene.laptop), from);
        co_return done.has_value();
    };
    const Act revokes = [](Scene& scene) -> asio::awaitable<bool> {
        auto from = caller_of(scene.laptop);
        auto done = co_await revoke_session(scene.node.services, bearer_of(scene.laptop), scene.phone.session_id, from);
        co_return done.has_value();
    };
    const Act revokes_all = [](Scene& scene) -> asio::awaitable<bool> {
        auto from = caller_of(scene.laptop);
        auto done = co_await revoke_all_sessions(scene.node.services, bearer_of(scene.laptop),
                                                 SessionsToKeep::kCurrentSession, from);
        co_return done.has_value();
    };
    for (const Act& act : {updates, changes, leaves, revokes, revokes_all})
        test::for_every_step([&](test::Steps& steps) {
            Scene scene(GetParam());
            scene.watch(steps, [&] { return disable_ann(scene); });
            const bool carried_out = run(act(scene));
            scene.stop_watching();
            if (!steps.happened()) return;
            const auto types = scene.world.types(scene.before);
            EXPECT_EQ(types.back(), "user.disabled") << steps.where();
            EXPECT_EQ(types.size(), carried_out ? 2u : 1u) << steps.where();
            EXPECT_FALSE(scene.holds(scene.laptop)) << steps.where();
        });
}

// Scenario: an administrator logs out (the laptop was stolen a moment ago) while their token disables Ann. What the
// token did is before the end of its session, or it did nothing.
TEST_P(InterleavingTest, EndTheAdministratorsSessionWhileItDisablesSomebody) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        auto leave = [&]() -> asio::awaitable<void> {
            auto from = caller_of(scene.root);
            auto done = co_await log_out(scene.second.services, bearer_of(scene.root), from);
            EXPECT_TRUE(test::succeeds(done));
        };
        scene.watch(steps, leave);
        auto done =
            run(disable_user(scene.node.services, bearer_of(scene.root), scene.ann, "left", caller_of(scene.root)));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_EQ(done.has_value(), scene.position_of("user.disabled") > 0) << steps.where();
        EXPECT_LT(scene.position_of("user.disabled"), scene.position_of("session.ended")) << steps.where();
        if (!done) {
            EXPECT_TRUE(test::refused(done, refusals::kInvalidToken)) << steps.where();
        }
    });
}

// Scenario: the first two requests of a day come from strangers who guess at Ann's password, on two nodes at once. Both
// seal the stranger's address under the key of the day, which does not exist yet: one makes it, the other finds it.
TEST_P(InterleavingTest, MakeTheKeyOfADayTwiceAtOnce) {
    test::for_every_step([&](test::Steps& steps) {
        Scene scene(GetParam());
        scene.clock.advance(test::kDay);
        auto stranger = [&]() -> asio::awaitable<void> {
            auto request = login(kAnnsEmail, "wrong");
            auto from = caller("second");
            auto refused = co_await log_in(scene.second.services, std::move(request), from);
            EXPECT_TRUE(test::refused(refused, refusals::kInvalidCredentials));
        };
        scene.watch(steps, stranger);
        auto refused = run(log_in(scene.node.services, login(kAnnsEmail, "wrong"), caller("first")));
        scene.stop_watching();
        EXPECT_TRUE(test::refused(refused, refusals::kInvalidCredentials)) << steps.where();
        if (!steps.happened()) return;
        EXPECT_TRUE(scene.world.operator_log.lines().empty()) << steps.where();
        const auto events = scene.world.events(scene.before);
        ASSERT_EQ(events.size(), 2u) << steps.where();
        // Both open under the one key that the store holds.
        const AnonymousCallersId subject = scene.world.pseudonyms.anonymous_subject_of(scene.clock.now());
        const auto key = run(scene.other.keys.find(subject, Deadline::max()));
        ASSERT_TRUE(key && key->key) << steps.where();
        for (const auto& event : events) {
            struct Opener : eventstore::FieldOpener {
                Opener(Scene& scene, const eventstore::RecordedEvent& event, const eventstore::SubjectKey& key)
                    : scene(scene), event(event), key(key) {}
                std::optional<std::string> open(std::string_view field, std::string_view sealed) override {
                    return scene.world.cipher.open_field(key, {event.tenant, event.event_id, field}, sealed);
                }
                Scene& scene;
                const eventstore::RecordedEvent& event;
                const eventstore::SubjectKey& key;
            } opener(scene, event, *key->key);
            const auto envelope = eventstore::decode_metadata(event, opener);
            EXPECT_EQ(envelope.client_address.value, "192.0.2.1") << steps.where();
        }
    });
}

}  // namespace
}  // namespace keyledger::commands
