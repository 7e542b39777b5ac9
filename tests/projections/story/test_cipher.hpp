#pragma once
// The real cryptography of security/ behind the port, under one key-encryption key that lives as long as this
// object.
#include "eventstore/sealing/subject_cipher.hpp"
#include "security/keys/keyring.hpp"

namespace keyledger::projections::test {

class TestCipher : public eventstore::SubjectCipher {
public:
    explicit TestCipher(std::string key_encryption_key_id = "kek-1");

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
    // Read models know no snapshots.
    eventstore::Bytes seal_snapshot(const eventstore::SnapshotContext&, std::string_view) override { return {}; }
    std::optional<std::string> open_snapshot(const eventstore::SnapshotContext&, const eventstore::Bytes&) override {
        return std::nullopt;
    }
    eventstore::Bytes seal_snapshot(const eventstore::SubjectKey&, const eventstore::SnapshotContext&,
                                    std::string_view) override {
        return {};
    }
    std::optional<std::string> open_snapshot(const eventstore::SubjectKey&, const eventstore::SnapshotContext&,
                                             const eventstore::Bytes&) override {
        return std::nullopt;
    }

private:
    security::Key kek_;
};

}  // namespace keyledger::projections::test
