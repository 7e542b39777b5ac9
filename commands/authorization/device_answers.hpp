#pragma once
#include "commands/runtime/ports.hpp"
#include "domain/authorization/device_authorization.hpp"

namespace keyledger::commands {

// What people answered to devices, from memory that follows the log (projections/hot/), for the many questions to which
// there is no answer yet. Asked while AccessReader::answers_from_memory(); thread-safe.
class DeviceAnswers {
public:
    virtual ~DeviceAnswers() = default;
    // Absent: nobody answered. Includes every command that had returned before the call, on any node: kUnavailable
    // rather than anything older. Ten minutes after its code can't be exchanged any more an answer is forgotten.
    virtual asio::awaitable<Result<DeviceAuthorization, eventstore::StoreError>> read_device(DeviceAuthorizationId id,
                                                                                             Deadline deadline) = 0;
};

}  // namespace keyledger::commands
