#pragma once
// Endpoints that tests of several subjects name. Constants.

namespace keyledger::test {

inline constexpr const char* kPar = "/oauth2/par";
inline constexpr const char* kDeviceAuthorization = "/oauth2/device_authorization";

}  // namespace keyledger::test
