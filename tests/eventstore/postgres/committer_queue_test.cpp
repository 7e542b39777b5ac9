// What the committer does with those who wait: it gathers them, and answers them at their deadline and at its end.
#include "tests/eventstore/postgres/kept_waiting.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::eventstore::postgres::test;
using namespace keyledger::test;

namespace {

using CommitterQueueTest = KeptWaiting;

}  // namespace

TEST_F(CommitterQueueTest, TriesAgainWhenTheLockIsNotToBeHad) {
    auto settings = settings_of(database().service_url());
    settings.committer.lock_timeout = std::chrono::milliseconds(50);
    PostgresStore store(settings, fixed_now);
    const Uuid id = next_uuid();
    std::optional<HeldLock> lock(std::in_place);
    Running append(store, AppendBuilder().write(id, 0));
    wait_until([&] { return store.status().committer.resends >= 2; });
    lock->holder.run(kDropLock);
    EXPECT_TRUE(is_appended(append.verdict()));
    EXPECT_EQ(events_of(id), 1);
}

// Three came together, so the next to come waits for others; who comes after a single one does not.
TEST_F(CommitterQueueTest, GathersWhatComesTogether) {
    using Clock = std::chrono::steady_clock;
    auto settings = settings_of(database().service_url());
    settings.committer.gathering = std::chrono::seconds(1);
    PostgresStore store(settings, fixed_now);
    const auto batches = [&] { return store.status().committer.batches; };
    std::optional<HeldLock> lock(std::in_place);
    Running first(store, AppendBuilder().write(next_uuid(), 0));
    wait_for_blocked_writer();
    std::vector<std::unique_ptr<Running>> together;
    for (int i = 0; i < 3; ++i)
        together.push_back(std::make_unique<Running>(store, AppendBuilder().write(next_uuid(), 0)));
    wait_until([&] { return store.status().committer.waiting == 4; });
    lock->holder.run(kDropLock);
    EXPECT_TRUE(is_appended(first.verdict()));
    for (auto& one : together) EXPECT_TRUE(is_appended(one->verdict()));
    EXPECT_EQ(batches(), 2U);

    const auto sent_by = Clock::now();  // the three were
    EXPECT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));
    EXPECT_GE(Clock::now() - sent_by, std::chrono::milliseconds(500));  // of one second, by a slow machine
    EXPECT_EQ(batches(), 3U);
    const auto alone_since = Clock::now();
    EXPECT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));
    EXPECT_LT(Clock::now() - alone_since, std::chrono::milliseconds(900));
}

// Behind a batch of many it waits longer.
TEST_F(CommitterQueueTest, GathersForLongerBehindMany) {
    using Clock = std::chrono::steady_clock;
    auto settings = settings_of(database().service_url());
    settings.committer.gathering = std::chrono::microseconds(1);
    settings.committer.gathering_of_many = std::chrono::seconds(1);
    PostgresStore store(settings, fixed_now);
    const auto takes = [&](std::size_t before) {
        std::optional<HeldLock> lock(std::in_place);
        Running first(store, AppendBuilder().write(next_uuid(), 0));
        wait_for_blocked_writer();
        std::vector<std::unique_ptr<Running>> together;
        for (std::size_t i = 0; i < before; ++i)
            together.push_back(std::make_unique<Running>(store, AppendBuilder().write(next_uuid(), 0)));
        wait_until([&] { return store.status().committer.waiting == before + 1; });
        lock->holder.run(kDropLock);
        EXPECT_TRUE(is_appended(first.verdict()));
        for (auto& one : together) EXPECT_TRUE(is_appended(one->verdict()));
        const auto since = Clock::now();
        EXPECT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));
        return Clock::now() - since;
    };
    EXPECT_LT(takes(kManyCommands - 1), std::chrono::milliseconds(900));
    EXPECT_GE(takes(kManyCommands), std::chrono::milliseconds(500));  // of one second, by a slow machine
}

