#pragma once
// `deadlines`: what housekeeping does when its time comes: registrations that nobody completed are erased, and
// addresses from before a change that can't be undone any more are released. Housekeeping looks here for those that are
// due; the command decides.
#include <optional>
#include <string>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kDeadlinesModel{"deadlines", 1};

inline constexpr std::string_view kOfRegistration = "registration";
inline constexpr std::string_view kOfFormerEmail = "former_email";

struct DeadlineRow {
    Uuid stream_id{};
    std::string what;
    Instant due_at;

    static constexpr auto columns() {
        return std::tuple{
            Column{"stream_id", &DeadlineRow::stream_id, ColumnUse::kKey},
            Column{"what", &DeadlineRow::what},
            Column{"due_at_ms", &DeadlineRow::due_at},
        };
    }
};

// At most so many that are due at that time, in the order of time and stream, behind the given one. Blocks, on a
// connection of its own. Throws libpqxx's exceptions.
std::vector<DeadlineRow> due_deadlines(const std::string& database_url, Instant now,
                                       const std::optional<DeadlineRow>& behind, int at_most);

// How many of a kind there are, counted no further than `most`.
Answer<std::int64_t> count_deadlines(Queries& queries, std::string_view what, std::int64_t most,
                                     Queries::Deadline deadline);

}  // namespace keyledger::projections
