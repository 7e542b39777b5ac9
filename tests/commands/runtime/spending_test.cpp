// Commands that spend what is good once (I13): with events and without, at the same moment on two nodes, repeated, and
// when the answer is lost.
#include "commands/runtime/spending.hpp"

#include "commands/accounts/set_user_status.hpp"
#include "domain/clients/service_token.hpp"
#include "domain/users/user.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using eventstore::Call;
using test::caller;
using test::caller_with_key;
using test::run;

constexpr Duration kMinute = minutes(1);
constexpr Refusal kOpenedBefore = told_as(refusals::kInvalidClient);
constexpr Refusal kUsedBefore = told_as(refusals::kInvalidToken);

class SpendingTest : public test::CommandTest {
protected:
    eventstore::SpentValue value(std::string_view text) {
        return spent_value("test", {text}, {server_now_, server_now_ + kMinute});
    }
    // A door is a stream of its own.
    asio::awaitable<Outcome> open(test::Node& at, eventstore::SpentValue key) {
        Streams streams;
        const auto door = streams.begin<ServiceToken>(ServiceTokenId{world.identifiers.next()});
        const Step step = [&](Attempt& attempt) -> StepResult {
            attempt.spend(key, kOpenedBefore);
            attempt.append(door, {ServiceTokenIssued{}});
            co_return Result<void, CommandError>{};
        };
        auto from = caller();
        auto opened = co_await at.executor.run(std::move(from), streams, step);
        co_return opened;
    }
    // Spends alone, while Ann is active.
    asio::awaitable<Outcome> use(test::Node& at, eventstore::SpentValue one, Caller from) {
        Streams streams;
        const auto ann = streams.read<User>(ann_);
        const Step nobody = [](Attempt&) -> StepResult { co_return Result<void, CommandError>{}; };
        const Step step = [&](Attempt& attempt) -> StepResult {
            Result<void, CommandError> used{};
            if (attempt.state(ann).status == User::Status::kActive) attempt.spend(one, kUsedBefore);
            else used = Unexpected(CommandError(refusals::kForbidden));
            co_return used;
        };
        const CommandSteps steps(nobody, step);
        auto outcome = co_await at.executor.run(std::move(from), streams, steps);
        co_return outcome;
    }
    asio::awaitable<void> disable_ann() {
        const Grant root = root_;
        auto from = test::caller_of(root);
        std::string reason = "left";
        auto done = co_await disable_user(other.services, test::bearer_of(root), ann_, reason, from);
        EXPECT_TRUE(test::succeeds(done));
    }
    void SetUp() override {
        ann_ = world.register_user(node, test::kAnnsEmail);
        world.create_administrator(node, "root@example.com");
        root_ = world.log_in(node, "root@example.com");
        before_ = world.head();
    }

    const Instant server_now_ = stores->server_now();
    UserId ann_;
    Grant root_;
    Position before_ = 0;
};

// Scenario: one value is presented fifty times at the same moment on two nodes, and both hold everything in memory.
TEST_F(SpendingTest, OpensOneDoorForFiftyAtOnceOnTwoNodes) {
    for (const char* key : {"one", "two", "three"}) {
        std::vector<asio::awaitable<Outcome>> rivals;
        for (int i = 0; i < 50; ++i) rivals.push_back(open(i % 2 == 0 ? node : other, value(key)));
        int opened = 0;
        for (const Outcome& outcome : test::run_all(std::move(rivals))) {
            if (outcome) ++opened;
            else EXPECT_TRUE(test::refused(outcome, kOpenedBefore));
        }
        EXPECT_EQ(opened, 1);
    }
    EXPECT_EQ(world.types(before_), test::Types(3, "service_token.issued"));
}

TEST_F(SpendingTest, KeepsPurposesApart) {
    const ValueLife life{server_now_, server_now_ + kMinute};
    EXPECT_TRUE(test::succeeds(run(open(node, spent_value("link", {"a", "b"}, life)))));
    EXPECT_TRUE(test::succeeds(run(open(node, spent_value("code", {"a", "b"}, life)))));
    EXPECT_TRUE(test::succeeds(run(open(node, spent_value("link", {"ab", ""}, life)))));
    EXPECT_TRUE(test::refused(run(open(other, spent_value("code", {"a", "b"}, life))), kOpenedBefore));
}

