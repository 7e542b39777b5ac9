// The store on PostgreSQL when things go wrong around it: answers lost, connections cut, locks held, servers away.
#include "tests/eventstore/postgres/kept_waiting.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::eventstore::postgres::test;
using namespace keyledger::test;

namespace {

using CommitterTest = KeptWaiting;

}  // namespace

// ---- unknown outcomes -------------------------------------------------------------------------------------
// The server has committed and its answer is on the way when the connection breaks. The committer sends the batch
// again; the server knows the command ids or the events that tell them, and callers hear that it was done: once (I5).
TEST_F(CommitterTest, SendsAgainWhenTheAnswerToACommitIsLost) {
    TcpProxy proxy(port_of(database().service_url()));
    PostgresStore store(settings_of(through(proxy, database().service_url())), fixed_now);
    ASSERT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));
    for (int round = 0; round < 5; ++round) {
        const Uuid a = next_uuid();
        const Append append = AppendBuilder().write(a, 0, 2);
        proxy.hold_answers();
        Running first(store, round % 2 == 0 ? append : made_here(append));
        wait_until([&] { return events_of(a) == 2; });
        ASSERT_TRUE(proxy.wait_for_held_answer(std::chrono::seconds(30)));
        Running second(store, AppendBuilder().write(next_uuid(), 0).guard(a, 2));
        proxy.cut();
        const auto verdict = first.verdict();
        ASSERT_TRUE(is_appended(verdict));
        EXPECT_EQ(std::get<Appended>(*verdict).event_count, 2);
        EXPECT_TRUE(is_appended(second.verdict()));
        EXPECT_EQ(events_of(a), 2);
        EXPECT_EQ(
            std::to_string(std::get<Appended>(*verdict).first_position),
            database().execute("select min(position) from keyledger.events where stream_id = '" + a.to_string() + "'"));
    }
    EXPECT_GE(store.status().committer.resends, 5U);
    EXPECT_EQ(store.status().committer.unknown_outcomes, 0U);
}

// A repeat by the caller is a duplicate, even when its connection breaks: only its own resend is not.
TEST_F(CommitterTest, StillTellsACallersRepeatAsDuplicateWhenTheConnectionBreaks) {
    TcpProxy proxy(port_of(database().service_url()));
    PostgresStore store(settings_of(through(proxy, database().service_url())), fixed_now);
    const Uuid id = next_uuid();
    const Append first = AppendBuilder().write(id, 0);
    ASSERT_TRUE(is_appended(await(store.append(first, soon()))));
    Append again = AppendBuilder().id(first.command_id).fingerprint(first.fingerprint).write(id, 1);
    proxy.hold_answers();
    Running repeat(store, again);
    ASSERT_TRUE(proxy.wait_for_held_answer(std::chrono::seconds(30)));
    proxy.cut();
    const auto verdict = repeat.verdict();
    ASSERT_TRUE(verdict && std::holds_alternative<Duplicate>(*verdict));
    EXPECT_TRUE(std::get<Duplicate>(*verdict).same_request);
    EXPECT_EQ(events_of(id), 1);
}

// What was spent in a commit whose answer was lost is not spent by somebody else: its own resend hears what it earned.
// Of what has no events nobody can tell who sent it: it is a duplicate of the same request.
TEST_F(CommitterTest, NeverTakesItsOwnResendForSpent) {
    TcpProxy proxy(port_of(database().service_url()));
    PostgresStore store(settings_of(through(proxy, database().service_url())), fixed_now);
    ASSERT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));
    const Instant now = database().server_now();
    const Append earning = AppendBuilder().write(next_uuid(), 0).spend(next_digest(), now, now + minutes(10));
    const Append alone = AppendBuilder().spend(next_digest(), now, now + minutes(10));
    for (const Append& append : {earning, alone}) {
        proxy.hold_answers();
        Running lost(store, append);
        ASSERT_TRUE(proxy.wait_for_held_answer(std::chrono::seconds(30)));
        proxy.cut();
        const auto verdict = lost.verdict();
        ASSERT_TRUE(verdict.has_value());
        if (append.events.empty()) {
            ASSERT_TRUE(std::holds_alternative<Duplicate>(*verdict));
            EXPECT_TRUE(std::get<Duplicate>(*verdict).same_request);
            EXPECT_EQ(std::get<Duplicate>(*verdict).event_count, 0);
        } else {
            EXPECT_TRUE(is_appended(verdict));
        }
    }
}

