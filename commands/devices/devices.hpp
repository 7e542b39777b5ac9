#pragma once
// What people do with their devices: see, name and forget them.
#include <optional>
#include <string>
#include <vector>

#include "commands/services.hpp"
#include "domain/devices/devices.hpp"

namespace keyledger::refusals {
inline constexpr Refusal kInvalidDeviceName =
    invalid_field("name", "Use 1 to 256 bytes of text, without control or hidden characters.");
}  // namespace keyledger::refusals

namespace keyledger::commands {

// At the head of the log. Those that were not seen for kDeviceLifetime are left out.
Answer<std::vector<Devices::Known>> devices_of_user(Services& services, UserId user_id, Deadline deadline);

// By which device a session began, which never changes; absent: nobody knew it.
Answer<std::optional<DeviceId>> device_of_session(Services& services, SessionId session_id, Deadline deadline);

Answer<Receipt> name_device(Services& services, Bearer bearer, DeviceId device_id, std::string name, Caller caller);

// Its sessions are ended by the next, once the list of sessions has what the first one wrote.
Answer<Receipt> forget_device(Services& services, Bearer bearer, DeviceId device_id, Caller caller);
Answer<Receipt> end_sessions_of_device(Services& services, Bearer bearer, DeviceId device_id,
                                       std::vector<SessionId> sessions, Caller caller);

}  // namespace keyledger::commands
