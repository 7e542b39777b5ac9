#pragma once
// The digest of one generation inside a transaction of the caller's; for this folder.
#include "projections/rebuild/operations.hpp"

namespace keyledger::projections {

TableDigest digest_generation(pqxx::transaction_base& snapshot, const ReadModel& model, int generation);

}  // namespace keyledger::projections
