#include "projections/models/applications.hpp"

#include "projections/engine/question.hpp"

namespace keyledger::projections {

Answer<Page<ApplicationRow, ApplicationCursor>> list_applications(Queries& queries,
                                                                  std::optional<ApplicationCursor> cursor,
                                                                  std::int32_t limit, Queries::Deadline deadline) {
    return list_as_they_came<ApplicationRow, ApplicationCursor>(queries, kApplicationsModel, cursor, limit, deadline);
}

Answer<std::int64_t> count_applications(Queries& queries, std::int64_t most, Queries::Deadline deadline) {
    auto rows = [](const std::string& table) {
        return RowsSql{"select count(*) as counted from (select from " + table + " limit $1) as those", "counted"};
    };
    Question question{kApplicationsModel, std::move(rows), {std::to_string(most)}};
    return queries.worker().ask(deadline, std::move(question), [](const Snapshot& snapshot) {
        return snapshot.rows[0][Snapshot::kFirst].as<std::int64_t>(0);
    });
}

}  // namespace keyledger::projections
