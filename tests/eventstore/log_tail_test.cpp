// The end of the log in memory: whoever follows it gets the same events as from the log, whatever is held.
#include "eventstore/log_tail.hpp"

#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace keyledger::eventstore {
namespace {

using Trust = RecordedEvent::Trust;

RecordedEvent event(Position position, std::uint8_t history = 1, Trust trust = Trust::kBelieved) {
    RecordedEvent event;
    event.position = position;
    event.payload = "{\"n\":" + std::to_string(position) + "}";
    event.leaf_hash[0] = history;
    event.leaf_hash[1] = static_cast<std::uint8_t>(position);
    event.leaf_hash[2] = static_cast<std::uint8_t>(position >> 8);
    event.trust = trust;
    return event;
}
std::vector<RecordedEvent> events(Position first, Position last, std::uint8_t history = 1) {
    std::vector<RecordedEvent> some;
    for (Position position = first; position <= last; ++position) some.push_back(event(position, history));
    return some;
}
Cursor at(Position position, std::uint8_t history = 1) {
    return position == 0 ? Cursor{} : Cursor{position, event(position, history).leaf_hash};
}
std::vector<Position> positions(const FollowedEvents& some) {
    std::vector<Position> all;
    for (const FollowedEventPtr& one : some) all.push_back(one->position);
    return all;
}

class LogTailTest : public testing::Test {
protected:
    void offer(std::vector<RecordedEvent> some) { tail.offer(tail.epoch(), std::move(some)); }
    // What is behind the position; {-1}: it can't say.
    std::vector<Position> after(Position position, std::int32_t limit = 100) {
        const auto found = tail.after(at(position), limit);
        return found ? positions(*found) : std::vector<Position>{-1};
    }
    LogTail tail{{6, 1'000'000}};
    const std::vector<Position> unknown{-1};
};

TEST_F(LogTailTest, GivesWhatIsBehindTheCursor) {
    EXPECT_EQ(after(1), unknown);
    offer(events(1, 3));
    offer(events(4, 5));
    EXPECT_EQ(after(1), (std::vector<Position>{2, 3, 4, 5}));
    EXPECT_EQ(after(1, 2), (std::vector<Position>{2, 3}));
    EXPECT_EQ(after(5), std::vector<Position>{});
    EXPECT_EQ(after(6), unknown);
    EXPECT_FALSE(tail.after({}, 100)) << "before the first event there is none to compare with";
    EXPECT_EQ(tail.after(at(4), 10)->front()->payload, "{\"n\":5}");
}

TEST_F(LogTailTest, KeepsTheNewest) {
    offer(events(1, 9));
    EXPECT_EQ(after(3), unknown);
    EXPECT_EQ(after(4), (std::vector<Position>{5, 6, 7, 8, 9}));
    LogTail small{{100, 4 * FollowedEvent(event(1)).bytes() + 2}};
    small.offer(small.epoch(), events(1, 9));
    EXPECT_FALSE(small.after(at(5), 10));
    EXPECT_TRUE(small.after(at(6), 10)) << "four of one size";
}

TEST_F(LogTailTest, WithAHoleANewRunBegins) {
    offer(events(1, 3));
    offer(events(5, 6));
    EXPECT_EQ(after(3), unknown);
    EXPECT_EQ(after(5), std::vector<Position>{6});
    offer(events(2, 3));
    EXPECT_EQ(after(2), unknown) << "it does not lead up to the run";
    offer(events(3, 4));
    EXPECT_EQ(after(3), unknown) << "nor do these: at 5 may begin another history";
    offer(events(3, 5));
    EXPECT_EQ(after(3), (std::vector<Position>{4, 5, 6}));
}

TEST_F(LogTailTest, WithAHoleNothingIsTaken) {
    offer({event(1), event(2), event(4)});
    EXPECT_EQ(after(1), unknown);
}

// A follower is behind in the other history and reads on to beyond the run's end; its batch begins where that ends.
TEST_F(LogTailTest, WhatWasReadBehindAnotherEventDoesNotContinueTheRun) {
    offer(events(1, 3));
    tail.offer(tail.epoch(), events(4, 5, 2), at(3, 2));
    EXPECT_EQ(after(3), unknown);
    EXPECT_EQ(positions(*tail.after(at(4, 2), 10)), std::vector<Position>{5});
    tail.offer(tail.epoch(), events(6, 6, 2), at(5, 2));
    EXPECT_EQ(positions(*tail.after(at(4, 2), 10)), (std::vector<Position>{5, 6}));
}

TEST_F(LogTailTest, WhatIsThereIsNotAddedAgain) {
    offer(events(1, 3));
    offer(events(2, 4));
    offer(events(1, 4));
    EXPECT_EQ(after(1), (std::vector<Position>{2, 3, 4}));
}

TEST_F(LogTailTest, OfAnotherHistoryNothingStays) {
    offer(events(1, 4));
    EXPECT_FALSE(tail.after(at(3, 2), 10)) << "the event at the cursor is another one";
    offer(events(3, 5, 2));
    EXPECT_FALSE(tail.after(at(3), 10));
    EXPECT_FALSE(tail.after(at(2), 10));
    EXPECT_EQ(positions(*tail.after(at(3, 2), 10)), (std::vector<Position>{4, 5}));
}

TEST_F(LogTailTest, WhatWasReadBeforeItForgotIsNotTaken) {
    const auto before = tail.epoch();
    tail.clear();
    tail.offer(before, events(1, 3));
    EXPECT_EQ(after(1), unknown);
}

TEST_F(LogTailTest, WhatIsNotBelievedEachJudgesForThemselves) {
    for (const Trust trust : {Trust::kUnchecked, Trust::kInert, Trust::kChanged, Trust::kKeyMissing}) {
        tail.clear();
        auto some = events(1, 2);
        some.push_back(event(3, 1, trust));
        some.push_back(event(4));
        offer(std::move(some));
        EXPECT_EQ(after(1), std::vector<Position>{2});
    }
}

Result<FollowedEvents, ReadError> followed(Result<std::vector<RecordedEvent>, ReadError> read) {
    if (!read) return Unexpected(read.error());
    return as_followed(std::move(*read));
}

// A log that grows, of which this process appends some and others the rest.
class Log : public LogSource {
public:
    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override {
        ++reads;
        if (failure) return Unexpected(*failure);
        if (cursor.position > 0 && cursor != at(cursor.position)) return Unexpected(ReadError::kCursorUnknown);
        return events(cursor.position + 1, std::min<Position>(head_, cursor.position + limit));
    }
    Result<Head, ReadError> head() override { return Head{{}, at(head_)}; }
    void wait(std::chrono::milliseconds) override {}
    void interrupt() override {}

