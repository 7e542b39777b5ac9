#pragma once
// The keys that make events believable. The log's own database role may append whatever it likes; what carries no MAC
// of a key outside the database is inert. A MAC is HMAC-SHA-256 over the leaf hash, cut to 16 bytes, under a key that
// is derived (HKDF) for one log and one key id: so it is over log id, key id and leaf.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "eventstore/store.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::eventstore {

// Any thread.
class EventMacs {
public:
    virtual ~EventMacs() = default;

    // Made ready for one log; nullptr: there is no such key here.
    virtual std::shared_ptr<const security::HmacKey> key(std::string_view key_id, const Uuid& log_id) const = 0;
    // The ids of the keys that may be used now, the newest first.
    virtual std::vector<std::string> writing_keys() const = 0;

    // Signed notes, by the key that signs tree heads. Their first line says what they are about, and no note passes
    // as one of another kind by it. open() gives the text, if a key of the keyring signed it.
    virtual std::string sign(std::string_view name, std::string_view text) const = 0;
    virtual std::optional<std::string> open(std::string_view note) const = 0;
};

// The key of a log's events, from the bytes of a key of the keyring.
std::shared_ptr<const security::HmacKey> event_mac_key(std::string_view secret, std::string_view key_id,
                                                       const Uuid& log_id);
Mac mac_of(const security::HmacKey& key, const Digest& leaf);

}  // namespace keyledger::eventstore
