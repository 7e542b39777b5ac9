#pragma once
// What sealing needs from cryptography; security/ implements it. Synchronous, processor only, thread-safe.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/id.hpp"
#include "domain/base/secret.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

// The live key of one subject, in the clear. Shared by those who seal and open at the moment, never stored.
struct SubjectKey {
    Uuid subject;
    Uuid key_id;
    Secret key;  // 32 bytes
};
using SubjectKeyPtr = std::shared_ptr<const SubjectKey>;

// What a sealed field is bound to: moved anywhere else it does not open.
struct FieldContext {
    std::string_view tenant;
    Uuid event_id;
    std::string_view field;
};
struct CredentialContext {
    std::string_view tenant;
    Uuid owner;
    std::string_view kind;
    CredentialId credential_id;
};
struct SnapshotContext {
    Uuid stream_id;
    std::int32_t version = 0;
    Uuid event_id;
    std::string_view fold;
};
struct SealedRef {  // which key opens a sealed text: the newest form names its subject alone (a nil `key_id`)
    Uuid subject;
    Uuid key_id;
};

class SubjectCipher {
public:
    virtual ~SubjectCipher() = default;

    // A new random key and its wrapped form under the current key-encryption key.
    virtual SubjectKeyPtr make_key(const Uuid& subject) = 0;
    virtual NewSubjectKey wrap(const SubjectKey& key) = 0;
    // nullptr: destroyed, or not to be unwrapped (wrong or missing key-encryption key).
    virtual SubjectKeyPtr unwrap(const StoredSubjectKey& stored) = 0;

    virtual std::string seal_field(const SubjectKey& key, const FieldContext& context, std::string_view clear) = 0;
    virtual std::optional<std::string> open_field(const SubjectKey& key, const FieldContext& context,
                                                  std::string_view sealed) = 0;
    virtual std::optional<SealedRef> parse_sealed(std::string_view sealed) const = 0;

    virtual Bytes seal_credential(const SubjectKey& key, const CredentialContext& context, const Secret& clear) = 0;
    virtual std::optional<Secret> open_credential(const SubjectKey& key, const CredentialContext& context,
                                                  const Bytes& sealed) = 0;

    // Under a key of the service, not of a subject: it keeps whoever writes the database from writing state.
    virtual Bytes seal_snapshot(const SnapshotContext& context, std::string_view clear) = 0;
    virtual std::optional<std::string> open_snapshot(const SnapshotContext& context, const Bytes& sealed) = 0;
    // Under the key of the person that it tells of, with which it dies.
    virtual Bytes seal_snapshot(const SubjectKey& key, const SnapshotContext& context, std::string_view clear) = 0;
    virtual std::optional<std::string> open_snapshot(const SubjectKey& key, const SnapshotContext& context,
                                                     const Bytes& sealed) = 0;
};

}  // namespace keyledger::eventstore
