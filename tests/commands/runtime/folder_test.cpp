#include "commands/runtime/folder.hpp"
#include "domain/access/assignments.hpp"
#include "domain/sessions/session.hpp"

#include "commands/access/roles.hpp"
#include "eventstore/codec/jcs.hpp"
#include "tests/commands/runtime/fixture.hpp"
#include "tests/support/world/appends.hpp"

namespace keyledger::commands {
namespace {

using test::kAnnsEmail;
using test::run;

class FolderTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(other, kAnnsEmail, "ann");
        grant_ = world.log_in(other, kAnnsEmail);
        for (int i = 0; i < 9; ++i) grant_ = world.refresh(other, grant_);
    }
    template <class Aggregate>
    Result<std::vector<Fold>, eventstore::StoreError> load(const test::TestId& id, Freshness freshness) {
        Streams streams;
        streams.read<Aggregate>(id);
        return run(node.executor.folder().load(streams.loads(), freshness, Deadline::max()));
    }

    UserId ann_;
    Grant grant_;
};

TEST_F(FolderTest, ReadsAStreamOnceAndThenOnFromWhereItStands) {
    ASSERT_TRUE(load<Session>(grant_.session_id, Freshness::kCached));
    ASSERT_TRUE(load<Session>(grant_.session_id, Freshness::kCached));
    EXPECT_EQ(stepped.calls["read_streams"], 1);
    world.refresh(other, grant_);
    auto stale = load<Session>(grant_.session_id, Freshness::kCached);
    EXPECT_EQ(stale->front().version, 10);
    auto fresh = load<Session>(grant_.session_id, Freshness::kAtHead);
    EXPECT_EQ(fresh->front().version, 11);
    EXPECT_EQ(state_of<Session>(fresh->front()).generation, 11);
    EXPECT_EQ(load<Session>(grant_.session_id, Freshness::kCached)->front().version, 11);
}

TEST_F(FolderTest, FoldsNothingIntoTheEmptyState) {
    auto folds = load<Session>(test::uuid(0xFF), Freshness::kAtHead);
    ASSERT_TRUE(folds);
    EXPECT_EQ(folds->front().version, 0);
    EXPECT_EQ(state_of<Session>(folds->front()).status, Session::Status::kAbsent);
    EXPECT_FALSE(node.cache.find(test::uuid(0xFF))) << "that something is not there must be asked again";
}

TEST_F(FolderTest, RemembersThatThereAreNoDefaultRoles) {
    const AssignmentsId defaults = assignments_of(kEveryone);
    ASSERT_TRUE(load<Assignments>(defaults, Freshness::kCached));
    ASSERT_TRUE(load<Assignments>(defaults, Freshness::kCached));
    EXPECT_EQ(stepped.calls["read_streams"], 1) << "asked for by most commands";
    world.create_administrator(other, "root@example.com");
    const Grant roots = world.log_in(other, "root@example.com");
    RoleDefinition viewer{"viewer", {"todos:read"}};
    const auto asks = [&] { return test::caller_of(roots); };
    const auto role = run(define_role(other.services, test::bearer_of(roots), viewer, asks()));
    const Subject everyone = Subject::group(kEveryone);
    ASSERT_TRUE(run(assign_role(other.services, test::bearer_of(roots), everyone, role->id, asks())));
    EXPECT_EQ(load<Assignments>(defaults, Freshness::kCached)->front().version, 0);
    EXPECT_EQ(load<Assignments>(defaults, Freshness::kAtHead)->front().version, 1);
    EXPECT_EQ(load<Assignments>(defaults, Freshness::kCached)->front().version, 1);
}

TEST_F(FolderTest, ReadsOnWhereTheStoreGivesAStreamInParts) {
    for (std::size_t part_size : {1u, 3u, 10u, 11u}) {
        node.cache.drop(grant_.session_id);
        stepped.part_size = part_size;
        auto folds = load<Session>(grant_.session_id, Freshness::kCached);
        ASSERT_TRUE(folds);
        EXPECT_EQ(folds->front().version, 10) << part_size;
        EXPECT_EQ(state_of<Session>(folds->front()).generation, 10) << part_size;
    }
}