// The writer's server process is terminated while its append waits for the lock.
TEST_F(CommitterTest, AppendsOnceWhenItsServerProcessIsTerminated) {
    PostgresStore store(settings_of(database().service_url()), fixed_now);
    const Uuid id = next_uuid();
    std::optional<HeldLock> lock(std::in_place);
    Running append(store, AppendBuilder().write(id, 0));
    for (int times = 0; times < 3; ++times) {
        const std::string pid = wait_for_blocked_writer();
        database().execute("select pg_terminate_backend(" + pid + ", 10000)");
    }
    wait_for_blocked_writer();
    lock->holder.run(kDropLock);
    EXPECT_TRUE(is_appended(append.verdict()));
    EXPECT_EQ(events_of(id), 1);
}

TEST_F(CommitterTest, SaysSoWhenTheOutcomeStaysUnknown) {
    TcpProxy proxy(port_of(database().service_url()));
    auto settings = settings_of(through(proxy, database().service_url()));
    settings.committer.outcome_unknown_after = std::chrono::milliseconds(400);
    PostgresStore store(settings, fixed_now);
    ASSERT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));
    const Uuid id = next_uuid();
    const Append append = AppendBuilder().write(id, 0);
    proxy.hold_answers();
    Running lost(store, append);
    ASSERT_TRUE(proxy.wait_for_held_answer(std::chrono::seconds(30)));
    proxy.refuse();
    proxy.cut();
    EXPECT_EQ(lost.verdict().error(), StoreError::kOutcomeUnknown);
    EXPECT_EQ(await(store.append(AppendBuilder().write(next_uuid(), 0), soon())).error(), StoreError::kUnavailable);
    proxy.accept_again();
    VerdictResult repeat = Unexpected(StoreError::kUnavailable);
    wait_until([&] { return (repeat = await(store.append(append, soon()))).has_value(); });
    EXPECT_TRUE(std::holds_alternative<Duplicate>(*repeat)) << "the caller repeats with the same command id";
    EXPECT_EQ(events_of(id), 1);
}

