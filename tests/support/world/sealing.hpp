#pragma once
// The real sealing of subjects' values under one key-encryption key that lives as long as the test.
#include <mutex>

#include "eventstore/sealing/subject_cipher.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::test {

class TestCipher : public eventstore::SubjectCipher {
public:
    TestCipher();
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
    security::Key wrapping_key_;
};

}  // namespace keyledger::test
