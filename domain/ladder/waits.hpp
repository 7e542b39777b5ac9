#pragma once
// How long something that somebody can authenticate with waits until it counts for step-up (domain/ladder/step_up.hpp):
// whoever took an account over must not make themselves its owner by adding what they have. It counts at once where the
// account began with it, or where it was added with something that counted then.
#include "domain/base/time.hpp"

namespace keyledger {

inline constexpr Duration kWaitOfNewFactor = days(7);
// A password that was set by the mail of the address alone, and be it the first: until then the owner sees that it was.
inline constexpr Duration kWaitAfterReset = days(1);

}  // namespace keyledger
