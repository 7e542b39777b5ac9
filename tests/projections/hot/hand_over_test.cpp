// A memory beside a writer that has not told yet what the server has committed. Answers wait for that, and none is from
// before it.
#include <gtest/gtest.h>

#include <future>

#include "commands/sessions/end_sessions.hpp"
#include "eventstore/log_tail.hpp"
#include "eventstore/memory/memory_store.hpp"
#include "tests/projections/hot/asked.hpp"

namespace keyledger::projections::test {
namespace {

using eventstore::Cursor;
using eventstore::Head;
using eventstore::ReadError;
using eventstore::RecordedEvent;
using namespace std::chrono_literals;

constexpr auto kPatience = 30s;

// The log, which wakes nobody when it grows.
class Source : public eventstore::LogSource {
public:
    explicit Source(eventstore::Store& store) : source_(dynamic_cast<eventstore::MemoryStore&>(store)) {}

    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override {
        ++reads;
        return source_.read_after(cursor, limit);
    }
    Result<Head, ReadError> head() override { return source_.head(); }
    void wait(std::chrono::milliseconds at_most) override {
        std::unique_lock lock(mutex_);
        ++waits;
        interrupted_changed_.wait_for(lock, at_most, [this] { return interrupted_; });
        interrupted_ = false;
    }
    void interrupt() override {
        const std::lock_guard lock(mutex_);
        interrupted_ = true;
        interrupted_changed_.notify_all();
    }
    std::atomic<int> reads = 0;
    std::atomic<int> waits = 0;

private:
    eventstore::MemoryLogSource source_;
    std::mutex mutex_;
    std::condition_variable interrupted_changed_;
    bool interrupted_ = false;
};

class HotHandOverTest : public testing::Test, public Stage {
protected:
    HotHandOverTest() {
        HotSettings settings;
        settings.now = [this] { return clock.now(); };
        settings.new_id = [this] { return world.identifiers.next(); };
        auto log = std::make_unique<Source>(store);
        log_ = log.get();
        const auto frozen = [this] { return std::chrono::steady_clock::time_point(std::chrono::hours(hour_.load())); };
        hot_.emplace(std::move(settings), std::make_unique<eventstore::TailSource>(std::move(log), tail_, frozen),
                     world.cipher);
        ann_ = world.register_user(node, kAnnsEmail);
        grant_ = world.log_in(node, kAnnsEmail);
        offer();
        hot_->start();
        EXPECT_TRUE(ask(kPatience)) << "level";
    }
    // As the writer does when it has its answer.
    void offer() {
        auto events = world.events(offered_);
        offered_ = events.back().position;
        tail_->offer(tail_->epoch(), std::move(events));
        hot_->hint();
    }
    Result<SubjectAccess, HotError> ask(std::chrono::milliseconds patience) {
        const Head head = *run(store.head(Deadline::max()));
        return run(hot_->read(ann_, grant_.session_id, head, std::chrono::steady_clock::now() + patience));
    }
    template <class Condition>
    bool becomes(const Condition& condition) {
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > until) return false;
            hot_->hint();
            std::this_thread::yield();
        }
        return true;
    }
    // The log has the end of the session; whether it came here, the test says. Whatever look was under way is over.
    eventstore::LogTail::HandOver log_out() {
        auto hand_over = tail_->begin_hand_over();
        EXPECT_TRUE(becomes([this, before = log_->waits.load()] { return log_->waits >= before + 2; }));
        reads_before_ = log_->reads;
        EXPECT_TRUE(succeeds(run(commands::log_out(node.services, bearer_of(grant_), caller_of(grant_)))));
        return hand_over;
    }

    std::shared_ptr<eventstore::LogTail> tail_ =
        std::make_shared<eventstore::LogTail>(eventstore::LogTailLimits{.alone_after = 1});
    std::atomic<int> hour_ = 1;
    Source* log_ = nullptr;
    std::optional<HotAccess> hot_;
    Position offered_ = 0;
    UserId ann_;
    commands::Grant grant_;
    int reads_before_ = 0;
};

TEST_F(HotHandOverTest, I8AnswersOnceItIsHandedOverWithoutARead) {
    const auto hand_over = log_out();
    auto answer = std::async(std::launch::async, [&] { return ask(kPatience); });
    ASSERT_TRUE(becomes([this] { return hot_->status().waiting == 1; }));
    offer();
    const auto given = answer.get();
    ASSERT_TRUE(given);
    EXPECT_EQ(given->session().status, Session::Status::kAbsent);
    EXPECT_EQ(log_->reads, reads_before_);
}

// The writer stops between commit and hand-over, and as long as the patience with it lasts.
TEST_F(HotHandOverTest, I8AnswersFromTheLogRatherThanFromBefore) {
    const auto hand_over = log_out();
    const auto none = ask(100ms);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error(), HotError::kBehind);
    EXPECT_EQ(log_->reads, reads_before_);
    ++hour_;
    const auto given = ask(kPatience);
    ASSERT_TRUE(given);
    EXPECT_EQ(given->session().status, Session::Status::kAbsent);
    EXPECT_GT(log_->reads, reads_before_);
}

TEST_F(HotHandOverTest, I8AnswersFromTheLogAsSoonAsNothingIsToCome) {
    log_out().reset();
    const auto given = ask(kPatience);
    ASSERT_TRUE(given);
    EXPECT_EQ(given->session().status, Session::Status::kAbsent);
}

}  // namespace
}  // namespace keyledger::projections::test
