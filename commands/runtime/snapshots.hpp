#pragma once
// Folds that are kept beside the log, so that a long stream need not be folded from its start (design section 4.3,
// ADR 17). One that tells of a person is sealed under that person's key and dies with it.
#include <optional>

#include "commands/runtime/fold.hpp"
#include "eventstore/sealing/subject_cipher.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

// One is kept whenever a stream's version passes a multiple of this.
inline constexpr std::int32_t kSnapshotEvery = 100;
// A larger state gets none. The largest are all nestings of groups (2,000 of them: 160 KiB) and roles (34 KiB).
inline constexpr std::size_t kMaxStateBytes = 180 * 1024;

// What names the fold of streams of this type; empty: they can't grow long, and get none.
std::string fold_name_of(std::string_view stream_type);

// What a snapshot is made of and for.
struct SnapshotCandidate {
    Uuid stream_id;
    std::int32_t before = 0;  // the version that a snapshot was considered at before
    Fold fold;
    Uuid event_id;              // of the last event of `fold`
    std::int32_t replaces = 0;  // the version of a snapshot that could not be opened
    bool key_is_gone = false;   // the person's, for good: what was folded without it will never be known
};
// Whether the stream has come so far.
bool is_snapshot_due(const SnapshotCandidate& kept);
// Gives the store a snapshot if it is due. `key`: the person's, where the state tells of one; without
// it none is kept.
void keep_snapshot(eventstore::Store& store, eventstore::SubjectCipher& cipher, const eventstore::SubjectKeyPtr& key,
                   const SnapshotCandidate& kept);

// nullopt: changed, sealed under a key that is not here any more, or not written by this fold.
std::optional<Fold> open_snapshot(eventstore::SubjectCipher& cipher, const eventstore::SubjectKeyPtr& key,
                                  std::string_view stream_type, const eventstore::Snapshot& snapshot);

}  // namespace keyledger::commands
