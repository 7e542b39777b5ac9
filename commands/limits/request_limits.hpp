#pragma once
// From settings to buckets, and from buckets to answers.
#include "commands/services.hpp"

namespace keyledger::commands {

// `what` is counted, for `whom`. Nodes with different settings use different buckets.
eventstore::Bucket bucket_of(std::string_view what, std::string_view whom, const Rate& rate);

// So many a bucket can hold at most into which one flows back in so long: it has to be full again after 30 days.
constexpr std::int64_t most_in(Duration one_every) { return days(30).ms() / one_every.ms(); }

// kTooManyAttempts with the time to wait.
CommandError too_many(const eventstore::RateDecision& taken);

}  // namespace keyledger::commands
