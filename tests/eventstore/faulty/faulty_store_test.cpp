#include "eventstore/faulty/faulty_store.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "eventstore/memory/memory_store.hpp"
#include "tests/support/await.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::test;

namespace {

struct FaultyStoreTest : testing::Test {
    MemoryStore memory{[] { return Instant::at_ms(1'750'000'000'000); }};
    FaultyStore store{memory};

    Result<Verdict, StoreError> append(const Append& append) { return await(store.append(append, soon())); }
    bool is_appended(const Append& one) {
        const auto verdict = append(one);
        return verdict && std::holds_alternative<Appended>(*verdict);
    }
};

}  // namespace

TEST_F(FaultyStoreTest, FailsBeforeTheAppend) {
    store.fail(Call::kAppend, 2, StoreError::kUnavailable);
    EXPECT_TRUE(is_appended(AppendBuilder().write(next_uuid(), 0)));
    const Append failed = AppendBuilder().write(next_uuid(), 0);
    EXPECT_EQ(append(failed).error(), StoreError::kUnavailable);
    EXPECT_EQ(memory.events().size(), 1U);
    EXPECT_TRUE(is_appended(failed));
}

TEST_F(FaultyStoreTest, LosesTheOutcomeOfWhatItWrote) {
    store.lose_outcome(1);
    const Append lost = AppendBuilder().write(next_uuid(), 0);
    EXPECT_EQ(append(lost).error(), StoreError::kOutcomeUnknown);
    EXPECT_EQ(memory.events().size(), 1U);
    EXPECT_TRUE(std::holds_alternative<Duplicate>(append(lost).value()));
}

TEST_F(FaultyStoreTest, DeliversTwiceAndWritesOnce) {
    store.send_twice(1);
    EXPECT_TRUE(is_appended(AppendBuilder().write(next_uuid(), 0, 2)));
    EXPECT_EQ(memory.events().size(), 2U);
    EXPECT_EQ(store.calls(Call::kAppend), 1);
}

TEST_F(FaultyStoreTest, FailsReads) {
    store.fail(Call::kHead, 1, StoreError::kUnavailable);
    store.fail(Call::kReadStreams, 1, StoreError::kDeadline);
    EXPECT_EQ(await(store.head(soon())).error(), StoreError::kUnavailable);
    EXPECT_EQ(await(store.read_streams({}, soon())).error(), StoreError::kDeadline);
    EXPECT_TRUE(await(store.head(soon())).has_value());
    EXPECT_EQ(store.next(Call::kHead), 3);
}

TEST_F(FaultyStoreTest, RunsAnotherCommandAtAnExactStep) {
    const Uuid user = next_uuid();
    ASSERT_TRUE(is_appended(AppendBuilder().write(user, 0)));
    const auto disable = [&]() -> asio::awaitable<void> {
        Append command = AppendBuilder().write(user, 1);
        const auto verdict = co_await memory.append(std::move(command), soon());
        EXPECT_TRUE(verdict && std::holds_alternative<Appended>(*verdict));
    };
    store.before(Call::kAppend, store.next(Call::kAppend), disable);
    const Append guarded = AppendBuilder().write(next_uuid(), 0).guard(user, 1);
    EXPECT_EQ(std::get<Conflict>(append(guarded).value()).version, 2);

    const auto enable = [&]() -> asio::awaitable<void> {
        Append command = AppendBuilder().write(user, 2);
        co_await memory.append(std::move(command), soon());
    };
    store.after(Call::kReadStreams, 1, enable);
    EXPECT_EQ(await(store.read_streams({{user, 0}}, soon())).value()[0].version, 2) << "read before the step";
    EXPECT_EQ(await(store.read_streams({{user, 0}}, soon())).value()[0].version, 3);
}

TEST_F(FaultyStoreTest, HoldsACallUntilItIsReleased) {
    const auto gate = store.hold(Call::kAppend, 1);
    asio::io_context context;
    bool done = false;
    auto wait_for_it = [&]() -> asio::awaitable<void> {
        Append command = AppendBuilder().write(next_uuid(), 0);
        const auto verdict = co_await store.append(std::move(command), soon());
        done = verdict.has_value();
    };
    asio::co_spawn(context, wait_for_it(), [](std::exception_ptr) {});
    while (!gate->is_reached()) context.run_one();
    context.poll();
    EXPECT_FALSE(done);
    EXPECT_TRUE(memory.events().empty());
    gate->release();
    context.run();
    EXPECT_TRUE(done);
    EXPECT_EQ(memory.events().size(), 1U);
}

TEST_F(FaultyStoreTest, RepeatsItsFaultsFromTheSeed) {
    const FaultyStore::Rates rates{0.3, 0.3, 0.3, 0.5};
    auto story = [&](std::uint64_t seed) {
        MemoryStore inner([] { return Instant::at_ms(1'750'000'000'000); });
        FaultyStore faulty(inner, seed, rates);
        std::string told;
        for (int i = 0; i < 200; ++i) {
            const auto verdict = await(faulty.append(AppendBuilder().write(next_uuid(), 0), soon()));
            told += verdict ? 'a' : static_cast<char>('0' + static_cast<int>(verdict.error()));
            told += await(faulty.head(soon())) ? 'h' : '-';
        }
        return told;
    };
    EXPECT_EQ(story(7), story(7));
    EXPECT_NE(story(7), story(8));
    EXPECT_NE(story(7).find('-'), std::string::npos);
}
