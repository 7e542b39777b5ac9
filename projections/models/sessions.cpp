#include "projections/models/sessions.hpp"

#include "projections/engine/question.hpp"

namespace keyledger::projections {
namespace {

// $1 rows, $2 before position, $3 user, $4 live at, $5 refreshed after, $6 device
RowsSql sessions_sql(const std::string& table) {
    return limited("select " + column_names<SessionRow>() + " from " + table + R"(
 where user_id = $3::uuid
   and ($2::bigint is null or first_position < $2)
   and ($4::bigint is null or (ended_at_ms is null and expires_at_ms > $4 and refreshed_at_ms > $5::bigint))
   and ($6::uuid is null or device_id = $6::uuid)
)",
                   "first_position desc");
}

}  // namespace

Answer<Page<SessionRow, SessionCursor>> list_sessions(Queries& queries, SessionFilter filter,
                                                      std::optional<SessionCursor> cursor, std::int32_t limit,
                                                      Queries::Deadline deadline) {
    Question question{kSessionsModel, sessions_sql, {}};
    question.parameters = {std::nullopt, filter.user.to_string(), std::nullopt, std::nullopt, std::nullopt};
    if (filter.device_id) question.parameters[4] = filter.device_id->to_string();
    if (cursor) question.parameters[0] = std::to_string(cursor->before);
    if (filter.live) {
        question.parameters[2] = std::to_string(filter.live->now.ms());
        question.parameters[3] = std::to_string((filter.live->now - filter.live->idle).ms());
    }
    return list_page<SessionRow, SessionCursor>(
        queries, std::move(question), limit, deadline,
        [](const SessionRow& row) { return SessionCursor{row.first_position}; });
}

}  // namespace keyledger::projections
