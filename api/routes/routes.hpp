#pragma once
// Every route of the API, from the tables of its subjects.
#include "api/routes/route.hpp"

namespace keyledger::api {

RouteTable route_table();

}  // namespace keyledger::api
