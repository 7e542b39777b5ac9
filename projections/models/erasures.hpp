#pragma once
// `erasures`: the users whose erasure was requested and neither taken back nor carried out. Housekeeping looks here for
// those that are due; the command decides.
#include <optional>
#include <string>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/model.hpp"

namespace keyledger::projections {

inline constexpr Model kErasuresModel{"erasures", 1};

struct ErasureRow {
    UserId user_id;
    Instant due_at;

    static constexpr auto columns() {
        return std::tuple{
            Column{"user_id", &ErasureRow::user_id, ColumnUse::kKey},
            Column{"due_at_ms", &ErasureRow::due_at},
        };
    }
};

// At most so many erasures that are due at that time, in the order of time and user, behind the given one. Blocks, on a
// connection of its own. Throws libpqxx's exceptions.
std::vector<ErasureRow> due_erasures(const std::string& database_url, Instant now,
                                     const std::optional<ErasureRow>& behind, int at_most);

}  // namespace keyledger::projections
