#include "projections/models/deadlines.hpp"

#include <limits>

#include "projections/engine/question.hpp"
#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

std::vector<DeadlineRow> due_deadlines(const std::string& database_url, Instant now,
                                       const std::optional<DeadlineRow>& behind, int at_most) {
    const Connection connection = connect(database_url, "keyledger deadlines");
    const AnswerWithin bound(connection->sock(), kSilentLeaderTimeout);
    pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> snapshot(*connection);
    std::vector<DeadlineRow> due;
    if (snapshot.exec1("select to_regclass('read_models.current')")[0].is_null()) return due;
    const auto current = snapshot.exec_params("select generation from read_models.current where model = $1",
                                              std::string(kDeadlinesModel.name));
    if (current.empty()) return due;
    const std::string table = table_name(kDeadlinesModel.name, current[0][0].as<int>());
    const Instant after = behind ? behind->due_at : Instant::at_ms(std::numeric_limits<std::int64_t>::min());
    const Uuid after_id = behind ? behind->id : Uuid{};
    for (const auto& row : snapshot.exec_params("select " + column_names<DeadlineRow>() + " from read_models." + table +
                                                    " where due_at_ms <= $1 and (due_at_ms, id) > ($2, $3::uuid)"
                                                    " order by due_at_ms, id limit $4",
                                                now.ms(), after.ms(), after_id.to_string(), at_most))
        due.push_back(row_from<DeadlineRow>(row));
    return due;
}

Answer<std::int64_t> count_deadlines(Queries& queries, std::string_view what, std::int64_t most,
                                     Queries::Deadline deadline) {
    auto rows = [](const std::string& table) {
        return RowsSql{"select count(*) as counted from (select from " + table + " where what = $1 limit $2) as those",
                       "counted"};
    };
    Question question{kDeadlinesModel, std::move(rows), {std::string(what), std::to_string(most)}};
    return queries.worker().ask(deadline, std::move(question), [](const Snapshot& snapshot) {
        return snapshot.rows[0][Snapshot::kFirst].as<std::int64_t>(0);
    });
}

}  // namespace keyledger::projections