// A store that names a version and does not give its events is broken; nothing is answered from it.
TEST_F(FolderTest, StopsWhereAStreamEndsBeforeItsVersion) {
    struct Forgetful : test::SteppedStore {
        using SteppedStore::SteppedStore;
        Answer<std::vector<eventstore::StreamSlice>> read_streams(std::vector<eventstore::StreamFrom> streams,
                                                                  eventstore::Deadline deadline) override {
            auto slices = co_await SteppedStore::read_streams(std::move(streams), deadline);
            for (auto& slice : *slices) slice.events.clear();
            co_return slices;
        }
    } forgetful(store);
    test::Node reader(world, forgetful);
    Streams streams;
    streams.read<Session>(grant_.session_id);
    EXPECT_THROW(run(reader.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max())),
                 eventstore::CodecError);
}

// Another history was restored under this process: what it remembers is of the lost one.
TEST_F(FolderTest, DropsWhatIsAheadOfTheLog) {
    ASSERT_TRUE(load<Session>(grant_.session_id, Freshness::kCached));
    Fold ahead = *node.cache.find(grant_.session_id);
    ahead.version += 5;
    node.cache.put(grant_.session_id, ahead);
    auto answer = load<Session>(grant_.session_id, Freshness::kAtHead);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), eventstore::StoreError::kUnavailable);
    EXPECT_TRUE(load<Session>(grant_.session_id, Freshness::kAtHead));
}

// The id of a user in place of a session's: as a session the stream is empty, but it stands where it stands.
TEST_F(FolderTest, FoldsAStreamOfAnotherAggregateIntoTheEmptyState) {
    for (bool known : {false, true}) {
        if (known) {
            ASSERT_TRUE(load<User>(ann_, Freshness::kAtHead));
        }
        for (auto freshness : {Freshness::kCached, Freshness::kAtHead}) {
            auto folds = load<Session>(ann_, freshness);
            ASSERT_TRUE(folds);
            EXPECT_EQ(folds->front().version, 2);
            EXPECT_EQ(state_of<Session>(folds->front()).status, Session::Status::kAbsent);
        }
        auto folds = load<User>(ann_, Freshness::kAtHead);
        EXPECT_EQ(state_of<User>(folds->front()).status, User::Status::kActive);
    }
}

// Nor is more of it read than the event that says so: somebody else has in hand how many there are.
TEST_F(FolderTest, ReadsOneEventOfAStreamOfAnotherAggregate) {
    struct Counting : test::SteppedStore {
        using SteppedStore::SteppedStore;
        Answer<std::vector<eventstore::StreamSlice>> read_streams(std::vector<eventstore::StreamFrom> streams,
                                                                  eventstore::Deadline deadline) override {
            auto slices = co_await SteppedStore::read_streams(std::move(streams), deadline);
            for (auto& slice : *slices) events += slice.events.size();
            co_return slices;
        }
        std::size_t events = 0;
    } counting(store);
    test::Node reader(world, counting);
    Streams streams;
    streams.read<ServiceAccount>(test::TestId(grant_.session_id));
    streams.read<Session>(test::TestId(ann_));
    streams.read<User>(test::TestId(grant_.session_id));
    ASSERT_TRUE(run(reader.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max())));
    EXPECT_EQ(counting.events, 3u) << "one of each";
    EXPECT_EQ(counting.calls["read_streams"], 1);
    EXPECT_EQ(counting.calls["read_subject_keys"], 0);
}

