#include <atomic>
#include <condition_variable>
#include <mutex>

#include "eventstore/log_tail.hpp"
#include "tests/eventstore/audit/held_log.hpp"

namespace keyledger::eventstore::audit::test {
namespace {

// The log, for whoever counts what was read of it.
struct CountedLog : LogSource {
    explicit CountedLog(HeldLog& log) : log(log) {}
    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override {
        auto events = log.read_after(cursor, limit);
        if (events) read += events->size();
        return events;
    }
    Result<Head, ReadError> head() override { return log.head(); }
    void wait(std::chrono::milliseconds) override {}
    void interrupt() override {}

    HeldLog& log;
    std::size_t read = 0;
};

std::vector<RecordedEvent> believed(int count) {
    auto events = some_events(count);
    for (RecordedEvent& event : events) event.trust = RecordedEvent::Trust::kBelieved;
    return events;
}

// Of another thread's.
struct GrowingLog : LogSource {
    void hold(std::vector<RecordedEvent> events) {
        const std::lock_guard lock(mutex);
        log.events = std::move(events);
    }
    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override {
        const std::lock_guard lock(mutex);
        asked_behind = cursor.position;
        asked.notify_all();
        return log.read_after(cursor, limit);
    }
    Result<Head, ReadError> head() override { return Head{}; }
    void wait(std::chrono::milliseconds) override {}
    void interrupt() override {}
    bool await_question_behind(Position position) {
        std::unique_lock lock(mutex);
        return asked.wait_for(lock, std::chrono::seconds(60), [&] { return asked_behind == position; });
    }

    std::mutex mutex;  // guards what follows
    std::condition_variable asked;
    HeldLog log;
    Position asked_behind = -1;
};

struct FollowingMaker : MakerTest {
    FollowingMaker() { follows = &source; }

    // As the committer does: it is in the log, and then in memory.
    void append_up_to(int count) {
        const auto all = believed(count);
        const auto before = std::ssize(log.events);
        log.events = all;
        tail->offer(tail->epoch(), std::vector<RecordedEvent>(all.begin() + before, all.end()));
    }

    std::shared_ptr<LogTail> tail = std::make_shared<LogTail>();
    CountedLog* counted = new CountedLog(log);  // `source` has it
    TailSource source{std::unique_ptr<LogSource>(counted), tail};
};

}  // namespace

TEST_F(FollowingMaker, MakesTheSameHeadsOfWhatIsInMemory) {
    append_up_to(20);
    auto follower = maker();
    follower.round();
    const std::size_t read_before = counted->read;
    for (const int count : {50, 51, 120}) {
        append_up_to(count);
        follower.keep_up();
        EXPECT_LT(made.back().head.size, count) << "between rounds no head is made";
        follower.round();
        EXPECT_EQ(made.back().head.size, count);
        EXPECT_EQ(made.back().head.root, head_of(log.events, static_cast<std::size_t>(count)).root);
    }
    EXPECT_EQ(counted->read, read_before) << "what was appended here was not read again";
}

TEST_F(FollowingMaker, AsksTheLogItselfWhetherItStillHoldsWhatHeadsCover) {
    append_up_to(20);
    auto follower = maker();
    follower.round();
    append_up_to(40);
    follower.round();
    ASSERT_EQ(made.back().head.size, 40);
    append_up_to(60);
    log.events.resize(30);  // of a server that took over and lacks them; nobody here has noticed yet
    follower.keep_up();
    EXPECT_FALSE(follower.status().contradicted) << "that is a round's";
    follower.round();
    EXPECT_TRUE(follower.status().contradicted);
    EXPECT_THAT(told.back(), ::testing::HasSubstr("position 40"));
    follower.round();
    EXPECT_EQ(made.back().head.size, 40) << "nothing more is signed";
}

// Commands that an asynchronous standby lacked: no head says that they were there, and the log goes on without them.
TEST_F(FollowingMaker, WhatWasFollowedAndIsCoveredByNoHeadMayBeLost) {
    append_up_to(20);
    auto follower = maker();
    follower.round();
    append_up_to(40);
    follower.keep_up();
    log.events.resize(30);
    auto others = believed(35);
    for (int i = 30; i < 35; ++i) {
        others[static_cast<std::size_t>(i)].payload = R"({"of": "another history"})";
        others[static_cast<std::size_t>(i)].leaf_hash = leaf_hash(others[static_cast<std::size_t>(i)]);
    }
    log.events = others;
    follower.round();
    EXPECT_FALSE(follower.status().contradicted);
    ASSERT_EQ(made.back().head.size, 35);
    EXPECT_EQ(made.back().head.root, head_of(others, 35).root);
    EXPECT_THAT(told, ::testing::Contains(::testing::HasSubstr("what came behind position 20")));
}

// Nothing of what may be in memory, and is not what the log has, gets into a head.
TEST_F(FollowingMaker, TakesFromMemoryOnlyWhatFollowsItsOwnLastEvent) {
    append_up_to(20);
    auto follower = maker();
    follower.round();
    auto all = believed(60);
    log.events = all;
    auto foreign = all;
    for (std::size_t i = 14; i < foreign.size(); ++i) foreign[i].leaf_hash[0] ^= 1;
    tail->clear();
    tail->offer(tail->epoch(), std::vector<RecordedEvent>(foreign.begin(), foreign.begin() + 40));
    follower.keep_up();
    tail->clear();  // a hole behind what was followed, and then what is known already
    tail->offer(tail->epoch(), std::vector<RecordedEvent>(all.begin() + 50, all.end()));
    follower.keep_up();
    tail->offer(tail->epoch(), std::vector<RecordedEvent>(all.begin() + 40, all.end()), Cursor{40, all[39].leaf_hash});
    follower.round();
    EXPECT_FALSE(follower.status().contradicted);
    ASSERT_EQ(made.back().head.size, 60);
    EXPECT_EQ(made.back().head.root, head_of(all, 60).root);
}

// Another node may lead by now.
TEST_F(FollowingMaker, DisavowsInARoundAlone) {
    append_up_to(20);
    auto follower = maker();
    follower.round();
    log.events = believed(30);
    log.events[24].trust = RecordedEvent::Trust::kInert;
    follower.keep_up();
    EXPECT_TRUE(disavowed.empty());
    follower.round();
    ASSERT_EQ(disavowed.size(), 1U);
    EXPECT_EQ(disavowed.front().position, 25);
    EXPECT_EQ(made.back().head.size, 31);
}

// As when a key has ended and there is none in its place.
TEST_F(FollowingMaker, ToldOfWhatItCannotDoAndTriesAgain) {
    append_up_to(20);
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::string> heard;
    std::atomic<bool> has_key = false;
    TreeHeadPorts ports{log, leadership, state, {}, {}, {}, {}, {}, {}};
    ports.now = [this] { return now += milliseconds(1); };
    ports.open = pretend_open;
    ports.sign = [&](const TreeHead& head) {
        if (!has_key) throw std::runtime_error("there is no key");
        return pretend_sign(head);
    };
    ports.tell = [&](const std::string& trouble) {
        const std::lock_guard lock(mutex);
        heard.push_back(trouble);
        changed.notify_all();
    };
    TreeHeadMaker eager(kLog, TreeHeadMaker::Part::kMakes, std::chrono::milliseconds(1), std::move(ports));
    const auto hears = [&](const std::string& trouble) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(60),
                                [&] { return !heard.empty() && heard.back() == trouble; });
    };
    eager.start();
    EXPECT_TRUE(hears("there is no key"));
    has_key = true;
    EXPECT_TRUE(hears(""));
    eager.stop();
    EXPECT_EQ(eager.status().newest->head.size, 20);
}

