#pragma once
// What a device is known by. Apart from the aggregate, for ports and events that know no devices.
#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

struct Device;                // of one user
struct Devices;               // all of one user
using DeviceId = Id<Device>;  // a keyed digest of the user and of what the client keeps, as a UUIDv8 (RFC 9562)
using DevicesId = Id<Devices>;

// How long a device is known after its last log-in: as long as browsers keep a cookie (RFC 6265bis section 5.5).
inline constexpr Duration kDeviceLifetime = days(400);

}  // namespace keyledger
