#pragma once
#include <string>

#include "api/routes/call.hpp"

namespace keyledger::api::routes {

// What this authorization server and OpenID provider can do, as JSON: the same for RFC 8414 and for OpenID Connect
// Discovery 1.0 section 3, whose members are one registry.
std::string provider_metadata(Call& call);

}  // namespace keyledger::api::routes
