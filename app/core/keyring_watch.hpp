#pragma once
// Whether this node's keyring is as new as what others made: told by the database, which refuses what is made
// under a key that has ended and knows which keys other nodes have, and by stored keys that are wrapped by one
// that is not here. The file is read again by itself then; where that does not help, readiness says which key
// it is and what to do. Any thread.
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "api/routes/context.hpp"
#include "commands/runtime/ports.hpp"
#include "eventstore/postgres/keys/key_uses.hpp"
#include "security/adapters/absent_keys.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::app {

// A file that lacks the key is not read more often, whoever asks.
inline constexpr std::chrono::milliseconds kKeyringReadAgainAfter{1'000};

class KeyringWatch {
public:
    // Both outlive it.
    KeyringWatch(security::LiveKeyring& keyring, const commands::Clock& clock) : keyring_(keyring), clock_(clock) {}

    // Whether nothing more is made under that key from now on.
    bool has_ended(const std::string& key_id);
    // Whether the keyring knows it now. Anybody with the service's database role can make up keys of unknown
    // subjects, and what wraps them; those are not reported to the operator, because they say nothing about the
    // keyring.
    enum class Of { kSomebodyKnown, kAnybody };
    bool is_lacking(const std::string& key_id, Of subject = Of::kSomebodyKnown);
    // For what is presented under a key that the keyring does not know.
    security::KeyLocation locate_key(const std::string& key_id);
    // What the database says of keyrings now.
    void learn(const eventstore::postgres::KeyAnnouncements& news);
    // What this node should tell of its own: all, or what the database does not know.
    enum class Tell { kAll, kNews };
    std::vector<eventstore::postgres::AnnouncedKey> to_tell(Tell what) const;
    api::HealthCheck check() const;

private:
    bool is_over(const eventstore::postgres::AnnouncedKey& told) const;
    bool is_in_use(const eventstore::postgres::AnnouncedKey& told) const;
    bool makes_things_under(const std::string& key_id) const;
    void read_again();

    security::LiveKeyring& keyring_;
    const commands::Clock& clock_;
    mutable std::mutex mutex_;
    std::set<std::string> ended_;
    std::set<std::string> lacking_;    // as the log and wrapped keys say
    std::set<std::string> presented_;  // as callers do; counts for as long as it is told, for anybody may tell
    std::map<std::string, eventstore::postgres::AnnouncedKey> told_;
    std::chrono::steady_clock::time_point next_read_{};
};

}  // namespace keyledger::app