TEST_F(CommitterQueueTest, AnswersWhoeverExpiresWhileTheyWait) {
    PostgresStore store(settings_of(database().service_url()), fixed_now);
    std::optional<HeldLock> lock(std::in_place);
    Running in_flight(store, AppendBuilder().write(next_uuid(), 0));
    wait_for_blocked_writer();
    const Uuid id = next_uuid();
    Running hasty(store, AppendBuilder().write(id, 0),
                  std::chrono::steady_clock::now() + std::chrono::milliseconds(100));
    Running patient(store, AppendBuilder().write(next_uuid(), 0));
    EXPECT_EQ(hasty.verdict().error(), StoreError::kDeadline);
    lock->holder.run(kDropLock);
    EXPECT_TRUE(is_appended(in_flight.verdict()));
    EXPECT_TRUE(is_appended(patient.verdict()));
    EXPECT_EQ(events_of(id), 0);
}

TEST_F(CommitterQueueTest, HasABoundedQueue) {
    auto settings = settings_of(database().service_url());
    settings.committer.max_waiting_commands = 3;
    PostgresStore store(settings, fixed_now);
    std::optional<HeldLock> lock(std::in_place);
    std::vector<std::unique_ptr<Running>> waiting;
    for (std::size_t i = 0; i < 3; ++i) {
        waiting.push_back(std::make_unique<Running>(store, AppendBuilder().write(next_uuid(), 0)));
        wait_until([&] { return store.status().committer.waiting == i + 1; });
    }
    EXPECT_EQ(await(store.append(AppendBuilder().write(next_uuid(), 0), soon())).error(), StoreError::kUnavailable);
    lock->holder.run(kDropLock);
    for (auto& one : waiting) EXPECT_TRUE(is_appended(one->verdict()));
    EXPECT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));
}

TEST_F(CommitterQueueTest, FinishesWhatIsInFlightWhenItStops) {
    PostgresStore store(settings_of(database().service_url()), fixed_now);
    std::optional<HeldLock> lock(std::in_place);
    Running in_flight(store, AppendBuilder().write(next_uuid(), 0));
    wait_for_blocked_writer();
    Running waiting(store, AppendBuilder().write(next_uuid(), 0));
    wait_until([&] { return store.status().committer.waiting == 2; });
    std::thread stopper([&] { store.stop(); });
    // Asked while it stops, and after: whichever it meets, nothing is written.
    Running late(store, AppendBuilder().write(next_uuid(), 0));
    EXPECT_EQ(waiting.verdict().error(), StoreError::kUnavailable);
    EXPECT_EQ(late.verdict().error(), StoreError::kUnavailable);
    lock->holder.run(kDropLock);
    stopper.join();
    EXPECT_TRUE(is_appended(in_flight.verdict()));
    EXPECT_EQ(await(store.append(AppendBuilder().write(next_uuid(), 0), soon())).error(), StoreError::kUnavailable);
    EXPECT_EQ(await(store.head(soon())).error(), StoreError::kUnavailable);
}

TEST_F(CommitterQueueTest, ComesBackWithTheServer) {
    TcpProxy proxy(port_of(database().service_url()));
    proxy.refuse();
    PostgresStore store(settings_of(through(proxy, database().service_url())), fixed_now);
    EXPECT_EQ(await(store.append(AppendBuilder().write(next_uuid(), 0), soon())).error(), StoreError::kUnavailable);
    EXPECT_EQ(await(store.head(soon())).error(), StoreError::kUnavailable);
    EXPECT_EQ(await(store.read_log(1, 1, soon())).error(), StoreError::kUnavailable);
    EXPECT_FALSE(store.status().committer.connected);
    EXPECT_FALSE(store.status().committer.last_error.empty());
    proxy.accept_again();
    wait_until([&] { return is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))); });
    wait_until([&] { return await(store.head(soon())).has_value(); });
    wait_until([&] { return await(store.read_log(1, 1, soon())).has_value(); });
    EXPECT_TRUE(store.status().committer.connected);
    proxy.cut();
    EXPECT_TRUE(await(store.head(soon())).has_value()) << "a broken connection is replaced at once";
    EXPECT_TRUE(await(store.read_log(1, 1, soon())).has_value());
    EXPECT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));
}
