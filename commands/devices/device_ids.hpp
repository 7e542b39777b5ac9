#pragma once
// What a client keeps so that it is recognised: a random id, sealed. Implemented in security/; any thread.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace keyledger::commands {

inline constexpr std::size_t kMaxSealedDeviceBytes = 256;

class DeviceIds {
public:
    virtual ~DeviceIds() = default;
    virtual std::string make() = 0;  // 128 random bits
    // Good for kDeviceLifetime, and on this log alone. Two sealings of one id differ.
    virtual std::string seal(std::string_view kept_id) = 0;
    // nullopt: malformed, too old, another log's, or sealed for something else. Nobody is told which.
    virtual std::optional<std::string> open(std::string_view sealed) = 0;
};

}  // namespace keyledger::commands
