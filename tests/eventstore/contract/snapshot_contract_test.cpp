// What every store keeps of snapshots, and when it does not give one out.
#include <thread>

#include "tests/eventstore/contract/store_fixture.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;
using namespace keyledger::test;

namespace {

class SnapshotContract : public StoreContract {
protected:
    SnapshotContract() {
        accepted(AppendBuilder().write(id_, 0, 5));
        events_ = stream(id_).events;
    }
    Snapshot snapshot_at(std::int32_t version, std::string sealed, std::string fold = "session.1") {
        return {id_, version, events_.at(static_cast<std::size_t>(version) - 1).event_id, std::move(fold),
                std::move(sealed)};
    }
    StreamSlice read(std::string fold = "session.1", std::int32_t after = 0) {
        std::vector<StreamFrom> from;
        from.push_back({id_, after, std::move(fold)});
        return await(store().read_streams(std::move(from), soon())).value().at(0);
    }
    // It is kept in the background.
    void keep(const Snapshot& snapshot) {
        store().keep_snapshot(snapshot);
        const auto end = soon();
        while (std::chrono::steady_clock::now() < end) {
            const auto slice = read(snapshot.fold);
            if (slice.snapshot && slice.snapshot->sealed == snapshot.sealed) return;
            std::this_thread::yield();
        }
        ADD_FAILURE() << "it was not kept";
    }

    const Uuid id_ = next_uuid();
    std::vector<RecordedEvent> events_;
};
// Where several readers keep snapshots, one that was asked for first may be kept last.
INSTANTIATE_TEST_SUITE_P(Stores, SnapshotContract, testing::ValuesIn(stores_that_keep_in_order()),
                         [](const auto& info) { return info.param.name; });

}  // namespace

TEST_P(SnapshotContract, StandsForTheEventsBeforeIt) {
    const auto sealed = std::string(1, '\0') + " bytes \xFF of any kind";
    keep(snapshot_at(3, sealed));
    const auto slice = read();
    ASSERT_TRUE(slice.snapshot);
    EXPECT_EQ(slice.snapshot->version, 3);
    EXPECT_EQ(slice.snapshot->event_id, events_[2].event_id);
    EXPECT_EQ(slice.snapshot->sealed, sealed);
    EXPECT_EQ(slice.version, 5);
    ASSERT_EQ(slice.events.size(), 2u);
    EXPECT_EQ(slice.events.front().version, 4);
}

TEST_P(SnapshotContract, MayBeOfTheLastEvent) {
    keep(snapshot_at(5, "all"));
    const auto slice = read();
    ASSERT_TRUE(slice.snapshot);
    EXPECT_EQ(slice.snapshot->sealed, "all");
    EXPECT_TRUE(slice.events.empty());
}

TEST_P(SnapshotContract, IsGivenToItsOwnFoldOnly) {
    keep(snapshot_at(3, "three"));
    for (const char* fold : {"session.2", "", "session"}) {
        const auto slice = read(fold);
        EXPECT_FALSE(slice.snapshot) << fold;
        EXPECT_EQ(slice.events.size(), 5u) << fold;
    }
}

// Whoever asks for none would take it for what the log says.
TEST_P(SnapshotContract, IsGivenToNobodyUnderNoName) {
    store().keep_snapshot(snapshot_at(3, "planted", ""));
    for (const std::int32_t after : {0, 1}) {
        const auto slice = read("", after);
        EXPECT_FALSE(slice.snapshot);
        EXPECT_EQ(slice.events.size(), static_cast<std::size_t>(5 - after));
    }
}

TEST_P(SnapshotContract, IsNotGivenToWhoeverIsAsFar) {
    keep(snapshot_at(3, "three"));
    for (const std::int32_t after : {3, 4}) {
        const auto slice = read("session.1", after);
        EXPECT_FALSE(slice.snapshot);
        EXPECT_EQ(slice.events.size(), static_cast<std::size_t>(5 - after));
    }
}

TEST_P(SnapshotContract, GivesWayToANewerOneAndToOneOfAnotherFold) {
    keep(snapshot_at(3, "three"));
    keep(snapshot_at(5, "five"));
    store().keep_snapshot(snapshot_at(4, "older"));
    keep(snapshot_at(5, "again"));  // queued behind it
    EXPECT_EQ(read().snapshot->sealed, "again");
    keep(snapshot_at(2, "of the new fold", "session.2"));
    EXPECT_FALSE(read("session.1").snapshot);
}

// One that nobody can open any more, its key being gone, must not be in the way of those that can be opened.
TEST_P(SnapshotContract, GivesWayToAnOlderOneThatReplacesIt) {
    keep(snapshot_at(5, "useless"));
    Snapshot older = snapshot_at(2, "good");
    older.replaces = 4;
    store().keep_snapshot(older);
    older.sealed = "better";
    older.replaces = 5;
    keep(older);
    EXPECT_EQ(read().snapshot->version, 2);
}

// Its seal says of what it is; the first record may be anybody's.
TEST_P(SnapshotContract, IsGivenWhateverTypeTheFirstRecordHas) {
    keep(snapshot_at(3, "three", "session.1"));
    std::vector<StreamFrom> from;
    from.push_back({id_, 0, "session.1", "session"});
    const auto slice = await(store().read_streams(from, soon())).value().at(0);
    ASSERT_TRUE(slice.snapshot);
    EXPECT_EQ(slice.snapshot->version, 3);
    EXPECT_EQ(slice.events.size(), 2U);
}

TEST_P(SnapshotContract, IsNotKeptOfWhatTheLogDoesNotHold) {
    Snapshot other = snapshot_at(4, "of another history");
    other.event_id = next_uuid();
    store().keep_snapshot(other);
    Snapshot beyond = snapshot_at(4, "of what is to come");
    beyond.version = 6;
    store().keep_snapshot(beyond);
    Snapshot too_large = snapshot_at(5, std::string(kMaxSnapshotBytes + 1, 'x'));
    store().keep_snapshot(too_large);
    keep(snapshot_at(1, "good"));
    EXPECT_EQ(read().snapshot->version, 1);
}