// Whoever has the service's role put records before a stream's first, and one among those of a user. They say nothing
// of what the streams are; what the service appended does, however far behind it stands.
TEST_F(FolderTest, TakesAStreamForWhatItsFirstBelievedEventIsOf) {
    struct Unbelieving : test::SteppedStore {
        using SteppedStore::SteppedStore;
        Answer<std::vector<eventstore::StreamSlice>> read_streams(std::vector<eventstore::StreamFrom> streams,
                                                                  eventstore::Deadline deadline) override {
            auto slices = co_await SteppedStore::read_streams(std::move(streams), deadline);
            for (auto& slice : *slices)
                for (auto& event : slice.events)
                    if (event.payload == kForged) event.trust = eventstore::RecordedEvent::Trust::kInert;
            co_return slices;
        }
        const std::string kForged = R"({"n":1})";
    } unbelieving(store);
    const auto forge = [&](const test::TestId& id, std::int32_t after, int count, const char* type) {
        const eventstore::Append append = test::AppendBuilder().write(id, after, count, unbelieving.kForged, type);
        ASSERT_TRUE(run(store.append(append, Deadline::max())));
    };
    const test::TestId squatted = assignments_of(ann_);
    forge(squatted, 0, 20, "user");
    forge(ann_, 2, 1, "session");
    for (int round = 0; round < 2; ++round) {
        test::Node reader(world, unbelieving);
        Streams streams;
        streams.read<Assignments>(squatted);
        streams.read<ServiceAccount>(squatted);
        streams.read<User>(ann_);
        streams.read<Session>(test::TestId(ann_));
        const auto folds = run(reader.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()));
        ASSERT_TRUE(folds);
        EXPECT_EQ(folds->at(0).version, 20 + round);
        EXPECT_EQ(state_of<Assignments>(folds->at(0)).roles.size(), static_cast<std::size_t>(round));
        EXPECT_FALSE(folds->at(0).is_foreign);
        EXPECT_EQ(folds->at(1).is_foreign, round == 1) << "until then it is nobody's";
        EXPECT_EQ(state_of<User>(folds->at(2)).status, User::Status::kActive);
        EXPECT_TRUE(folds->at(3).is_foreign);
        EXPECT_EQ(folds->at(3).version, 3);
        if (round == 1) break;
        Streams written;
        const auto assignments = written.read<Assignments>(squatted);
        const Step step = [&](Attempt& attempt) -> StepResult {
            attempt.append(assignments, {RoleAssigned{ann_, kAdministratorRole}});
            co_return Result<void, CommandError>{};
        };
        ASSERT_TRUE(run(reader.executor.run(test::caller(), written, step)));
    }
}

// More than a few events are folded where they keep no connection waiting, and a long page in parts.
TEST_F(FolderTest, GivesLongPagesToTheWorkers) {
    struct CountedWorkers : Workers {
        asio::awaitable<void> run(std::function<void()> work) override {
            ++runs;
            work();
            co_return;
        }
        int runs = 0;
    } workers;
    const auto load_cold = [&] {
        FoldCache cache;
        Folder folder(store, world.cipher, node.keys, cache, &workers);
        Streams streams;
        streams.read<Session>(grant_.session_id);
        return run(folder.load(streams.loads(), Freshness::kAtHead, Deadline::max()));
    };
    EXPECT_EQ(load_cold()->front().version, 10);
    EXPECT_EQ(workers.runs, 0);
    while (grant_.generation <= static_cast<std::int64_t>(kMaxFoldedInPlace)) grant_ = world.refresh(other, grant_);
    EXPECT_EQ(state_of<Session>(load_cold()->front()).generation, grant_.generation);
    EXPECT_EQ(workers.runs, 1);
}

TEST_F(FolderTest, ReadsAUserAsErasedOnceTheirKeyIsDestroyed) {
    const auto key = run(other.keys.find(ann_, Deadline::max()));
    eventstore::Append erasure;
    erasure.command_id.fill(9);
    const std::string nothing = R"({})";
    const auto last = world.events().front();
    erasure.writes.push_back({ann_, 2});
    erasure.events.push_back({"user", ann_, 3, "user.enabled", 1, test::uuid(0xEE), nothing, last.metadata});
    erasure.destroyed_keys.push_back({ann_, key->key->key_id});
    auto erased = run(store.append(erasure, Deadline::max()));
    ASSERT_TRUE(erased && std::holds_alternative<eventstore::Appended>(*erased));
    auto folds = load<User>(ann_, Freshness::kAtHead);
    ASSERT_TRUE(folds);
    EXPECT_EQ(folds->front().version, 3);
    EXPECT_FALSE(state_of<User>(folds->front()).email);
    EXPECT_EQ(state_of<User>(folds->front()).status, User::Status::kActive);
}

TEST(Advance, RefusesAHoleAndAnotherAggregatesEvent) {
    const Fold empty = empty_fold<User>();
    const auto of_a_user = eventstore::any_event<User>(UserEnabled{});
    const auto of_a_session = eventstore::any_event<Session>(SessionEnded{});
    EXPECT_THROW(advance(empty, *of_a_user, 2, {}), eventstore::CodecError);
    EXPECT_THROW(advance(empty, *of_a_session, 1, {}), eventstore::CodecError);
    EXPECT_EQ(advance(empty, *of_a_user, 1, {}).version, 1);
}

}  // namespace
}  // namespace keyledger::commands
