#pragma once
// What people answered to devices (RFC 8628), in memory, for as long as a device may ask. Folded by the aggregate's own
// `evolve` (I6). Memory: about 120 bytes for an answer of the last half hour. Threads: none of its own, as AccessState.
#include "domain/authorization/device_authorization.hpp"
#include "domain/base/time.hpp"
#include "projections/hot/sharded.hpp"

namespace keyledger::projections {

class SnapshotWriter;
class SnapshotReader;

// After the device can fetch no tokens any more it may show for ten minutes that it has the code; the clocks of nodes
// differ.
inline constexpr Duration kAnsweredDevicesStay = minutes(15);

class DeviceState {
public:
    void apply(const DeviceAuthorizationId& id, const DeviceAuthorizationEvent& event, const Recorded& recorded);
    // Absent: nobody answered, or it is long ago.
    DeviceAuthorization find(const DeviceAuthorizationId& id) const;

    std::size_t sweep(std::size_t shard, Instant now);
    std::size_t bytes() const { return answers_.bytes(); }
    void write(SnapshotWriter& out) const;
    void read(SnapshotReader& in);

private:
    Sharded<DeviceAuthorizationId, DeviceAuthorization> answers_;
};

}  // namespace keyledger::projections
