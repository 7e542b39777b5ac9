#include "security/keys/keyring.hpp"

#include <algorithm>

#include "security/keys/keyring_file.hpp"
#include "security/primitives/aead.hpp"
#include "security/primitives/derivation.hpp"

namespace keyledger::security {

std::string_view name_of(KeyPurpose purpose) {
    switch (purpose) {
        case KeyPurpose::kKeyEncryption: return "key-encryption";
        case KeyPurpose::kClaims: return "claims";
        case KeyPurpose::kSealingRoot: return "sealing-root";
        case KeyPurpose::kTokenSigning: return "token-signing";
        case KeyPurpose::kIdTokens: return "id-tokens";
        case KeyPurpose::kTreeHeads: return "tree-heads";
        case KeyPurpose::kEventMacs: return "event-macs";
        case KeyPurpose::kUnknown: return "unknown";
    }
    throw std::logic_error("unknown key purpose");
}

std::string_view algorithm_for(KeyPurpose purpose) {
    switch (purpose) {
        case KeyPurpose::kKeyEncryption: return "A256GCM";
        case KeyPurpose::kClaims:
        case KeyPurpose::kEventMacs: return "HMAC-SHA256";
        case KeyPurpose::kSealingRoot: return "HKDF-SHA256";
        case KeyPurpose::kTreeHeads: return "EdDSA";
        case KeyPurpose::kIdTokens: return "RS256";
        case KeyPurpose::kTokenSigning:
        case KeyPurpose::kUnknown: break;
    }
    return {};
}

bool is_signing(KeyPurpose purpose) {
    return purpose == KeyPurpose::kTokenSigning || purpose == KeyPurpose::kIdTokens ||
           purpose == KeyPurpose::kTreeHeads;
}

std::optional<KeyPurpose> key_purpose_named(std::string_view name) {
    for (KeyPurpose purpose : kAllKeyPurposes)
        if (name_of(purpose) == name) return purpose;
    return std::nullopt;
}

std::string_view name_of(KeyState state) {
    switch (state) {
        case KeyState::kPublished: return "published";
        case KeyState::kCurrent: return "current";
        case KeyState::kRetired: return "retired";
        case KeyState::kEnded: return "ended";
        case KeyState::kRevoked: return "revoked";
    }
    throw std::logic_error("unknown key state");
}

std::optional<Instant> Key::ends_at() const {
    if (revoked_at) return revoked_at;
    if (!retired_at) return std::nullopt;
    switch (purpose) {
        case KeyPurpose::kIdTokens:
        case KeyPurpose::kTokenSigning: return *retired_at + kTokenSigningRetention;
        case KeyPurpose::kSealingRoot: return *retired_at + kSealingRootRetention;
        case KeyPurpose::kKeyEncryption:
        case KeyPurpose::kClaims:
        case KeyPurpose::kTreeHeads:
        case KeyPurpose::kEventMacs:
        case KeyPurpose::kUnknown: break;
    }
    return std::nullopt;
}

// A revocation holds from the moment it is read, whatever this node's clock says.
bool Key::has_ended(Instant now) const {
    if (revoked_at) return true;
    std::optional<Instant> end = ends_at();
    return end && *end <= now;
}

Result<std::shared_ptr<const Keyring>, KeyringError> Keyring::load(const std::string& path) {
    auto keys = read_keyring_file(path);
    if (!keys) return Unexpected(keys.error());
    return std::shared_ptr<const Keyring>(std::make_shared<Keyring>(std::move(*keys)));
}

Keyring::Keyring(std::vector<Key> keys) : keys_(std::move(keys)) {
    for (Key& key : keys_) {
        if (key.purpose != KeyPurpose::kSealingRoot || key.material.empty()) continue;
        key.extracted = extracted_from_root(key.material);
        key.sessions = std::make_shared<KeptAeads>();
    }
}

const Key* Keyring::current(KeyPurpose purpose, Instant at) const {
    const Key* best = nullptr;
    for (const Key& key : keys_) {
        bool in_use = key.purpose == purpose && !key.revoked_at && key.use_from <= at &&
                      (!key.retired_at || *key.retired_at > at);
        if (!in_use) continue;
        bool newer = !best || key.use_from > best->use_from || (key.use_from == best->use_from && key.id > best->id);
        if (newer) best = &key;
    }
    return best;
}

const Key& Keyring::require_current(KeyPurpose purpose, Instant at) const {
    if (const Key* key = current(purpose, at)) return *key;
    throw MissingKey("the keyring has no key in use for the purpose " + std::string(name_of(purpose)));
}

const Key* Keyring::find(KeyPurpose purpose, std::string_view id, Instant now) const {
    for (const Key& key : keys_)
        if (key.id == id) return key.purpose == purpose && !key.has_ended(now) ? &key : nullptr;
    return nullptr;
}

std::vector<const Key*> Keyring::usable(KeyPurpose purpose, Instant now) const {
    std::vector<const Key*> found;
    for (const Key& key : keys_)
        if (key.purpose == purpose && !key.has_ended(now)) found.push_back(&key);
    const Key* first = current(purpose, now);
    std::ranges::sort(found, [first](const Key* a, const Key* b) {
        if ((a == first) != (b == first)) return a == first;
        return a->use_from != b->use_from ? a->use_from > b->use_from : a->id < b->id;
    });
    return found;
}

const Key* Keyring::last_usable(KeyPurpose purpose, Instant now) const {
    const Key* const first = current(purpose, now);
    const Key* last = nullptr;
    for (const Key& key : keys_) {
        if (key.purpose != purpose || key.has_ended(now) || &key == first) continue;
        const bool is_later =
            !last || key.use_from < last->use_from || (key.use_from == last->use_from && key.id > last->id);
        if (is_later) last = &key;
    }
    return last ? last : first;
}

Result<void, KeyringError> Keyring::complete_at(Instant now) const {
    std::string missing;
    for (KeyPurpose purpose : kAllKeyPurposes) {
        if (current(purpose, now)) continue;
        missing += missing.empty() ? "" : ", ";
        missing += name_of(purpose);
    }
    if (missing.empty()) return {};
    return Unexpected(KeyringError{
        KeyringError::Code::kMissingPurpose,
        "the keyring has no key in use for: " + missing + "; 'keyledger keys complete' makes what is missing"});
}

std::vector<KeyDescription> Keyring::list(Instant now) const {
    auto state_of = [&](const Key& key) {
        if (key.revoked_at) return KeyState::kRevoked;
        if (key.has_ended(now)) return KeyState::kEnded;
        if (key.use_from > now) return KeyState::kPublished;
        return &key == current(key.purpose, now) ? KeyState::kCurrent : KeyState::kRetired;
    };
    std::vector<KeyDescription> described;
    for (const Key& key : keys_)
        described.push_back({key.id, key.purpose, key.algorithm, state_of(key), key.created_at, key.use_from,
                             key.retired_at, key.revoked_at});
    return described;
}

Result<std::unique_ptr<LiveKeyring>, KeyringError> LiveKeyring::open(std::string path, Instant now) {
    auto loaded = Keyring::load(path);
    if (!loaded) return Unexpected(loaded.error());
    if (auto complete = (*loaded)->complete_at(now); !complete) return Unexpected(complete.error());
    auto live = std::make_unique<LiveKeyring>(std::move(*loaded));
    live->path_ = std::move(path);
    return live;
}

std::shared_ptr<const Keyring> LiveKeyring::snapshot() const {
    std::lock_guard lock(mutex_);
    return snapshot_;
}

Result<void, KeyringError> LiveKeyring::reload(Instant now) {
    if (path_.empty()) return {};
    auto loaded = Keyring::load(path_);
    if (!loaded) return Unexpected(loaded.error());
    auto complete = (*loaded)->complete_at(now);
    std::lock_guard lock(mutex_);
    snapshot_ = std::move(*loaded);
    return complete;
}

}  // namespace keyledger::security
