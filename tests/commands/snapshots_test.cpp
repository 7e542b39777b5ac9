// A session that is refreshed for weeks, and a process that meets it for the first time.
#include "commands/snapshots.hpp"

#include <thread>

#include "eventstore/codec/states_codec.hpp"
#include "tests/commands/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::kAnnsEmail;
using test::run;

// Hands on what it is asked, and counts the events that it gave.
class CountingStore : public test::SteppedStore {
public:
    using test::SteppedStore::SteppedStore;
    Answer<std::vector<eventstore::StreamSlice>> read_streams(std::vector<eventstore::StreamFrom> streams,
                                                              eventstore::Deadline deadline) override {
        auto slices = co_await test::SteppedStore::read_streams(std::move(streams), deadline);
        if (edit && slices) edit(*slices);
        for (const auto& slice : *slices) events_read += slice.events.size();
        co_return slices;
    }
    void keep_snapshot(eventstore::Snapshot snapshot) override {
        if (!losing_snapshots) test::SteppedStore::keep_snapshot(std::move(snapshot));
    }
    std::size_t events_read = 0;
    bool losing_snapshots = false;
    std::function<void(std::vector<eventstore::StreamSlice>&)> edit;
};

class SnapshotsTest : public test::CommandTest {
protected:
    void SetUp() override {
        world.register_user(node, kAnnsEmail);
        grant = world.log_in(node, kAnnsEmail);
    }
    void refresh_up_to(std::int32_t version) {
        for (std::int32_t at = static_cast<std::int32_t>(grant.generation); at < version; ++at)
            grant = world.refresh(node, grant);
    }
    bool has_snapshot(std::int32_t version) {
        std::vector<eventstore::StreamFrom> from;
        from.push_back({grant.session_id, 0, fold_name_of(*empty_fold<Session>().state)});
        const auto slices = run(store.read_streams(std::move(from), Deadline::max())).value();
        return slices[0].snapshot && slices[0].snapshot->version == version;
    }
    // It is kept behind the answer.
    void wait_for_snapshot(std::int32_t version) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!has_snapshot(version)) {
            ASSERT_LT(std::chrono::steady_clock::now(), end) << "no snapshot of version " << version;
            std::this_thread::yield();
        }
    }
    // On a process that remembers nothing.
    Fold load_cold() {
        test::Node fresh(world, counting);
        Streams streams;
        streams.read<Session>(grant.session_id);
        auto folds = run(fresh.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        return folds.value().front();
    }

    CountingStore counting{store};
    Grant grant;
};

TEST_F(SnapshotsTest, SpareAColdLoadTheBeginningOfALongStream) {
    refresh_up_to(2 * kSnapshotEvery);
    wait_for_snapshot(2 * kSnapshotEvery);
    refresh_up_to(2 * kSnapshotEvery + 7);
    const Fold fold = load_cold();
    EXPECT_EQ(counting.events_read, 7u);
    EXPECT_EQ(fold.version, 2 * kSnapshotEvery + 7);
    const Session& session = state_of<Session>(fold);
    const Session remembered = state_of<Session>(*node.cache.find(grant.session_id));
    EXPECT_EQ(eventstore::encode_state(session), eventstore::encode_state(remembered));
}

// Those that were kept on the way were lost.
TEST_F(SnapshotsTest, AreKeptByAColdLoadToo) {
    refresh_up_to(kSnapshotEvery - 1);
    counting.losing_snapshots = true;
    test::Node forgetful(world, counting);
    for (int i = 0; i < 20; ++i) grant = world.refresh(forgetful, grant);
    EXPECT_FALSE(has_snapshot(kSnapshotEvery));
    counting.losing_snapshots = false;
    load_cold();
    wait_for_snapshot(kSnapshotEvery + 19);
}

TEST_F(SnapshotsTest, AreLeftOutWhenTheyWereChanged) {
    refresh_up_to(kSnapshotEvery);
    wait_for_snapshot(kSnapshotEvery);
    counting.edit = [](std::vector<eventstore::StreamSlice>& slices) {
        if (slices[0].snapshot) slices[0].snapshot->sealed.back() ^= 1;
    };
    const Fold fold = load_cold();
    EXPECT_EQ(fold.version, kSnapshotEvery);
    EXPECT_EQ(counting.events_read, static_cast<std::size_t>(kSnapshotEvery)) << "from the start";
    EXPECT_EQ(state_of<Session>(fold).generation, kSnapshotEvery);
}

TEST_F(SnapshotsTest, OfAnotherPlaceAreLeftOut) {
    refresh_up_to(kSnapshotEvery);
    wait_for_snapshot(kSnapshotEvery);
    counting.edit = [](std::vector<eventstore::StreamSlice>& slices) {
        if (slices[0].snapshot) slices[0].snapshot->version -= 1;  // as if it had been of the event before
    };
    EXPECT_EQ(load_cold().version, kSnapshotEvery);
    EXPECT_EQ(counting.events_read, static_cast<std::size_t>(kSnapshotEvery));
}

TEST(FoldNames, AreOfAggregatesThatHoldNothingPersonal) {
    EXPECT_EQ(fold_name_of(AnyState(Session{})), "session.1");
    EXPECT_EQ(fold_name_of(AnyState(LoginAttempts{})), "login_attempts.1");
    EXPECT_EQ(fold_name_of(AnyState(User{})), "");
}

// Whoever changes what `evolve` makes of these events raises Session::kFold, and then this text: or else a process
// would go on from what another fold has made.
TEST(FoldNames, StandForWhatTheFoldMakes) {
    const Uuid id = test::uuid(1);
    Session session;
    const SessionStarted started{id, "shop", {"https://shop.example"}, 2, "laptop", 9000};
    session = evolve(session, SessionEvent(started), {10, 1000});
    session = evolve(session, SessionEvent(SessionRefreshed{2, "phone"}), {11, 2000});
    session = evolve(session, SessionEvent(SessionRefreshRefused{7}), {12, 3000});
    EXPECT_EQ(std::to_string(Session::kFold) + ' ' + eventstore::encode_state(session),
              R"(1 {"audiences":["https://shop.example"],"client_id":"shop","device":"phone","expires_at_ms":9000,)"
              R"("first_position":10,"generation":2,"refreshed_at_ms":2000,"security_stamp":2,"started_at_ms":1000,)"
              R"("status":"live","user_id":"00000000-0000-7000-8000-000000000001"})");
    Session again;
    eventstore::decode_state(eventstore::encode_state(session), again);
    EXPECT_EQ(eventstore::encode_state(again), eventstore::encode_state(session));
    LoginAttempts attempts;
    attempts = evolve(attempts, LoginAttemptsEvent(LoginFailed{id, LoginFailure::kWrongPassword}), {10, 1000});
    EXPECT_EQ(std::to_string(LoginAttempts::kFold) + ' ' + eventstore::encode_state(attempts),
              R"(1 {"failures_in_a_row":1,"last_failed_at_ms":1000})");
}

}  // namespace
}  // namespace keyledger::commands
