#include "domain/authorization/device_authorization.hpp"

namespace keyledger {
namespace {

using Events = std::vector<DeviceAuthorizationEvent>;
using Status = DeviceAuthorization::Status;

bool is_open(const DeviceAuthorization& device, Instant expires_at, Instant now) {
    return device.status == Status::kAbsent && now < expires_at;
}
// A button that was pressed twice.
bool is_said_again(const DeviceAuthorization& device, Status status, const UserId& user_id) {
    return device.status == status && device.user_id == user_id;
}

DeviceAuthorizationDecision decide_on(const DeviceAuthorization& device, const ApproveDevice& command) {
    if (is_said_again(device, Status::kApproved, command.user_id)) return Events{};
    if (!is_open(device, command.expires_at, command.now)) return Unexpected(refusals::kDeviceCodeOver);
    return Events{DeviceApproved{command.user_id, command.application_id, command.scope, command.browser_session_id,
                                 command.security_stamp, command.expires_at}};
}

DeviceAuthorizationDecision decide_on(const DeviceAuthorization& device, const RefuseDevice& command) {
    if (is_said_again(device, Status::kRefused, command.user_id)) return Events{};
    if (!is_open(device, command.expires_at, command.now)) return Unexpected(refusals::kDeviceCodeOver);
    return Events{DeviceRefused{command.user_id, command.application_id, command.expires_at}};
}

DeviceAuthorization apply(DeviceAuthorization device, const DeviceApproved& event, const Recorded& recorded) {
    device.status = Status::kApproved;
    device.user_id = event.user_id;
    device.browser_session_id = event.browser_session_id;
    device.security_stamp = event.security_stamp;
    device.expires_at = event.expires_at;
    device.approved_at = recorded.position;
    return device;
}
DeviceAuthorization apply(DeviceAuthorization device, const DeviceRefused& event, const Recorded&) {
    device.status = Status::kRefused;
    device.user_id = event.user_id;
    device.expires_at = event.expires_at;
    return device;
}

}  // namespace

DeviceAuthorizationDecision decide(const DeviceAuthorization& device, const DeviceAuthorizationCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(device, c); }, command);
}

DeviceAuthorization evolve(DeviceAuthorization device, const DeviceAuthorizationEvent& event,
                           const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(device), e, recorded); }, event);
}

}  // namespace keyledger
