#pragma once
// What an application is known by: its client id. Apart from the aggregate, for those that know no applications.
#include "domain/base/id.hpp"

namespace keyledger {

struct Application;
using ApplicationId = Id<Application>;

}  // namespace keyledger
