#include "eventstore/audit/head_tag.hpp"

#include <algorithm>
#include <stdexcept>

#include "security/primitives/bytes.hpp"

namespace keyledger::eventstore::audit {
namespace {

// What else the key is used for is 32 bytes long (a leaf), and this never is.
Digest tag_under(const security::HmacKey& key, std::string_view note) {
    return key.of(security::length_prefixed({"keyledger tree head", note}));
}

}  // namespace

HeadTags::HeadTags(const EventMacs* macs, const Uuid& log_id) {
    if (macs == nullptr) return;
    for (const std::string& id : macs->writing_keys())
        if (auto key = macs->key(id, log_id)) keys_.push_back(std::move(key));
}

bool HeadTags::fits(std::string_view note, std::string_view tag) const {
    return std::ranges::any_of(keys_, [&](const auto& key) {
        const Digest made = tag_under(*key, note);
        return security::view_of(made) == tag;
    });
}

Digest HeadTags::of(std::string_view note) const {
    if (keys_.empty()) throw std::logic_error("the tag of a tree head takes a key for the MACs of events");
    return tag_under(*keys_.front(), note);
}

}  // namespace keyledger::eventstore::audit
