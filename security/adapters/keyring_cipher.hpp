#pragma once
// The event store's SubjectCipher over the keyring. Any thread.
#include <functional>

#include "commands/runtime/ports.hpp"
#include "eventstore/sealing/subject_cipher.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::security {

class KeyringCipher : public eventstore::SubjectCipher {
public:
    // Told of a subject's key that is wrapped by one that the keyring does not know; true: look again, the keyring is
    // another one now.
    using OnUnknownKey = std::function<bool(const eventstore::StoredSubjectKey& wrapped)>;
    // Keyring and clock outlive it.
    KeyringCipher(const LiveKeyring& keyring, const commands::Clock& clock, OnUnknownKey on_unknown_key = {})
        : keyring_(keyring), clock_(clock), on_unknown_key_(std::move(on_unknown_key)) {}

    eventstore::SubjectKeyPtr make_key(const Uuid& subject) override;
    eventstore::NewSubjectKey wrap(const eventstore::SubjectKey& key) override;
    eventstore::SubjectKeyPtr unwrap(const eventstore::StoredSubjectKey& stored) override;
    std::string seal_field(const eventstore::SubjectKey& key, const eventstore::FieldContext& context,
                           std::string_view clear) override;
    std::optional<std::string> open_field(const eventstore::SubjectKey& key, const eventstore::FieldContext& context,
                                          std::string_view sealed) override;
    std::optional<eventstore::SealedRef> parse_sealed(std::string_view sealed) const override;
    eventstore::Bytes seal_credential(const eventstore::SubjectKey& key, const eventstore::CredentialContext& context,
                                      const Secret& clear) override;
    std::optional<Secret> open_credential(const eventstore::SubjectKey& key,
                                          const eventstore::CredentialContext& context,
                                          const eventstore::Bytes& sealed) override;
    eventstore::Bytes seal_snapshot(const eventstore::SnapshotContext& context, std::string_view clear) override;
    std::optional<std::string> open_snapshot(const eventstore::SnapshotContext& context,
                                             const eventstore::Bytes& sealed) override;
    eventstore::Bytes seal_snapshot(const eventstore::SubjectKey& key, const eventstore::SnapshotContext& context,
                                    std::string_view clear) override;
    std::optional<std::string> open_snapshot(const eventstore::SubjectKey& key,
                                             const eventstore::SnapshotContext& context,
                                             const eventstore::Bytes& sealed) override;

private:
    const LiveKeyring& keyring_;
    const commands::Clock& clock_;
    const OnUnknownKey on_unknown_key_;
};

}  // namespace keyledger::security
