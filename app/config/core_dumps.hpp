#pragma once
// Whether the process's memory, which holds keys and passwords, may be written to a disk.
#include "app/config/config.hpp"

namespace keyledger::app {

// Forbids core dumps, also of what is started from here, and that other processes of the same user look into this one.
// KEYLEDGER_CORE_DUMPS=on leaves all as it is, for debugging. Call it before anything secret is read.
void forbid_core_dumps(const Environment& environment);

}  // namespace keyledger::app
