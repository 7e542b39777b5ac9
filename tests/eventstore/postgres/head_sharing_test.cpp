#include "eventstore/postgres/store/head_sharing.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <latch>
#include <thread>
#include <vector>

#include "tests/support/await.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::test;
using namespace std::chrono_literals;

namespace {

// A server whose answers are decided when the query arrives (its snapshot) and given when the test says so.
class ScriptedServer {
public:
    HeadSharing::Ask ask() {
        return [this]() -> Result<Head, StoreError> {
            std::unique_lock lock(mutex_);
            Head head;
            head.cursor.position = position_;
            ++queries_;
            changed_.notify_all();
            changed_.wait(lock, [this] { return answered_ >= queries_; });
            return head;
        };
    }
    void append() {
        const std::lock_guard lock(mutex_);
        ++position_;
    }
    void wait_for_query(int nth) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return queries_ >= nth; });
    }
    void answer_query(int nth) {
        const std::lock_guard lock(mutex_);
        answered_ = nth;
        changed_.notify_all();
    }
    int queries() {
        const std::lock_guard lock(mutex_);
        return queries_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    Position position_ = 1;
    int queries_ = 0;
    int answered_ = 0;
};

}  // namespace

// A query has taken its snapshot and is paused. Then somebody appends and returns, and only then a check arrives: it
// must not be answered by that query (I8). Those who arrive meanwhile share the next one.
TEST(HeadSharing, AnswersNobodyFromAQueryThatWasSentBeforeTheyAsked) {
    ScriptedServer server;
    HeadSharing sharing([&] { return server.ask(); });
    asio::io_context context;
    Position early = 0;
    std::array<Position, 5> late{};
    auto check = [&sharing](Position* seen) -> asio::awaitable<void> {
        const auto head = co_await sharing.ask(soon());
        *seen = head.value().cursor.position;
    };
    asio::co_spawn(context, check(&early), [](std::exception_ptr) {});
    context.poll();
    server.wait_for_query(1);
    server.append();
    for (Position& seen : late) asio::co_spawn(context, check(&seen), [](std::exception_ptr) {});
    context.poll();
    server.answer_query(1);
    server.wait_for_query(2);
    context.poll();
    for (const Position seen : late) EXPECT_EQ(seen, 0) << "answered by the query in flight";
    server.answer_query(2);
    context.run();
    EXPECT_EQ(early, 1);
    for (const Position seen : late) EXPECT_EQ(seen, 2);
    EXPECT_EQ(sharing.counts().queries, 2U);
    EXPECT_EQ(sharing.counts().answers, 6U);
}

// One query answers all I/O threads; each of those who wait goes on where they waited.
TEST(HeadSharing, AnswersEveryoneOnTheirOwnThread) {
    ScriptedServer server;
    HeadSharing sharing([&] { return server.ask(); });
    std::array<asio::io_context, 3> contexts;
    std::array<std::vector<std::thread::id>, 3> seen_on;
    auto check = [&sharing](std::vector<std::thread::id>* seen) -> asio::awaitable<void> {
        const auto head = co_await sharing.ask(soon());
        EXPECT_EQ(head.value().cursor.position, 1);
        seen->push_back(std::this_thread::get_id());
    };
    const auto ask = [&](std::size_t which) {
        asio::co_spawn(contexts[which], check(&seen_on[which]), [](std::exception_ptr) {});
        contexts[which].poll();
    };
    ask(0);
    server.wait_for_query(1);
    for (std::size_t i = 0; i < 12; ++i) ask(i % contexts.size());
    server.answer_query(1);
    server.wait_for_query(2);
    server.answer_query(2);
    std::vector<std::thread> threads;
    std::array<std::thread::id, 3> ids;
    for (std::size_t i = 0; i < contexts.size(); ++i)
        threads.emplace_back([&, i] {
            ids[i] = std::this_thread::get_id();
            contexts[i].run();
        });
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < contexts.size(); ++i)
        EXPECT_EQ(seen_on[i], std::vector<std::thread::id>(i == 0 ? 5 : 4, ids[i])) << i;
    EXPECT_EQ(sharing.counts().queries, 2U);
    EXPECT_EQ(sharing.counts().answers, 13U);
}