// An append is never cancelled by us while the server works on it: whoever waits hears that the outcome is unknown,
// and the append happens nonetheless.
TEST_F(CommitterTest, NeverCancelsWhatItSent) {
    auto settings = settings_of(database().service_url());
    settings.committer.outcome_unknown_after = std::chrono::milliseconds(200);
    settings.committer.lock_timeout = std::chrono::milliseconds(60'000);
    PostgresStore store(settings, fixed_now);
    const Uuid id = next_uuid();
    std::optional<HeldLock> lock(std::in_place);
    EXPECT_EQ(await(store.append(AppendBuilder().write(id, 0), soon())).error(), StoreError::kOutcomeUnknown);
    EXPECT_GT(store.status().committer.in_flight, Duration());
    lock->holder.run(kDropLock);
    wait_until([&] { return events_of(id) == 1; });
    EXPECT_TRUE(is_appended(await(store.append(AppendBuilder().write(id, 1), soon()))));
}

// Each caller is answered by their deadline, even if what they sent is still under way.
TEST_F(CommitterTest, SaysAtTheDeadlineThatTheOutcomeIsUnknown) {
    PostgresStore store(settings_of(database().service_url()), fixed_now);
    const Uuid id = next_uuid();
    std::optional<HeldLock> lock(std::in_place);
    Running hasty(store, AppendBuilder().write(id, 0),
                  std::chrono::steady_clock::now() + std::chrono::milliseconds(300));
    wait_for_blocked_writer();
    EXPECT_EQ(hasty.verdict().error(), StoreError::kOutcomeUnknown);
    lock->holder.run(kDropLock);
    wait_until([&] { return events_of(id) == 1; });
}

// ---- bad data ---------------------------------------------------------------------------------------------
TEST_F(CommitterTest, HalvesABatchUntilTheCulpritIsAlone) {
    PostgresStore store(settings_of(database().service_url()), fixed_now);
    ASSERT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));  // it is connected
    std::optional<HeldLock> lock(std::in_place);
    Running first(store, AppendBuilder().write(next_uuid(), 0));
    wait_for_blocked_writer();
    std::vector<Store::Answer<Verdict>> all;
    for (int i = 0; i < 64; ++i) {
        Append bad = AppendBuilder().write(next_uuid(), 0).new_key(next_uuid(), next_uuid());
        bad.new_keys[0].wrapped.assign(1'025, 'x');  // more than the database takes
        const Append good = AppendBuilder().write(next_uuid(), 0);
        all.push_back(store.append(i == 37 ? bad : good, soon()));
    }
    std::thread release([&] {
        wait_until([&] { return store.status().committer.waiting == 65; });
        lock->holder.run(kDropLock);
    });
    const auto verdicts = await_all(std::move(all));
    release.join();
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        if (i == 37) {
            EXPECT_EQ(verdicts[i].error(), StoreError::kBadData);
        } else {
            EXPECT_TRUE(is_appended(verdicts[i])) << i;
        }
    }
    EXPECT_TRUE(is_appended(first.verdict()));
    EXPECT_EQ(store.status().committer.halvings, 6U) << "64 commands, one culprit";
    const auto batches = store.status().batches;
    EXPECT_EQ(batches.commands.count(), store.status().committer.batches);
    EXPECT_GT(batches.commands.sum, 65) << "the halves are sent again";
    EXPECT_GE(batches.ns.count(), 2U);
    EXPECT_LT(batches.ns.count(), batches.commands.count()) << "what failed has no time";
    EXPECT_EQ(store.status().committer.bad_data, 1U);
}

// ---- several nodes ----------------------------------------------------------------------------------------
TEST_F(CommitterTest, AppendsACommandOnceThatTwoNodesSendAtOnce) {
    PostgresStore one(settings_of(database().service_url()), fixed_now);
    PostgresStore two(settings_of(database().service_url()), fixed_now);
    for (int round = 0; round < 20; ++round) {
        const Uuid id = next_uuid();
        const Append append = AppendBuilder().write(id, 0);
        Running first(one, append);
        Running second(two, append);
        const auto a = first.verdict();
        const auto b = second.verdict();
        ASSERT_TRUE(a && b);
        EXPECT_NE(is_appended(a), is_appended(b));
        EXPECT_TRUE(std::holds_alternative<Duplicate>(is_appended(a) ? *b : *a));
        EXPECT_EQ(events_of(id), 1);
    }
}

// Version storms from two nodes: one winner a version (I4); and the log stays dense (I1).
TEST_F(CommitterTest, SharesTheLogWithOtherCommitters) {
    Database own;
    PostgresStore one(settings_of(own.service_url()), fixed_now);
    PostgresStore two(settings_of(own.service_url()), fixed_now);
    const Uuid contested = next_uuid();
    constexpr int kEach = 150;
    auto writer = [&](Store& store) {
        int won = 0;
        for (int i = 0; i < kEach; ++i) {
            const auto head = await(store.read_streams({{contested, 1 << 30}}, soon())).value();
            const auto verdict = await(store.append(AppendBuilder().write(contested, head[0].version), soon()));
            if (!verdict) ADD_FAILURE();
            won += is_appended(verdict) ? 1 : 0;
            EXPECT_TRUE(is_appended(await(store.append(AppendBuilder().write(next_uuid(), 0), soon()))));
        }
        return won;
    };
    int won_by_one = 0;
    std::thread other([&] { won_by_one = writer(one); });
    const int won_by_two = writer(two);
    other.join();
    const int won = won_by_one + won_by_two;
    EXPECT_GE(won, kEach);
    EXPECT_EQ(await(one.read_streams({{contested, 1 << 30}}, soon())).value()[0].version, won);
    EXPECT_EQ(own.execute("select max(position) = count(*) and count(*) = " + std::to_string(won + 2 * kEach) +
                          " from keyledger.events"),
              "t");
    EXPECT_EQ(own.execute("select count(*) from (select stream_id from keyledger.events group by stream_id"
                          " having max(version) <> count(*)) as broken"),
              "0");
}