    Position head_ = 0;
    int reads = 0;
    std::optional<ReadError> failure;
};

struct Follower {
    explicit Follower(const std::shared_ptr<LogTail>& tail,
                      TailSource::SteadyClock now = std::chrono::steady_clock::now) {
        auto owned = std::make_unique<Log>();
        log = owned.get();
        source = std::make_unique<TailSource>(std::move(owned), tail, std::move(now));
    }
    // Until it says that there is nothing more, and it waits.
    std::vector<Position> follow(std::int32_t limit = 100) {
        auto seen = read_on(limit);
        source->wait(std::chrono::milliseconds(0));
        return seen;
    }
    std::vector<Position> read_on(std::int32_t limit = 100) {
        std::vector<Position> seen;
        for (auto read = source->read_after(cursor, limit); !read->empty(); read = source->read_after(cursor, limit)) {
            for (const RecordedEvent& one : *read) {
                EXPECT_EQ(one.position, cursor.position + 1);
                EXPECT_EQ(one.payload, event(one.position).payload);
                cursor = {one.position, one.leaf_hash};
                seen.push_back(one.position);
            }
        }
        return seen;
    }
    Log* log = nullptr;
    std::unique_ptr<TailSource> source;
    Cursor cursor;
};

class TailSourceTest : public testing::Test {
protected:
    void append(Position last, bool here) {
        const Position first = first_.log->head_ + 1;
        for (Follower* one : {&first_, &second_}) one->log->head_ = last;
        if (here) tail->offer(tail->epoch(), events(first, last));
    }
    std::shared_ptr<LogTail> tail = std::make_shared<LogTail>();
    Follower first_{tail};
    Follower second_{tail};
};

TEST_F(TailSourceTest, WhatThisProcessAppendsIsNotRead) {
    append(3, true);
    EXPECT_EQ(first_.follow(), (std::vector<Position>{1, 2, 3}));
    const int reads = first_.log->reads;
    for (Position last = 4; last < 50; ++last) {
        append(last, true);
        EXPECT_EQ(first_.follow(), std::vector<Position>{last});
    }
    EXPECT_EQ(first_.log->reads, reads);
    EXPECT_EQ(second_.follow().size(), 49U);
}

TEST_F(TailSourceTest, WhatOthersAppendIsReadOnceForAll) {
    append(3, false);
    EXPECT_EQ(first_.follow().size(), 3U);
    EXPECT_EQ(second_.follow().size(), 3U);
    append(6, false);
    while (first_.cursor.position < 6) first_.follow();  // once the tail's end, then the log is asked
    const int reads = second_.log->reads;
    EXPECT_EQ(second_.follow().size(), 3U);
    EXPECT_EQ(second_.log->reads, reads);
}

TEST_F(TailSourceTest, AfterTheEndOfMemoryTheLogIsAsked) {
    append(2, true);
    first_.follow();
    append(3, true);
    EXPECT_EQ(first_.follow(), std::vector<Position>{3});
    append(4, false);
    const int reads = first_.log->reads;
    first_.follow();
    first_.follow();
    EXPECT_EQ(first_.cursor.position, 4);
    EXPECT_GT(first_.log->reads, reads);
}

// Who takes over from another node reads up to a position that this one has not heard of: "empty" is the head.
TEST_F(TailSourceTest, WhoDoesNotWaitIsToldOfNoEndButTheLogs) {
    append(4, true);
    first_.follow();
    append(6, false);
    second_.log->reads = 0;
    second_.source->wait(std::chrono::milliseconds(0));
    EXPECT_EQ(second_.read_on(2), (std::vector<Position>{1, 2, 3, 4, 5, 6}));
}

// Nor after it waited long ago, and has followed what was in memory since.
TEST_F(TailSourceTest, WhoAsksForTheHeadReadsTheLogsEnd) {
    append(4, true);
    first_.follow();
    second_.follow();
    second_.source->wait(std::chrono::milliseconds(0));
    append(6, false);
    ASSERT_TRUE(second_.source->head());
    EXPECT_EQ(second_.follow(), (std::vector<Position>{5, 6}));
}

// One wake-up tells of two appends, ours and another node's: there is no second one.
TEST_F(TailSourceTest, AHintOfMoreThanIsInMemoryIsHeard) {
    append(1, true);
    first_.follow();
    append(2, true);
    append(3, false);
    tail->expect(3);
    EXPECT_EQ(first_.follow(), (std::vector<Position>{2, 3}));
}

TEST_F(TailSourceTest, AFailedReadForgetsTheTail) {
    append(3, true);
    first_.follow();
    first_.log->failure = ReadError::kUnavailable;
    EXPECT_FALSE(first_.source->read_after(first_.cursor, 10));
    EXPECT_FALSE(tail->after(at(1), 10));
    first_.log->failure.reset();
    EXPECT_FALSE(first_.source->read_after(at(3, 2), 10)) << "as strict about the cursor as the log";
    EXPECT_EQ(first_.source->read_after(at(3, 2), 10).error(), ReadError::kCursorUnknown);
}

// The last command of what is cut at a limit may not be whole: for others it is read again.
TEST_F(TailSourceTest, WhatIsCutAtALimitIsNotShared) {
    append(9, false);
    ASSERT_EQ(first_.source->read_after({}, 5)->size(), 5U);
    EXPECT_FALSE(tail->after(at(3), 10));
    ASSERT_EQ(first_.source->read_after(at(5), 5)->size(), 4U);
    EXPECT_TRUE(tail->after(at(6), 10));
}

// From memory or from the log: whoever reads an event first gives it to all, decoded or not.
TEST_F(TailSourceTest, FollowersShareWhatTheyAreGiven) {
    append(3, true);
    append(6, false);
    const auto follow_all = [&](Follower& one) {
        FollowedEvents all;
        for (int empty = 0; empty < 2; one.source->wait(std::chrono::milliseconds(0))) {
            const auto read = one.source->follow_after(one.cursor, 100);
            empty += read->empty() ? 1 : 0;
            all.insert(all.end(), read->begin(), read->end());
            if (!all.empty()) one.cursor = {all.back()->position, all.back()->leaf_hash};
        }
        return all;
    };
    // Who begins at the log's beginning reads it: there is no event there to be held.
    const auto begin = first_.source->read_after({}, 1).value();
    first_.cursor = second_.cursor = {begin[0].position, begin[0].leaf_hash};
    const FollowedEvents first = follow_all(first_), second = follow_all(second_);
    EXPECT_EQ(positions(first), (std::vector<Position>{2, 3, 4, 5, 6}));
    const auto before = FollowedEvent::decodings();
    for (const FollowedEvents& all : {first, second})
        for (const FollowedEventPtr& one : all) EXPECT_ANY_THROW((void)one->decoded());
    EXPECT_EQ(FollowedEvent::decodings(), before + 5);
    EXPECT_EQ(first, second) << "the same objects";
}

// Two nodes append by turns, readers fail now and then: each follower sees every event once, in order.
TEST_F(TailSourceTest, EachFollowerSeesEveryEventOnceWhateverIsHeld) {
    std::mt19937 chance(20261130);
    std::map<Follower*, Position> seen;
    for (int i = 0; i < 5'000; ++i) {
        switch (chance() % 6) {
            case 0: append(first_.log->head_ + 1 + chance() % 5, true); break;
            case 1: append(first_.log->head_ + 1 + chance() % 5, false); break;
            case 2: tail->clear(); break;
            default:
                Follower& one = chance() % 2 == 0 ? first_ : second_;
                one.log->failure = chance() % 10 == 0 ? std::optional(ReadError::kUnavailable) : std::nullopt;
                const auto limit = static_cast<std::int32_t>(1 + chance() % 12);
                const auto read = chance() % 2 == 0 ? one.source->follow_after(one.cursor, limit)
                                                    : followed(one.source->read_after(one.cursor, limit));
                if (!read) break;
                for (const FollowedEventPtr& next : *read) {
                    ASSERT_EQ(next->position, one.cursor.position + 1);
                    ASSERT_EQ(next->payload, event(next->position).payload);
                    one.cursor = {next->position, next->leaf_hash};
                }
        }
    }
    for (Follower* one : {&first_, &second_}) {
        one->log->failure.reset();
        one->follow();
        one->follow();
        EXPECT_EQ(one->cursor.position, one->log->head_);
    }
}

// ---- what the writer has sent and not offered yet --------------------------------------------------------------
// One follower, which looks when it is woken.
class HandOverTest : public testing::Test {
protected:
    HandOverTest() {
        append(4, true);
        look();
        follower_.log->reads = 0;
    }
    void append(Position last, bool here) {
        const Position first = follower_.log->head_ + 1;
        follower_.log->head_ = last;
        if (here) offer(first, last);
    }
    void offer(Position first, Position last) { tail->offer(tail->epoch(), events(first, last)); }
    std::vector<Position> look() {
        follower_.source->wait(std::chrono::milliseconds(0));
        return follower_.read_on();
    }
    int reads() const { return follower_.log->reads; }

