#pragma once
// Sealing of personal fields and credentials under a random key of their subject (design 5). The subject's
// key is wrapped by a key-encryption key from the keyring; once it is destroyed, what it sealed is erased
// wherever it was copied. Every sealed value is bound by associated data to the place it belongs to, so none
// can be moved. Any thread.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/id.hpp"
#include "domain/base/secret.hpp"
#include "domain/base/time.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

// More throws std::length_error: events are small, and the door has refused larger values long before.
inline constexpr std::size_t kMaxSealedClearSize = 64 * 1024;

struct SubjectKey {
    Uuid id;
    Secret key;
};
SubjectKey new_subject_key(Instant now);

// What a wrapped key is bound to, besides the id of the key that wraps it.
struct SubjectKeyContext {
    std::string_view tenant = {};
    Uuid subject = {};
    Uuid key_id = {};
};
// `kek` has the purpose kKeyEncryption, and its material (MissingKey if revoked). The bytes are nonce |
// ciphertext | tag.
std::string wrap_subject_key(const Key& kek, const SubjectKeyContext& context, const Secret& subject_key);
// nullopt: another key-encryption key, another subject, or changed bytes.
std::optional<Secret> unwrap_subject_key(const Key& kek, const SubjectKeyContext& context, std::string_view wrapped);

struct FieldContext {
    std::string_view tenant = {};
    Uuid event_id = {};
    std::string_view field = {};
    Uuid subject = {};
    Uuid key_id = {};
};
// Text: s2.<subject>.<nonce | ciphertext | tag>, both in base64url. A subject has one key in its life, so that
// the key's id need not be told; it is bound nevertheless.
std::string seal_field(const Secret& subject_key, const FieldContext& context, std::string_view clear);

// Whom a sealed text belongs to, so that the key can be looked up; nullopt if it has no known form. The one before,
// s1.<subject>.<key id>.<base64url>, named both as UUIDs and is read for ever.
struct SealedName {
    Uuid subject = {};
    std::optional<Uuid> key_id = {};
    friend bool operator==(const SealedName&, const SealedName&) = default;
};
std::optional<SealedName> parse_sealed(std::string_view text);

// nullopt: not sealed text, the wrong key, or sealed for another tenant, event, field or subject than the
// context says.
std::optional<std::string> open_field(const Secret& subject_key, const FieldContext& context, std::string_view text);

struct CredentialContext {
    std::string_view tenant = {};
    Uuid owner = {};
    std::string_view kind = {};  // "password", "totp" ...
    CredentialId credential_id = {};
};
// Bytes: nonce | ciphertext | tag. Sealed under the owner's subject key.
std::string seal_credential(const Secret& subject_key, const CredentialContext& context, const Secret& clear);
std::optional<Secret> open_credential(const Secret& subject_key, const CredentialContext& context,
                                      std::string_view sealed);

// The folded state of a stream that tells of a person. `place` says which stream, version, event and fold it is of.
struct PersonalSnapshotContext {
    Uuid subject = {};
    Uuid key_id = {};
    std::string_view place = {};
};
// Bytes: nonce | ciphertext | tag.
std::string seal_personal_snapshot(const Secret& subject_key, const PersonalSnapshotContext& context,
                                   std::string_view clear);
std::optional<std::string> open_personal_snapshot(const Secret& subject_key, const PersonalSnapshotContext& context,
                                                  std::string_view sealed);

// A claim's digest: an HMAC, so that it holds no personal data and nobody without the key can test a guess.
// `key` has the purpose kClaims; while it rotates, look up and write one for each of Keyring::usable(). The
// value is normalised by the caller.
std::string claim_digest(const Key& key, std::string_view tenant, std::string_view kind, std::string_view value);

}  // namespace keyledger::security
