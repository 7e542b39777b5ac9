#include "projections/models/erasures.hpp"

#include <limits>

#include "projections/engine/limits.hpp"
#include "projections/engine/read_model.hpp"
#include "projections/engine/table.hpp"

namespace keyledger::projections {

std::vector<ErasureRow> due_erasures(const std::string& database_url, Instant now,
                                     const std::optional<ErasureRow>& behind, int at_most) {
    const Connection connection = connect(database_url, "keyledger erasures");
    const AnswerWithin bound(connection->sock(), kSilentLeaderTimeout);
    pqxx::transaction<pqxx::repeatable_read, pqxx::read_only> snapshot(*connection);
    std::vector<ErasureRow> due;
    if (snapshot.exec1("select to_regclass('read_models.current')")[0].is_null()) return due;
    const auto current = snapshot.exec_params("select generation from read_models.current where model = $1",
                                              std::string(kErasuresModel.name));
    if (current.empty()) return due;
    const std::string table = table_name(kErasuresModel.name, current[0][0].as<int>());
    const ErasureRow after = behind.value_or(ErasureRow{{}, Instant::at_ms(std::numeric_limits<std::int64_t>::min())});
    for (const auto& row : snapshot.exec_params("select " + column_names<ErasureRow>() + " from read_models." + table +
                                                    " where due_at_ms <= $1 and (due_at_ms, user_id) > ($2, $3::uuid)"
                                                    " order by due_at_ms, user_id limit $4",
                                                now.ms(), after.due_at.ms(), after.user_id.to_string(), at_most))
        due.push_back(row_from<ErasureRow>(row));
    return due;
}

}  // namespace keyledger::projections
