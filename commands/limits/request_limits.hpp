#pragma once
// From settings to buckets, and from buckets to answers.
#include "commands/services.hpp"

namespace keyledger::commands {

// `what` is counted, for `whom`. Nodes with different settings use different buckets.
eventstore::Bucket bucket_of(std::string_view what, std::string_view whom, const Rate& rate);

// kTooManyAttempts with the time to wait.
CommandError too_many(const eventstore::RateDecision& taken);

}  // namespace keyledger::commands
