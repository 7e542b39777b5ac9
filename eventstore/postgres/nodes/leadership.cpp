#include "eventstore/postgres/nodes/leadership.hpp"

#include "eventstore/postgres/connection/pqxx_connection.hpp"
#include "eventstore/postgres/store/authenticity.hpp"
#include "security/primitives/bytes.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kStatementTimeout{10'000};

std::unique_ptr<pqxx::connection> open_session(const std::string& url) {
    auto connection = open_reader(url, kStatementTimeout);  // stays disconnected once it is: the lock would be gone
    const AnswerWithin bound(connection->sock(), kStatementTimeout + kAnswerGrace);
    pqxx::nontransaction(*connection).exec("set synchronous_commit = off");
    connection->prepare("lock", "select pg_try_advisory_lock(hashtextextended('keyledger.' || $1::text, 0))");
    connection->prepare("unlock", "select pg_advisory_unlock(hashtextextended('keyledger.' || $1::text, 0))");
    connection->prepare("load", "select position, leaf_hash from keyledger.checkpoints"
                                " where reader = $1 and generation = 1");
    connection->prepare("store", "insert into keyledger.checkpoints as c (reader, generation, position, leaf_hash)"
                                 " values ($1, 1, $2, $3::bytea) on conflict (reader, generation) do update"
                                 " set position = excluded.position, leaf_hash = excluded.leaf_hash"
                                 " where c.position < excluded.position");
    connection->prepare("first_events", std::string("select ") + kEventColumns +
                                            " from keyledger.events e"
                                            " where e.stream_id = any($1::uuid[]) and e.version = 1");
    return connection;
}

}  // namespace

struct LeaderSession::Session {
    explicit Session(std::unique_ptr<pqxx::connection> opened) : connection(std::move(opened)) {}
    std::unique_ptr<pqxx::connection> connection;
};

LeaderSession::LeaderSession(std::string url, std::string follower, std::shared_ptr<Authenticity> authenticity)
    : url_(std::move(url)), follower_(std::move(follower)), authenticity_(std::move(authenticity)) {}

LeaderSession::~LeaderSession() = default;

template <class Work>
auto LeaderSession::run(Work work) -> Result<decltype(work()), ReadError> {
    if (!session_) return Unexpected(ReadError::kUnavailable);
    auto answer = [&] {
        const AnswerWithin bound(session_->connection->sock(), kStatementTimeout + kAnswerGrace);
        return as_value(work);
    }();
    if (answer) return std::move(*answer);
    // Whatever the failure, a session that answers nothing is worth nothing: a new one tells who leads.
    session_.reset();
    held_ = false;
    return Unexpected(ReadError::kUnavailable);
}

Candidacy LeaderSession::try_acquire() {
    if (held_ && still_held()) return Candidacy::kLeading;
    if (!session_) {
        auto opened = as_value([&] { return open_session(url_); });
        if (!opened) return Candidacy::kUnavailable;
        session_ = std::make_unique<Session>(std::move(*opened));
    }
    const auto locked = run(
        [&] { return pqxx::nontransaction(*session_->connection).exec_prepared1("lock", follower_)[0].as<bool>(); });
    if (!locked) return Candidacy::kUnavailable;
    held_ = *locked;
    return held_ ? Candidacy::kLeading : Candidacy::kOtherLeads;
}

bool LeaderSession::still_held() {
    if (!held_) return false;
    // The lock lives as long as the session does.
    const auto alive = run([&] { return pqxx::nontransaction(*session_->connection).exec("select 1").size() == 1; });
    return alive && *alive;
}

void LeaderSession::release() {
    if (!held_) return;
    held_ = false;
    (void)run([&] { return pqxx::nontransaction(*session_->connection).exec_prepared1("unlock", follower_).size(); });
}

Result<Cursor, ReadError> LeaderSession::load() {
    return run([&] {
        const auto rows = pqxx::nontransaction(*session_->connection).exec_prepared("load", follower_);
        return rows.empty() ? Cursor{} : cursor_in(rows[0], 0);
    });
}

Result<void, ReadError> LeaderSession::store(const Cursor& cursor) {
    const auto stored = run([&] {
        const std::string leaf_hash = bytea_of(security::view_of(cursor.leaf_hash));
        return pqxx::nontransaction(*session_->connection)
            .exec_prepared("store", follower_, cursor.position, leaf_hash)
            .affected_rows();
    });
    if (!stored) return Unexpected(stored.error());
    return {};
}

Result<std::vector<RecordedEvent>, ReadError> LeaderSession::first_events(const std::vector<Uuid>& streams) {
    return run([&] {
        const std::string ids = array_of(streams, [](const Uuid& id) { return id.to_string(); });
        std::vector<RecordedEvent> events;
        pqxx::nontransaction read(*session_->connection);
        for (const auto& row : read.exec_prepared("first_events", ids)) events.push_back(event_in(row));
        if (authenticity_) authenticity_->check(read, events);
        return events;
    });
}

}  // namespace keyledger::eventstore::postgres
