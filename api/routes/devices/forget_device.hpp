#pragma once
// A device is forgotten, and then the sessions end that began with it, as the list of sessions has them.
#include <optional>

#include "api/routes/call.hpp"
#include "domain/base/device_id.hpp"

namespace keyledger::api::routes {

struct NotForgotten {
    std::optional<commands::CommandError> refused;  // none: the list could not be asked, and that is the answer
    Response answer{};
};
using Forgotten = Result<commands::Receipt, NotForgotten>;

// kDeviceUnknown: neither is there such a device, nor a session of one that was forgotten before. `caller`'s key, if it
// has one, is the first command's.
boost::asio::awaitable<Forgotten> forget_device(Call& call, commands::Bearer bearer, DeviceId device_id,
                                                commands::Caller caller);

}  // namespace keyledger::api::routes
