#include "tests/projections/story/test_cipher.hpp"

#include "security/keys/sealing.hpp"
#include "security/primitives/random.hpp"

namespace keyledger::projections::test {
namespace {

constexpr Instant kNow = Instant::at_ms(1'700'000'000'000);

security::FieldContext security_context(const eventstore::SubjectKey& key, const eventstore::FieldContext& context) {
    return {context.tenant, context.event_id, context.field, key.subject, key.key_id};
}
security::CredentialContext security_context(const eventstore::CredentialContext& context) {
    return {context.tenant, context.owner, context.kind, context.credential_id};
}

}  // namespace

TestCipher::TestCipher(std::string key_encryption_key_id) {
    kek_.id = std::move(key_encryption_key_id);
    kek_.purpose = security::KeyPurpose::kKeyEncryption;
    kek_.algorithm = security::algorithm_for(kek_.purpose);
    kek_.material = Secret(std::string(32, 'k'));
}

eventstore::SubjectKeyPtr TestCipher::make_key(const Uuid& subject) {
    auto made = security::new_subject_key(kNow);
    return std::make_shared<eventstore::SubjectKey>(eventstore::SubjectKey{subject, made.id, std::move(made.key)});
}

eventstore::NewSubjectKey TestCipher::wrap(const eventstore::SubjectKey& key) {
    const security::SubjectKeyContext context{eventstore::kDefaultTenant, key.subject, key.key_id};
    return {key.subject, key.key_id, security::wrap_subject_key(kek_, context, key.key), kek_.id};
}

eventstore::SubjectKeyPtr TestCipher::unwrap(const eventstore::StoredSubjectKey& stored) {
    if (stored.destroyed || stored.key_encryption_key_id != kek_.id) return nullptr;
    const security::SubjectKeyContext context{eventstore::kDefaultTenant, stored.subject, stored.key_id};
    auto key = security::unwrap_subject_key(kek_, context, stored.wrapped);
    if (!key) return nullptr;
    return std::make_shared<eventstore::SubjectKey>(
        eventstore::SubjectKey{stored.subject, stored.key_id, std::move(*key)});
}

std::string TestCipher::seal_field(const eventstore::SubjectKey& key, const eventstore::FieldContext& context,
                                   std::string_view clear) {
    return security::seal_field(key.key, security_context(key, context), clear);
}

std::optional<std::string> TestCipher::open_field(const eventstore::SubjectKey& key,
                                                  const eventstore::FieldContext& context, std::string_view sealed) {
    return security::open_field(key.key, security_context(key, context), sealed);
}

std::optional<eventstore::SealedRef> TestCipher::parse_sealed(std::string_view sealed) const {
    const auto name = security::parse_sealed(sealed);
    if (!name) return std::nullopt;
    return eventstore::SealedRef{name->subject, name->key_id.value_or(Uuid{})};
}

eventstore::Bytes TestCipher::seal_credential(const eventstore::SubjectKey& key,
                                              const eventstore::CredentialContext& context, const Secret& clear) {
    return security::seal_credential(key.key, security_context(context), clear);
}

std::optional<Secret> TestCipher::open_credential(const eventstore::SubjectKey& key,
                                                  const eventstore::CredentialContext& context,
                                                  const eventstore::Bytes& sealed) {
    return security::open_credential(key.key, security_context(context), sealed);
}

}  // namespace keyledger::projections::test
