#pragma once
// The arguments of keyledger.append for one batch, in the server's binary format.
#include <span>
#include <unordered_map>
#include <vector>

#include "domain/base/time.hpp"
#include "eventstore/log_facts.hpp"
#include "eventstore/postgres/connection/wire.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

class AppendArguments {
public:
    AppendArguments();

    void add(const Append& append);
    // When and under which key: hashes the leaves of what was added, in that order, and makes their MACs.
    // Done last, for the time is that of sending; may be done again.
    void stamp(std::span<const Append* const> added, Instant recorded_at, const WritingKey& key);

    // "select … from keyledger.append($1, …)" and its parameter types, the same for every batch.
    static const std::string& statement();
    static const std::vector<TypeId>& types();
    // Puts streams and keys in the order that the server is fastest with. values() does it if need be; done early,
    // while the batch waits for its turn, it costs nobody anything.
    void prepare();
    // For libpq; valid until the next change. All formats are binary.
    std::vector<std::string_view> values();
    // What stamp() made last: one an event, in the order in which they were added.
    struct Stamp {
        Digest leaf{};
        Mac mac{};
    };
    const std::vector<Stamp>& stamps() const { return stamps_; }

private:
    struct Stream {
        Uuid id;
        std::string type;  // empty: only guarded
        std::int32_t version = 0;
        std::int32_t writer = 0;
    };
    struct Reference {
        std::int32_t command;
        std::size_t to;  // an entry of streams_ or read_keys_, in the order of their arrival
    };
    std::size_t stream_of(const StreamVersion& read);
    void add_streams(const Append& append);
    void add_events(const Append& append);
    void add_facts(const Append& append);
    void add_keys(const Append& append);
    void order_streams();
    void order_read_keys();
    std::vector<BinaryArray*> arrays();

    bool prepared_ = false;
    std::string recorded_at_;
    std::string mac_key_id_;
    std::vector<Stamp> stamps_;
    std::int32_t commands_ = 0;
    std::vector<Stream> streams_;
    std::unordered_map<Uuid, std::size_t> stream_index_;
    std::vector<Reference> guards_;
    std::vector<std::size_t> streams_of_events_;
    std::vector<SubjectKeyUse> read_keys_;
    std::vector<Reference> uses_;

    BinaryArray command_ids_{kBytes}, fingerprints_{kBytes}, command_hours_{kInt2s};
    BinaryArray stream_ids_{kUuids}, stream_types_{kTexts}, stream_versions_{kInt4s}, stream_writers_{kInt4s};
    BinaryArray guard_commands_{kInt4s}, guard_streams_{kInt4s};
    BinaryArray event_streams_{kInt4s}, event_versions_{kInt4s}, event_types_{kTexts}, event_schemas_{kInt2s};
    BinaryArray event_ids_{kUuids}, event_payloads_{kTexts}, event_metadatas_{kTexts}, event_leaves_{kBytes},
        event_macs_{kBytes};
    BinaryArray claim_commands_{kInt4s}, claim_takes_{kBools}, claim_kinds_{kTexts}, claim_key_ids_{kTexts};
    BinaryArray claim_digests_{kBytes}, claim_owners_{kUuids};
    BinaryArray credential_commands_{kInt4s}, credential_ids_{kUuids}, credential_owners_{kUuids};
    BinaryArray credential_kinds_{kTexts}, credential_revisions_{kInt4s}, credential_sealed_{kBytes};
    BinaryArray read_key_subjects_{kUuids}, read_key_ids_{kUuids};
    BinaryArray use_commands_{kInt4s}, use_keys_{kInt4s};
    BinaryArray new_key_commands_{kInt4s}, new_key_subjects_{kUuids}, new_key_ids_{kUuids};
    BinaryArray new_key_wrapped_{kBytes}, new_key_encryption_key_ids_{kTexts};
    BinaryArray destroyed_key_commands_{kInt4s}, destroyed_key_subjects_{kUuids}, destroyed_key_ids_{kUuids};
    BinaryArray spent_commands_{kInt4s}, spent_digests_{kBytes}, spent_made_{kTimestamps}, spent_expiries_{kTimestamps};
};

}  // namespace keyledger::eventstore::postgres
