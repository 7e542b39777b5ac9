#pragma once
// How often a password may be tried. Apart from the aggregate, for settings that know no attempt.
#include <cstdint>

#include "domain/base/time.hpp"

namespace keyledger {

struct LoginAttemptLimits {
    std::int64_t failures_in_a_row = 100;  // over all networks; then only known ones, until somebody unlocks
    std::int64_t network_failures = 20;    // from one network, then with growing pauses
    Duration longest_pause = minutes(15);
    Duration known_for = days(90);  // since the last log-in from there; none at all: none is remembered
};

}  // namespace keyledger
