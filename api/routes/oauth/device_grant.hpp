#pragma once
// The device grant at the token endpoint (RFC 8628 sections 3.4 and 3.5).
#include <string_view>

#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/route.hpp"
#include "domain/base/secret.hpp"

namespace keyledger::api {

inline constexpr std::string_view kDeviceGrantType = "urn:ietf:params:oauth:grant-type:device_code";

Reply device_grant(Context& context, Request& request, PresentedCredentials presented, Secret device_code);

}  // namespace keyledger::api
