#pragma once
// Where a follower of the log stores how far it came, to compare that with the follower's output.
#include "domain/base/result.hpp"
#include "eventstore/log_source.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

// One object a follower, used by one thread; calls block. The only error is kUnavailable.
class CursorStore {
public:
    virtual ~CursorStore() = default;
    // Position 0 if nothing was ever stored.
    virtual Result<Cursor, ReadError> load() = 0;
    // Never moves back: a cursor at or below the stored one changes nothing, for a process that was paused
    // may come late.
    virtual Result<void, ReadError> store(const Cursor& cursor) = 0;
};

}  // namespace keyledger::eventstore