    std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
    std::shared_ptr<LogTail> tail = std::make_shared<LogTail>(LogTailLimits{100, 1'000'000, 4});
    Follower follower_{tail, [this] { return now_; }};
    const std::vector<Position> nothing{};
};

TEST_F(HandOverTest, ComesWithoutARead) {
    for (Position last = 5; last < 40; ++last) {
        auto hand_over = tail->begin_hand_over();
        append(last, false);
        for (int woken = 0; woken < 5; ++woken) EXPECT_EQ(look(), nothing);
        offer(last, last);
        hand_over.reset();
        EXPECT_EQ(look(), std::vector<Position>{last});
    }
    EXPECT_EQ(reads(), 0);
}

TEST_F(HandOverTest, IsNotAwaitedForLongerThanItsPatience) {
    const auto hand_over = tail->begin_hand_over();
    append(5, false);
    EXPECT_EQ(look(), nothing);
    now_ += kHandOverPatience - std::chrono::nanoseconds(1);
    EXPECT_EQ(look(), nothing);
    EXPECT_EQ(reads(), 0);
    now_ += std::chrono::nanoseconds(1);
    EXPECT_EQ(look(), std::vector<Position>{5});
    EXPECT_GT(reads(), 0);
}

TEST_F(HandOverTest, IsAwaitedAnewForWhatComesNext) {
    auto hand_over = tail->begin_hand_over();
    append(5, false);
    EXPECT_EQ(look(), nothing);
    now_ += kHandOverPatience / 2;
    offer(5, 5);
    EXPECT_EQ(look(), std::vector<Position>{5});
    EXPECT_EQ(look(), nothing);
    append(6, false);
    now_ += kHandOverPatience / 2;
    EXPECT_EQ(look(), nothing);
    EXPECT_EQ(reads(), 0);
    now_ += kHandOverPatience;
    EXPECT_EQ(look(), std::vector<Position>{6});
}

TEST_F(HandOverTest, IsNotAwaitedWhereNothingWasSent) {
    tail->begin_hand_over().reset();  // it came to nothing
    append(5, false);
    EXPECT_EQ(look(), std::vector<Position>{5});
}

TEST_F(HandOverTest, IsNotAwaitedWhereOthersAppend) {
    auto hand_over = tail->begin_hand_over();
    append(5, false);
    EXPECT_EQ(look(), nothing);
    tail->expect(5);  // another node's: the server says so
    EXPECT_EQ(look(), std::vector<Position>{5});

    append(6, true);
    EXPECT_EQ(look(), std::vector<Position>{6});
    EXPECT_EQ(look(), nothing);
    append(7, false);
    EXPECT_EQ(look(), std::vector<Position>{7}) << "another's was among the last four";
    append(11, true);
    EXPECT_EQ(look(), (std::vector<Position>{8, 9, 10, 11}));
    EXPECT_EQ(look(), nothing);
    append(12, false);
    EXPECT_EQ(look(), nothing) << "alone again";
}

TEST_F(HandOverTest, IsNotAwaitedOnceTheTailIsForgotten) {
    const auto hand_over = tail->begin_hand_over();
    tail->clear();
    append(5, false);
    EXPECT_EQ(look(), std::vector<Position>{5});
    append(6, false);
    EXPECT_EQ(look(), std::vector<Position>{6});
}

// As one that takes over from another node does: "empty" is the head.
TEST_F(HandOverTest, IsNotAwaitedByWhoDoesNotWait) {
    const auto hand_over = tail->begin_hand_over();
    append(6, false);
    EXPECT_EQ(follower_.read_on(2), (std::vector<Position>{5, 6}));
}

// One appends, three follow, somebody forgets: for ThreadSanitizer.
TEST(LogTailThreads, MayAllUseItAtOnce) {
    LogTail tail{{64, 1'000'000}};
    std::atomic<Position> head = 0;
    std::atomic<bool> done = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            while (!done) {
                const Position from = std::max<Position>(0, head.load() - 10);
                const auto found = tail.after(at(from), 100);
                (void)tail.expects_hand_over();
                for (std::size_t n = 0; found && n < found->size(); ++n)
                    ASSERT_EQ((*found)[n]->position, from + 1 + static_cast<Position>(n));
            }
        });
    for (Position position = 1; position <= 5'000; ++position) {
        const auto hand_over = tail.begin_hand_over();
        tail.offer(tail.epoch(), events(position, position));
        head = position;
        if (position % 500 == 0) tail.clear();
    }
    done = true;
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace keyledger::eventstore
