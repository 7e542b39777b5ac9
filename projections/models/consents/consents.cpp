#include "projections/models/consents/consents.hpp"

#include "projections/engine/question.hpp"

namespace keyledger::projections {
namespace {

// $1 rows, $2 before position, $3 user
RowsSql consents_sql(const std::string& table) {
    return limited("select " + column_names<ConsentRow>() + " from " + table +
                       " where user_id = $3::uuid and ($2::bigint is null or first_position < $2)",
                   "first_position desc");
}

}  // namespace

Answer<Page<ConsentRow, ConsentCursor>> list_consents(Queries& queries, UserId user_id,
                                                      std::optional<ConsentCursor> cursor, std::int32_t limit,
                                                      Queries::Deadline deadline) {
    Question question{kConsentsModel, consents_sql, {std::nullopt, user_id.to_string()}};
    if (cursor) question.parameters[0] = std::to_string(cursor->before);
    return list_page<ConsentRow, ConsentCursor>(
        queries, std::move(question), limit, deadline,
        [](const ConsentRow& row) { return ConsentCursor{row.first_position}; });
}

}  // namespace keyledger::projections
