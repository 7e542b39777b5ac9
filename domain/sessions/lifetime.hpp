#pragma once
// How long sessions last. Apart from the aggregate, for settings and SQL that know no session.
#include <algorithm>
#include <cstddef>

#include "domain/base/time.hpp"

namespace keyledger {

// The limits of every session, from configuration.
struct SessionLifetimes {
    Duration idle = days(14);
    Duration absolute = days(30);
    Duration refresh_grace = seconds(10);  // at most 10 s: a lost answer, not a second thief
};

// How many sessions of one user may live at once. Those from before it was set do not count.
struct SessionLimit {
    enum class WhenReached { kOldestEnds, kNewIsRefused };
    std::size_t most = 0;  // 0: as many as they like
    WhenReached when_reached = WhenReached::kOldestEnds;
};

// When a session ends by itself: too old, or idle for too long.
constexpr Instant session_ends_at(Instant refreshed_at, Instant expires_at, Duration idle) {
    return std::min(expires_at, refreshed_at + idle);
}

}  // namespace keyledger
