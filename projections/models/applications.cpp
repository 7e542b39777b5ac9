#include "projections/models/applications.hpp"

#include "projections/engine/question.hpp"

namespace keyledger::projections {

Answer<Page<ApplicationRow, ApplicationCursor>> list_applications(Queries& queries,
                                                                  std::optional<ApplicationCursor> cursor,
                                                                  std::int32_t limit, Queries::Deadline deadline) {
    return list_as_they_came<ApplicationRow, ApplicationCursor>(queries, kApplicationsModel, cursor, limit, deadline);
}

}  // namespace keyledger::projections
