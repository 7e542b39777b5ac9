#include "tests/support/postgres/event_macs.hpp"

#include <algorithm>

#include "eventstore/postgres/store/authenticity.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::test {
namespace {

std::string seal_of(std::string_view text) {
    return "seal " + security::hex_encode(security::view_of(security::hmac_sha256("for tests only", {text}))) + "\n";
}

}  // namespace

std::shared_ptr<const security::HmacKey> TestMacs::key(std::string_view key_id, const Uuid& log_id) const {
    if (std::ranges::find(ids_, key_id) == ids_.end()) return nullptr;
    return eventstore::event_mac_key("secret of " + std::string(key_id), key_id, log_id);
}

std::string TestMacs::sign(std::string_view, std::string_view text) const { return std::string(text) + seal_of(text); }

std::optional<std::string> TestMacs::open(std::string_view note) const {
    const std::size_t size = seal_of("").size();
    if (note.size() < size) return std::nullopt;
    const std::string_view text = note.substr(0, note.size() - size);
    if (note.substr(text.size()) != seal_of(text)) return std::nullopt;
    return std::string(text);
}

std::shared_ptr<const TestMacs> event_macs() {
    static const auto kMacs = std::make_shared<const TestMacs>();
    return kMacs;
}

std::shared_ptr<eventstore::postgres::Authenticity> authenticity() {
    return std::make_shared<eventstore::postgres::Authenticity>(event_macs());
}

eventstore::WritingKey writing_key(const Uuid& log_id) { return {kMacKey, event_macs()->key(kMacKey, log_id)}; }

}  // namespace keyledger::test
