#pragma once
// The event store's EventMacs over the keyring. Any thread.
#include <functional>
#include <map>
#include <mutex>

#include "commands/runtime/ports.hpp"
#include "eventstore/event_macs.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

class KeyringMacs : public eventstore::EventMacs {
public:
    using Snapshot = std::function<std::shared_ptr<const Keyring>()>;
    KeyringMacs(Snapshot snapshot, eventstore::WallClock now) : snapshot_(std::move(snapshot)), now_(std::move(now)) {}

    std::shared_ptr<const HmacKey> key(std::string_view key_id, const Uuid& log_id) const override;
    std::vector<std::string> writing_keys() const override;
    std::string sign(std::string_view name, std::string_view text) const override;
    std::optional<std::string> open(std::string_view note) const override;

private:
    const Snapshot snapshot_;
    const eventstore::WallClock now_;
};

}  // namespace keyledger::security
