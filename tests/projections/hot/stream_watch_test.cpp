// Folds that are remembered are answered from at the head, without a read of the store, as long as the memory that
// follows the log says that their streams have not moved.
#include "projections/hot/hot_access.hpp"

#include <gtest/gtest.h>

#include "commands/runtime/stream_watch.hpp"
#include "domain/consents/consent.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "projections/hot/recent_changes.hpp"
#include "tests/commands/runtime/chance.hpp"
#include "tests/projections/hot/asked.hpp"

namespace keyledger::projections::test {
namespace {

using commands::Fold;
using commands::Freshness;
using eventstore::LogMoment;
using namespace std::chrono_literals;

TEST(RecentChanges, KnowsWhichStreamsMoved) {
    RecentChanges changes;
    changes.begin(10);
    changes.note(uuid(1), 4);
    changes.note(uuid(2), 1);
    changes.note(uuid(1), 5);
    EXPECT_FALSE(changes.covers(9));
    EXPECT_TRUE(changes.covers(10));
    EXPECT_FALSE(changes.is_unmoved(uuid(1), 4));
    EXPECT_TRUE(changes.is_unmoved(uuid(1), 5));
    EXPECT_TRUE(changes.is_unmoved(uuid(2), 1));
    EXPECT_FALSE(changes.is_unmoved(uuid(2), 0));
    EXPECT_TRUE(changes.is_unmoved(uuid(3), 0));
}

// Whoever may write every table puts an inert record behind a revocation, with a version that is long past.
TEST(RecentChanges, AForgedVersionHidesNoChange) {
    RecentChanges changes;
    changes.note(uuid(1), 6);
    changes.note(uuid(1), 1);
    EXPECT_FALSE(changes.is_unmoved(uuid(1), 5));
}

TEST(RecentChanges, ForgetsTheOldestAndSaysSo) {
    RecentChanges changes(3);
    changes.note(uuid(1), 1);
    changes.note(uuid(2), 1);
    changes.note(uuid(1), 2);
    EXPECT_TRUE(changes.covers(0));
    changes.note(uuid(3), 1);
    EXPECT_FALSE(changes.covers(0));
    EXPECT_TRUE(changes.covers(1));
    EXPECT_FALSE(changes.is_unmoved(uuid(1), 1)) << "its second event is still known";
    changes.note(uuid(4), 1);
    changes.note(uuid(5), 1);
    EXPECT_FALSE(changes.covers(2));
    EXPECT_TRUE(changes.covers(3));
    EXPECT_TRUE(changes.is_unmoved(uuid(1), 2));
    EXPECT_EQ(changes.size(), 3U);
    changes.begin(2);
    EXPECT_TRUE(changes.covers(2));
    EXPECT_EQ(changes.size(), 0U);
}

// The log as a follower reads it, which may be another one of a sudden.
class Source : public eventstore::LogSource {
public:
    explicit Source(eventstore::Store& store) : source_(dynamic_cast<eventstore::MemoryStore&>(store)) {}
    Result<std::vector<eventstore::RecordedEvent>, eventstore::ReadError> read_after(const eventstore::Cursor& cursor,
                                                                                     std::int32_t limit) override {
        if (cursor.position > 0 && is_another.exchange(false)) return Unexpected(eventstore::ReadError::kCursorUnknown);
        return source_.read_after(cursor, limit);
    }
    Result<eventstore::Head, eventstore::ReadError> head() override { return source_.head(); }
    void wait(std::chrono::milliseconds at_most) override { source_.wait(at_most); }
    void interrupt() override { source_.interrupt(); }

    std::atomic<bool> is_another = false;

private:
    eventstore::MemoryLogSource source_;
};

class StreamWatchTest : public testing::Test, public Stage, public commands::StreamWatch {
protected:
    StreamWatchTest() {
        HotSettings settings;
        settings.now = [this] { return clock.now(); };
        settings.new_id = [this] { return world.identifiers.next(); };
        auto owned = std::make_unique<Source>(store);
        source_ = owned.get();
        hot_.emplace(std::move(settings), std::move(owned), world.cipher);
        node.executor.folder().watch(*this);
        hot_->start();
        world.register_user(other, kAnnsEmail);
        grant_ = world.log_in(other, kAnnsEmail);
        catch_up();
    }

    void catch_up() {
        const auto until = std::chrono::steady_clock::now() + 30s;
        while (hot_->moment().position < world.head() && std::chrono::steady_clock::now() < until)
            std::this_thread::yield();
    }

    LogMoment moment() const override { return lagging_ ? *lagging_ : hot_->moment(); }
    asio::awaitable<std::optional<LogMoment>> all_unmoved(std::vector<eventstore::StreamSeen> streams,
                                                          Deadline deadline) override {
        if (lagging_) co_return std::nullopt;
        for (const auto& one : streams)
            if (!hot_->knows_since(one.seen)) co_return std::nullopt;
        const auto head = co_await store.head(deadline);
        const auto moment = co_await hot_->all_unmoved(std::move(streams), *head, deadline);
        co_return moment ? *moment : std::nullopt;
    }

