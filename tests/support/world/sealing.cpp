#include "tests/support/world/sealing.hpp"

#include "eventstore/sealing/lacking_key.hpp"
#include "security/keys/sealing.hpp"
#include "security/primitives/aead.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::test {
namespace {

constexpr Instant kMadeAt = Instant::at_ms(1'700'000'000'000);

security::FieldContext bound_to(const eventstore::SubjectKey& key, const eventstore::FieldContext& context) {
    return {context.tenant, context.event_id, context.field, key.subject, key.key_id};
}
security::CredentialContext bound_to(const eventstore::CredentialContext& context) {
    return {context.tenant, context.owner, context.kind, context.credential_id};
}
security::SubjectKeyContext wrapped_for(const Uuid& subject, const Uuid& key_id) {
    return {eventstore::kDefaultTenant, subject, key_id};
}

std::string bound_to(const eventstore::SnapshotContext& context) {
    return security::length_prefixed({security::view_of(context.stream_id), std::to_string(context.version),
                                      security::view_of(context.event_id), context.fold});
}

}  // namespace

TestCipher::TestCipher() {
    wrapping_key_.id = "test-kek";
    wrapping_key_.purpose = security::KeyPurpose::kKeyEncryption;
    wrapping_key_.material = security::random_secret(security::kAeadKeySize);
}

eventstore::SubjectKeyPtr TestCipher::make_key(const Uuid& subject) {
    security::SubjectKey made = security::new_subject_key(kMadeAt);
    auto key = std::make_shared<eventstore::SubjectKey>();
    key->subject = subject;
    key->key_id = made.id;
    key->key = std::move(made.key);
    return key;
}

eventstore::NewSubjectKey TestCipher::wrap(const eventstore::SubjectKey& key) {
    return {key.subject, key.key_id,
            security::wrap_subject_key(wrapping_key_, wrapped_for(key.subject, key.key_id), key.key), wrapping_key_.id};
}

eventstore::SubjectKeyPtr TestCipher::unwrap(const eventstore::StoredSubjectKey& stored) {
    if (stored.destroyed) return nullptr;
    if (stored.key_encryption_key_id != wrapping_key_.id) throw eventstore::LackingKey("wrapped by an unknown key");
    auto clear =
        security::unwrap_subject_key(wrapping_key_, wrapped_for(stored.subject, stored.key_id), stored.wrapped);
    if (!clear) return nullptr;
    auto key = std::make_shared<eventstore::SubjectKey>();
    key->subject = stored.subject;
    key->key_id = stored.key_id;
    key->key = std::move(*clear);
    return key;
}

std::string TestCipher::seal_field(const eventstore::SubjectKey& key, const eventstore::FieldContext& context,
                                   std::string_view clear) {
    return security::seal_field(key.key, bound_to(key, context), clear);
}

std::optional<std::string> TestCipher::open_field(const eventstore::SubjectKey& key,
                                                  const eventstore::FieldContext& context, std::string_view sealed) {
    return security::open_field(key.key, bound_to(key, context), sealed);
}

std::optional<eventstore::SealedRef> TestCipher::parse_sealed(std::string_view sealed) const {
    auto name = security::parse_sealed(sealed);
    if (!name) return std::nullopt;
    return eventstore::SealedRef{name->subject, name->key_id.value_or(Uuid{})};
}

eventstore::Bytes TestCipher::seal_credential(const eventstore::SubjectKey& key,
                                              const eventstore::CredentialContext& context, const Secret& clear) {
    return security::seal_credential(key.key, bound_to(context), clear);
}

std::optional<Secret> TestCipher::open_credential(const eventstore::SubjectKey& key,
                                                  const eventstore::CredentialContext& context,
                                                  const eventstore::Bytes& sealed) {
    return security::open_credential(key.key, bound_to(context), sealed);
}

eventstore::Bytes TestCipher::seal_snapshot(const eventstore::SnapshotContext& context, std::string_view clear) {
    return security::aead_seal(wrapping_key_.material, bound_to(context), clear);
}

std::optional<std::string> TestCipher::open_snapshot(const eventstore::SnapshotContext& context,
                                                     const eventstore::Bytes& sealed) {
    return security::aead_open(wrapping_key_.material, bound_to(context), sealed);
}

eventstore::Bytes TestCipher::seal_snapshot(const eventstore::SubjectKey& key,
                                            const eventstore::SnapshotContext& context, std::string_view clear) {
    return security::seal_personal_snapshot(key.key, {key.subject, key.key_id, bound_to(context)}, clear);
}

std::optional<std::string> TestCipher::open_snapshot(const eventstore::SubjectKey& key,
                                                     const eventstore::SnapshotContext& context,
                                                     const eventstore::Bytes& sealed) {
    return security::open_personal_snapshot(key.key, {key.subject, key.key_id, bound_to(context)}, sealed);
}

}  // namespace keyledger::test
