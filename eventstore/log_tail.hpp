#pragma once
// The end of the log in memory, shared by all who follow it in one process, so that each event is read and checked
// and decoded once: what this process appends comes from who appended it, the rest from whoever read it first. A
// follower can't tell where an event came from.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "eventstore/log_source.hpp"

namespace keyledger::eventstore {

struct LogTailLimits {
    std::size_t events = 8'192;
    std::size_t bytes = 16 * 1024 * 1024;  // as FollowedEvent::bytes() counts them
    // After so many events in a row that the writer offered, nobody else is taken to append.
    std::uint64_t alone_after = 256;
};
// How long a follower waits for what the writer has sent and not offered yet, before it asks the log.
inline constexpr std::chrono::milliseconds kHandOverPatience{2};
// How often it was read and found in memory, since the start.
struct LogTailCounts {
    std::uint64_t from_memory = 0;  // events
    std::uint64_t from_log = 0;
};

// Thread-safe. Holds a dense run of believed events, the newest that it was told of.
class LogTail {
public:
    using Epoch = std::uint64_t;

    explicit LogTail(LogTailLimits limits = {}) : limits_(limits) {}

    // Asked before the session that the events come from is used: what was read before a clear() is not taken.
    Epoch epoch() const;
    // Events of the log, in order and dense, of whole commands, which were read `behind` that place; from the writer's
    // session, which began with a clear(), nobody needs to say so. What continues the run, or overlaps with it, is
    // added; with what comes later and does neither, or is of another history, a new run begins. Of events that are not
    // believed, and of what is behind them, nothing is kept: each follower judges those itself. Nor of a run with a
    // hole: whoever reads that one of the log stops (I1).
    void offer(Epoch epoch, FollowedEvents events, const std::optional<Cursor>& behind = {});
    void offer(Epoch epoch, std::vector<RecordedEvent> events, const std::optional<Cursor>& behind = {}) {
        offer(epoch, as_followed(std::move(events)), behind);
    }
    // Somebody says that the log goes as far as that. Only a hint, which may be wrong.
    void expect(Position position);
    // Whether somebody said that there is more than is known here.
    bool expects_more() const;
    // While what this gives is there, the writer has sent events to the server and offered none of them; some may be in
    // the log by now. The tail outlives it.
    struct EndOfHandOver {
        void operator()(LogTail* tail) const { tail->end_hand_over(); }
    };
    using HandOver = std::unique_ptr<LogTail, EndOfHandOver>;
    HandOver begin_hand_over();
    // Whether what is in the log and not here is most likely what the writer is about to offer. Only a guess: others
    // may begin to append at any moment.
    bool expects_hand_over() const;
    // A session to the database was lost, or the log turned out to be another one: nothing is known of it any more.
    void clear();

    // Those behind the cursor, at most `limit`; empty: none is known. nullopt: the run does not hold the event at the
    // cursor, so nobody here can say what follows it.
    std::optional<FollowedEvents> after(const Cursor& cursor, std::int32_t limit) const;

    LogTailCounts counts() const;
    void count_read(std::size_t events);

private:
    void end_hand_over();
    void note_own(const FollowedEvents& events);
    Position first() const { return events_.front()->position; }
    Position last() const { return events_.back()->position; }
    bool holds_another(Position position, const Digest& leaf_hash) const;
    bool contradicts(const FollowedEvents& events, const std::optional<Cursor>& behind) const;
    void add_behind(FollowedEventPtr event);
    void add_before(const FollowedEvents& events, std::size_t count);

    const LogTailLimits limits_;
    mutable std::mutex mutex_;  // guards what follows
    Epoch epoch_ = 0;
    std::deque<FollowedEventPtr> events_;
    std::size_t bytes_ = 0;
    Position expected_ = 0;
    int hand_overs_ = 0;            // that have begun and not ended
    Position own_until_ = 0;        // the newest that the writer offered
    std::uint64_t own_events_ = 0;  // that it offered one behind the other up to there
    mutable LogTailCounts counts_;
};

// A follower's view of the log: from the tail as long as that holds the event at its cursor, else from `log`, which it
// tells the tail of. As strict as `log` about the cursor and about density.
class TailSource : public LogSource {
public:
    using SteadyClock = std::function<std::chrono::steady_clock::time_point()>;

    TailSource(std::unique_ptr<LogSource> log, std::shared_ptr<LogTail> tail,
               SteadyClock now = std::chrono::steady_clock::now)
        : log_(std::move(log)), tail_(std::move(tail)), now_(std::move(now)) {}

    Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) override;
    Result<FollowedEvents, ReadError> follow_after(const Cursor& cursor, std::int32_t limit) override;
    // Whoever asks takes over, and learns by reading where the log ends.
    Result<Head, ReadError> head() override {
        was_at_its_end_ = has_waited_ = false;
        return log_->head();
    }
    void wait(std::chrono::milliseconds at_most) override {
        log_->wait(at_most);
        has_waited_ = true;
    }
    void interrupt() override { log_->interrupt(); }

private:
    bool is_end();

    const std::unique_ptr<LogSource> log_;
    const std::shared_ptr<LogTail> tail_;
    const SteadyClock now_;
    // The tail gave all that it has, to somebody who waits between looks: once, that is the end of the log, unless
    // somebody said that there is more. Before the next look it is waited, and whoever hints is heard; then the log
    // itself is asked. Who never waits takes "empty" for the head, as a take-over does.
    bool was_at_its_end_ = false;
    bool has_waited_ = false;  // since the log was asked, or that end was told
    // Past that end it is told again as long as the writer is about to offer what comes next, but not from then on: who
    // waits for an append that the server has committed gets it from the writer, a moment later and without a read.
    std::optional<std::chrono::steady_clock::time_point> asks_log_at_;
};

}  // namespace keyledger::eventstore
