#pragma once
// Indexes of long tables are built before the migration that they belong to, while others append. PostgreSQL does that
// (CREATE INDEX CONCURRENTLY) in no transaction, so what is killed meanwhile leaves an index that is not valid.
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "eventstore/postgres/migrations/migrator.hpp"

namespace keyledger::eventstore::postgres {

struct IndexAhead {
    std::string name;       // without its schema, which is keyledger
    std::string statement;  // without its semicolon
};

// What the .ahead.sql of a migration holds, in its order. Throws MigrationFailure on anything but
// `create index concurrently NAME on keyledger.…`.
std::vector<IndexAhead> indexes_ahead(const Migration& migration);

// The text of `up` without the statements by which it would make those indexes itself, as releases did that knew of
// nothing else, and with what it asks of a long log in words that an index answers.
std::string up_after(const Migration& migration, const std::vector<IndexAhead>& indexes);

// Blocks until each of these indexes is there and valid; one that somebody left half made is dropped and built again.
// Nobody who reads or appends waits meanwhile. For one connection of the owner, outside of a transaction. Throws
// MigrationFailure if transactions that began before keep it waiting for ten minutes, else what libpqxx throws.
void build(pqxx::connection& connection, const std::vector<IndexAhead>& indexes);

}  // namespace keyledger::eventstore::postgres