TEST_F(FollowingMaker, FindsAnEventThatWasChangedBetweenAppendAndHead) {
    append_up_to(20);
    auto follower = maker();
    follower.round();
    append_up_to(40);
    auto changed = log.events;
    changed[29].payload = R"({"a": "another"})";
    changed[29].leaf_hash = leaf_hash(changed[29]);
    log.events = changed;  // by somebody who may write every table
    follower.round();
    ASSERT_EQ(made.back().head.size, 40);
    const auto found = verify_all(log.events, {made.back().head});
    ASSERT_TRUE(found.bad_interval) << "the head is of what was appended";
    EXPECT_EQ(found.bad_interval->last, 40);
}

TEST_F(FollowingMaker, WhoeverWatchesReadsTheLogAndNotTheMemory) {
    append_up_to(20);
    maker().round();
    leadership.candidacy = Candidacy::kOtherLeads;
    auto watcher = maker();
    watcher.round();
    append_up_to(40);
    watcher.keep_up();
    EXPECT_FALSE(watcher.status().contradicted);
    log.events.resize(10);
    watcher.round();
    EXPECT_TRUE(watcher.status().contradicted) << "the memory still holds what was lost";
}

TEST_F(FollowingMaker, WaitsForTheNextRoundWhileThereIsTrouble) {
    append_up_to(20);
    auto follower = maker();
    follower.round();
    sink_fails = true;
    append_up_to(30);
    follower.round();
    ASSERT_EQ(told.back(), "the disk is full");
    follower.keep_up();
    EXPECT_EQ(told.back(), "the disk is full") << "not told again, nor as over";
    sink_fails = false;
    append_up_to(40);
    follower.round();
    EXPECT_EQ(told.back(), "");
    log.failure = ReadError::kUnavailable;
    follower.keep_up();
    EXPECT_EQ(told.back(), "the database does not answer");
}

// Its thread's own: what comes after the first round is taken long before the next one.
TEST_F(FollowingMaker, KeepsUpBetweenRoundsByItself) {
    const auto all = believed(40);
    const auto first_part = std::vector<RecordedEvent>(all.begin(), all.begin() + 20);
    auto* growing = new GrowingLog;  // `follows_growing` has it
    TailSource follows_growing{std::unique_ptr<LogSource>(growing), tail};
    growing->hold(first_part);
    tail->offer(tail->epoch(), first_part);
    TreeHeadPorts ports{*growing, leadership, state, {}, {}, {}, {}, {}, {}};
    ports.now = [this] { return now += milliseconds(1); };
    ports.sign = pretend_sign;
    ports.open = pretend_open;
    ports.follows = &follows_growing;
    TreeHeadMaker hourly(kLog, TreeHeadMaker::Part::kMakes, std::chrono::hours(1), std::move(ports));
    hourly.start();
    ASSERT_TRUE(growing->await_question_behind(20));
    growing->hold(all);
    tail->offer(tail->epoch(), std::vector<RecordedEvent>(all.begin() + 20, all.end()));
    EXPECT_TRUE(growing->await_question_behind(40));
    hourly.stop();
    ASSERT_TRUE(hourly.status().newest);
    EXPECT_EQ(hourly.status().newest->head.size, 20);
    EXPECT_EQ(tail->counts().from_memory, 20U);
}

}  // namespace keyledger::eventstore::audit::test
