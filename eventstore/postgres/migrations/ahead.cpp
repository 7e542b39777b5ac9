#include "eventstore/postgres/migrations/ahead.hpp"

#include <chrono>
#include <string_view>

namespace keyledger::eventstore::postgres {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kBegins = "create index concurrently ";
constexpr std::string_view kEnds = ";\n";
// For transactions that began before, which may still write what the index would lack: a backup, for instance.
constexpr std::chrono::minutes kPatience{10};
constexpr const char* kAskPatiently = "set lock_timeout = '10min'";
constexpr const char* kLockNotAvailable = "55P03";
// A program from before this was thought of waits for its turn in a statement, which is one of those transactions.
constexpr std::chrono::seconds kUntilOldProgramsGiveUp{60};

// Migration 11 looks for events of the last two hours under append's lock. No index answers for clock_timestamp(), that
// each row may find later: now() is when the transaction began, so that it takes a moment more into those hours.
constexpr std::string_view kByNoIndex = "e.recorded_at > clock_timestamp() - interval";
constexpr std::string_view kByAnIndex = "e.recorded_at > now() - interval";

enum class State { kMissing, kHalfMade, kValid };

State state_of(pqxx::nontransaction& session, const IndexAhead& index) {
    const pqxx::result rows = session.exec_params(
        "select indisvalid and indisready from pg_index where indexrelid = to_regclass($1)", "keyledger." + index.name);
    if (rows.empty()) return State::kMissing;
    return rows[0][0].as<bool>() ? State::kValid : State::kHalfMade;
}

void build_once(pqxx::connection& connection, const IndexAhead& index) {
    pqxx::nontransaction session(connection);
    const State state = state_of(session, index);
    if (state == State::kValid) return;
    if (state == State::kHalfMade) session.exec("drop index concurrently keyledger." + index.name);
    session.exec(index.statement);
}

void build(pqxx::connection& connection, const IndexAhead& index) {
    const auto began = Clock::now();
    for (;;) {
        try {
            return build_once(connection, index);
        } catch (const pqxx::deadlock_detected&) {
            if (Clock::now() - began >= kUntilOldProgramsGiveUp) throw;
        } catch (const pqxx::sql_error& failure) {
            if (failure.sqlstate() != kLockNotAvailable) throw;
            throw MigrationFailure("the index " + index.name + " waits for transactions that began more than " +
                                   std::to_string(kPatience.count()) +
                                   " minutes ago, a backup for instance; run this again when they have ended "
                                   "(pg_stat_activity shows them)");
        }
    }
}

}  // namespace

std::vector<IndexAhead> indexes_ahead(const Migration& migration) {
    std::vector<IndexAhead> indexes;
    std::string_view text = migration.ahead;
    while (!text.empty()) {
        const auto end = text.find(kEnds);
        const auto statement = text.substr(0, end);
        const bool is_one = end != std::string_view::npos && statement.find(';') == std::string_view::npos;
        if (!is_one || !statement.starts_with(kBegins))
            throw MigrationFailure("what is done ahead of migration " + std::to_string(migration.number) +
                                   " is more than building indexes");
        const auto from_name = statement.substr(kBegins.size());
        indexes.push_back({std::string(from_name.substr(0, from_name.find(' '))), std::string(statement)});
        text.remove_prefix(end + kEnds.size());
    }
    return indexes;
}

std::string up_after(const Migration& migration, const std::vector<IndexAhead>& indexes) {
    std::string text(migration.up);
    for (const IndexAhead& index : indexes) {
        const auto begin = text.find("\ncreate index " + index.name + " on ");
        if (begin == std::string::npos) continue;
        text.erase(begin + 1, text.find(kEnds, begin) + kEnds.size() - begin - 1);
    }
    if (const auto at = text.find(kByNoIndex); at != std::string::npos) text.replace(at, kByNoIndex.size(), kByAnIndex);
    return text;
}

void build(pqxx::connection& connection, const std::vector<IndexAhead>& indexes) {
    if (indexes.empty()) return;
    pqxx::nontransaction(connection).exec(kAskPatiently);
    for (const IndexAhead& index : indexes) build(connection, index);
}

}  // namespace keyledger::eventstore::postgres
