#pragma once
// Every route of the API, in one table: openapi.json holds the same operations, and a test compares the two.
#include <span>

#include "api/requests/router.hpp"
#include "api/routes/context.hpp"

namespace keyledger::api {

std::span<const RouteEntry<Context>> route_table();

}  // namespace keyledger::api
