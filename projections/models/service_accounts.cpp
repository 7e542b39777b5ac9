#include "projections/models/service_accounts.hpp"

#include "projections/engine/question.hpp"

namespace keyledger::projections {

Answer<Page<ServiceAccountRow, ServiceAccountCursor>> list_service_accounts(Queries& queries,
                                                                            std::optional<ServiceAccountCursor> cursor,
                                                                            std::int32_t limit,
                                                                            Queries::Deadline deadline) {
    return list_as_they_came<ServiceAccountRow, ServiceAccountCursor>(queries, kServiceAccountsModel, cursor, limit,
                                                                      deadline);
}

}  // namespace keyledger::projections
