// Guesses that overlap on two nodes when one is left of all that the log allows (I8): the second one is committed at
// every step of the first.
#include "commands/credentials/unlock_user.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::kAnnsEmail;
using test::kPassword;
using test::login;
using test::run;

constexpr std::int64_t kGuesses = 3;

Caller from(const std::string& network) {
    Caller somebody = caller();
    somebody.client_address = somebody.network = network;
    return somebody;
}

// Ann, whom both nodes know and remember; all guesses but one were wrong, from networks that nobody logged in from.
struct Scene : test::Stage {
    Scene() {
        for (test::Node* one : {&node, &other}) {
            one->services.settings.attempts.failures_in_a_row = kGuesses;
            one->services.settings.attempts.network_failures = kGuesses;
        }
        ann = world.register_user(node, kAnnsEmail);
        for (test::Node* one : {&node, &other}) EXPECT_TRUE(gets_in(*one, "home"));
        before = world.head();
        for (std::int64_t i = 1; i < kGuesses; ++i) EXPECT_FALSE(guesses(i % 2 ? node : other, "wrong", "guesser"));
    }
    bool guesses(test::Node& where, const std::string& password, const std::string& network) {
        auto answer = run(log_in(where.services, login(kAnnsEmail, password), from(network)));
        EXPECT_TRUE(answer || test::refused(answer, refusals::kInvalidCredentials));
        return answer.has_value();
    }
    bool gets_in(test::Node& where, const std::string& network) { return guesses(where, kPassword, network); }
    std::int64_t counted() {
        const auto types = world.types(before);
        return std::count(types.begin(), types.end(), "login.failed");
    }

    // From now on `meanwhile` may happen at the chosen step of what the first node does.
    void watch(test::Steps& steps, std::function<asio::awaitable<void>()> meanwhile) {
        stepped.calls.clear();
        stepped.steps = &steps;
        world.hasher.before = [&steps] { return steps.reached("before a hash"); };
        steps.meanwhile = std::move(meanwhile);
    }
    void stop_watching() {
        stepped.steps = nullptr;
        world.hasher.before = nullptr;
    }

    UserId ann;
    Position before = 0;
};

asio::awaitable<void> guess_wrong_elsewhere(Scene& scene) {
    auto request = login(kAnnsEmail, "wrong");
    auto answer = co_await log_in(scene.other.services, std::move(request), from("another guesser"));
    EXPECT_TRUE(test::refused(answer, refusals::kInvalidCredentials));
}

// Scenario: the last wrong guess is counted on one node while the right one is on its way through the other. What was
// counted before the log was asked closes the account, whatever is remembered; a guess that is counted after that was
// under way at the same time, and the session begins.
TEST(GuessesAtOnce, ARightOneIsNotLetInAfterTheLastWrongOneWasCounted) {
    int early = 0, late = 0;
    const int steps = test::for_every_step([&](test::Steps& steps) {
        Scene scene;
        bool was_asked = false;
        scene.watch(steps, [&]() -> asio::awaitable<void> {
            was_asked = steps.where() == "after read_streams" || scene.stepped.calls["append"] > 0;
            return guess_wrong_elsewhere(scene);
        });
        const bool let_in = scene.gets_in(scene.node, "a third guesser");
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_EQ(let_in, was_asked) << steps.where();
        EXPECT_EQ(scene.counted(), kGuesses) << steps.where();
        ++(was_asked ? late : early);
        if (let_in) return;
        EXPECT_FALSE(scene.gets_in(scene.node, "a third guesser")) << steps.where();
        EXPECT_FALSE(scene.gets_in(scene.other, "a third guesser")) << steps.where();
    });
    EXPECT_GE(steps, 7);
    EXPECT_GE(early, 4) << "up to the read of what failed";
    EXPECT_GE(late, 2) << "and behind it";
}

// Scenario: two wrong guesses at once where one is left. Both have the same answer; the log counts one and no more, so
// that nobody lengthens the stream, and the account is closed on both nodes.
TEST(GuessesAtOnce, TwoWrongOnesCountNoMoreThanThereAre) {
    const int steps = test::for_every_step([&](test::Steps& steps) {
        Scene scene;
        scene.watch(steps, [&] { return guess_wrong_elsewhere(scene); });
        EXPECT_FALSE(scene.guesses(scene.node, "wrong", "a third guesser"));
        scene.stop_watching();
        if (!steps.happened()) return;
        EXPECT_EQ(scene.counted(), kGuesses) << steps.where();
        for (test::Node* one : {&scene.node, &scene.other}) EXPECT_FALSE(scene.gets_in(*one, "home")) << steps.where();
    });
    EXPECT_GE(steps, 7);
}

// Scenario: an operator opens a closed account while somebody tries the right password. They are let in or told to have
// mistyped, and from then on everybody is let in, on both nodes.
TEST(GuessesAtOnce, AnUnlockOpensForGood) {
    const int steps = test::for_every_step([&](test::Steps& steps) {
        Scene scene;
        EXPECT_FALSE(scene.guesses(scene.other, "wrong", "another guesser"));
        EXPECT_FALSE(scene.gets_in(scene.node, "home"));
        scene.watch(steps, [&]() -> asio::awaitable<void> {
            auto opened = co_await unlock_user_as_operator(scene.other.services, scene.ann, caller());
            EXPECT_TRUE(test::succeeds(opened));
        });
        (void)scene.gets_in(scene.node, "home");
        scene.stop_watching();
        if (!steps.happened()) return;
        for (test::Node* one : {&scene.node, &scene.other}) EXPECT_TRUE(scene.gets_in(*one, "home")) << steps.where();
    });
    EXPECT_GE(steps, 7);
}

}  // namespace
}  // namespace keyledger::commands
