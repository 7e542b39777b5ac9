#pragma once
// Reading the log in order, for whoever follows it on a thread of its own: projections, the publisher, auditors.
#include <chrono>
#include <cstdint>
#include <vector>

#include "domain/base/result.hpp"
#include "eventstore/codec/followed_event.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

enum class ReadError {
    kUnavailable,    // try again with back-off
    kCursorUnknown,  // the log does not hold the cursor's position with that leaf hash: another history
    kHole,           // I1 is broken: the next position is not the previous + 1. Stop loudly.
};

// Not thread-safe: one source a follower. Calls block; `wait` returns early when this process (or a NOTIFY) hints at
// new events, and on `interrupt`, which alone may be called from another thread.
class LogSource {
public:
    virtual ~LogSource() = default;
    // The next events after the cursor, in order, checked for density against it; empty at the head. The event at
    // the cursor is checked too (position and leaf hash) whenever the source does not continue its own last read.
    virtual Result<std::vector<RecordedEvent>, ReadError> read_after(const Cursor& cursor, std::int32_t limit) = 0;
    // The same, for those who decode them: what is in memory is shared with whoever else follows the log.
    virtual Result<FollowedEvents, ReadError> follow_after(const Cursor& cursor, std::int32_t limit) {
        auto events = read_after(cursor, limit);
        if (!events) return Unexpected(events.error());
        return as_followed(std::move(*events));
    }
    virtual Result<Head, ReadError> head() = 0;
    virtual void wait(std::chrono::milliseconds at_most) = 0;
    virtual void interrupt() = 0;
};

}  // namespace keyledger::eventstore
