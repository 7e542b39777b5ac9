#include "eventstore/postgres/store/verdict_delivery.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::test;
using namespace std::chrono_literals;

namespace {

using VerdictResult = Result<Verdict, StoreError>;
using Waiters = std::vector<std::unique_ptr<VerdictWaiter>>;

// As the store does it; the test is the writer, and completes what it finds in `waiters`.
asio::awaitable<VerdictResult> append(VerdictDelivery& delivery, Deadline latest, Waiters* waiters) {
    auto start = [&delivery, latest, waiters](VerdictDelivery::Answer answer) {
        waiters->push_back(delivery.enlist(latest, std::move(answer)));
    };
    return async_answer<Verdict, StoreError>(Deadline::max(), StoreError::kOutcomeUnknown, std::move(start));
}

Verdict at(Position position) { return Appended{position, 1}; }
Position position_in(const VerdictResult& verdict) { return std::get<Appended>(verdict.value()).first_position; }

// Appends of one executor.
struct Appends {
    explicit Appends(asio::any_io_executor where) : executor(std::move(where)) {}
    void begin(VerdictDelivery& delivery, Deadline latest = soon()) {
        asio::co_spawn(executor, wait(delivery, latest), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
    }
    asio::awaitable<void> wait(VerdictDelivery& delivery, Deadline latest) {
        auto verdict = co_await append(delivery, latest, &waiters);
        told.push_back(std::move(verdict));
        told_on.push_back(std::this_thread::get_id());
    }

    asio::any_io_executor executor;
    Waiters waiters;  // in the order in which they began
    std::vector<VerdictResult> told;
    std::vector<std::thread::id> told_on;
};

// Of one that is no coroutine, and may throw.
VerdictDelivery::Answer answer_on(asio::io_context& context, std::function<void(VerdictResult)> act) {
    return VerdictDelivery::Answer(asio::bind_executor(context.get_executor(), std::move(act)), Deadline::max(),
                                   StoreError::kOutcomeUnknown);
}

}  // namespace

TEST(VerdictDelivery, HandsOverTogetherWhatBecameKnownMeanwhile) {
    VerdictDelivery delivery;
    asio::io_context context;
    Appends appends(context.get_executor());
    for (int i = 0; i < 5; ++i) appends.begin(delivery);
    context.poll();
    ASSERT_EQ(appends.waiters.size(), 5U);
    // In another order than they came; one of them is no success.
    for (const std::size_t i : {3U, 0U, 4U, 1U}) appends.waiters[i]->complete(at(static_cast<Position>(i)));
    appends.waiters[2]->complete(Unexpected(StoreError::kUnavailable));
    EXPECT_TRUE(appends.told.empty()) << "never in place";
    EXPECT_EQ(context.poll_one(), 1U);
    ASSERT_EQ(appends.told.size(), 5U) << "one hand-over for all";
    EXPECT_EQ(position_in(appends.told[0]), 3);
    EXPECT_EQ(position_in(appends.told[1]), 0);
    EXPECT_EQ(position_in(appends.told[2]), 4);
    EXPECT_EQ(position_in(appends.told[3]), 1);
    EXPECT_EQ(appends.told[4].error(), StoreError::kUnavailable);
    // And those after them, too.
    for (int i = 0; i < 2; ++i) appends.begin(delivery);
    context.poll();
    for (const std::size_t i : {5U, 6U}) appends.waiters[i]->complete(at(static_cast<Position>(i)));
    context.run();
    ASSERT_EQ(appends.told.size(), 7U);
    EXPECT_EQ(position_in(appends.told[6]), 6);
}

// Refused at the door, as by a full queue: while its coroutine is still about to wait.
TEST(VerdictDelivery, GivesAnAnswerThatIsThereAtOnce) {
    VerdictDelivery delivery;
    asio::io_context context;
    std::vector<VerdictResult> told;
    auto start = [&](VerdictDelivery::Answer answer) {
        delivery.enlist(soon(), std::move(answer))->complete(Unexpected(StoreError::kBadData));
        EXPECT_TRUE(told.empty());
    };
    auto wait = [&]() -> asio::awaitable<void> {
        auto verdict = co_await async_answer<Verdict, StoreError>(Deadline::max(), StoreError::kOutcomeUnknown, start);
        told.push_back(std::move(verdict));
    };
    asio::co_spawn(context, wait, [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
    context.run();
    ASSERT_EQ(told.size(), 1U);
    EXPECT_EQ(told[0].error(), StoreError::kBadData);
}

TEST(VerdictDelivery, AnswersEveryoneOnTheirOwnThread) {
    VerdictDelivery delivery;
    std::array<asio::io_context, 3> contexts;
    std::deque<Appends> appends;
    for (asio::io_context& context : contexts) appends.emplace_back(context.get_executor());
    for (int i = 0; i < 12; ++i) appends[static_cast<std::size_t>(i) % appends.size()].begin(delivery);
    for (asio::io_context& context : contexts) context.poll();
    std::vector<std::thread> threads;
    std::array<std::thread::id, 3> ids;
    for (std::size_t i = 0; i < contexts.size(); ++i)
        threads.emplace_back([&, i] {
            ids[i] = std::this_thread::get_id();
            contexts[i].run();
        });
    // By turns, as a batch is answered.
    for (std::size_t nth = 0; nth < 4; ++nth)
        for (std::size_t i = 0; i < appends.size(); ++i)
            appends[i].waiters[nth]->complete(at(static_cast<Position>(10 * i + nth)));
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < appends.size(); ++i) {
        EXPECT_EQ(appends[i].told_on, std::vector<std::thread::id>(4, ids[i])) << i;
        ASSERT_EQ(appends[i].told.size(), 4U);
        for (std::size_t nth = 0; nth < 4; ++nth)
            EXPECT_EQ(position_in(appends[i].told[nth]), static_cast<Position>(10 * i + nth));
    }
}

// Two executors of one io_context are two: nobody goes on beside their strand.
TEST(VerdictDelivery, KeepsStrandsApart) {
    VerdictDelivery delivery;
    asio::io_context context;
    std::array strands{asio::make_strand(context), asio::make_strand(context)};
    std::array<Waiters, 2> waiters;
    int told = 0;
    auto wait = [&](std::size_t which) -> asio::awaitable<void> {
        auto verdict = co_await append(delivery, soon(), &waiters[which]);
        EXPECT_TRUE(verdict);
        EXPECT_TRUE(strands[which].running_in_this_thread()) << which;
        EXPECT_FALSE(strands[1 - which].running_in_this_thread()) << which;
        ++told;
    };
    for (std::size_t i = 0; i < 6; ++i)
        asio::co_spawn(strands[i % 2], wait(i % 2), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
    context.poll();
    for (std::size_t i = 0; i < 6; ++i) waiters[i % 2][i / 2]->complete(at(1));
    context.run();
    EXPECT_EQ(told, 6);
}

// The writer's thread is held up. Each is let go at their own time, and hears nothing of what is said afterwards.
TEST(VerdictDelivery, LetsEachGoAtTheirDeadline) {
    VerdictDelivery delivery;
    asio::io_context context;
    Waiters waiters;
    std::vector<int> told;  // in this order
    auto wait = [&](int who, std::chrono::milliseconds patience) -> asio::awaitable<void> {
        const auto latest = std::chrono::steady_clock::now() + patience;
        auto verdict = co_await append(delivery, latest, &waiters);
        EXPECT_EQ(verdict.error(), StoreError::kOutcomeUnknown) << who;
        EXPECT_GE(std::chrono::steady_clock::now(), latest) << who;
        told.push_back(who);
    };
    const auto begin = [&](int who, std::chrono::milliseconds patience) {
        asio::co_spawn(context, wait(who, patience), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
    };
    begin(3, 300ms);
    begin(1, 100ms);
    begin(2, 200ms);
    while (told.empty()) context.run_one();
    begin(5, 400ms);
    begin(4, 300ms);
    while (told.size() < 5) context.run_one();
    EXPECT_EQ(told, (std::vector{1, 2, 3, 4, 5}));
    for (const auto& waiter : waiters) waiter->complete(at(1));
    context.run();
    EXPECT_EQ(told.size(), 5U);
}

TEST(VerdictDelivery, IsHeardAfterADeadlineOfSomebodyElse) {
    VerdictDelivery delivery;
    asio::io_context context;
    Appends appends(context.get_executor());
    appends.begin(delivery, std::chrono::steady_clock::now() + 20ms);
    appends.begin(delivery, std::chrono::steady_clock::now() + 1h);
    while (appends.told.empty()) context.run_one();
    EXPECT_EQ(appends.told[0].error(), StoreError::kOutcomeUnknown);
    appends.begin(delivery, std::chrono::steady_clock::now() + 1h);
    context.poll();
    ASSERT_EQ(appends.waiters.size(), 3U);
    for (const auto& waiter : appends.waiters) waiter->complete(at(7));
    context.run();
    ASSERT_EQ(appends.told.size(), 3U);
    EXPECT_EQ(position_in(appends.told[1]), 7);
    EXPECT_EQ(position_in(appends.told[2]), 7);
}

// Whoever holds a waiter must complete it. Where one was lost all the same, nobody waits for ever.
TEST(VerdictDelivery, LetsGoAtTheirDeadlineWhoeverWasForgotten) {
    VerdictDelivery delivery;
    asio::io_context context;
    Appends appends(context.get_executor());
    for (int i = 0; i < 2; ++i) appends.begin(delivery, std::chrono::steady_clock::now() + 20ms);
    context.poll();
    appends.waiters.clear();
    context.run();
    ASSERT_EQ(appends.told.size(), 2U);
    for (const auto& verdict : appends.told) EXPECT_EQ(verdict.error(), StoreError::kOutcomeUnknown);
}

// Nobody's thread is kept longer than their verdict takes, by the deadline that they had.
TEST(VerdictDelivery, LeavesNothingBehindThatWaits) {
    VerdictDelivery delivery;
    asio::io_context context;
    Appends appends(context.get_executor());
    const auto began = std::chrono::steady_clock::now();
    for (const Deadline latest : {Deadline::max(), began + 2h, began + 1h}) appends.begin(delivery, latest);
    context.poll();
    std::thread writer([&] {
        for (const auto& waiter : appends.waiters) waiter->complete(at(1));
    });
    context.run();
    writer.join();
    EXPECT_EQ(appends.told.size(), 3U);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 1min);
}

TEST(VerdictDelivery, TellsTheOthersWhereTheContinuationOfOneThrows) {
    VerdictDelivery delivery;
    asio::io_context context;
    std::vector<Position> told;
    Waiters waiters;
    for (int i = 0; i < 4; ++i) {
        auto act = [&told, i](const VerdictResult& verdict) {
            if (i == 1) throw std::runtime_error("a continuation");
            told.push_back(position_in(verdict));
        };
        waiters.push_back(delivery.enlist(soon(), answer_on(context, act)));
    }
    for (std::size_t i = 0; i < waiters.size(); ++i) waiters[i]->complete(at(static_cast<Position>(i)));
    EXPECT_THROW(context.run(), std::runtime_error);
    context.run();
    EXPECT_EQ(told, (std::vector<Position>{0, 2, 3}));
}

// The executor's thread has ended, and what waited there goes with it; verdicts find nobody, and others are told.
TEST(VerdictDelivery, OutlivesAnExecutorThatStopped) {
    VerdictDelivery delivery;
    auto gone = std::make_unique<asio::io_context>();
    asio::io_context context;
    struct Frame {
        explicit Frame(int* count) : count(count) {}
        ~Frame() { ++*count; }
        int* count;
    };
    int frames = 0;
    Waiters waiters;
    auto wait = [&](Deadline latest) -> asio::awaitable<void> {
        const Frame frame(&frames);
        auto verdict = co_await append(delivery, latest, &waiters);
        ADD_FAILURE() << "went on, " << verdict.has_value();
    };
    for (int i = 0; i < 3; ++i) asio::co_spawn(*gone, wait(soon()), [](std::exception_ptr) {});
    gone->poll();
    gone->stop();
    for (const auto& waiter : waiters) waiter->complete(at(1));
    waiters.clear();
    gone.reset();
    EXPECT_EQ(frames, 3);
    Appends others(context.get_executor());
    others.begin(delivery);
    context.poll();
    others.waiters[0]->complete(at(2));
    context.run();
    ASSERT_EQ(others.told.size(), 1U);
    EXPECT_EQ(position_in(others.told[0]), 2);
}

// Verdicts and deadlines come at the same time, on several threads. Everybody is told once.
TEST(VerdictDelivery, TellsEverybodyOnceWhoeverIsFirst) {
    constexpr int kRounds = 200;
    VerdictDelivery delivery;
    std::array<asio::io_context, 2> contexts;
    std::mutex mutex;
    Waiters waiters;
    std::atomic<int> told = 0;
    std::atomic<bool> is_over = false;
    auto append_again = [&](std::chrono::microseconds patience) -> asio::awaitable<void> {
        for (int round = 0; round < kRounds; ++round) {
            const Deadline latest = std::chrono::steady_clock::now() + patience;
            auto start = [&delivery, &mutex, &waiters, latest](VerdictDelivery::Answer answer) {
                auto waiter = delivery.enlist(latest, std::move(answer));
                const std::lock_guard lock(mutex);
                waiters.push_back(std::move(waiter));
            };
            auto verdict = co_await async_answer<Verdict, StoreError>(Deadline::max(), StoreError::kOutcomeUnknown,
                                                                      std::move(start));
            if (!verdict) {
                EXPECT_EQ(verdict.error(), StoreError::kOutcomeUnknown);
            }
            ++told;
        }
    };
    for (asio::io_context& context : contexts)
        for (const auto patience : {100us, 1'000us, 30'000'000us})
            asio::co_spawn(context, append_again(patience), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
    std::thread writer([&] {
        while (!is_over) {
            Waiters taken;
            {
                const std::lock_guard lock(mutex);
                taken.swap(waiters);
            }
            for (const auto& waiter : taken) waiter->complete(at(1));
            std::this_thread::yield();
        }
    });
    std::thread second([&] { contexts[1].run(); });
    contexts[0].run();
    second.join();
    is_over = true;
    writer.join();
    EXPECT_EQ(told.load(), 2 * 3 * kRounds);
}
