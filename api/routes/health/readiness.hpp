#pragma once
// Whether this node is ready, as both listeners answer it.
#include "api/routes/context.hpp"

namespace keyledger::api::routes {

enum class Detail { kNames, kReasons };
// The reasons are for the management listener only.
Response readiness(Health& health, Detail detail);

}  // namespace keyledger::api::routes
