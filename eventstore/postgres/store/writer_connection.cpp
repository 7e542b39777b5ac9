#include "eventstore/postgres/store/writer_connection.hpp"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "eventstore/postgres/connection/connecting.hpp"
#include "eventstore/postgres/connection/session_counts.hpp"

namespace keyledger::eventstore::postgres {
namespace {

constexpr const char* kAppend = "append";
constexpr int kBinary = 1;

std::string_view field(const PGresult* result, int row, int column) {
    return {PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))};
}
Uuid uuid_in(std::string_view bytes) {
    Uuid id;
    if (bytes.size() != id.bytes.size()) throw std::runtime_error("the server sent an uuid of another size");
    std::memcpy(id.bytes.data(), bytes.data(), id.bytes.size());
    return id;
}
Digest digest_in(std::string_view bytes) {
    Digest digest{};
    if (bytes.size() != digest.size()) throw std::runtime_error("the server sent a digest of another size");
    std::memcpy(digest.data(), bytes.data(), digest.size());
    return digest;
}

// The columns of AppendArguments::statement(), the outcomes of keyledger.append.
VerdictRow row_in(const PGresult* result, int row) {
    auto integer = [&](int column) { return get_integer<std::int32_t>(field(result, row, column)); };
    auto conflict = [&](Conflict::Kind kind) {
        return VerdictRow{Conflict{kind, uuid_in(field(result, row, 4)), integer(5)}, {}};
    };
    const auto outcome = get_integer<std::int16_t>(field(result, row, 0));
    switch (outcome) {
        case 0: return {Appended{get_integer<std::int64_t>(field(result, row, 1)), integer(2)}, {}};
        case 1: return conflict(Conflict::Kind::kStream);
        case 2: return conflict(Conflict::Kind::kCredential);
        case 3: return conflict(Conflict::Kind::kSubjectKey);
        case 4:
            return {Duplicate{get_integer<std::int64_t>(field(result, row, 1)), integer(2),
                              digest_in(field(result, row, 3))},
                    PQgetisnull(result, row, 4) != 0 ? std::nullopt : std::optional(uuid_in(field(result, row, 4)))};
        case 5: return {ClaimTaken{std::string(field(result, row, 6))}, {}};
        case 6: return {AlreadySpent{digest_in(field(result, row, 7))}, {}};
        default: throw std::runtime_error("append answered an unknown outcome");
    }
}

int milliseconds_until(Deadline deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

}  // namespace

void WriterConnection::Free::operator()(pg_conn* connection) const { PQfinish(connection); }
void WriterConnection::Free::operator()(pg_result* result) const { PQclear(result); }
WriterConnection::~WriterConnection() = default;

Result<std::unique_ptr<WriterConnection>, ServerError> WriterConnection::open(const Settings& settings) {
    SessionAttempt attempt;
    std::unique_ptr<WriterConnection> opened(new WriterConnection(settings.patience));
    if (auto error = opened->connect(settings.url)) return Unexpected(std::move(*error));
    if (auto error = opened->prepare_session(settings)) return Unexpected(std::move(*error));
    if (auto error = opened->prepare_append()) return Unexpected(std::move(*error));
    // The first answer may be "duplicate" of what only a lost primary knew to be replicated: this waits as a commit.
    auto durable = opened->query("select pg_logical_emit_message(true, 'keyledger', '')");
    if (!durable) return Unexpected(durable.error());
    attempt.opened(opened->socket());
    return opened;
}

std::optional<ServerError> WriterConnection::connect(const std::string& url) {
    const std::string text = connection_text(url);
    const char* const keywords[] = {"fallback_application_name", "dbname", nullptr};
    const char* const values[] = {"keyledger writer", text.c_str(), nullptr};
    // Not PQconnectPoll: it would wait for the first of several hosts, and never turn to the next one, where that is
    // silent. This gives each of them `connect_timeout`.
    connection_.reset(PQconnectdbParams(keywords, values, 1));
    if (!connection_) return ServerError{Remedy::kReconnect, "out of memory"};
    if (PQstatus(connection_.get()) != CONNECTION_OK) return connection_error();
    PQsetNoticeReceiver(connection_.get(), on_notice, this);
    if (PQsetnonblocking(connection_.get(), 1) != 0) return connection_error();
    return std::nullopt;
}

