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

std::string bound_to(SealedPurpose purpose, std::string_view context, std::string_view head) {
    return length_prefixed({name_of(purpose), context, head});
}

}  // namespace

std::string seal_value(const Keyring& keyring, SealedPurpose purpose, std::string_view context, std::string_view clear,
                       Instant now) {
    if (clear.size() > largest_of(purpose))
        throw std::length_error("a sealed value is above " + std::to_string(largest_of(purpose)) + " bytes");
    const Key& root = keyring.require_current(KeyPurpose::kSealingRoot, now);
    std::string head = envelope_head(kVersion, root.id);
    Secret key = derived_key(root, name_of(purpose));
    return base64url_encode(head + aead_seal(key, bound_to(purpose, context, head), clear));
}

Result<std::string, SealedValueError> open_value(const Keyring& keyring, SealedPurpose purpose,
                                                 std::string_view context, std::string_view text, Instant now) {
    if (text.size() > largest_text_of(purpose)) return Unexpected(SealedValueError::kMalformed);
    auto bytes = base64url_decode(text);
    auto envelope = bytes ? read_envelope(kVersion, *bytes) : std::nullopt;
    if (!envelope) return Unexpected(SealedValueError::kMalformed);
    const Key* root = keyring.find(KeyPurpose::kSealingRoot, envelope->key_id, now);
    if (!root) return Unexpected(SealedValueError::kUnknownKey);
    Secret key = derived_key(*root, name_of(purpose));
    auto clear = aead_open(key, bound_to(purpose, context, envelope->head), envelope->body);
    if (!clear) return Unexpected(SealedValueError::kForged);
    return std::move(*clear);
}

std::optional<std::string> key_named_by_sealed_value(SealedPurpose purpose, std::string_view text) {
    if (text.size() > largest_text_of(purpose)) return std::nullopt;
    return key_named_in(kVersion, text);
}

}  // namespace keyledger::security
