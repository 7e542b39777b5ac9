#pragma once
// The tag of a tree head that the database keeps: HMAC-SHA-256 over its note, under the key with which the events
// of that log are authenticated. It adds nothing to the signature, but checking it takes a microsecond: heads that
// somebody made up without the keyring cost readers almost nothing.
#include <memory>
#include <string_view>
#include <vector>

#include "eventstore/event_macs.hpp"

namespace keyledger::eventstore::audit {

// The keys of one log that are in the keyring now. One thread's.
class HeadTags {
public:
    // Without `macs` there are no keys here, and nothing can be told by a tag.
    HeadTags(const EventMacs* macs, const Uuid& log_id);

    bool can_tell() const { return !keys_.empty(); }
    bool fits(std::string_view note, std::string_view tag) const;
    // By the newest key; throws std::logic_error where there is none.
    Digest of(std::string_view note) const;

private:
    std::vector<std::shared_ptr<const security::HmacKey>> keys_;
};

}  // namespace keyledger::eventstore::audit
