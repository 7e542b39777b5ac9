#pragma once
// What readiness looks at, in one place.
#include <chrono>

#include "app/core/core.hpp"
#include "app/observing/outage.hpp"
#include "app/origins/starting_origins.hpp"
#include "app/serve/followers.hpp"
#include "app/serve/health.hpp"
#include "app/serve/probe.hpp"
#include "app/serve/reactors.hpp"
#include "app/serve/tree_heads.hpp"

namespace keyledger::projections {
struct HotStatus;
}

namespace keyledger::app {

// So long a node that starts is not ready because it knows no origin of an application, as where the database does not
// answer. Shorter than the minute after which KeyledgerNotReady wakes somebody.
inline constexpr std::chrono::seconds kOriginsPatience{30};

// What answers and origins come from; both outlive the copies.
struct Memory {
    bool is_kept = false;  // by this process: it serves the API
    const projections::HotAccess& hot;
    const StartingOrigins& origins;
};

// All outlive the service's last answer on the management listener.
void observe(ServiceHealth& health, Core& core, Followers& followers, Reactors& reactors, const Memory& memory,
             TreeHeads& tree_heads, Probe& probe);

// While memory reads the log, folds answer in its place, and StartingOrigins: only until these are known requests are
// better sent elsewhere.
api::HealthCheck check_memory(const projections::HotStatus& status, bool are_origins_known,
                              std::chrono::steady_clock::duration since_start);

// Database and Kafka; both outlive what `watch` looks at.
void watch_for_outages(OutageWatch& watch, Core& core, Followers& followers);

}  // namespace keyledger::app
