#pragma once
// Endpoints that tests of several subjects name. Constants.

namespace keyledger::test {

inline constexpr const char* kPar = "/oauth2/par";

}  // namespace keyledger::test
