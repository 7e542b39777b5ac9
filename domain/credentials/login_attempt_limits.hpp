#pragma once
// How often a password may be tried. Apart from the aggregate, for settings that know no attempt.
#include <cstdint>

namespace keyledger {

struct LoginAttemptLimits {
    std::int64_t failures_in_a_row = 100;  // over all networks; then only known ones, until somebody unlocks
    std::int64_t network_failures = 20;    // from one network, then with growing pauses
    std::int64_t longest_pause_ms = 15LL * 60 * 1000;
    std::int64_t known_for_ms = 90LL * 24 * 3600 * 1000;  // since the last log-in from there; 0: none is remembered
};

}  // namespace keyledger
