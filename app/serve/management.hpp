#pragma once
// What the management listener shows: metrics, health with its reasons, information, and the log level to change.
#include <memory>

#include "api/management/management_server.hpp"
#include "app/config/config.hpp"
#include "app/metrics/metrics.hpp"
#include "app/serve/health.hpp"

namespace keyledger::app {

struct ManagementSubjects {
    ServiceHealth& health;
    Metrics& metrics;
    Uuid log_id;
};

// Its subjects outlive the listener.
std::vector<api::ManagementRoute> management_routes(const ManagementSubjects& subjects);
api::ManagementOptions management_options(const Endpoint& listen);

}  // namespace keyledger::app
