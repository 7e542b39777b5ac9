#include "security/adapters/keyring_macs.hpp"

#include "security/primitives/note.hpp"

namespace keyledger::security {

std::shared_ptr<const HmacKey> KeyringMacs::key(std::string_view key_id, const Uuid& log_id) const {
    const auto keyring = snapshot_();
    const Key* key = keyring->find(KeyPurpose::kEventMacs, key_id, now_());
    if (key == nullptr) return nullptr;
    return eventstore::event_mac_key(key->material.reveal(), key_id, log_id);
}

std::vector<std::string> KeyringMacs::writing_keys() const {
    const auto keyring = snapshot_();
    const Instant now = now_();
    std::vector<std::string> ids;
    for (const Key* key : keyring->usable(KeyPurpose::kEventMacs, now))
        if (key->use_from <= now) ids.push_back(key->id);
    return ids;
}

std::string KeyringMacs::sign(std::string_view name, std::string_view text) const {
    const auto keyring = snapshot_();
    return sign_note(text, std::string(name), *keyring->require_current(KeyPurpose::kTreeHeads, now_()).signing);
}

std::optional<std::string> KeyringMacs::open(std::string_view note) const {
    const std::string name(note.substr(0, note.find('\n')));
    if (name.empty() || name.find_first_of(" +") != name.npos) return std::nullopt;
    const auto keyring = snapshot_();
    std::vector<NoteKey> keys;
    for (const Key& key : keyring->keys())
        if (key.purpose == KeyPurpose::kTreeHeads && key.signing) keys.push_back(note_key(name, *key.signing));
    auto text = open_note(note, keys);
    return text ? std::optional(std::move(*text)) : std::nullopt;
}

}  // namespace keyledger::security
