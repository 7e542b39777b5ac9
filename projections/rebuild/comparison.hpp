#pragma once
// Compares a read model's live tables with a full replay of the log, row for row (I7). The replay fills tables
// of its own beside the live ones, which are read and written on meanwhile; they are dropped afterwards.
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "projections/rebuild/rebuild.hpp"

namespace keyledger::projections {

// The first row, in the order of the tables and of their primary keys, in which the two differ. It names
// columns and never their values, which may be personal.
struct RowDifference {
    enum class Kind {
        kMissing,  // the replay has the row, the live table has not
        kExtra,    // the live table has a row that no event explains
        kChanged,
    };
    Kind kind = Kind::kChanged;
    std::string table;                 // of the live generation
    std::string key;                   // "id=0190…", the primary key
    std::vector<std::string> columns;  // of a changed row
};
struct ComparisonResult {
    int generation = 0;
    Position position = 0;            // at which both were compared
    std::int64_t rows = 0;            // of the live tables
    std::int64_t skipped_events = 0;  // left out by operators, and so by the replay
    std::optional<RowDifference> first_difference;
};

// Blocks until done. A difference counts only if it is still there when the live tables are past the head that
// the log had when it was found: an erasure reaches keys before it reaches tables. A live generation that this
// build did not lay out gives kOtherLayout. Throws std::runtime_error when the database fails.
Result<ComparisonResult, RebuildFailure> compare_with_replay(const RebuildOrder& order, const ReadModel& model,
                                                             eventstore::LogSource& source,
                                                             eventstore::SubjectCipher& cipher,
                                                             const RebuildProgress& progress,
                                                             std::stop_token cancel = {});

}  // namespace keyledger::projections
