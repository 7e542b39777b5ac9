// A memory whose log can't be read while another server takes over, which may lack some of what was followed.
#include <gtest/gtest.h>

#include <future>

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

class AwayAtTimes : public eventstore::LogSource {
public:
    explicit AwayAtTimes(eventstore::Store& store) : source_(dynamic_cast<eventstore::MemoryStore&>(store)) {}

    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override {
        if (is_away) return Unexpected(ReadError::kUnavailable);
        return source_.read_after(cursor, limit);
    }
    Result<Head, ReadError> head() override { return source_.head(); }
    void wait(std::chrono::milliseconds at_most) override { source_.wait(at_most); }
    void interrupt() override { source_.interrupt(); }

    std::atomic<bool> is_away = false;

private:
    eventstore::MemoryLogSource source_;
};

class LostHistory : public testing::Test, public Stage {
protected:
    LostHistory() {
        HotSettings settings;
        settings.now = [this] { return clock.now(); };
        settings.new_id = [this] { return world.identifiers.next(); };
        auto log = std::make_unique<AwayAtTimes>(store);
        log_ = log.get();
        hot_.emplace(std::move(settings), std::move(log), world.cipher);
        ann_ = world.register_user(node, kAnnsEmail);
        grant_ = world.log_in(node, kAnnsEmail);
        hot_->start();
        head_ = *run(store.head(Deadline::max()));
        EXPECT_TRUE(ask(head_, kPatience)) << "level";
    }
    Result<SubjectAccess, HotError> ask(const Head& head, std::chrono::milliseconds patience) {
        return run(hot_->read(ann_, grant_.session_id, head, std::chrono::steady_clock::now() + patience));
    }
    template <class Condition>
    bool becomes(const Condition& condition) {
        const auto until = std::chrono::steady_clock::now() + kPatience;
        while (!condition(hot_->status())) {
            if (std::chrono::steady_clock::now() > until) return false;
            hot_->hint();
            std::this_thread::yield();
        }
        return true;
    }
    void lose_the_log() {
        log_->is_away = true;
        ASSERT_TRUE(becomes([](const HotStatus& status) { return !status.trouble.empty(); }));
    }
    // Of a server that ended before, and has had another event since.
    Head shorter() const {
        Head head = head_;
        head.cursor.position -= 1;
        head.cursor.leaf_hash[0] ^= 1;
        return head;
    }

    AwayAtTimes* log_ = nullptr;
    std::optional<HotAccess> hot_;
    UserId ann_;
    commands::Grant grant_;
    Head head_;
};

TEST_F(LostHistory, I8OnlyTheHeadThatItHasComeToIsAnsweredWhileTheLogIsAway) {
    lose_the_log();
    EXPECT_TRUE(ask(head_, kPatience)) << "nothing came since";
    EXPECT_FALSE(ask(shorter(), 50ms));
    Head other = head_;
    other.cursor.leaf_hash[0] ^= 1;
    EXPECT_FALSE(ask(other, 50ms));
    EXPECT_FALSE(hot_->moment().is_set()) << "folds are not marked with it";
}

// It was the same server, after all.
TEST_F(LostHistory, WhoeverWaitsIsAnsweredOnceTheLogWasRead) {
    lose_the_log();
    auto answer = std::async(std::launch::async, [this] { return ask(shorter(), kPatience); });
    ASSERT_TRUE(becomes([](const HotStatus& status) { return status.waiting == 1; }));
    log_->is_away = false;
    EXPECT_TRUE(answer.get());
    EXPECT_TRUE(ask(shorter(), kPatience));
}

}  // namespace
}  // namespace keyledger::projections::test
