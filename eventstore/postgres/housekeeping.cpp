#include "eventstore/postgres/housekeeping.hpp"

#include "eventstore/postgres/pqxx_connection.hpp"

namespace keyledger::eventstore::postgres {

Result<std::int64_t, StoreError> prune_commands(const std::string& url, std::int64_t before_ms, int at_most) try {
    pqxx::connection connection(url);
    pqxx::nontransaction session(connection);
    const auto row = session.exec_params1(
        "select keyledger.prune_commands(to_timestamp($1::double precision / 1000), $2)", before_ms, at_most);
    return row[0].as<std::int64_t>();
} catch (const pqxx::failure&) {
    return Unexpected(StoreError::kUnavailable);
}

}  // namespace keyledger::eventstore::postgres
