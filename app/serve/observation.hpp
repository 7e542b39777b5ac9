#pragma once
// What readiness looks at, in one place.
#include "app/core/core.hpp"
#include "app/observing/outage.hpp"
#include "app/serve/followers.hpp"
#include "app/serve/health.hpp"
#include "app/serve/probe.hpp"
#include "app/serve/reactors.hpp"
#include "app/serve/tree_heads.hpp"

namespace keyledger::app {

// All outlive the service's last answer on the management listener.
void observe(ServiceHealth& health, Core& core, Followers& followers, Reactors& reactors, projections::HotAccess& hot,
             TreeHeads& tree_heads, Probe& probe);

// Database and Kafka; both outlive what `watch` looks at.
void watch_for_outages(OutageWatch& watch, Core& core, Followers& followers);

}  // namespace keyledger::app
