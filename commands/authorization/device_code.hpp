#pragma once
// The device code (RFC 8628 section 3.2): a sealed value, like an authorization code. It names the session that its
// exchange begins, and the stream in which somebody's answer stands. Beside it the service keeps for minutes what the
// code that people type leads to: the same, sealed.
#include <string>
#include <vector>

#include "domain/authorization/device_authorization.hpp"
#include "domain/base/application_id.hpp"
#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger::commands {

inline constexpr Duration kDeviceCodeLasts = minutes(10);
// Between two questions of one device (section 3.5).
inline constexpr Duration kPollInterval = seconds(5);

struct DeviceCode {
    DeviceAuthorizationId id;
    ApplicationId application_id;
    SessionId session_id;  // that it begins
    std::vector<std::string> scope;
    std::vector<std::string> audiences;
    Instant expires_at;
};

// ---- the code that people type ---------------------------------------------------------------------------------
// Eight letters of twenty, among them no vowels, so that no words come out (section 6.1): 34 bits.
inline constexpr std::size_t kUserCodeLetters = 8;
inline constexpr std::size_t kMaxTypedCodeBytes = 64;
// "wdjb mjht" as "WDJBMJHT": whatever stands between letters says nothing. Empty: there is no such code.
std::string typed_user_code(std::string_view typed);
// "WDJBMJHT" as "WDJB-MJHT".
std::string shown_user_code(const std::string& code);

}  // namespace keyledger::commands
