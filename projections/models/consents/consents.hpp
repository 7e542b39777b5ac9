#pragma once
// `consents`: which applications a user lets have something. For their own list of them only: what a consent says, and
// whether it holds, is asked of the log. One row a user and application, gone once it is withdrawn or the user erased.
#include "domain/base/application_id.hpp"
#include "domain/base/time.hpp"
#include "domain/consents/consent.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kConsentsModel{"consents", 1};

struct ConsentRow {
    Id<Consent> id;
    UserId user_id;
    ApplicationId application_id;
    Instant given_at;  // the first time since there was none
    Position first_position = 0;

    static constexpr auto columns() {
        return std::tuple{
            Column{"id", &ConsentRow::id, ColumnUse::kKey},
            Column{"user_id", &ConsentRow::user_id, ColumnUse::kSetOnce},
            Column{"application_id", &ConsentRow::application_id, ColumnUse::kSetOnce},
            Column{"given_at_ms", &ConsentRow::given_at, ColumnUse::kSetOnce},
            Column{"first_position", &ConsentRow::first_position, ColumnUse::kSetOnce},
        };
    }
};

struct ConsentCursor {  // newest first
    Position before = 0;
};

Answer<Page<ConsentRow, ConsentCursor>> list_consents(Queries& queries, UserId user_id,
                                                      std::optional<ConsentCursor> cursor, std::int32_t limit,
                                                      Queries::Deadline deadline);

}  // namespace keyledger::projections
