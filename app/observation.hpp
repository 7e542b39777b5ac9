#pragma once
// What readiness and metrics look at, in one place.
#include "api/http/server.hpp"
#include "app/core.hpp"
#include "app/followers.hpp"
#include "app/health.hpp"
#include "app/metrics.hpp"
#include "app/probe.hpp"
#include "app/tree_heads.hpp"

namespace keyledger::app {

// All outlive the service's last answer on the management listener.
void observe(ServiceHealth& health, Metrics& metrics, Core& core, Followers& followers, projections::HotAccess& hot,
             TreeHeads& tree_heads, Probe& probe, api::Server& server);

}  // namespace keyledger::app
