#pragma once
// The aggregate `device_authorization`: what a person said of a device that asked them to log in there (RFC 8628). One
// stream for each device code, begun and ended by the one answer; a code that nobody answered has none. Pure.
#include <string>
#include <variant>
#include <vector>

#include "domain/base/application_id.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

struct DeviceAuthorization;
using DeviceAuthorizationId = Id<DeviceAuthorization>;

// ---- events ----------------------------------------------------------------------------------------------------
struct DeviceApproved {
    UserId user_id;
    ApplicationId application_id;
    std::vector<std::string> scope;
    SessionId browser_session_id;
    std::int64_t security_stamp = 0;
    Instant expires_at;
    static constexpr std::string_view kType = "device_authorization.approved";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A person typed the code that a device showed, and lets the application on it log in for them.";
    static constexpr auto fields() {
        using E = DeviceApproved;
        return std::tuple{Field{"user_id", &E::user_id, "who"},
                          Field{"application_id", &E::application_id, "its client id"},
                          Field{"scope", &E::scope,
                                "what it asked for, by the words of OpenID Connect Core section "
                                "5.4"},
                          Field{"browser_session_id", &E::browser_session_id, "in which they said so"},
                          Field{"security_stamp", &E::security_stamp, "of the user, then"},
                          Field{"expires_at_ms", &E::expires_at, "until then the device may fetch its tokens"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::success(application_id.to_string()); }
};
struct DeviceRefused {
    UserId user_id;
    ApplicationId application_id;
    Instant expires_at;
    static constexpr std::string_view kType = "device_authorization.refused";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "A person typed the code that a device showed, and said no.";
    static constexpr auto fields() {
        using E = DeviceRefused;
        return std::tuple{Field{"user_id", &E::user_id, "who"},
                          Field{"application_id", &E::application_id, "its client id"},
                          Field{"expires_at_ms", &E::expires_at, "when the code would have expired"}};
    }
    constexpr About about() const { return About::account(user_id); }
    AuditOutcome outcome() const { return AuditOutcome::failure(application_id.to_string()); }
};
using DeviceAuthorizationEvent = std::variant<DeviceApproved, DeviceRefused>;

// ---- commands --------------------------------------------------------------------------------------------------
struct ApproveDevice {
    UserId user_id;
    ApplicationId application_id;
    std::vector<std::string> scope;
    SessionId browser_session_id;
    std::int64_t security_stamp = 0;
    Instant expires_at;
    Instant now;
};
struct RefuseDevice {
    UserId user_id;
    ApplicationId application_id;
    Instant expires_at;
    Instant now;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
// It expired, or somebody answered it before. Pages alone tell of it, in words of their own.
inline constexpr Refusal kDeviceCodeOver = told_as(kInvalidToken);
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct DeviceAuthorization {
    enum class Status { kAbsent, kApproved, kRefused };
    friend constexpr auto enum_names(Status) {
        return std::array{EnumName{Status::kAbsent, "absent"}, EnumName{Status::kApproved, "approved"},
                          EnumName{Status::kRefused, "refused"}};
    }
    Status status = Status::kAbsent;
    UserId user_id;
    SessionId browser_session_id;  // nil where they said no, and so is the stamp
    std::int64_t security_stamp = 0;
    Instant expires_at;
    Position approved_at = 0;  // of the yes; 0 where they said no
    bool operator==(const DeviceAuthorization&) const = default;

    static constexpr std::string_view kStreamType = "device_authorization";
    static constexpr std::string_view kTitle = "Device authorizations";
    static constexpr std::string_view kMeaning =
        "One for each code of a device that somebody answered (RFC 8628). In Kafka these events have the user as their "
        "subject.";
    static constexpr About kAbout = About::as_begun();
    using Event = DeviceAuthorizationEvent;
};

// ---- rules -----------------------------------------------------------------------------------------------------
using DeviceAuthorizationDecision = Result<std::vector<DeviceAuthorizationEvent>, RefusalRef>;
using DeviceAuthorizationCommand = std::variant<ApproveDevice, RefuseDevice>;

// One answer for each code, before it expires. Who says the same again changes nothing.
DeviceAuthorizationDecision decide(const DeviceAuthorization& device, const DeviceAuthorizationCommand& command);
DeviceAuthorization evolve(DeviceAuthorization device, const DeviceAuthorizationEvent& event, const Recorded& recorded);

}  // namespace keyledger
