#pragma once
// The arguments of keyledger.append for one batch, in the server's binary format.
#include <array>
#include <vector>

#include "eventstore/postgres/wire.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

class AppendArguments {
public:
    AppendArguments();

    // Adds a command, and hashes its events' leaves with the batch's time.
    void add(const Append& append);
    void set_recorded_at(std::int64_t recorded_at_ms);
    void clear();
    std::int64_t recorded_at_ms() const { return recorded_at_ms_; }

    // "select … from keyledger.append($1, …)" and its parameter types, the same for every batch.
    static const std::string& statement();
    static const std::vector<TypeId>& types();
    // For libpq; valid until the next change. All formats are binary.
    std::vector<std::string_view> values();

private:
    void add_writes(const Append& append);
    void add_events(const Append& append);
    void add_facts(const Append& append);
    std::vector<BinaryArray*> arrays();

    std::int64_t recorded_at_ms_ = 0;
    std::string recorded_at_;
    std::int32_t commands_ = 0;
    std::int32_t writes_ = 0;
    BinaryArray command_ids_{kBytes}, fingerprints_{kBytes};
    BinaryArray write_commands_{kInt4s}, write_streams_{kUuids}, write_types_{kTexts}, write_versions_{kInt4s};
    BinaryArray guard_commands_{kInt4s}, guard_streams_{kUuids}, guard_versions_{kInt4s};
    BinaryArray event_writes_{kInt4s}, event_versions_{kInt4s}, event_types_{kTexts}, event_schemas_{kInt2s};
    BinaryArray event_ids_{kUuids}, event_payloads_{kJsonbs}, event_metadatas_{kJsonbs}, event_leaves_{kBytes};
    BinaryArray claim_commands_{kInt4s}, claim_takes_{kBools}, claim_kinds_{kTexts}, claim_key_ids_{kTexts};
    BinaryArray claim_digests_{kBytes}, claim_owners_{kUuids};
    BinaryArray credential_commands_{kInt4s}, credential_ids_{kUuids}, credential_owners_{kUuids};
    BinaryArray credential_kinds_{kTexts}, credential_revisions_{kInt4s}, credential_sealed_{kBytes};
    BinaryArray key_commands_{kInt4s}, key_subjects_{kUuids}, key_ids_{kUuids}, key_wrapped_{kBytes};
    BinaryArray key_encryption_key_ids_{kTexts};
    BinaryArray use_commands_{kInt4s}, use_subjects_{kUuids}, use_key_ids_{kUuids}, use_destroys_{kBools};
};

}  // namespace keyledger::eventstore::postgres
