#pragma once
// A place in the log as one process saw it: what it knows of streams, it knows as of such a moment.
#include <cstdint>

#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"

namespace keyledger::eventstore {

struct LogMoment {
    // Counts the histories that this process followed: a restored log has the positions of a lost one again.
    // 0: no moment at all.
    std::uint64_t history = 0;
    Position position = 0;
    bool is_set() const { return history != 0; }
};
// A stream that stood at a version, and when it was seen there.
struct StreamSeen {
    Uuid stream_id;
    std::int32_t version = 0;
    LogMoment seen;
};

}  // namespace keyledger::eventstore
