#pragma once
#include "commands/services.hpp"

namespace keyledger::commands {

inline constexpr int kMaxDaysBack = 3660;  // older days are not looked for

// Destroys the keys of the days that ended at least `keep_days` days ago, one command each, and answers how many there
// were. What anonymous callers left there reads as erased from then on. Idempotent, and harmless on many nodes at once:
// a day's key dies once.
Answer<int> erase_anonymous_callers(Services& services, int keep_days, Caller caller);

}  // namespace keyledger::commands
