#include "eventstore/postgres/nodes/leadership.hpp"

#include <gtest/gtest.h>

#include "tests/support/postgres/postgres.hpp"

namespace keyledger::test {
namespace {

using namespace eventstore;
using postgres::LeaderSession;

Cursor cursor(Position position) {
    Cursor made;
    made.position = position;
    made.leaf_hash.fill(static_cast<std::uint8_t>(position));
    return made;
}

// As when the network cuts it, or the server ends it. Returns when they are gone, and their locks with them.
void cut_other_sessions(const Database& database) {
    database.execute("select pg_terminate_backend(pid, 60000) from pg_stat_activity"
                     " where datname = current_database() and pid <> pg_backend_pid()");
}

TEST(LeaderSession, LetsOneLead) {
    Database database;
    LeaderSession one(database.service_url(), "publisher");
    LeaderSession other(database.service_url(), "publisher");
    LeaderSession another_job(database.service_url(), "witness");
    EXPECT_FALSE(one.still_held());
    EXPECT_EQ(one.try_acquire(), Candidacy::kLeading);
    EXPECT_EQ(one.try_acquire(), Candidacy::kLeading);
    EXPECT_EQ(other.try_acquire(), Candidacy::kOtherLeads);
    EXPECT_EQ(another_job.try_acquire(), Candidacy::kLeading);
    EXPECT_TRUE(one.still_held());
    EXPECT_FALSE(other.still_held());
    one.release();
    EXPECT_FALSE(one.still_held());
    EXPECT_EQ(other.try_acquire(), Candidacy::kLeading);
}

TEST(LeaderSession, LosesWhatItHeldWithItsSessionAndNeverReconnectsBehindTheLock) {
    Database database;
    LeaderSession one(database.service_url(), "publisher");
    LeaderSession other(database.service_url(), "publisher");
    ASSERT_EQ(one.try_acquire(), Candidacy::kLeading);
    ASSERT_TRUE(one.store(cursor(3)));
    cut_other_sessions(database);
    ASSERT_EQ(other.try_acquire(), Candidacy::kLeading);
    EXPECT_FALSE(one.still_held());
    EXPECT_FALSE(one.store(cursor(9)));
    EXPECT_FALSE(one.load());
    EXPECT_FALSE(one.first_events({Uuid{}}));
    EXPECT_EQ(other.load().value(), cursor(3));
    EXPECT_EQ(one.try_acquire(), Candidacy::kOtherLeads);
}

TEST(LeaderSession, SaysWhenNobodyCanTell) {
    LeaderSession nowhere("postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2", "publisher");
    EXPECT_EQ(nowhere.try_acquire(), Candidacy::kUnavailable);
    EXPECT_FALSE(nowhere.still_held());
    nowhere.release();
}

TEST(LeaderSession, KeepsACursorThatNeverMovesBack) {
    Database database;
    LeaderSession session(database.service_url(), "publisher");
    ASSERT_EQ(session.try_acquire(), Candidacy::kLeading);
    EXPECT_EQ(session.load().value(), Cursor{});
    for (const Position position : {Position{5}, Position{7}, Position{6}})
        ASSERT_TRUE(session.store(cursor(position)));
    EXPECT_EQ(session.load().value(), cursor(7));
    LeaderSession another_job(database.service_url(), "witness");
    ASSERT_EQ(another_job.try_acquire(), Candidacy::kLeading);
    EXPECT_EQ(another_job.load().value(), Cursor{});
}

}  // namespace
}  // namespace keyledger::test
