#pragma once
// Folds that are kept beside the log, so that a long stream need not be folded from its start (design section 4.3).
#include <optional>

#include "commands/fold.hpp"
#include "eventstore/sealing/subject_cipher.hpp"
#include "eventstore/store.hpp"

namespace keyledger::commands {

// One is kept whenever a stream's version passes a multiple of this.
inline constexpr std::int32_t kSnapshotEvery = 100;
inline constexpr std::size_t kMaxStateBytes = 4 * 1024;  // a larger state gets none

// What names the fold of this state's aggregate; empty: its streams are short or hold personal data, and get none.
std::string fold_name_of(const AnyState& state);

// Gives the store a snapshot if the stream has come so far; `event_id` is that of the last event of `after`.
void keep_snapshot(eventstore::Store& store, eventstore::SubjectCipher& cipher, const Uuid& stream_id,
                   const Fold& before, const Fold& after, const Uuid& event_id);

// nullopt: changed, sealed under a key that is not here any more, or not written by this fold.
std::optional<Fold> open_snapshot(eventstore::SubjectCipher& cipher, const AnyState& empty,
                                  const eventstore::Snapshot& snapshot);

}  // namespace keyledger::commands