// The refusal is that of what was spent: it was named with the value.
TEST_F(SpendingTest, SpendsWithoutEventsAndForOthersToo) {
    const Position head = world.head();
    const auto used = run(use(node, value("one"), caller()));
    ASSERT_TRUE(test::succeeds(used));
    EXPECT_EQ(used->position, head);
    EXPECT_EQ(world.head(), head);
    EXPECT_TRUE(test::refused(run(use(other, value("one"), caller())), kUsedBefore));
    EXPECT_TRUE(test::refused(run(open(other, value("one"))), kOpenedBefore));
}

TEST_F(SpendingTest, TakesNothingThatHasExpired) {
    const auto at = [&](Instant expires_at) {
        return spent_value("test", {"late"}, {server_now_ - kMinute, expires_at});
    };
    EXPECT_TRUE(test::refused(run(open(node, at(server_now_))), kOpenedBefore));
    EXPECT_TRUE(test::refused(run(use(node, at(server_now_ - milliseconds(1)), caller())), kUsedBefore));
    EXPECT_TRUE(test::succeeds(run(open(node, at(server_now_ + kMinute)))));
}

// A request that comes again under its key gets its first outcome, and does not hear that its own value is spent.
TEST_F(SpendingTest, RepeatsTheFirstOutcomeOfACommand) {
    const auto first = run(use(node, value("one"), caller_with_key(7)));
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(run(open(node, value("two")))));
    for (test::Node* at : {&node, &other}) {
        const auto again = run(use(*at, value("one"), caller_with_key(7)));
        ASSERT_TRUE(test::succeeds(again));
        EXPECT_TRUE(again->repeated);
        EXPECT_EQ(again->position, first->position);
    }
    EXPECT_TRUE(test::refused(run(use(node, value("one"), caller_with_key(8))), kUsedBefore));
    EXPECT_TRUE(test::refused(run(use(node, value("three"), caller_with_key(7, 2))), refusals::kIdempotencyMismatch));
}

// Scenario: the connection breaks in the commit, and the append is sent again; or twins arrive at once.
TEST_F(SpendingTest, IsDoneOnceWhenItIsSentTwice) {
    faulty.send_twice(faulty.next(Call::kAppend));
    EXPECT_TRUE(test::succeeds(run(open(node, value("one")))));
    faulty.send_twice(faulty.next(Call::kAppend));
    EXPECT_TRUE(test::succeeds(run(use(node, value("two"), caller()))));
    std::vector<asio::awaitable<Outcome>> twins;
    for (int i = 0; i < 10; ++i) twins.push_back(use(i % 2 == 0 ? node : other, value("three"), caller_with_key(9)));
    for (const Outcome& twin : test::run_all(std::move(twins))) EXPECT_TRUE(test::succeeds(twin));
}

TEST_F(SpendingTest, SaysSoWhenItIsNotKnownWhetherItWasSpent) {
    faulty.lose_outcome(faulty.next(Call::kAppend));
    EXPECT_TRUE(test::refused(run(use(node, value("one"), caller_with_key(3))), refusals::kOutcomeUnknown));
    const auto again = run(use(node, value("one"), caller_with_key(3)));
    ASSERT_TRUE(test::succeeds(again));
    EXPECT_TRUE(again->repeated);
}

// Scenario: what the command read moves at one of its steps. It decides again, on a value that it has not spent yet.
TEST_F(SpendingTest, HoldsWhatItReadWithoutEventsToo) {
    faulty.before(Call::kAppend, faulty.next(Call::kAppend), [&] { return disable_ann(); });
    EXPECT_TRUE(test::refused(run(use(node, value("one"), caller())), refusals::kForbidden));
    EXPECT_TRUE(test::succeeds(run(open(node, value("one"))))) << "a refused command spends nothing";
}

}  // namespace
}  // namespace keyledger::commands
