#include "eventstore/postgres/store/tree_heads.hpp"

#include <limits>

#include "eventstore/postgres/store/read_session.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kStatementTimeout{10'000};
constexpr std::chrono::milliseconds kLongestPause{500};
constexpr auto kPruneInterval = std::chrono::hours(1);
constexpr int kPage = 500;

void prepare_tree_heads(pqxx::connection& connection) {
    connection.prepare("store", "select keyledger.store_tree_head($1, $2, $3::bytea, $4::bytea, $5, $6::bytea)");
    connection.prepare("prune", "select keyledger.prune_tree_heads()");
    // What versions before kept, in a table of the service's own.
    connection.prepare("drop", "drop table if exists read_models.tree_heads");
}

// Columns of every look: position, leaf_hash, note, tag, id. The frontier is fetched for a head that opens.
constexpr const char* kLookBack =
    "select position, leaf_hash, note, tag, id from keyledger.tree_heads where log_id = $1 and id <= $2"
    " and (position, id) < ($3, $4) order by position desc, id desc limit $5";
constexpr const char* kLookOn =
    "select position, leaf_hash, note, tag, id from keyledger.tree_heads where log_id = $1 and id > $2"
    " order by id limit $3";

bool opens(const audit::TreeHeadState& state, const Uuid& log_id, const audit::OpenNote& open) {
    const auto head = audit::open_tree_head(state.note, open);
    return head && head->head.log_id == log_id && head->head.size == state.cursor.position;
}

}  // namespace

StoredHeads::ScanProgress StoredHeads::scan_further(pqxx::transaction_base& read, const Uuid& log_id,
                                                    const audit::OpenNote& open, const EventMacs* macs) {
    if (log_id_ != log_id) *this = {};
    log_id_ = log_id;
    if (read.exec1("select to_regclass('keyledger.tree_heads')")[0].is_null()) return ScanProgress::kAll;
    const Reading reading{read, open, audit::HeadTags(macs, log_id)};
    if (phase_ == Phase::kNotBegun) begin(read);
    if (phase_ == Phase::kBack) {
        if (scan_backwards(reading)) return ScanProgress::kAPage;
        phase_ = Phase::kOn;
    }
    if (scan_forwards(reading)) return ScanProgress::kAPage;
    if (!found_.newest) scan_legacy_table(reading);
    return ScanProgress::kAll;
}

void StoredHeads::begin(pqxx::transaction_base& read) {
    const pqxx::row known = read.exec1("select coalesce((select max(id) from keyledger.tree_heads), 0),"
                                       " first_head_at is not null from keyledger.log");
    looked_until_ = known[0].as<std::int64_t>();
    found_.emptied = looked_until_ == 0 && known[1].as<bool>();
    below_position_ = std::numeric_limits<Position>::max();
    below_id_ = looked_until_ + 1;
    phase_ = Phase::kBack;
}

// False: the newest was found, or there is no more.
bool StoredHeads::scan_backwards(const Reading& reading) {
    const auto rows =
        reading.read.exec_params(kLookBack, log_id_.to_string(), looked_until_, below_position_, below_id_, kPage);
    for (const auto& row : rows) {
        if (is_head(row, reading)) {
            take(row, reading);
            return false;
        }
        below_position_ = row[0].as<Position>();
        below_id_ = row[4].as<std::int64_t>();
    }
    return std::ssize(rows) == kPage;
}

// False: that was all.
bool StoredHeads::scan_forwards(const Reading& reading) {
    const auto rows = reading.read.exec_params(kLookOn, log_id_.to_string(), looked_until_, kPage);
    for (const auto& row : rows) {
        if (is_head(row, reading) && (!found_.newest || row[0].as<Position>() >= found_.newest->cursor.position))
            take(row, reading);
        looked_until_ = row[4].as<std::int64_t>();
    }
    return std::ssize(rows) == kPage;
}

// From the cheapest to the dearest: what the note says of itself, the tag, the signature. A head from before there were
// tags has none.
bool StoredHeads::is_head(const pqxx::row& row, const Reading& reading) {
    ++looked_at_;
    audit::TreeHeadState state;
    state.cursor = cursor_in(row, 0);
    state.note = row[2].c_str();
    const bool is_of_its_row =
        state.note.starts_with(audit::origin_of(log_id_) + '\n' + std::to_string(state.cursor.position) + '\n');
    const bool may_be = is_of_its_row && (row[3].is_null() || !reading.tags.can_tell() ||
                                          reading.tags.fits(state.note, bytes_in(row[3])));
    if (may_be && opens(state, log_id_, reading.open)) return true;
    ++found_.unopened;
    return false;
}

