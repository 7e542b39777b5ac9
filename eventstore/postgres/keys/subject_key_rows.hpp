#pragma once
// Rows of keyledger.subject_keys for the owner's commands. Heavy: for .cpp files that speak libpqxx.
#include <vector>

#include "eventstore/postgres/connection/pqxx_connection.hpp"

namespace keyledger::eventstore::postgres {

// Of the columns subject, key_id, wrapped_key, key_encryption_key_id, of living keys.
std::vector<StoredSubjectKey> subject_keys_in(const pqxx::result& rows);
// To the graveyard, if it is still as it was read: nothing is left of it here, and for a day it can be brought back.
void set_aside(pqxx::transaction_base& work, const StoredSubjectKey& key);

}  // namespace keyledger::eventstore::postgres
