#pragma once
// An authenticator app, which is Debian's oathtool, and its enrolment over HTTP.
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {

inline constexpr const char* kEnable = "/api/v1/auth/mfa/enable";
inline constexpr const char* kVerify = "/api/v1/auth/mfa/verify";

// What the app shows `steps` steps from now. That of the next step is good already (RFC 6238 section 5.2): so two can
// be used without waiting, and both stay good should a step end meanwhile.
std::string code_of(const std::string& secret, int steps = 0);

// With their password.
std::string body_of(const Person& person, std::initializer_list<std::pair<std::string_view, std::string_view>> more);

struct Enrolled {
    std::string secret;
    std::string recovery_code;
    std::string factor_id;
};
// With the code of this step.
Enrolled enrol(ApiClient& client, const Person& person);

}  // namespace keyledger::test
