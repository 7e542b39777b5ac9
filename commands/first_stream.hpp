#pragma once
// What a repeated command brought into being.
#include "commands/services.hpp"

namespace keyledger::commands {

// The stream of the event at that position.
Answer<Uuid> first_stream(Services& services, Position position, Deadline deadline);

}  // namespace keyledger::commands