void StoredHeads::take(const pqxx::row& row, const Reading& reading) {
    const auto rest =
        reading.read.exec_params("select frontier from keyledger.tree_heads where id = $1", row[4].as<std::int64_t>());
    audit::TreeHeadState state;
    state.cursor = cursor_in(row, 0);
    state.note = row[2].c_str();
    if (!rest.empty()) state.frontier = bytes_in(rest[0][0]);  // else the log is read again from its beginning
    found_.newest = std::move(state);
}

// The service's role may put what it likes under that name, also a view that calls functions of its own: nobody else
// reads it, least of all the owner, with whose rights they would run.
void StoredHeads::scan_legacy_table(const Reading& reading) {
    const auto own =
        reading.read.exec("select from pg_catalog.pg_class c where c.oid = to_regclass('read_models.tree_heads')"
                          " and c.relkind = 'r' and pg_get_userbyid(c.relowner) = current_user");
    if (own.empty()) return;
    const auto rows = reading.read.exec_params(
        "select position, leaf_hash, frontier, note from read_models.tree_heads where log_id = $1",
        log_id_.to_string());
    if (rows.empty()) return;
    audit::TreeHeadState state;
    state.cursor = cursor_in(rows[0], 0);
    state.frontier = bytes_in(rows[0][2]);
    state.note = rows[0][3].c_str();
    if (opens(state, log_id_, reading.open)) found_.newest = std::move(state);
}

struct PostgresTreeHeads::Session {
    Session(const std::string& url, std::shared_ptr<const EventMacs> keys, StoredHeads begun)
        : reads(url, kStatementTimeout, kLongestPause, prepare_tree_heads),
          macs(std::move(keys)),
          heads(std::move(begun)) {}
    ReadSession reads;
    const std::shared_ptr<const EventMacs> macs;
    StoredHeads heads;
    std::chrono::steady_clock::time_point next_prune{};
};

PostgresTreeHeads::PostgresTreeHeads(std::string url, std::shared_ptr<const EventMacs> macs, StoredHeads begun)
    : session_(std::make_unique<Session>(url, std::move(macs), std::move(begun))) {}
PostgresTreeHeads::~PostgresTreeHeads() = default;

Result<audit::StoredTreeHeads, ReadError> PostgresTreeHeads::load(const Uuid& log_id, const audit::OpenNote& open) {
    for (;;) {
        const auto looked = session_->reads.run([&] {
            pqxx::nontransaction read(session_->reads.connection());
            return session_->heads.scan_further(read, log_id, open, session_->macs.get());
        });
        if (!looked) return Unexpected(ReadError::kUnavailable);
        if (*looked == StoredHeads::ScanProgress::kAll) return session_->heads.found();
    }
}

void PostgresTreeHeads::look_again() { session_->heads = {}; }

Result<void, std::string> PostgresTreeHeads::store(const Uuid& log_id, const audit::TreeHeadState& state) {
    const audit::HeadTags tags(session_->macs.get(), log_id);
    if (!tags.can_tell()) return Unexpected(std::string("the keyring has no key for the MACs of events in use"));
    const Digest tag = tags.of(state.note);
    const auto stored = session_->reads.run([&] {
        const std::string leaf_hash = bytea_of(security::view_of(state.cursor.leaf_hash));
        return pqxx::nontransaction(session_->reads.connection())
            .exec_prepared("store", log_id.to_string(), state.cursor.position, leaf_hash, bytea_of(state.frontier),
                           state.note, bytea_of(security::view_of(tag)))
            .size();
    });
    if (!stored) return Unexpected(stored.error().text.substr(0, stored.error().text.find('\n')));
    if (const auto now = std::chrono::steady_clock::now(); now >= session_->next_prune) {
        session_->next_prune = now + kPruneInterval;
        for (const char* statement : {"prune", "drop"})
            (void)session_->reads.run(
                [&] { return pqxx::nontransaction(session_->reads.connection()).exec_prepared(statement).size(); });
    }
    return {};
}

}  // namespace keyledger::eventstore::postgres
