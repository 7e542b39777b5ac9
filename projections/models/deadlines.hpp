#pragma once
// `deadlines`: what housekeeping does when its time comes: registrations that nobody completed are erased, addresses
// from before a change that can't be undone any more are released, and what is kept of second factors that were removed
// is forgotten. Housekeeping looks here for those that are due; the command decides.
#include <optional>
#include <string>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kDeadlinesModel{"deadlines", 2};

inline constexpr std::string_view kOfRegistration = "registration";
inline constexpr std::string_view kOfFormerEmail = "former_email";
inline constexpr std::string_view kOfRemovedFactor = "removed_factor";

struct DeadlineRow {
    Uuid id{};  // of a registration, a user, a factor
    std::string what;
    Instant due_at;
    std::optional<Uuid> user_id{};  // whose factor

    static constexpr auto columns() {
        return std::tuple{
            Column{"id", &DeadlineRow::id, ColumnUse::kKey},
            Column{"what", &DeadlineRow::what},
            Column{"due_at_ms", &DeadlineRow::due_at},
            Column{"user_id", &DeadlineRow::user_id},
        };
    }
};

// At most so many that are due at that time, in the order of time and id, behind the given one. Blocks, on a
// connection of its own. Throws libpqxx's exceptions.
std::vector<DeadlineRow> due_deadlines(const std::string& database_url, Instant now,
                                       const std::optional<DeadlineRow>& behind, int at_most);

// How many of a kind there are, counted no further than `most`.
Answer<std::int64_t> count_deadlines(Queries& queries, std::string_view what, std::int64_t most,
                                     Queries::Deadline deadline);

}  // namespace keyledger::projections
