#pragma once
// Makes a read model anew from the log, beside the one that is being read: fills the next generation, then
// switches to it by one row at a recorded position. Queries never see less than before. The projector goes on
// meanwhile, and follows the new generation from the switch on.
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "eventstore/log_source.hpp"
#include "eventstore/sealing/subject_cipher.hpp"
#include "projections/engine/limits.hpp"
#include "projections/rebuild/operations.hpp"

namespace keyledger::projections {

struct RebuildOrder {
    std::string database_url;  // of the service's role
    // An unfinished generation can be gone on with: one that stopped at an event which has been skipped
    // since.
    enum class Begin { kAnew, kWhereItStopped };
    Begin begin = Begin::kAnew;
    // Costs a reading of both tables; the old ones' digest is taken at the start, so nobody waits for it.
    enum class Compare { kNo, kYes };
    Compare compare = Compare::kNo;
    std::int32_t batch_events = kMaxBatchEvents;
};
struct RebuildResult {
    int generation = 0;
    Position switched_at = 0;
    // Of old and new at the same position, when asked for and the layouts are equal.
    std::optional<TableDigest> before;
    std::optional<TableDigest> after;
};
struct RebuildFailure {
    enum class Why {
        kAnotherRuns,  // somebody rebuilds this model now
        kCancelled,
        kLogUnreadable,  // unavailable, or another history, or a hole
        kPoisoned,       // stopped at an event, named by `at`: mend it, or skip it and go on where it stopped
        kOvertaken,      // the generation that was current at the start is no longer
        kOtherLayout,    // comparing: the live tables are of another build; rebuild the model first
    };
    Why why = Why::kCancelled;
    Poison at;
};
// Called after every batch.
using RebuildProgress = std::function<void(Position position, Position head)>;

// Blocks until done. Throws std::runtime_error when the database fails; nothing is switched then, and what is
// left is dropped by the next rebuild.
Result<RebuildResult, RebuildFailure> rebuild(const RebuildOrder& order, const ReadModel& model,
                                              eventstore::LogSource& source, eventstore::SubjectCipher& cipher,
                                              const RebuildProgress& progress, std::stop_token cancel = {});

}  // namespace keyledger::projections
