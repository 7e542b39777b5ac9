#pragma once
// What the service tells of itself beside metrics: the log of accesses, that of administrators, and traces. Built once,
// before anything is appended or served.
#include <memory>

#include "app/core/core.hpp"
#include "app/metrics/metrics.hpp"
#include "app/observing/access_log.hpp"
#include "app/observing/observers.hpp"
#include "app/observing/traces.hpp"

namespace keyledger::app {

struct Telling {
    // All outlive it, and what tells of appends (`core`) and of requests ends before it does.
    Telling(const Config& config, Core& core, Metrics& metrics);

    const LogFormat format;
    const std::unique_ptr<Traces> traces;         // null: no collector is configured
    const std::unique_ptr<AccessLog> access_log;  // never null
    Observers observers;
};

}  // namespace keyledger::app
