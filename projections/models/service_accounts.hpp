#pragma once
// `service_accounts`: the service accounts there are. For lists only: whether one is good is asked of the log. One row
// an account, gone once it is deleted.
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kServiceAccountsModel{"service_accounts", 2};

struct ServiceAccountRow {
    ServiceAccountId id;
    std::string name;
    std::vector<std::string> audiences;  // sorted; URIs without spaces
    bool enabled = true;
    Instant created_at;
    Instant updated_at;
    std::int32_t version = 0;
    Position position = 0;
    Position first_position = 0;

    static constexpr auto columns() {
        return std::tuple{
            Column{"id", &ServiceAccountRow::id, ColumnUse::kKey},
            Column{"name", &ServiceAccountRow::name},
            Column{"audiences", &ServiceAccountRow::audiences, R"(collate "C")"},
            Column{"enabled", &ServiceAccountRow::enabled},
            Column{"created_at_ms", &ServiceAccountRow::created_at, ColumnUse::kSetOnce},
            Column{"updated_at_ms", &ServiceAccountRow::updated_at},
            Column{"version", &ServiceAccountRow::version},
            Column{"position", &ServiceAccountRow::position},
            Column{"first_position", &ServiceAccountRow::first_position, ColumnUse::kSetOnce, "unique"},
        };
    }
};

struct ServiceAccountCursor {
    Position after = 0;
};

Answer<Page<ServiceAccountRow, ServiceAccountCursor>> list_service_accounts(Queries& queries,
                                                                            std::optional<ServiceAccountCursor> cursor,
                                                                            std::int32_t limit,
                                                                            Queries::Deadline deadline);

}  // namespace keyledger::projections
