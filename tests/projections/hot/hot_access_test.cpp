#include "projections/hot/hot_access.hpp"
#include "eventstore/codec/events_codec.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <future>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "tests/commands/runtime/chance.hpp"
#include "tests/projections/hot/asked.hpp"

namespace keyledger::projections::test {
namespace {

using eventstore::Cursor;
using eventstore::Head;
using eventstore::ReadError;
using eventstore::RecordedEvent;
using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

// The world's log as a follower reads it; stops, fails and lies when it is told to.
class Source : public eventstore::LogSource {
public:
    explicit Source(Stage& stage) : source_(dynamic_cast<eventstore::MemoryStore&>(stage.store)) {}

    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override {
        {
            std::unique_lock lock(mutex_);
            parked_ = paused_;
            wake_.notify_all();
            wake_.wait(lock, [this] { return !paused_; });
            parked_ = false;
            if (failure_) return Unexpected(*failure_);
        }
        auto events = source_.read_after(cursor, limit);
        const std::lock_guard lock(mutex_);
        if (events && !events->empty()) {
            reads_.push_back(events->back().position);
            first_read_ = std::min(first_read_, events->front().position);
            if (change_)
                for (RecordedEvent& event : *events) change_(event);
        }
        return events;
    }
    Result<Head, ReadError> head() override {
        if (head_fails) return Unexpected(ReadError::kUnavailable);
        return source_.head();
    }
    std::atomic<bool> head_fails = false;
    void wait(std::chrono::milliseconds at_most) override { source_.wait(at_most); }
    void interrupt() override { source_.interrupt(); }

