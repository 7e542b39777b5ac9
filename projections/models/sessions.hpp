#pragma once
// `sessions`: who is logged in from where, and how it ended. One row a session; personal columns are null
// once erased. A session that ran out is not an event: readers compare expires_at_ms and refreshed_at_ms with
// their clock.
#include "domain/base/device_id.hpp"
#include "domain/base/time.hpp"
#include "projections/engine/columns.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::projections {

inline constexpr Model kSessionsModel{"sessions", 2};

struct SessionRow {
    SessionId id;
    UserId user_id;
    std::string client_id;
    Instant started_at;
    Instant refreshed_at;
    Instant expires_at;
    std::int64_t generation = 0;                // of its refresh token
    std::optional<std::string> client_address;  // as of the latest refresh
    std::optional<std::string> user_agent;
    std::optional<Instant> ended_at;
    std::optional<std::string> end_reason;  // a SessionEndReason's name, or what ended it with others
    std::optional<Position> ended_position;
    std::optional<DeviceId> device_id;   // null: of before devices were known
    std::optional<std::string> country;  // where it began
    std::optional<std::string> city;
    Position first_position = 0;
    Position position = 0;

    static constexpr auto columns() {
        return std::tuple{
            Column{"id", &SessionRow::id, ColumnUse::kKey},
            Column{"user_id", &SessionRow::user_id, ColumnUse::kSetOnce},
            Column{"client_id", &SessionRow::client_id, ColumnUse::kSetOnce},
            Column{"started_at_ms", &SessionRow::started_at, ColumnUse::kSetOnce},
            Column{"refreshed_at_ms", &SessionRow::refreshed_at},
            Column{"expires_at_ms", &SessionRow::expires_at, ColumnUse::kSetOnce},
            Column{"generation", &SessionRow::generation},
            Column{"client_address", &SessionRow::client_address},
            Column{"user_agent", &SessionRow::user_agent},
            Column{"ended_at_ms", &SessionRow::ended_at},
            Column{"end_reason", &SessionRow::end_reason, R"(collate "C")"},
            Column{"ended_position", &SessionRow::ended_position},
            Column{"device_id", &SessionRow::device_id, ColumnUse::kSetOnce},
            Column{"country", &SessionRow::country},
            Column{"city", &SessionRow::city},
            Column{"first_position", &SessionRow::first_position, ColumnUse::kSetOnce},
            Column{"position", &SessionRow::position},
        };
    }
};

struct SessionCursor {  // newest first
    Position before = 0;
};
struct SessionFilter {
    UserId user;
    // Live: not ended, and neither too old nor too long idle at that time.
    struct LiveAt {
        Instant now;
        Duration idle;
    };
    std::optional<LiveAt> live;
    std::optional<DeviceId> device_id{};
};

Answer<Page<SessionRow, SessionCursor>> list_sessions(Queries& queries, SessionFilter filter,
                                                      std::optional<SessionCursor> cursor, std::int32_t limit,
                                                      Queries::Deadline deadline);

}  // namespace keyledger::projections