std::optional<ServerError> WriterConnection::prepare_session(const Settings& settings) {
    const std::string sets =
        "set statement_timeout = 0; set idle_session_timeout = 0; set default_transaction_isolation = 'read committed';"
        "set default_transaction_read_only = off; set client_encoding = 'UTF8'; set client_min_messages = warning;"
        "set client_connection_check_interval = '1s'; set lock_timeout = " +
        std::to_string(settings.lock_timeout.count());
    for (const std::string& sql : {std::string(kOwnNamesOnly), sets, std::string("listen keyledger_log")}) {
        auto done = query(sql);
        if (!done) return done.error();
    }
    // The server's own word: a pooler in between tells libpq a number that it made up.
    auto told = query("select pid || ' ' || backend_start from pg_stat_activity where pid = pg_backend_pid()");
    if (!told) return told.error();
    const char* const end = told->data() + told->size();
    const auto pid = std::from_chars(told->data(), end, backend_.pid);
    if (pid.ec != std::errc{}) return ServerError{Remedy::kReconnect, "the server does not know this session"};
    backend_.started_at = std::string(pid.ptr, end);
    return std::nullopt;
}

std::optional<ServerError> WriterConnection::prepare_append() {
    const auto& types = AppendArguments::types();
    const int sent = PQsendPrepare(connection_.get(), kAppend, AppendArguments::statement().c_str(),
                                   static_cast<int>(types.size()), types.data());
    auto result = blocking_result(sent == 1);
    return result ? std::nullopt : std::optional(result.error());
}

Result<std::string, ServerError> WriterConnection::query(const std::string& sql) {
    auto result = blocking_result(PQsendQuery(connection_.get(), sql.c_str()) == 1);
    if (!result) return Unexpected(result.error());
    if (PQntuples(result->get()) == 0 || PQnfields(result->get()) == 0) return std::string();
    return std::string(field(result->get(), 0, 0));
}

Result<bool, ServerError> WriterConnection::finds(const Backend& backend, const std::string& condition) {
    auto count = query("select count(*) from pg_stat_activity where pid = " + std::to_string(backend.pid) +
                       " and backend_start = '" + backend.started_at + "'" + condition);
    if (!count) return Unexpected(count.error());
    return *count != "0";
}

Result<bool, ServerError> WriterConnection::has_ended(const Backend& backend) {
    const auto found = finds(backend, "");
    if (!found) return Unexpected(found.error());
    return !*found;
}

Result<bool, ServerError> WriterConnection::is_at_work(const Settings& settings, const Backend& backend) {
    WriterConnection other(settings.patience);
    if (auto error = other.connect(settings.url)) return Unexpected(std::move(*error));
    if (auto done = other.query(kOwnNamesOnly); !done) return Unexpected(done.error());
    return other.finds(backend, " and state <> 'idle'");
}

Result<LogOriginNote, ServerError> WriterConnection::origin() {
    auto text = query("select l.log_id || coalesce(o.note, '') from keyledger.log l"
                      " left join keyledger.origins o using (log_id)");
    if (!text) return Unexpected(text.error());
    const std::size_t id_size = Uuid{}.to_string().size();
    const auto log_id = Uuid::parse(std::string_view(*text).substr(0, id_size));
    if (!log_id) return Unexpected(ServerError{Remedy::kReconnect, "the log has no id"});
    return LogOriginNote{*log_id, text->substr(id_size)};
}