    // From its return on nothing is read.
    void pause() {
        std::unique_lock lock(mutex_);
        paused_ = true;
        lock.unlock();
        interrupt();
        lock.lock();
        wake_.wait(lock, [this] { return parked_; });
    }
    void resume() {
        {
            const std::lock_guard lock(mutex_);
            paused_ = false;
        }
        wake_.notify_all();
    }
    void fail_with(std::optional<ReadError> failure) {
        const std::lock_guard lock(mutex_);
        failure_ = failure;
    }
    void change(std::function<void(RecordedEvent&)> change) {
        const std::lock_guard lock(mutex_);
        change_ = std::move(change);
    }
    Position first_read() const {
        const std::lock_guard lock(mutex_);
        return first_read_;
    }

private:
    eventstore::MemoryLogSource source_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool paused_ = false;
    bool parked_ = false;
    std::optional<ReadError> failure_;
    std::function<void(RecordedEvent&)> change_;
    std::vector<Position> reads_;
    Position first_read_ = std::numeric_limits<Position>::max();
};

// One node's memory beside the world.
struct Memory {
    explicit Memory(Stage& stage, std::string snapshot_file = {}, std::int32_t batch_events = 2'000,
                    SessionLifetimes lifetimes = {}, eventstore::SubjectCipher* cipher = nullptr,
                    std::chrono::milliseconds sweep_every = std::chrono::hours(1))
        : stage(stage) {
        HotSettings settings;
        settings.lifetimes = lifetimes;
        settings.snapshot_file = std::move(snapshot_file);
        settings.batch_events = batch_events;
        settings.sweep_every = sweep_every;  // what has ended and is swept reads as none, as folds don't
        settings.now = [&stage] { return stage.clock.now(); };
        settings.new_id = [&stage] { return stage.world.identifiers.next(); };
        auto owned = std::make_unique<Source>(stage);
        source = owned.get();
        hot.emplace(std::move(settings), std::move(owned), cipher != nullptr ? *cipher : stage.world.cipher);
    }
    ~Memory() { source->resume(); }
    Head head() { return *run(stage.store.head(Deadline::max())); }
    Result<SubjectAccess, HotError> ask(std::optional<UserId> user, std::optional<SessionId> session,
                                        std::chrono::milliseconds patience = kPatience) {
        return run(hot->read(user, session, head(), std::chrono::steady_clock::now() + patience));
    }
    bool becomes(const std::function<bool(const HotStatus&)>& wanted) {
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (!wanted(hot->status())) {
            if (std::chrono::steady_clock::now() > until) return false;
            std::this_thread::yield();
        }
        return true;
    }
    Stage& stage;
    Source* source = nullptr;
    std::optional<HotAccess> hot;
};

class HotAccessTest : public testing::Test, public Stage {
protected:
    ~HotAccessTest() override { std::filesystem::remove(file_); }
    void live(int commands) {
        if (!begun_) chance_.begin();
        begun_ = true;
        for (int i = 0; i < commands; ++i) run(chance_.act());
    }
    void expect_level(Memory& memory) {
        expect_as_folded(world, store, [&](const auto& user, const auto& session) {
            auto answer = memory.ask(user, session);
            EXPECT_TRUE(answer);
            return answer ? *answer : SubjectAccess{};
        });
    }
    const std::string file_ = ::testing::TempDir() + "keyledger-hot-" + std::to_string(::getpid());
    bool begun_ = false;
    Chance chance_{seed_of(*testing::UnitTest::GetInstance()->current_test_info()), *this, node, other};
};

TEST_F(HotAccessTest, AnswersAsTheLogStandsWhileItGrows) {
    live(40);
    Memory memory(*this, {}, 7);
    memory.hot->start();
    expect_level(memory);
    for (int i = 0; i < 5; ++i) {
        live(20);
        expect_level(memory);
    }
    EXPECT_TRUE(memory.hot->caught_up());
    EXPECT_EQ(memory.hot->status().position, world.head());
}

// I8. The moment that a command returned on one node, the other one asks its own memory.
TEST_F(HotAccessTest, I8NeverAnswersFromBeforeACommandThatReturned) {
    constexpr int kSessions = 300;
    world.register_user(node, kAnnsEmail);
    Memory memory(*this, {}, 5);
    memory.hot->start();
    int stale = 0;
    for (int i = 0; i < kSessions; ++i) {
        const auto grant = world.log_in(node, kAnnsEmail);
        auto before = memory.ask(grant.user_id, grant.session_id);
        ASSERT_TRUE(before);
        if (before->session().status != Session::Status::kLive) ++stale;
        ASSERT_TRUE(succeeds(run(commands::log_out(node.services, bearer_of(grant), caller_of(grant)))));
        auto after = memory.ask(grant.user_id, grant.session_id);
        ASSERT_TRUE(after);
        if (after->session().status == Session::Status::kLive) ++stale;
    }
    EXPECT_EQ(stale, 0);
}

TEST_F(HotAccessTest, I8SaysNothingWhileItsFeedIsPausedAndGoesOnAfterwards) {
    const UserId ann = world.register_user(node, kAnnsEmail);
    const auto grant = world.log_in(node, kAnnsEmail);
    Memory memory(*this);
    memory.hot->start();
    ASSERT_TRUE(memory.ask(ann, grant.session_id));
    memory.source->pause();
    ASSERT_TRUE(succeeds(run(commands::log_out(node.services, bearer_of(grant), caller_of(grant)))));
    const auto asked = std::chrono::steady_clock::now();
    auto answer = memory.ask(ann, grant.session_id, 100ms);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), HotError::kBehind);
    EXPECT_GE(std::chrono::steady_clock::now() - asked, 100ms);
    memory.source->resume();
    answer = memory.ask(ann, grant.session_id);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->session().status, Session::Status::kAbsent);
}

