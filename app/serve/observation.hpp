#pragma once
// What readiness and metrics look at, in one place.
#include "api/http/server.hpp"
#include "app/core/core.hpp"
#include "app/serve/followers.hpp"
#include "app/serve/health.hpp"
#include "app/serve/metrics.hpp"
#include "app/serve/probe.hpp"
#include "app/serve/reactors.hpp"
#include "app/serve/tree_heads.hpp"

namespace keyledger::app {

// All outlive the service's last answer on the management listener.
void observe(ServiceHealth& health, Metrics& metrics, Core& core, Followers& followers, Reactors& reactors,
             projections::HotAccess& hot, TreeHeads& tree_heads, Probe& probe, api::Server& server);

}  // namespace keyledger::app
