// Following a log that somebody tampered with, or another log: the reader stops and says why (I1).
#include "eventstore/postgres/store/postgres_log_source.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include "eventstore/leaf.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/postgres/raw_writer.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::test;

namespace {

struct LogSourceTest : testing::Test {
    Database own;
    PostgresLogSource source{own.service_url(), authenticity()};

    void append(int events) { RawWriter(own.service_url()).append({AppendBuilder().write(next_uuid(), 0, events)}); }
    static Cursor cursor_at(const RecordedEvent& event) { return {event.position, event.leaf_hash}; }
};

}  // namespace

TEST_F(LogSourceTest, StopsAtAHole) {
    append(5);
    own.execute("delete from keyledger.events where position = 3");
    const auto first = source.read_after({}, 2).value();
    ASSERT_EQ(first.size(), 2U);
    EXPECT_EQ(source.read_after(cursor_at(first[1]), 10).error(), ReadError::kHole);
    EXPECT_EQ(PostgresLogSource(own.service_url(), authenticity()).read_after({}, 10).error(), ReadError::kHole);
}

TEST_F(LogSourceTest, StopsAtAHoleAtTheStart) {
    append(2);
    own.execute("delete from keyledger.events where position = 1");
    EXPECT_EQ(source.read_after({}, 10).error(), ReadError::kHole);
}

// The database was restored and grew again: positions repeat, leaf hashes do not.
TEST_F(LogSourceTest, DoesNotFollowAnotherHistory) {
    append(3);
    const auto events = source.read_after({}, 10).value();
    own.execute("update keyledger.events set leaf_hash = sha256('another') where position = 3");
    const Cursor cursor = cursor_at(events[2]);
    EXPECT_EQ(PostgresLogSource(own.service_url(), authenticity()).read_after(cursor, 10).error(),
              ReadError::kCursorUnknown);
    own.execute("delete from keyledger.events where position = 3");
    EXPECT_EQ(PostgresLogSource(own.service_url(), authenticity()).read_after(cursor, 10).error(),
              ReadError::kCursorUnknown);
}

TEST_F(LogSourceTest, ReadsOnAfterItsConnectionWasCut) {
    append(2);
    const auto events = source.read_after({}, 10).value();
    own.execute("select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()");
    append(1);
    source.wait(std::chrono::milliseconds(1));
    EXPECT_EQ(source.read_after(cursor_at(events[1]), 10).value().size(), 1U);
}

// A standby that lacked the newest events was promoted: the next connection leads to it, and what it holds behind the
// cursor does not follow on what was read.
TEST_F(LogSourceTest, LooksAgainAtItsCursorOnANewConnection) {
    append(3);
    const Cursor cursor = cursor_at(source.read_after({}, 10).value()[2]);
    EXPECT_TRUE(source.read_after(cursor, 10).value().empty());
    own.execute("delete from keyledger.events where position = 3");
    own.execute("select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()");
    EXPECT_EQ(source.read_after(cursor, 10).error(), ReadError::kCursorUnknown);
    append(2);
    EXPECT_EQ(source.read_after(cursor, 10).error(), ReadError::kCursorUnknown);
}

TEST_F(LogSourceTest, SaysWhenTheServerIsAway) {
    PostgresLogSource nobody("postgresql://nobody@127.0.0.1:1/nothing");
    EXPECT_EQ(nobody.read_after({}, 10).error(), ReadError::kUnavailable);
    EXPECT_EQ(nobody.head().error(), ReadError::kUnavailable);
    nobody.interrupt();
    nobody.wait(std::chrono::hours(1));
}

// What the verifier will find: the hash of a changed event is no longer that of its bytes.
TEST_F(LogSourceTest, ReadsWhatWasHashedByteForByte) {
    const std::string payload =
        R"({"a":[1,0,-7,9007199254740991,true,null,{"y":[],"z":""}],"b":"\u0007 ü 😀 \" \\ /","cc":1})";
    RawWriter(own.service_url()).append({AppendBuilder().write(next_uuid(), 0, 1, payload)});
    auto event = source.read_after({}, 1).value().at(0);
    EXPECT_EQ(leaf_hash(event), event.leaf_hash);
    own.execute("update keyledger.events set payload_text = replace(payload_text, '1', '2')");
    event = PostgresLogSource(own.service_url(), authenticity()).read_after({}, 1).value().at(0);
    EXPECT_NE(leaf_hash(event), event.leaf_hash);
}

#ifndef KEYLEDGER_SANITIZED  // whose allocators count otherwise
// libpq keeps each notification until somebody takes it: who reads on and never waits grew by a gigabyte a day.
TEST_F(LogSourceTest, KeepsNothingOfTheNotificationsThatItDoesNotWaitFor) {
    ASSERT_TRUE(source.head());
    const auto allocated = [] { return mallinfo2().uordblks; };
    const auto notified = [&] {
        own.execute("select pg_notify('keyledger_log', n::text) from generate_series(1, 20000) n");
        for (int reads = 0; reads < 3; ++reads) EXPECT_TRUE(source.head());
    };
    notified();  // what is kept for the next time is there from here on
    const auto before = allocated();
    for (int times = 0; times < 5; ++times) notified();
    EXPECT_LT(allocated(), before + 1024 * 1024) << "100,000 notifications of some 70 bytes";
}
#endif

// What was heard while it read ends the next wait, for it may be of what was appended behind what was read.
TEST_F(LogSourceTest, RemembersWhatItHeardWhileItRead) {
    using Clock = std::chrono::steady_clock;
    ASSERT_TRUE(source.head());
    append(1);
    ASSERT_EQ(source.read_after({}, 10).value().size(), 1U);
    auto started = Clock::now();
    source.wait(std::chrono::minutes(1));
    EXPECT_LT(Clock::now() - started, std::chrono::seconds(30));
    started = Clock::now();
    source.wait(std::chrono::milliseconds(50));
    EXPECT_GE(Clock::now() - started, std::chrono::milliseconds(50)) << "once";
}

// Whoever shares its process with a committer need not be woken twice by each append.
TEST_F(LogSourceTest, WokenByHintsAloneItHearsNoNotification) {
    using Clock = std::chrono::steady_clock;
    PostgresLogSource deaf(own.service_url(), authenticity(), PostgresLogSource::kPatience, WokenBy::kHintsAlone);
    ASSERT_TRUE(source.read_after({}, 10) && deaf.read_after({}, 10));  // both have a session
    append(1);
    const auto started = Clock::now();
    source.wait(std::chrono::minutes(1));
    EXPECT_LT(Clock::now() - started, std::chrono::seconds(30));
    const auto deaf_since = Clock::now();
    deaf.wait(std::chrono::milliseconds(50));
    EXPECT_GE(Clock::now() - deaf_since, std::chrono::milliseconds(50));
    EXPECT_EQ(deaf.read_after({}, 10).value().size(), 1U);
    deaf.hint();
    deaf.wait(std::chrono::minutes(1));
    EXPECT_LT(Clock::now() - deaf_since, std::chrono::seconds(30));
}