// The moment that somebody has agreed on one node, a device is told so by another; and after a restart as before.
TEST_F(HotAccessTest, I8TellsADeviceWhatWasAnsweredBefore) {
    const UserId ann = world.register_user(node, kAnnsEmail);
    const auto read = [&](Memory& memory, const DeviceAuthorizationId& id) {
        return run(memory.hot->read_device(id, memory.head(), std::chrono::steady_clock::now() + kPatience));
    };
    const DeviceAuthorizationId id{world.identifiers.next()};
    {
        Memory memory(*this, file_);
        memory.hot->start();
        EXPECT_EQ(read(memory, id).value(), DeviceAuthorization{});
        commands::Streams streams;
        const auto device = streams.read<DeviceAuthorization>(id);
        const ApproveDevice agreed{ann, {}, {"openid"}, SessionId{uuid(5)}, 1, clock.now() + minutes(10), clock.now()};
        const commands::Step step = [&](commands::Attempt& attempt) -> commands::StepResult {
            co_return attempt.decide_and_append(device, DeviceAuthorizationCommand(agreed));
        };
        ASSERT_TRUE(succeeds(run(other.executor.run(caller(), streams, step))));
        EXPECT_EQ(read(memory, id)->status, DeviceAuthorization::Status::kApproved);
        EXPECT_EQ(read(memory, DeviceAuthorizationId{uuid(6)})->status, DeviceAuthorization::Status::kAbsent);
    }
    Memory again(*this, file_);
    again.hot->start();
    EXPECT_EQ(read(again, id)->user_id, ann);
    EXPECT_GT(again.source->first_read(), world.head()) << "from its snapshot";
}

// Many who wait for many positions are let go as soon as theirs is there.
TEST_F(HotAccessTest, LetsEverybodyWhoWaitsGoAtTheirPosition) {
    const UserId ann = world.register_user(node, kAnnsEmail);
    Memory memory(*this, {}, 3);
    memory.hot->start();
    ASSERT_TRUE(memory.ask(ann, std::nullopt));
    memory.source->pause();
    std::vector<asio::awaitable<Result<SubjectAccess, HotError>>> asked;
    std::vector<Position> positions;
    for (int i = 0; i < 40; ++i) {
        world.log_in(node, kAnnsEmail);
        positions.push_back(world.head());
        asked.push_back(
            memory.hot->read(ann, std::nullopt, memory.head(), std::chrono::steady_clock::now() + kPatience));
    }
    auto answers = std::async(std::launch::async, [&] { return run_all(std::move(asked), 1); });
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return status.waiting == 40; }));
    memory.source->resume();
    const auto all = answers.get();
    for (std::size_t i = 0; i < all.size(); ++i) {
        ASSERT_TRUE(all[i]) << i;
        EXPECT_GE(all[i]->position, positions[i]);
    }
}

// However the log is cut into reads, an answer holds all of a command or none.
TEST_F(HotAccessTest, I2AnswersAtTheEndOfACommand) {
    live(60);
    std::set<Position> ends;
    const auto events = world.events();
    eventstore::NullFieldOpener opener;
    const auto command_of = [&](const RecordedEvent& event) {
        return eventstore::decode_metadata(event, opener).command_id;
    };
    for (std::size_t i = 0; i < events.size(); ++i)
        if (i + 1 == events.size() || command_of(events[i]) != command_of(events[i + 1]))
            ends.insert(events[i].position);
    ASSERT_LT(ends.size(), events.size()) << "some commands have several events";
    for (const std::int32_t batch : {1, 2, 3, 5}) {
        Memory memory(*this, {}, batch);
        Position seen = 0;
        memory.hot->start();
        while (seen < events.back().position) {
            const Position position = memory.hot->status().position;
            if (position == seen) continue;
            seen = position;
            // A batch of one can't hold two events: what is all there is goes on as it is.
            if (batch >= 5) {
                EXPECT_TRUE(ends.contains(position)) << position;
            }
        }
        expect_level(memory);
    }
}

TEST_F(HotAccessTest, StopsAtAnEventThatItDoesNotKnowAndSaysSo) {
    const UserId ann = world.register_user(node, kAnnsEmail);
    Memory memory(*this);
    memory.hot->start();
    ASSERT_TRUE(memory.ask(ann, std::nullopt));
    memory.source->change([](RecordedEvent& event) {
        if (event.type == "session.started") event.type = "session.dreamt";
    });
    world.log_in(node, kAnnsEmail);
    const auto answer = memory.ask(ann, std::nullopt);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), HotError::kStopped);
    const HotStatus status = memory.hot->status();
    EXPECT_TRUE(status.stopped);
    EXPECT_THAT(status.trouble, testing::HasSubstr("position 3 can't be read"));
    EXPECT_THAT(status.trouble, testing::HasSubstr("session.dreamt"));
    EXPECT_FALSE(memory.ask(ann, std::nullopt)) << "and stays so";
}

