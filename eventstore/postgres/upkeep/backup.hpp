#pragma once
// Backups by PostgreSQL's own tools, in a version that fits the server (tools.hpp). Read models hold personal data in
// the clear and can be built from the log, so they are left out. `tools`: the folder of pg_dump and pg_restore; empty:
// they are looked for.
#include <optional>
#include <string>

namespace keyledger::eventstore::postgres {

// Writes a dump in PostgreSQL's custom format, mode 0600. What went wrong, if anything did.
std::optional<std::string> write_backup(const std::string& owner_url, const std::string& path,
                                        const std::string& tools = {});

// Reads a dump into an empty database, and forgets how far readers had been: read models begin anew, and so does the
// publisher. What went wrong, if anything did; then the database is of no use.
std::optional<std::string> read_backup(const std::string& owner_url, const std::string& path,
                                       const std::string& tools = {});

}  // namespace keyledger::eventstore::postgres
