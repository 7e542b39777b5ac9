#include "security/keys/sealed_value.hpp"

#include <stdexcept>

#include "security/keys/envelope.hpp"
#include "security/primitives/aead.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/derivation.hpp"

namespace keyledger::security {
namespace {

constexpr char kVersion = 1;

std::string_view name_of(SealedPurpose purpose) {
    switch (purpose) {
        case SealedPurpose::kCursor: return "cursor";
        case SealedPurpose::kMailLink: return "mail-link";
        case SealedPurpose::kChallengeHandle: return "challenge-handle";
        case SealedPurpose::kDevice: return "device";
        case SealedPurpose::kPreAuthentication: return "pre-authentication";
        case SealedPurpose::kPasskeyChallenge: return "passkey-challenge";
        case SealedPurpose::kServiceToken: return "service-token";
        case SealedPurpose::kSnapshot: return "snapshot";
    }
    throw std::logic_error("unknown purpose of a sealed value");
}

std::size_t largest_of(SealedPurpose purpose) {
    return purpose == SealedPurpose::kSnapshot ? kMaxSealedSnapshotClearSize : kMaxSealedValueClearSize;
}
// In base64url, with the envelope's head.
std::size_t largest_text_of(SealedPurpose purpose) { return 2 * largest_of(purpose); }

// Nonces are random, which serves for 2^32 values under one key (NIST SP 800-38D section 8.3). Of a service's tokens
// there are thousands a second, so each has a key of its own.
bool has_key_for_each_context(SealedPurpose purpose) { return purpose == SealedPurpose::kServiceToken; }

Secret key_for(const Key& root, SealedPurpose purpose, std::string_view context) {
    return derived_key(root, name_of(purpose), has_key_for_each_context(purpose) ? context : std::string_view());
}

std::string bound_to(SealedPurpose purpose, std::string_view context, std::string_view head) {
    return length_prefixed({name_of(purpose), context, head});
}

void check_size(SealedPurpose purpose, std::string_view clear) {
    if (clear.size() > largest_of(purpose))
        throw std::length_error("a sealed value is above " + std::to_string(largest_of(purpose)) + " bytes");
}

// `key` is derived from the root for that purpose, and that context where each has its own.
std::string sealed_under(const Key& root, const Secret& key, SealedPurpose purpose, std::string_view context,
                         std::string_view clear) {
    std::string head = envelope_head(kVersion, root.id);
    return base64url_encode(head + aead_seal(key, bound_to(purpose, context, head), clear));
}

}  // namespace

std::string seal_value(const Keyring& keyring, SealedPurpose purpose, std::string_view context, std::string_view clear,
                       Instant now) {
    check_size(purpose, clear);
    const Key& root = keyring.require_current(KeyPurpose::kSealingRoot, now);
    return sealed_under(root, key_for(root, purpose, context), purpose, context, clear);
}

// A keyring that is gone has no successor under its pointer: the weak one keeps its place taken.
struct ValueSealer::Derived {
    std::weak_ptr<const Keyring> keyring;
    const Key* root;
    Secret key;

    bool is_of(const std::shared_ptr<const Keyring>& other, const Key& its_root) const {
        return root == &its_root && !keyring.owner_before(other) && !other.owner_before(keyring);
    }
};

std::shared_ptr<const ValueSealer::Derived> ValueSealer::derived_for(const std::shared_ptr<const Keyring>& keyring,
                                                                     const Key& root) {
    {
        const std::lock_guard lock(mutex_);
        if (derived_ && derived_->is_of(keyring, root)) return derived_;
    }
    auto made = std::make_shared<const Derived>(Derived{keyring, &root, derived_key(root, name_of(purpose_))});
    const std::lock_guard lock(mutex_);
    derived_ = made;
    return made;
}

std::string ValueSealer::seal(const std::shared_ptr<const Keyring>& keyring, std::string_view context,
                              std::string_view clear, Instant now) {
    if (has_key_for_each_context(purpose_)) return seal_value(*keyring, purpose_, context, clear, now);
    check_size(purpose_, clear);
    const Key& root = keyring->require_current(KeyPurpose::kSealingRoot, now);
    return sealed_under(root, derived_for(keyring, root)->key, purpose_, context, clear);
}

Result<std::string, SealedValueError> open_value(const Keyring& keyring, SealedPurpose purpose,
                                                 std::string_view context, std::string_view text, Instant now) {
    if (text.size() > largest_text_of(purpose)) return Unexpected(SealedValueError::kMalformed);
    auto bytes = base64url_decode(text);
    auto envelope = bytes ? read_envelope(kVersion, *bytes) : std::nullopt;
    if (!envelope) return Unexpected(SealedValueError::kMalformed);
    const Key* root = keyring.find(KeyPurpose::kSealingRoot, envelope->key_id, now);
    if (!root) return Unexpected(SealedValueError::kUnknownKey);
    const Secret key = key_for(*root, purpose, context);
    auto clear = aead_open(key, bound_to(purpose, context, envelope->head), envelope->body);
    if (!clear) return Unexpected(SealedValueError::kForged);
    return std::move(*clear);
}

std::optional<std::string> key_named_by_sealed_value(SealedPurpose purpose, std::string_view text) {
    if (text.size() > largest_text_of(purpose)) return std::nullopt;
    return key_named_in(kVersion, text);
}

}  // namespace keyledger::security
