#pragma once
// What clients keep to be recognised, sealed under the keyring's sealing roots. Any thread.
#include "commands/devices/device_ids.hpp"
#include "commands/runtime/ports.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

class KeyringDeviceIds : public commands::DeviceIds {
public:
    // Keyring and clock outlive it. Of another log than this one nothing opens.
    KeyringDeviceIds(const LiveKeyring& keyring, const commands::Clock& clock, const Uuid& log_id)
        : keyring_(keyring), clock_(clock), log_id_(log_id.to_string()) {}

    std::string make() override;
    std::string seal(std::string_view kept_id) override;
    std::optional<std::string> open(std::string_view sealed) override;

private:
    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
    const std::string log_id_;
};

}  // namespace keyledger::security
