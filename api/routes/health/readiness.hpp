#pragma once
// Whether this node is ready, as both listeners answer it.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

enum class HealthDetail { kNames, kReasons };
// The reasons are for the management listener only.
Response readiness(Health& health, HealthDetail detail);

}  // namespace keyledger::api::routes