// It reads on one day what happened in three weeks, and sweeps meanwhile.
TEST_F(HotAccessTest, KeepsASessionThatIsRefreshedFurtherOnInTheLog) {
    world.register_user(node, kAnnsEmail);
    auto grant = world.log_in(node, kAnnsEmail);
    live(300);  // so that each part is swept before it is refreshed
    for (int i = 0; i < 2; ++i) {
        clock.advance(days(10));
        auto refreshed = run(commands::refresh_session(node.services, refresh_of(grant), caller()));
        ASSERT_TRUE(refreshed);
        grant = *refreshed;
    }
    Memory memory(*this, {}, 1, {}, nullptr, 0ms);  // after each batch of one event
    memory.hot->start();
    auto answer = memory.ask(grant.user_id, grant.session_id);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->session().status, Session::Status::kLive);
    EXPECT_EQ(answer->session().refreshed_at, clock.now());
}

TEST_F(HotAccessTest, StopsAtAHole) {
    const UserId ann = world.register_user(node, kAnnsEmail);
    Memory memory(*this);
    memory.hot->start();
    ASSERT_TRUE(memory.ask(ann, std::nullopt));
    memory.source->fail_with(ReadError::kHole);
    world.log_in(node, kAnnsEmail);
    const auto answer = memory.ask(ann, std::nullopt);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error(), HotError::kStopped);
    EXPECT_THAT(memory.hot->status().trouble, testing::HasSubstr("hole"));
}

TEST_F(HotAccessTest, GetsOverADatabaseThatWasAway) {
    const UserId ann = world.register_user(node, kAnnsEmail);
    Memory memory(*this);
    memory.hot->start();
    ASSERT_TRUE(memory.ask(ann, std::nullopt));
    memory.source->fail_with(ReadError::kUnavailable);
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return !status.trouble.empty(); }));
    world.log_in(node, kAnnsEmail);
    EXPECT_FALSE(memory.ask(ann, std::nullopt, 50ms));
    memory.source->fail_with(std::nullopt);
    EXPECT_TRUE(memory.ask(ann, std::nullopt));
    EXPECT_TRUE(memory.becomes([](const HotStatus& status) { return status.trouble.empty(); }));
}

// A database that was restored beneath it: nothing of the lost history is answered from.
TEST_F(HotAccessTest, DropsAllWhenTheLogIsAnotherHistory) {
    live(30);
    Memory memory(*this, file_);
    memory.hot->start();
    expect_level(memory);
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return status.caught_up; }));
    memory.source->fail_with(ReadError::kCursorUnknown);
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return !status.caught_up; }));
    EXPECT_EQ(memory.hot->status().sessions, 0U);
    memory.source->fail_with(std::nullopt);
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return status.caught_up; }));
    expect_level(memory);
}

// It went away in the very moment in which another history was found.
TEST_F(HotAccessTest, LearnsWhichLogItIsHoweverOftenThatFails) {
    live(30);
    Memory memory(*this);
    memory.hot->start();
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return status.caught_up; }));
    memory.source->head_fails = true;
    memory.source->fail_with(ReadError::kCursorUnknown);
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return !status.caught_up; }));
    memory.source->fail_with(std::nullopt);
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return status.trouble == "the log can't be read"; }));
    EXPECT_FALSE(memory.hot->status().caught_up) << "it does not know of which log";
    memory.source->head_fails = false;
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return status.caught_up; }));
    expect_level(memory);
}

