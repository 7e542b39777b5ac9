#pragma once
// `applications`: the applications there are. For lists only: whether one is good is asked of the log. One row an
// application, gone once it is deleted.
#include "domain/base/application_id.hpp"
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kApplicationsModel{"applications", 1};

struct ApplicationRow {
    ApplicationId id;
    std::string name;
    std::string type;     // as it is stored: "web"
    std::string consent;  // likewise: "first_party"
    bool enabled = true;
    Instant created_at;
    Instant updated_at;
    std::int32_t version = 0;
    Position position = 0;
    Position first_position = 0;

    static constexpr auto columns() {
        return std::tuple{
            Column{"id", &ApplicationRow::id, ColumnUse::kKey},
            Column{"name", &ApplicationRow::name},
            Column{"application_type", &ApplicationRow::type},
            Column{"consent", &ApplicationRow::consent},
            Column{"enabled", &ApplicationRow::enabled},
            Column{"created_at_ms", &ApplicationRow::created_at, ColumnUse::kSetOnce},
            Column{"updated_at_ms", &ApplicationRow::updated_at},
            Column{"version", &ApplicationRow::version},
            Column{"position", &ApplicationRow::position},
            Column{"first_position", &ApplicationRow::first_position, ColumnUse::kSetOnce, "unique"},
        };
    }
};

struct ApplicationCursor {
    Position after = 0;
};

Answer<Page<ApplicationRow, ApplicationCursor>> list_applications(Queries& queries,
                                                                  std::optional<ApplicationCursor> cursor,
                                                                  std::int32_t limit, Queries::Deadline deadline);

// How many there are, counted no further than `most`.
Answer<std::int64_t> count_applications(Queries& queries, std::int64_t most, Queries::Deadline deadline);

}  // namespace keyledger::projections
