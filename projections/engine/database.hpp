#pragma once
// libpqxx, adapted: connections that never reconnect by themselves, and its exceptions as what a caller does
// next. Heavy: included by this folder's .cpp files only.
#include <exception>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>

#include "domain/base/uuid.hpp"
#include "eventstore/postgres/connection/connecting.hpp"
#include "eventstore/store.hpp"

namespace keyledger::projections {

using Connection = std::unique_ptr<pqxx::connection>;
using eventstore::postgres::AnswerWithin;

// Throws what classify() calls kConnection. A lost connection stays lost: libpqxx 6 would reconnect silently,
// without the advisory lock and the settings that the session had.
Connection connect(const std::string& url, const std::string& application_name);

// For a session that writes read models. It need not wait for the disk: rows and checkpoint are lost together
// and made again from the log. Statements probe keys, whatever the statistics of a table say that was empty a
// moment ago; so one plan serves for all batches (engine/statements/prepared.hpp). What takes longer than
// kFrozenLeaderTimeout loses the session.
void prepare_writer(pqxx::connection& connection);

enum class FailureKind {
    kConnection,  // the session is gone or no use, or whether it committed is unknown: start over on a new one
    kPassing,     // locks, resources, time-outs, missing tables or rights: try the same again with back-off
    kData,        // the server refuses this very statement or its values; again would fail again
};
struct Failure {
    FailureKind kind = FailureKind::kData;
    std::string reason;  // one line, bounded, without values of rows; where a right is missing, with the mend
};
// Call it with the exception that was caught and the connection it came from (nullptr: connecting failed).
Failure classify(const std::exception& error, const pqxx::connection* connection);

// bytea in the text form of PostgreSQL, for a parameter or an array element.
std::string bytea_text(const eventstore::Digest& digest);
eventstore::Digest digest_from_hex(const std::string& hex);  // throws std::invalid_argument unless 64 digits
Uuid uuid_from(const pqxx::field& field);                    // throws std::invalid_argument unless a UUID
std::optional<std::string> text_or_null(const pqxx::field& field);

}  // namespace keyledger::projections