    // The session and its user, as `on` sees them at the head.
    std::vector<Fold> load(Node& on) {
        commands::Streams streams;
        streams.read<Session>(grant_.session_id);
        streams.read<User>(grant_.user_id);
        streams.read<Consent>(Id<Consent>{uuid(7)});
        return run(on.executor.folder().load(streams.loads(), Freshness::kAtHead,
                                             std::chrono::steady_clock::now() + 30s))
            .value();
    }
    int reads() { return stepped.calls["read_streams"]; }

    Source* source_ = nullptr;
    std::optional<HotAccess> hot_;
    std::optional<LogMoment> lagging_;
    Grant grant_;
};

TEST_F(StreamWatchTest, WhatHasNotMovedIsNotReadAgain) {
    const auto first = load(node);
    EXPECT_EQ(reads(), 1);
    for (int i = 0; i < 5; ++i) {
        const auto again = load(node);
        EXPECT_EQ(again[0].version, first[0].version);
        EXPECT_EQ(commands::state_of<Session>(again[0]).status, Session::Status::kLive);
        EXPECT_EQ(commands::state_of<Consent>(again[2]).status, Consent::Status::kAbsent);
        world.log_in(other, kAnnsEmail);  // other streams
    }
    EXPECT_EQ(reads(), 1);
}

// The moment that a command returned on one node, the other one reads what it moved.
TEST_F(StreamWatchTest, I8WhatMovedIsReadAgain) {
    for (int i = 0; i < 100; ++i) {
        ASSERT_EQ(commands::state_of<Session>(load(node)[0]).status, Session::Status::kLive);
        const int before = reads();
        if (i % 2 == 0) grant_ = world.refresh(other, grant_);
        else ASSERT_TRUE(succeeds(run(commands::log_out(other.services, bearer_of(grant_), caller_of(grant_)))));
        const auto after = load(node);
        EXPECT_EQ(reads(), before + 1);
        if (i % 2 == 0) {
            EXPECT_EQ(commands::state_of<Session>(after[0]).generation, grant_.generation);
        } else {
            EXPECT_NE(commands::state_of<Session>(after[0]).status, Session::Status::kLive);
            grant_ = world.log_in(other, kAnnsEmail);
        }
    }
}

// Whatever happens on either node, at the head both fold the same.
TEST_F(StreamWatchTest, I8FoldsAsWhoeverReads) {
    Chance chance{seed_of(*testing::UnitTest::GetInstance()->current_test_info()), *this, node, other};
    chance.begin();
    for (int i = 0; i < 200; ++i) {
        run(chance.act());
        const auto watched = load(node);
        const auto read = load(other);
        for (std::size_t n = 0; n < read.size(); ++n) {
            ASSERT_EQ(watched[n].version, read[n].version) << i;
            ASSERT_EQ(watched[n].position, read[n].position) << i;
        }
    }
}

// A restored log has the positions of the lost one again: what was seen in that one counts for nothing.
TEST_F(StreamWatchTest, OfAnotherHistoryNothingIsKnown) {
    load(node);
    const LogMoment lost = hot_->moment();
    source_->is_another = true;
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (hot_->moment().history == lost.history || hot_->moment().position < lost.position) {
        ASSERT_LT(std::chrono::steady_clock::now(), until);
        std::this_thread::yield();
    }
    EXPECT_FALSE(hot_->knows_since(lost));
    const int before = reads();
    load(node);
    EXPECT_EQ(reads(), before + 1);
    load(node);
    EXPECT_EQ(reads(), before + 1);
}

// In the lost history the stream had other events under the same versions.
TEST_F(StreamWatchTest, AFoldOfAnotherHistoryIsNotReadOn) {
    Fold lost = load(node)[0];
    const LogMoment seen = hot_->moment();
    source_->is_another = true;
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (hot_->moment().history == seen.history || hot_->moment().position < seen.position) {
        ASSERT_LT(std::chrono::steady_clock::now(), until);
        std::this_thread::yield();
    }
    lost.seen = seen;
    lost.state = commands::empty_fold<Session>().state;
    node.cache.drop(grant_.session_id);
    node.cache.put(grant_.session_id, lost);
    EXPECT_EQ(commands::state_of<Session>(load(node)[0]).status, Session::Status::kLive);
    EXPECT_EQ(commands::state_of<Session>(load(node)[0]).status, Session::Status::kLive);
}

// The memory lags: it has not followed what was read, so it can't know of a history that lacks it.
TEST_F(StreamWatchTest, WhatTheMemoryHasNotComeToIsNotKnown) {
    const LogMoment before = hot_->moment();
    lagging_ = before;
    grant_ = world.refresh(other, grant_);
    const Fold ahead = load(node)[0];
    EXPECT_GT(ahead.position, before.position);
    EXPECT_FALSE(node.cache.find(grant_.session_id)->seen.is_set());
    lagging_.reset();
    catch_up();
    load(node);
    EXPECT_TRUE(node.cache.find(grant_.session_id)->seen.is_set());
}

}  // namespace
}  // namespace keyledger::projections::test
