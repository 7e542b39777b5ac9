#include "eventstore/postgres/tree_heads.hpp"

#include "eventstore/postgres/read_session.hpp"
#include "security/bytes.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kStatementTimeout{10'000};
constexpr std::chrono::milliseconds kLongestPause{500};

void prepare_tree_heads(pqxx::connection& connection) {
    {
        pqxx::work make(connection);
        // Two processes that start at once must not both make it.
        make.exec1("select pg_advisory_xact_lock(hashtextextended('keyledger.read_models.catalogue', 0))");
        make.exec("set local client_min_messages = warning");
        make.exec("create table if not exists read_models.tree_heads (log_id uuid primary key, "
                  "position bigint not null, leaf_hash bytea not null, frontier bytea not null, note text not null)");
        make.commit();
    }
    connection.prepare("load", "select position, leaf_hash, frontier, note"
                               " from read_models.tree_heads where log_id = $1");
    connection.prepare("store", "insert into read_models.tree_heads as h (log_id, position, leaf_hash, frontier, note)"
                                " values ($1, $2, $3::bytea, $4::bytea, $5) on conflict (log_id) do update"
                                " set position = excluded.position, leaf_hash = excluded.leaf_hash,"
                                " frontier = excluded.frontier, note = excluded.note"
                                " where h.position < excluded.position");
}

}  // namespace

struct PostgresTreeHeads::Session {
    explicit Session(const std::string& url) : reads(url, kStatementTimeout, kLongestPause, prepare_tree_heads) {}
    ReadSession reads;
};

PostgresTreeHeads::PostgresTreeHeads(std::string url) : session_(std::make_unique<Session>(url)) {}
PostgresTreeHeads::~PostgresTreeHeads() = default;

Result<std::optional<audit::TreeHeadState>, ReadError> PostgresTreeHeads::load(const Uuid& log_id) {
    auto loaded = session_->reads.run([&] {
        const auto rows =
            pqxx::nontransaction(session_->reads.connection()).exec_prepared("load", log_id.to_string());
        std::optional<audit::TreeHeadState> state;
        if (!rows.empty()) {
            state.emplace();
            state->cursor = cursor_in(rows[0], 0);
            state->frontier = bytes_in(rows[0][2]);
            state->note = rows[0][3].c_str();
        }
        return state;
    });
    if (!loaded) return Unexpected(ReadError::kUnavailable);
    return std::move(*loaded);
}

Result<void, ReadError> PostgresTreeHeads::store(const Uuid& log_id, const audit::TreeHeadState& state) {
    const auto stored = session_->reads.run([&] {
        const std::string leaf_hash = bytea_of(security::view_of(state.cursor.leaf_hash));
        return pqxx::nontransaction(session_->reads.connection())
            .exec_prepared("store", log_id.to_string(), state.cursor.position, leaf_hash, bytea_of(state.frontier),
                           state.note)
            .affected_rows();
    });
    if (!stored) return Unexpected(ReadError::kUnavailable);
    return {};
}

}  // namespace keyledger::eventstore::postgres
