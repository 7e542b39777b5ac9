#pragma once
#include "reactors/engine/limits.hpp"

namespace keyledger::reactors {

// How long a job waits that did not succeed: as long again as it has been tried for, from 10 s to 1 h, and up to a
// quarter less by chance (from 0 to below 1), so that those that failed together do not come back together. Pure.
std::chrono::milliseconds back_off(std::chrono::milliseconds tried_for, double chance);

}  // namespace keyledger::reactors