// The last result of what was just sent, or the first error.
Result<WriterConnection::ResultPtr, ServerError> WriterConnection::blocking_result(bool sent) {
    const Deadline deadline = std::chrono::steady_clock::now() + patience_;
    ResultPtr last;
    while (sent) {
        const int unsent = PQflush(connection_.get());
        if (unsent < 0 || PQconsumeInput(connection_.get()) == 0) return Unexpected(connection_error());
        if (PQisBusy(connection_.get()) != 0) {
            if (!wait(deadline, unsent > 0 ? POLLIN | POLLOUT : POLLIN))
                return Unexpected(ServerError{Remedy::kReconnect, "no answer while preparing the session"});
            continue;
        }
        ResultPtr next(PQgetResult(connection_.get()));
        if (!next) return last;
        const auto status = PQresultStatus(next.get());
        if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) return Unexpected(error_of(next.get()));
        last = std::move(next);
    }
    return Unexpected(connection_error());
}

int WriterConnection::socket() const { return PQsocket(connection_.get()); }

bool WriterConnection::wait(Deadline deadline, short events) const {
    pollfd watched{socket(), events, 0};
    return poll(&watched, 1, milliseconds_until(deadline)) > 0;
}

bool WriterConnection::send(AppendArguments& arguments) {
    const auto values = arguments.values();
    std::vector<const char*> starts;
    std::vector<int> lengths;
    for (const std::string_view value : values) {
        starts.push_back(value.data());
        lengths.push_back(static_cast<int>(value.size()));
    }
    const std::vector<int> formats(values.size(), kBinary);
    answer_.reset();
    warned_ = false;
    unsent_ = true;
    return PQsendQueryPrepared(connection_.get(), kAppend, static_cast<int>(values.size()), starts.data(),
                               lengths.data(), formats.data(), kBinary) == 1;
}

WriterConnection::Progress WriterConnection::advance() {
    if (unsent_) {
        const int left = PQflush(connection_.get());
        if (left < 0) return Progress::kBroken;
        unsent_ = left > 0;
    }
    if (PQconsumeInput(connection_.get()) == 0 || PQstatus(connection_.get()) == CONNECTION_BAD)
        return Progress::kBroken;
    while (PQisBusy(connection_.get()) == 0) {
        ResultPtr next(PQgetResult(connection_.get()));
        if (!next) return answer_ ? Progress::kAnswered : Progress::kNone;
        answer_ = std::move(next);
    }
    return Progress::kNone;
}

Result<std::vector<VerdictRow>, ServerError> WriterConnection::take_answer() {
    const ResultPtr answer = std::move(answer_);
    if (PQresultStatus(answer.get()) != PGRES_TUPLES_OK) {
        ServerError error = error_of(answer.get());
        if (PQstatus(connection_.get()) == CONNECTION_BAD) error.remedy = Remedy::kReconnect;
        return Unexpected(std::move(error));
    }
    std::vector<VerdictRow> rows;
    for (int row = 0; row < PQntuples(answer.get()); ++row) rows.push_back(row_in(answer.get(), row));
    return rows;
}

std::vector<Position> WriterConnection::take_notifications() {
    std::vector<Position> positions;
    for (PGnotify* one = PQnotifies(connection_.get()); one != nullptr; one = PQnotifies(connection_.get())) {
        Position position = 0;
        const std::string_view text(one->extra);
        const auto end = std::from_chars(text.data(), text.data() + text.size(), position);
        if (one->be_pid != backend_.pid && end.ec == std::errc()) positions.push_back(position);
        PQfreemem(one);
    }
    return positions;
}

ServerError WriterConnection::connection_error() const {
    return {Remedy::kReconnect, PQerrorMessage(connection_.get())};
}

ServerError WriterConnection::error_of(const pg_result* result) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    return {remedy_of(state == nullptr ? "" : state), PQresultErrorMessage(result), detail == nullptr ? "" : detail};
}

void WriterConnection::on_notice(void* self, const pg_result*) { static_cast<WriterConnection*>(self)->warned_ = true; }

}  // namespace keyledger::eventstore::postgres
