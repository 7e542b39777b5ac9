#include "eventstore/postgres/tree_heads.hpp"

#include <limits>

#include "eventstore/postgres/read_session.hpp"
#include "security/bytes.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kStatementTimeout{10'000};
constexpr std::chrono::milliseconds kLongestPause{500};
constexpr auto kPruneInterval = std::chrono::hours(1);
constexpr int kPage = 500;

void prepare_tree_heads(pqxx::connection& connection) {
    connection.prepare("store", "select keyledger.store_tree_head($1, $2, $3::bytea, $4::bytea, $5)");
    connection.prepare("prune", "select keyledger.prune_tree_heads()");
    // What versions before kept, in a table of the service's own.
    connection.prepare("drop", "drop table if exists read_models.tree_heads");
}

// Columns: position, leaf_hash, frontier, note.
audit::TreeHeadState state_in(const pqxx::row& row, int first) {
    audit::TreeHeadState state;
    state.cursor = cursor_in(row, first);
    state.frontier = bytes_in(row[first + 2]);
    state.note = row[first + 3].c_str();
    return state;
}

bool is_head(const audit::TreeHeadState& state, const Uuid& log_id, const audit::OpenNote& open) {
    const auto head = audit::open_tree_head(state.note, open);
    return head && head->head.log_id == log_id && head->head.size == state.cursor.position;
}

}  // namespace

const audit::StoredTreeHeads& StoredHeads::look(pqxx::transaction_base& read, const Uuid& log_id,
                                                const audit::OpenNote& open) {
    if (log_id_ != log_id) *this = {};
    log_id_ = log_id;
    if (read.exec1("select to_regclass('keyledger.tree_heads')")[0].is_null()) return found_;
    if (looked_until_ < 0) look_back(read, open);
    else look_on(read, open);
    if (!found_.newest) look_at_the_table_of_before(read, open);
    return found_;
}

void StoredHeads::look_back(pqxx::transaction_base& read, const audit::OpenNote& open) {
    const pqxx::row known = read.exec1("select coalesce((select max(id) from keyledger.tree_heads), 0),"
                                       " first_head_at is not null from keyledger.log");
    const auto last = known[0].as<std::int64_t>();
    found_.emptied = last == 0 && known[1].as<bool>();
    Position position = std::numeric_limits<Position>::max();
    std::int64_t id = last + 1;
    for (bool more = true; more && !found_.newest;) {
        const auto rows = read.exec_params(
            "select position, leaf_hash, frontier, note, id from keyledger.tree_heads where log_id = $1 and id <= $2"
            " and (position, id) < ($3, $4) order by position desc, id desc limit $5",
            log_id_.to_string(), last, position, id, kPage);
        more = !rows.empty();
        for (const auto& row : rows) {
            audit::TreeHeadState state = state_in(row, 0);
            position = state.cursor.position;
            id = row[4].as<std::int64_t>();
            if (is_head(state, log_id_, open)) {
                found_.newest = std::move(state);
                break;
            }
            ++found_.unopened;
        }
    }
    looked_until_ = last;
}

void StoredHeads::look_on(pqxx::transaction_base& read, const audit::OpenNote& open) {
    for (bool more = true; more;) {
        const auto rows = read.exec_params(
            "select position, leaf_hash, frontier, note, id from keyledger.tree_heads where log_id = $1 and id > $2"
            " order by id limit $3",
            log_id_.to_string(), looked_until_, kPage);
        more = !rows.empty();
        for (const auto& row : rows) {
            audit::TreeHeadState state = state_in(row, 0);
            looked_until_ = row[4].as<std::int64_t>();
            if (!is_head(state, log_id_, open))
                ++found_.unopened;
            else if (!found_.newest || state.cursor.position >= found_.newest->cursor.position)
                found_.newest = std::move(state);
        }
    }
}

// The service's role may put what it likes under that name, also a view that calls functions of its own: nobody else
// reads it, least of all the owner, with whose rights they would run.
void StoredHeads::look_at_the_table_of_before(pqxx::transaction_base& read, const audit::OpenNote& open) {
    const auto own = read.exec("select from pg_catalog.pg_class c where c.oid = to_regclass('read_models.tree_heads')"
                               " and c.relkind = 'r' and pg_get_userbyid(c.relowner) = current_user");
    if (own.empty()) return;
    const auto rows = read.exec_params(
        "select position, leaf_hash, frontier, note from read_models.tree_heads where log_id = $1",
        log_id_.to_string());
    if (rows.empty()) return;
    audit::TreeHeadState state = state_in(rows[0], 0);
    if (is_head(state, log_id_, open)) found_.newest = std::move(state);
}

struct PostgresTreeHeads::Session {
    explicit Session(const std::string& url) : reads(url, kStatementTimeout, kLongestPause, prepare_tree_heads) {}
    ReadSession reads;
    StoredHeads heads;
    std::chrono::steady_clock::time_point next_prune{};
};

PostgresTreeHeads::PostgresTreeHeads(std::string url) : session_(std::make_unique<Session>(url)) {}
PostgresTreeHeads::~PostgresTreeHeads() = default;

Result<audit::StoredTreeHeads, ReadError> PostgresTreeHeads::load(const Uuid& log_id, const audit::OpenNote& open) {
    auto loaded = session_->reads.run([&] {
        pqxx::nontransaction read(session_->reads.connection());
        return session_->heads.look(read, log_id, open);
    });
    if (!loaded) return Unexpected(ReadError::kUnavailable);
    return std::move(*loaded);
}

Result<void, std::string> PostgresTreeHeads::store(const Uuid& log_id, const audit::TreeHeadState& state) {
    const auto stored = session_->reads.run([&] {
        const std::string leaf_hash = bytea_of(security::view_of(state.cursor.leaf_hash));
        return pqxx::nontransaction(session_->reads.connection())
            .exec_prepared("store", log_id.to_string(), state.cursor.position, leaf_hash, bytea_of(state.frontier),
                           state.note)
            .size();
    });
    if (!stored) return Unexpected(stored.error().text.substr(0, stored.error().text.find('\n')));
    if (const auto now = std::chrono::steady_clock::now(); now >= session_->next_prune) {
        session_->next_prune = now + kPruneInterval;
        for (const char* statement : {"prune", "drop"})
            (void)session_->reads.run([&] {
                return pqxx::nontransaction(session_->reads.connection()).exec_prepared(statement).size();
            });
    }
    return {};
}

}  // namespace keyledger::eventstore::postgres