TEST_F(CommitterTest, HearsOfAppendsOfOthers) {
    PostgresStore listener(settings_of(database().service_url()), fixed_now);
    std::mutex mutex;
    std::condition_variable changed;
    Position heard = 0;
    listener.on_appended([&](Position position) {
        const std::lock_guard lock(mutex);
        heard = std::max(heard, position);
        changed.notify_all();
    });
    const auto own = await(listener.append(AppendBuilder().write(next_uuid(), 0), soon()));
    auto wait_for = [&](Position position) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(30), [&] { return heard >= position; });
    };
    EXPECT_TRUE(wait_for(std::get<Appended>(*own).first_position));
    PostgresStore other(settings_of(database().service_url()), fixed_now);
    const auto theirs = await(other.append(AppendBuilder().write(next_uuid(), 0, 3), soon()));
    EXPECT_TRUE(wait_for(std::get<Appended>(*theirs).first_position + 2));
}

// ---- reads ------------------------------------------------------------------------------------------------
TEST_F(CommitterTest, BoundsTheTimeOfAReadAndTheQueueBehindIt) {
    auto settings = settings_of(database().service_url());
    settings.reads.threads = 1;
    settings.reads.max_waiting = 2;
    settings.reads.statement_timeout = std::chrono::milliseconds(300);
    PostgresStore store(settings, fixed_now);
    ASSERT_TRUE(await(store.read_log(1, 1, soon())).has_value());
    RawWriter blocker(database().owner_url());
    blocker.run("begin");
    blocker.run("lock table keyledger.streams in access exclusive mode");
    std::vector<Store::Answer<std::vector<StreamSlice>>> reads;
    for (int i = 0; i < 6; ++i) reads.push_back(store.read_streams({{next_uuid(), 0}}, soon()));
    int late = 0;
    int refused = 0;
    for (const auto& read : await_all(std::move(reads))) {
        ASSERT_FALSE(read.has_value());
        (read.error() == StoreError::kDeadline ? late : refused) += 1;
        EXPECT_TRUE(read.error() == StoreError::kDeadline || read.error() == StoreError::kUnavailable);
    }
    EXPECT_GE(late, 1);
    EXPECT_GE(refused, 3);
    blocker.run("rollback");
    EXPECT_TRUE(await(store.read_streams({{next_uuid(), 0}}, soon())).has_value());
}

// Settings of the database that would break a writer or a reader are overruled by their sessions.
TEST_F(CommitterTest, WorksUnderHostileDefaults) {
    Database own;
    const std::string name = own.execute("select current_database()");
    std::string all;
    for (const char* setting : {"statement_timeout = '1ms'", "default_transaction_isolation = 'serializable'",
                                "default_transaction_read_only = on", "synchronous_commit = off",
                                "bytea_output = 'escape'", "timezone = 'Asia/Kathmandu'", "datestyle = 'SQL, DMY'",
                                "enable_indexscan = off", "client_encoding = 'LATIN1'"})
        all += "alter database " + name + " set " + setting + ";";
    own.execute(all);
    PostgresStore store(settings_of(own.service_url()), fixed_now);
    const Uuid id = next_uuid();
    ASSERT_TRUE(is_appended(await(store.append(AppendBuilder().write(id, 0, 1, R"({"name":"Jürgen"})"), soon()))));
    const auto slice = await(store.read_streams({{id, 0}}, soon())).value()[0];
    ASSERT_EQ(slice.events.size(), 1U);
    EXPECT_EQ(slice.events[0].payload, R"({"name":"Jürgen"})");
    EXPECT_EQ(slice.events[0].recorded_at, fixed_now());
    EXPECT_EQ(await(store.head(soon())).value().cursor.leaf_hash, slice.events[0].leaf_hash);
}