TEST_F(HotAccessTest, LetsWhoeverWaitsGoWhenItStops) {
    const UserId ann = world.register_user(node, kAnnsEmail);
    Memory memory(*this);
    memory.hot->start();
    ASSERT_TRUE(memory.ask(ann, std::nullopt));
    memory.source->pause();
    world.log_in(node, kAnnsEmail);
    auto answer = std::async(std::launch::async, [&] { return memory.ask(ann, std::nullopt); });
    ASSERT_TRUE(memory.becomes([](const HotStatus& status) { return status.waiting == 1; }));
    memory.source->fail_with(ReadError::kUnavailable);
    memory.source->resume();
    memory.hot->stop();
    const auto given = answer.get();
    ASSERT_FALSE(given);
    EXPECT_EQ(given.error(), HotError::kStopped);
    EXPECT_FALSE(memory.ask(ann, std::nullopt));
}

// ---- snapshots -------------------------------------------------------------------------------------------------
TEST_F(HotAccessTest, GoesOnFromASnapshotAndReadsTheTailAlone) {
    live(60);
    Position kept = 0;
    {
        Memory memory(*this, file_);
        memory.hot->start();
        expect_level(memory);
        memory.hot->stop();
        kept = memory.hot->status().snapshot_position;
        EXPECT_EQ(kept, world.head());
    }
    live(20);
    Memory memory(*this, file_);
    memory.hot->start();
    expect_level(memory);
    EXPECT_EQ(memory.source->first_read(), kept + 1);
    EXPECT_EQ(memory.hot->status().snapshot_position, kept);
}

TEST_F(HotAccessTest, ReadsTheWholeLogWhereTheSnapshotIsOfOtherSettingsOrChanged) {
    live(60);
    {
        Memory memory(*this, file_);
        memory.hot->start();
        expect_level(memory);
    }
    SessionLifetimes shorter;
    shorter.idle = shorter.idle / 2;
    {
        Memory memory(*this, file_, 2'000, shorter);
        memory.hot->start();
        expect_level(memory);
        EXPECT_EQ(memory.source->first_read(), 1);
    }
    {
        std::fstream bytes(file_, std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(200);
        bytes.put('!');
    }
    Memory memory(*this, file_);
    memory.hot->start();
    expect_level(memory);
    EXPECT_EQ(memory.source->first_read(), 1);
}

// Of a log that went on differently behind the snapshot's position.
TEST_F(HotAccessTest, DropsASnapshotWhoseEventTheLogDoesNotHold) {
    live(30);
    {
        Memory memory(*this, file_);
        memory.hot->start();
        expect_level(memory);
    }
    Stage restored;
    restored.world.register_user(restored.node, "bob@example.com");
    live(30);  // so that the snapshot's position is in neither
    Memory memory(restored, file_, 2'000, {}, &world.cipher);
    memory.hot->start();
    expect_as_folded(restored.world, restored.store, [&](const auto& user, const auto& session) {
        auto answer = memory.ask(user, session);
        EXPECT_TRUE(answer);
        return *answer;
    });
    EXPECT_EQ(memory.hot->status().users, 1U);
}

// More people than one look takes in: the search goes on by itself until it has a page, or everybody was looked at.
TEST_F(HotAccessTest, SearchesPartAfterPartUntilItHasAPage) {
    for (std::size_t i = 0; i < kSearchedAtOnce * 3 / 2; ++i)
        world.register_user(node, "person" + std::to_string(i) + "@example.com");
    Memory memory(*this);
    memory.hot->start();
    const auto search = [&] {
        SubjectSearch asked{SubjectType::kUser, "invoices", "read", "", std::nullopt};
        return run(
            memory.hot->search(std::move(asked), {}, 10, memory.head(), std::chrono::steady_clock::now() + kPatience));
    };
    const auto nobody = search();
    ASSERT_TRUE(nobody);
    EXPECT_TRUE(nobody->ids.empty());
    EXPECT_FALSE(nobody->next) << "all were looked at";
    world.create_administrator(node, "root@example.com");
    const auto administrators = search();
    ASSERT_TRUE(administrators);
    EXPECT_EQ(administrators->ids.size(), 1U);
    EXPECT_FALSE(administrators->next);
    EXPECT_EQ(administrators->position, world.head());
}

}  // namespace
}  // namespace keyledger::projections::test