TEST(HeadSharing, AnswersWhoeverExpiredWithoutAskingTheServer) {
    ScriptedServer server;
    server.answer_query(100);
    HeadSharing sharing([&] { return server.ask(); });
    EXPECT_EQ(await(sharing.ask(std::chrono::steady_clock::now())).error(), StoreError::kDeadline);
    EXPECT_EQ(server.queries(), 0);
    EXPECT_TRUE(await(sharing.ask(soon()))) << "who comes later is heard";
}

// The server does not answer, and does not go away. Each is let go at their own time, whoever waits beside them: those
// whose question it has, and those who wait for the next one.
TEST(HeadSharing, LetsEachGoAtTheirDeadlineWhateverTheServerDoes) {
    ScriptedServer server;
    HeadSharing sharing([&] { return server.ask(); });
    asio::io_context context;
    std::vector<int> told;  // in this order
    auto check = [&](int who, std::chrono::milliseconds patience) -> asio::awaitable<void> {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        const auto head = co_await sharing.ask(deadline);
        EXPECT_EQ(head.error(), StoreError::kDeadline) << who;
        EXPECT_GE(std::chrono::steady_clock::now(), deadline) << who;
        told.push_back(who);
    };
    const auto begin = [&](int who, std::chrono::milliseconds patience) {
        asio::co_spawn(context, check(who, patience), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
    };
    begin(3, 300ms);
    begin(1, 100ms);
    begin(2, 200ms);
    context.poll();
    server.wait_for_query(1);
    begin(6, 450ms);
    begin(4, 350ms);
    begin(5, 400ms);
    while (told.size() < 6) context.run_one();
    EXPECT_EQ(told, (std::vector{1, 2, 3, 4, 5, 6}));
    server.answer_query(100);
    context.run();
    EXPECT_EQ(sharing.counts().answers, 0U);
    EXPECT_TRUE(await(sharing.ask(soon()))) << "who comes later is heard";
}

// Nobody is kept longer than their answer takes, by the deadline that they had.
TEST(HeadSharing, LeavesNothingBehindThatWaits) {
    ScriptedServer server;
    server.answer_query(100);
    HeadSharing sharing([&] { return server.ask(); });
    asio::io_context context;
    int answers = 0;
    auto check = [&](Deadline deadline) -> asio::awaitable<void> {
        const auto head = co_await sharing.ask(deadline);
        EXPECT_TRUE(head);
        ++answers;
    };
    const auto began = std::chrono::steady_clock::now();
    for (const Deadline deadline : {Deadline::max(), began + 1h, began + 2h})
        asio::co_spawn(context, check(deadline), [](std::exception_ptr failure) { EXPECT_FALSE(failure); });
    context.run();
    EXPECT_EQ(answers, 3);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 1min);
}

TEST(HeadSharing, TellsThoseWhoWaitWhenItStops) {
    ScriptedServer server;
    HeadSharing sharing([&] { return server.ask(); });
    asio::io_context context;
    std::optional<Result<Head, StoreError>> first;
    std::optional<Result<Head, StoreError>> second;
    asio::co_spawn(context, keep_answer(sharing.ask(soon()), &first), [](std::exception_ptr) {});
    context.poll();
    server.wait_for_query(1);
    asio::co_spawn(context, keep_answer(sharing.ask(soon()), &second), [](std::exception_ptr) {});
    context.poll();
    std::thread stopper([&] { sharing.stop(); });
    while (!second) context.run_one();
    EXPECT_EQ(second->error(), StoreError::kUnavailable);
    server.answer_query(1);
    context.run();
    stopper.join();
    EXPECT_TRUE(first->has_value()) << "what was sent is waited for";
    EXPECT_EQ(await(sharing.ask(soon())).error(), StoreError::kUnavailable);
}
