#pragma once
// Pseudonyms and idempotency keys: HMACs under the keyring's claim keys. Any thread.
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "commands/runtime/ports.hpp"
#include "commands/sessions/tokens.hpp"
#include "domain/base/lru_map.hpp"
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

class KeyringPseudonyms : public commands::Pseudonyms {
public:
    // Both outlive it.
    KeyringPseudonyms(const LiveKeyring& keyring, const commands::Clock& clock) : keyring_(keyring), clock_(clock) {}

    std::vector<eventstore::ClaimDigest> claim(std::string_view kind, std::string_view key) override;
    std::string device(std::string_view user_agent) override;
    std::string network(const UserId& user_id, std::string_view network) override;
    DeviceId device_of(const UserId& user_id, std::string_view kept_id) override;
    std::string agent_network(const UserId& user_id, std::string_view agent, std::string_view network) override;
    DevicesId devices_of(const UserId& user_id) override;
    LoginAttemptsId login_attempts_of(const UserId& user_id) override;
    AnonymousCallersId anonymous_subject_of(Instant now) override;
    // The name of a limit's bucket in the database (UUIDv8): it tells nobody what is counted.
    Uuid bucket(std::string_view key) const;

private:
    // Those of the agents that were seen last. What was made under another key, or out of another snapshot of the
    // keyring, is forgotten; no snapshot is kept for its sake.
    class Agents {
    public:
        static constexpr std::size_t kMostKept = 1'024;

        using KeyringPtr = std::shared_ptr<const Keyring>;
        std::optional<std::string> find(const KeyringPtr& keyring, const Key& key, const std::string& agent);
        void put(const KeyringPtr& keyring, const Key& key, const std::string& agent, const std::string& pseudonym);

    private:
        bool are_of(const KeyringPtr& keyring, const Key& key) const;

        std::mutex mutex_;
        std::weak_ptr<const Keyring> keyring_;
        const Key* key_ = nullptr;  // of that snapshot
        std::optional<LruMap<std::string, std::string>> pseudonyms_;
    };

    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
    Agents agents_;
};

class KeyringIdempotencyKeys : public commands::IdempotencyKeys {
public:
    KeyringIdempotencyKeys(const LiveKeyring& keyring, const commands::Clock& clock)
        : keyring_(keyring), clock_(clock) {}

    commands::Idempotency derive(std::string_view operation, std::string_view principal, std::string_view key,
                                 const std::vector<std::string_view>& request) override;

private:
    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
};

}  // namespace keyledger::security
