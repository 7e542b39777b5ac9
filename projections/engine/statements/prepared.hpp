#pragma once
// Statements that a session parses and plans once: a text is prepared where it is executed first. libpqxx keeps what is
// prepared with the connection, so that a new session begins with nothing. The server plans again by itself where a
// table has changed; where a session can't go on with what it has prepared (classify(), database.hpp), it is replaced.
// For texts that come again, of a number that the code bounds. A session has at most kMaxPreparedStatements of them.
// Heavy: includes libpqxx.
//
//     const pqxx::result found = execute_prepared(transaction, "select … where id = any($1::uuid[])", ids.parameter());
#include <cstddef>
#include <string>
#include <utility>

#include "projections/engine/database.hpp"

namespace keyledger::projections {

inline constexpr std::size_t kMaxPreparedStatements = 4'096;

// The name under which the connection has the text. It follows from the text; of two that share a name the later one
// takes it. Throws libpqxx's exceptions.
std::string prepared(pqxx::connection_base& connection, const std::string& sql);

template <class... Values>
pqxx::result execute_prepared(pqxx::transaction_base& transaction, const std::string& sql, Values&&... values) {
    return transaction.exec_prepared(prepared(transaction.conn(), sql), std::forward<Values>(values)...);
}

}  // namespace keyledger::projections
