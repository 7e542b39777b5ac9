#pragma once
// Jobs as operators see them.
#include <cstdint>
#include <optional>
#include <string>

#include "domain/base/time.hpp"
#include "reactors/engine/reactor.hpp"

namespace keyledger::reactors {

struct ListedJob {
    JobId id;
    std::string kind;
    Uuid subject;
    std::string state;  // due, done, dead, dropped
    std::int32_t attempts = 0;
    std::string error_code;  // of the last attempt; empty: none
    Instant due_at;
    Instant tried_since;
    bool is_leased = false;  // somebody performs it now
};
struct JobSelection {
    std::string reactor;  // empty: all
    std::string state;    // empty: all
    std::int32_t limit = 100;
    bool open_only = false;  // due or dead
};
struct JobCounts {
    std::int64_t due = 0;  // now or later
    std::int64_t dead = 0;
    double late_s = 0;  // since when the one that waits for the longest has been due
};

}  // namespace keyledger::reactors
