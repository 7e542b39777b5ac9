#include "eventstore/postgres/upkeep/housekeeping.hpp"

#include "eventstore/postgres/connection/pqxx_connection.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kPatience{30'000};

Result<std::int64_t, StoreError> pruned(const std::string& url, const char* statement, int at_most) try {
    const auto connection = connect(url);
    const AnswerWithin bound(connection->sock(), kPatience);
    pqxx::nontransaction session(*connection);
    return session.exec_params1(statement, at_most)[0].as<std::int64_t>();
} catch (const pqxx::failure&) {
    return Unexpected(StoreError::kUnavailable);
}

}  // namespace

Result<std::int64_t, StoreError> prune_commands(const std::string& url, Instant before, int at_most) try {
    const auto connection = connect(url);
    const AnswerWithin bound(connection->sock(), kPatience);
    pqxx::nontransaction session(*connection);
    const auto row = session.exec_params1(
        "select keyledger.prune_commands(to_timestamp($1::double precision / 1000), $2)", before.ms(), at_most);
    return row[0].as<std::int64_t>();
} catch (const pqxx::failure&) {
    return Unexpected(StoreError::kUnavailable);
}

Result<std::int64_t, StoreError> prune_snapshots(const std::string& url, Instant before, int at_most) try {
    const auto connection = connect(url);
    const AnswerWithin bound(connection->sock(), kPatience);
    pqxx::nontransaction session(*connection);
    const auto gone = session.exec_params(
        "delete from keyledger.snapshots where stream_id = any(array(select stream_id from keyledger.snapshots"
        " where fold like 'session.%' and kept_at < to_timestamp($1::double precision / 1000) limit $2))",
        before.ms(), at_most);
    return static_cast<std::int64_t>(gone.affected_rows());
} catch (const pqxx::failure&) {
    return Unexpected(StoreError::kUnavailable);
}

Result<std::int64_t, StoreError> prune_limits(const std::string& url, int at_most) {
    return pruned(url, "select keyledger.prune_limits($1)", at_most);
}
Result<std::int64_t, StoreError> prune_lookups(const std::string& url, int at_most) {
    return pruned(url, "select keyledger.prune_lookups($1)", at_most);
}
Result<std::int64_t, StoreError> prune_jobs(const std::string& url, int at_most) {
    return pruned(url, "select keyledger.prune_jobs($1)", at_most);
}
Result<std::int64_t, StoreError> prune_spent(const std::string& url, int at_most) {
    return pruned(url, "select keyledger.prune_spent($1)", at_most);
}

Result<std::int64_t, StoreError> drop_snapshots_of_the_erased(const std::string& url, Instant since) try {
    const auto connection = connect(url);
    const AnswerWithin bound(connection->sock(), kPatience);
    pqxx::nontransaction session(*connection);
    const auto gone = session.exec_params(
        "delete from keyledger.snapshots s using keyledger.subject_keys k"
        " where k.destroyed_at >= to_timestamp($1::double precision / 1000) and s.stream_id = k.subject"
        " and s.kept_at < k.destroyed_at",
        since.ms());
    return static_cast<std::int64_t>(gone.affected_rows());
} catch (const pqxx::failure&) {
    return Unexpected(StoreError::kUnavailable);
}

Result<std::vector<Uuid>, StoreError> destroyed_subjects(const std::string& url, Instant since) try {
    const auto connection = connect(url);
    const AnswerWithin bound(connection->sock(), kPatience);
    pqxx::nontransaction session(*connection);
    std::vector<Uuid> subjects;
    const auto rows = session.exec_params(
        "select subject from keyledger.subject_keys where destroyed_at >= to_timestamp($1::double precision / 1000)",
        since.ms());
    for (const auto& row : rows) subjects.push_back(uuid_in(row[0]));
    return subjects;
} catch (const pqxx::failure&) {
    return Unexpected(StoreError::kUnavailable);
}

Result<std::int64_t, StoreError> purge_graveyard(const std::string& url) try {
    const auto connection = connect(url);
    const AnswerWithin bound(connection->sock(), kPatience);
    return pqxx::nontransaction(*connection).exec1("select keyledger.purge_graveyard()")[0].as<std::int64_t>();
} catch (const pqxx::failure&) {
    return Unexpected(StoreError::kUnavailable);
}

}  // namespace keyledger::eventstore::postgres
