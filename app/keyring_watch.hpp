#pragma once
// Whether this node's keyring is as new as what others made: told by the database, which refuses what is made
// under a key that has ended, and by stored keys that are wrapped by one that is not here. The file is read
// again by itself then; where that does not help, readiness says which key it is and what to do. Any thread.
#include <chrono>
#include <mutex>
#include <set>
#include <string>

#include "api/context.hpp"
#include "commands/ports.hpp"
#include "security/keyring.hpp"

namespace keyledger::app {

// A file that lacks the key is not read more often, whoever asks.
inline constexpr std::chrono::milliseconds kKeyringReadAgainAfter{1'000};

class KeyringWatch {
public:
    // Both outlive it.
    KeyringWatch(security::LiveKeyring& keyring, const commands::Clock& clock)
        : keyring_(keyring), clock_(clock) {}

    // Whether nothing more is made under that key from now on.
    bool has_ended(const std::string& key_id);
    // Whether the keyring knows it now. Of a subject for whom anybody with the service's database role may have made up
    // a key and what wraps it, nothing is said to the operator: it tells nothing of the keyring.
    enum class Of { kSomebodyKnown, kAnybody };
    bool is_lacking(const std::string& key_id, Of subject = Of::kSomebodyKnown);
    api::HealthCheck check() const;

private:
    bool makes_things_under(const std::string& key_id) const;
    void read_again();

    security::LiveKeyring& keyring_;
    const commands::Clock& clock_;
    mutable std::mutex mutex_;
    std::set<std::string> ended_;
    std::set<std::string> lacking_;
    std::chrono::steady_clock::time_point next_read_{};
};

}  // namespace keyledger::app
