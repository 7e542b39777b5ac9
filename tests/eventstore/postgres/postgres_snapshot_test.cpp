// Snapshots when somebody has changed the database under them.
#include <gtest/gtest.h>

#include <thread>

#include "eventstore/postgres/store/postgres_store.hpp"
#include "eventstore/postgres/upkeep/housekeeping.hpp"
#include "tests/support/await.hpp"
#include "tests/support/postgres/event_macs.hpp"
#include "tests/support/postgres/postgres.hpp"
#include "tests/support/world/appends.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::eventstore::postgres;
using namespace keyledger::test;

namespace {

class PostgresSnapshot : public testing::Test {
protected:
    PostgresSnapshot() {
        const Append append = AppendBuilder().write(id, 0, 5);
        await(store.append(append, soon())).value();
        store.keep_snapshot({id, 3, append.events[2].event_id, "session.1", "sealed"});
        const auto end = soon();
        while (!read().snapshot && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    }
    StreamSlice read() {
        std::vector<StreamFrom> from;
        from.push_back({id, 0, "session.1"});
        return await(store.read_streams(std::move(from), soon())).value().at(0);
    }

    Database database;
    PostgresStore store{{.url = database.service_url(), .authenticity = test::authenticity()},
                        [] { return Instant::at_ms(1'750'000'000'123); }};
    const Uuid id = next_uuid();
};

}  // namespace

TEST_F(PostgresSnapshot, IsDroppedWhenItsEventHasAnotherHash) {
    ASSERT_TRUE(read().snapshot);
    database.execute("update keyledger.events set leaf_hash = decode(repeat('00', 32), 'hex') where version = 3");
    EXPECT_FALSE(read().snapshot);
    EXPECT_EQ(read().events.size(), 5u);
}

TEST_F(PostgresSnapshot, IsDroppedWhenItsEventIsGone) {
    ASSERT_TRUE(read().snapshot);
    database.execute("delete from keyledger.events where version >= 3");
    EXPECT_FALSE(read().snapshot);
    EXPECT_EQ(read().events.size(), 2u);
}

TEST_F(PostgresSnapshot, IsPrunedWithAge) {
    ASSERT_TRUE(read().snapshot);
    EXPECT_EQ(prune_snapshots(database.service_url(), {}, 10).value(), 0);
    const Instant tomorrow =
        Instant::at_ms(std::stoll(database.execute("select (extract(epoch from now()) * 1000)::bigint"))) + days(1);
    EXPECT_EQ(prune_snapshots(database.service_url(), tomorrow, 10).value(), 1);
    EXPECT_FALSE(read().snapshot);
}

TEST_F(PostgresSnapshot, IsPrunedWithAgeOfNothingThatHasNoEnd) {
    const Uuid user = next_uuid();
    const Append append = AppendBuilder().write(user, 0, 2);
    await(store.append(append, soon())).value();
    const auto is_kept = [&] { return database.execute("select fold from keyledger.snapshots") != ""; };
    database.execute("delete from keyledger.snapshots");
    store.keep_snapshot({user, 2, append.events[1].event_id, "user.1", "sealed"});
    const auto end = soon();
    while (!is_kept() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    EXPECT_EQ(prune_snapshots(database.service_url(), Instant::at_ms(4'000'000'000'000), 10).value(), 0);
    EXPECT_TRUE(is_kept());
}

TEST_F(PostgresSnapshot, IsDroppedWithTheKeyOfWhomItTellsOf) {
    const Uuid key = next_uuid();
    const Append with_key = AppendBuilder().write(next_uuid(), 0).new_key(id, key);
    await(store.append(with_key, soon())).value();
    EXPECT_EQ(drop_snapshots_of_the_erased(database.service_url(), {}).value(), 0);
    database.execute("update keyledger.snapshots set kept_at = '2020-01-01'");
    const Append erasure = AppendBuilder().write(id, 5).destroy_key(id, key);
    await(store.append(erasure, soon())).value();
    EXPECT_EQ(drop_snapshots_of_the_erased(database.service_url(), Instant::at_ms(1'750'000'001'000)).value(), 0)
        << "of later";
    EXPECT_TRUE(read().snapshot);
    EXPECT_EQ(drop_snapshots_of_the_erased(database.service_url(), Instant::at_ms(1'750'000'000'000)).value(), 1);
    EXPECT_FALSE(read().snapshot);
}

TEST(DestroyedSubjects, AreThoseWhoseKeysDiedLately) {
    Database database;
    PostgresStore store({.url = database.service_url(), .authenticity = test::authenticity()},
                        [] { return Instant::at_ms(1'750'000'000'123); });
    const UserId ann = next_uuid();
    const UserId bob = next_uuid();
    const Uuid anns_key = next_uuid();
    const Append keys = AppendBuilder().write(ann, 0).new_key(ann, anns_key).new_key(bob, next_uuid());
    await(store.append(keys, soon())).value();
    const Append erasure = AppendBuilder().write(ann, 1).destroy_key(ann, anns_key);
    await(store.append(erasure, soon())).value();
    const auto since = [&](Instant at) { return destroyed_subjects(database.service_url(), at).value(); };
    EXPECT_EQ(since(Instant::at_ms(1'750'000'000'000)), std::vector<Uuid>{ann});
    EXPECT_EQ(since(Instant::at_ms(1'750'000'001'000)), std::vector<Uuid>{});
}
