#include "security/adapters/keyring_cipher.hpp"

#include <algorithm>

#include "eventstore/sealing/lacking_key.hpp"
#include "security/keys/sealed_value.hpp"
#include "security/keys/sealing.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::security {
namespace {

FieldContext bound(const eventstore::SubjectKey& key, const eventstore::FieldContext& context) {
    return {context.tenant, context.event_id, context.field, key.subject, key.key_id};
}
CredentialContext bound(const eventstore::CredentialContext& context) {
    return {context.tenant, context.owner, context.kind, context.credential_id};
}

std::string bound(const eventstore::SnapshotContext& context) {
    return length_prefixed(
        {view_of(context.stream_id), std::to_string(context.version), view_of(context.event_id), context.fold});
}

bool knows(const Keyring& keyring, const std::string& key_id) {
    return std::ranges::find(keyring.keys(), key_id, &Key::id) != keyring.keys().end();
}

}  // namespace

eventstore::SubjectKeyPtr KeyringCipher::make_key(const Uuid& subject) {
    SubjectKey made = new_subject_key(clock_.now());
    return std::make_shared<const eventstore::SubjectKey>(subject, made.id, std::move(made.key));
}

eventstore::NewSubjectKey KeyringCipher::wrap(const eventstore::SubjectKey& key) {
    const auto keyring = keyring_.snapshot();
    const Key& kek = keyring->require_current(KeyPurpose::kKeyEncryption, clock_.now());
    const SubjectKeyContext context{eventstore::kDefaultTenant, key.subject, key.key_id};
    return {key.subject, key.key_id, wrap_subject_key(kek, context, key.key), kek.id};
}

eventstore::SubjectKeyPtr KeyringCipher::unwrap(const eventstore::StoredSubjectKey& stored) {
    const std::string& kek_id = stored.key_encryption_key_id;
    if (!knows(*keyring_.snapshot(), kek_id) && (!on_unknown_key_ || !on_unknown_key_(stored)))
        throw eventstore::LackingKey("the keyring lacks key " + kek_id + ", which wraps the key of subject " +
                                     stored.subject.to_string());
    const auto keyring = keyring_.snapshot();
    const Key* kek = keyring->find(KeyPurpose::kKeyEncryption, stored.key_encryption_key_id, clock_.now());
    if (!kek) return nullptr;
    const SubjectKeyContext context{eventstore::kDefaultTenant, stored.subject, stored.key_id};
    auto clear = unwrap_subject_key(*kek, context, stored.wrapped);
    if (!clear) return nullptr;
    return std::make_shared<const eventstore::SubjectKey>(stored.subject, stored.key_id, std::move(*clear));
}

std::string KeyringCipher::seal_field(const eventstore::SubjectKey& key, const eventstore::FieldContext& context,
                                      std::string_view clear) {
    return security::seal_field(key.key, bound(key, context), clear);
}

std::optional<std::string> KeyringCipher::open_field(const eventstore::SubjectKey& key,
                                                     const eventstore::FieldContext& context, std::string_view sealed) {
    return security::open_field(key.key, bound(key, context), sealed);
}

std::optional<eventstore::SealedRef> KeyringCipher::parse_sealed(std::string_view sealed) const {
    const auto name = security::parse_sealed(sealed);
    if (!name) return std::nullopt;
    return eventstore::SealedRef{name->subject, name->key_id.value_or(Uuid{})};
}

eventstore::Bytes KeyringCipher::seal_credential(const eventstore::SubjectKey& key,
                                                 const eventstore::CredentialContext& context, const Secret& clear) {
    return security::seal_credential(key.key, bound(context), clear);
}

std::optional<Secret> KeyringCipher::open_credential(const eventstore::SubjectKey& key,
                                                     const eventstore::CredentialContext& context,
                                                     const eventstore::Bytes& sealed) {
    return security::open_credential(key.key, bound(context), sealed);
}

eventstore::Bytes KeyringCipher::seal_snapshot(const eventstore::SnapshotContext& context, std::string_view clear) {
    const auto keyring = keyring_.snapshot();
    return seal_value(*keyring, SealedPurpose::kSnapshot, bound(context), clear, clock_.now());
}

std::optional<std::string> KeyringCipher::open_snapshot(const eventstore::SnapshotContext& context,
                                                        const eventstore::Bytes& sealed) {
    const auto keyring = keyring_.snapshot();
    auto clear = open_value(*keyring, SealedPurpose::kSnapshot, bound(context), sealed, clock_.now());
    if (!clear) return std::nullopt;
    return std::move(*clear);
}

eventstore::Bytes KeyringCipher::seal_snapshot(const eventstore::SubjectKey& key,
                                               const eventstore::SnapshotContext& context, std::string_view clear) {
    return security::seal_personal_snapshot(key.key, {key.subject, key.key_id, bound(context)}, clear);
}

std::optional<std::string> KeyringCipher::open_snapshot(const eventstore::SubjectKey& key,
                                                        const eventstore::SnapshotContext& context,
                                                        const eventstore::Bytes& sealed) {
    return security::open_personal_snapshot(key.key, {key.subject, key.key_id, bound(context)}, sealed);
}

}  // namespace keyledger::security
