#include "projections/engine/database.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "eventstore/postgres/connection/pqxx_connection.hpp"
#include "projections/engine/limits.hpp"
#include "projections/engine/projection.hpp"

namespace keyledger::projections {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

// DETAIL and CONTEXT lines quote values of the row.
std::string first_line(const char* message) {
    std::string_view text(message);
    text = text.substr(0, text.find('\n'));
    return std::string(text.substr(0, kMaxReasonBytes));
}

FailureKind kind_of_state(std::string_view state) {
    constexpr std::array<std::string_view, 4> kConnectionStates{"08", "57P01", "57P02", "57P03"};
    for (auto prefix : kConnectionStates)
        if (state.starts_with(prefix)) return FailureKind::kConnection;
    // The session was idle for too long; or a statement that it prepared is gone, is there against what libpqxx knows,
    // or was of a table that has other columns now.
    constexpr std::array<std::string_view, 5> kSessionIsOver{"25P03", "57P05", "26000", "42P05", "0A000"};
    if (std::ranges::find(kSessionIsOver, state) != kSessionIsOver.end()) return FailureKind::kConnection;
    // A missing table or right is nothing that an event could have caused.
    constexpr std::array<std::string_view, 9> kPassingStates{"40",    "53",    "55P03", "57014", "58",
                                                             "25006", "3F000", "42P01", "42501"};
    for (auto prefix : kPassingStates)
        if (state.starts_with(prefix)) return FailureKind::kPassing;
    return FailureKind::kData;
}

}  // namespace

Connection connect(const std::string& url, const std::string& application_name) {
    auto connection = eventstore::postgres::connect(url);
    const AnswerWithin bound(connection->sock(), kConnectPatience);
    pqxx::nontransaction settings(*connection);
    settings.exec_params("select set_config('application_name', $1, false), set_config('timezone', 'UTC', false)",
                         application_name);
    return connection;
}

void prepare_writer(pqxx::connection& connection) {
    const auto limit_ms = std::to_string(std::chrono::milliseconds(kFrozenLeaderTimeout).count());
    pqxx::nontransaction settings(connection);
    settings.exec("set synchronous_commit = off");
    for (const char* limit : {"idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout"})
        settings.exec("set " + std::string(limit) + " = " + limit_ms);
    for (const char* method : {"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"})
        settings.exec("set " + std::string(method) + " = off");
    settings.exec("set plan_cache_mode = force_generic_plan");
    connection.prepare(kMoveCheckpoint, "update keyledger.checkpoints set position = $4, leaf_hash = $5::bytea"
                                        " where reader = $1 and generation = $2 and position = $3");
    connection.prepare(kMoveCheckpoints,
                       "update keyledger.checkpoints as c set position = $4, leaf_hash = $5::bytea"
                       " from (select unnest($1::text[]) as reader, unnest($2::integer[]) as generation) as moved"
                       " where c.reader = moved.reader and c.generation = moved.generation and c.position = $3");
}

Failure classify(const std::exception& error, const pqxx::connection* connection) {
    Failure failure{FailureKind::kData, first_line(error.what())};
    if (connection == nullptr || !connection->is_open() ||
        dynamic_cast<const pqxx::broken_connection*>(&error) != nullptr ||
        dynamic_cast<const pqxx::in_doubt_error*>(&error) != nullptr)
        failure.kind = FailureKind::kConnection;
    else if (dynamic_cast<const pqxx::transaction_rollback*>(&error) != nullptr ||
             dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr ||
             dynamic_cast<const pqxx::undefined_table*>(&error) != nullptr)
        failure.kind = FailureKind::kPassing;  // libpqxx 6 gives some of them no SQLSTATE
    if (dynamic_cast<const pqxx::insufficient_privilege*>(&error) != nullptr)
        failure.reason += "; if somebody served as another role, 'keyledger migrate up' gives the tables back";
    if (failure.kind != FailureKind::kData) return failure;
    if (auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) {
        failure.kind = kind_of_state(sql->sqlstate());
        // Messages of data exceptions quote the value, which may be personal.
        if (sql->sqlstate().starts_with("22")) failure.reason = "data exception, SQLSTATE " + sql->sqlstate();
    }
    return failure;
}

std::string bytea_text(const eventstore::Digest& digest) {
    std::string text = "\\x";
    text.reserve(2 + 2 * digest.size());
    for (std::uint8_t byte : digest) {
        text += kHexDigits[byte >> 4];
        text += kHexDigits[byte & 15];
    }
    return text;
}

eventstore::Digest digest_from_hex(const std::string& hex) {
    eventstore::Digest digest{};
    if (hex.size() != 2 * digest.size()) throw std::invalid_argument("a digest has 64 hexadecimal digits");
    for (std::size_t i = 0; i < hex.size(); ++i) {
        const auto value = kHexDigits.find(hex[i]);
        if (value == std::string_view::npos) throw std::invalid_argument("not a hexadecimal digit");
        digest[i / 2] = static_cast<std::uint8_t>(digest[i / 2] << 4 | value);
    }
    return digest;
}

Uuid uuid_from(const pqxx::field& field) {
    auto id = field.is_null() ? std::nullopt : Uuid::parse({field.c_str(), field.size()});
    if (!id) throw std::invalid_argument(std::string("column ") + field.name() + " holds no UUID");
    return *id;
}

std::optional<std::string> text_or_null(const pqxx::field& field) {
    if (field.is_null()) return std::nullopt;
    return std::string(field.c_str(), field.size());
}

}  // namespace keyledger::projections
