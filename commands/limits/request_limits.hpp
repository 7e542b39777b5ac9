#pragma once
// From settings to buckets, and from buckets to answers.
#include "commands/services.hpp"

namespace keyledger::commands {

// `what` is counted, of `whom`. Nodes that are set up differently count apart: none spoils the other's.
eventstore::Bucket bucket_of(std::string_view what, std::string_view whom, const Rate& rate);

// kTooManyAttempts with the time to wait.
CommandError too_many(const eventstore::Taken& taken);

}  // namespace keyledger::commands
