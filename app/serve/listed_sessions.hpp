#pragma once
// The sessions that the reactor of log-outs asks for, by their read model.
#include "projections/engine/queries.hpp"
#include "reactors/log_outs.hpp"

namespace keyledger::app {

// Waits until the read model is there. `queries` outlives it.
reactors::SessionsAsOf sessions_as_of(projections::Queries& queries);

}  // namespace keyledger::app
