#include "reactors/engine/job_queue.hpp"

#include "projections/engine/database.hpp"
#include "reactors/engine/limits.hpp"

namespace keyledger::reactors {
namespace {

using projections::AnswerWithin;
using projections::uuid_from;

constexpr const char* kListed = R"(
select log_id, reactor, position, ordinal, kind, subject, state, attempts, coalesce(error_code, ''),
       (extract(epoch from due_at) * 1000)::bigint, (extract(epoch from tried_since) * 1000)::bigint,
       coalesce(leased_until > clock_timestamp(), false)
  from keyledger.jobs )";

std::vector<Uuid> ids_in(const pqxx::field& field) {
    std::vector<Uuid> ids;
    std::string_view rest(field.c_str(), field.size());
    constexpr std::size_t kUuid = 36;
    for (std::size_t at = 1; at + kUuid < rest.size(); at += kUuid + 1)
        ids.push_back(Uuid::parse(rest.substr(at, kUuid)).value());
    return ids;
}

ListedJob listed_in(const pqxx::row& row) {
    ListedJob job;
    job.id = {uuid_from(row[0]), row[1].c_str(), row[2].as<Position>(), row[3].as<std::int32_t>()};
    job.kind = row[4].c_str();
    job.subject = uuid_from(row[5]);
    job.state = row[6].c_str();
    job.attempts = row[7].as<std::int32_t>();
    job.error_code = row[8].c_str();
    job.due_at = Instant::at_ms(row[9].as<std::int64_t>());
    job.tried_since = Instant::at_ms(row[10].as<std::int64_t>());
    job.is_leased = row[11].as<bool>();
    return job;
}

}  // namespace

std::string JobId::to_string() const {
    return log_id.to_string() + '.' + reactor + '.' + std::to_string(position) + '.' + std::to_string(ordinal);
}

struct JobQueue::Session {
    projections::Connection connection;
};

JobQueue::~JobQueue() = default;

JobQueue::JobQueue(const std::string& database_url, const std::string& application_name)
    : session_(new Session{projections::connect(database_url, application_name)}) {
    pqxx::nontransaction settings(*session_->connection);
    const auto limit_ms = std::to_string(std::chrono::milliseconds(kStatementTimeout).count());
    settings.exec("set statement_timeout = " + limit_ms + "; set lock_timeout = " + limit_ms);
}

std::optional<Job> JobQueue::claim(const Uuid& log_id, std::string_view reactor, std::chrono::milliseconds lease) {
    const AnswerWithin bound(session_->connection->sock(), kStatementTimeout + 1s);
    pqxx::nontransaction claim(*session_->connection);
    const auto rows = claim.exec_params("select * from keyledger.claim_job($1::uuid, $2, $3)", log_id.to_string(),
                                        std::string(reactor), lease.count());
    if (rows.empty()) return std::nullopt;
    const pqxx::row row = rows[0];
    Job job;
    job.id = {log_id, std::string(reactor), row[0].as<Position>(), row[1].as<std::int32_t>()};
    job.kind = row[2].c_str();
    job.subject = uuid_from(row[3]);
    job.arguments = ids_in(row[4]);
    job.attempt = row[5].as<std::int32_t>();
    job.tried_for = std::chrono::milliseconds(row[6].as<std::int64_t>());
    return job;
}

bool JobQueue::finish(const Job& job, const char* state, std::chrono::milliseconds after,
                      std::optional<std::string> code) {
    const AnswerWithin bound(session_->connection->sock(), kStatementTimeout + 1s);
    pqxx::nontransaction finish(*session_->connection);
    return finish
        .exec_params1("select keyledger.finish_job($1::uuid, $2, $3, $4, $5, $6, $7, $8)", job.id.log_id.to_string(),
                      job.id.reactor, job.id.position, job.id.ordinal, job.attempt, state, after.count(), code)[0]
        .as<bool>();
}

bool JobQueue::finish_done(const Job& job, std::string_view code) {
    return finish(job, "done", 0ms, code.empty() ? std::nullopt : std::optional<std::string>(code));
}
bool JobQueue::finish_again(const Job& job, std::chrono::milliseconds after, std::string_view code) {
    return finish(job, "due", after, std::string(code));
}
bool JobQueue::finish_dead(const Job& job, std::string_view code) {
    return finish(job, "dead", 0ms, std::string(code));
}

JobCounts JobQueue::count(const Uuid& log_id, std::string_view reactor) {
    const AnswerWithin bound(session_->connection->sock(), kStatementTimeout + 1s);
    pqxx::nontransaction read(*session_->connection);
    const auto row = read.exec_params1(
        "select count(*) filter (where state = 'due'), count(*) filter (where state = 'dead'),"
        "       coalesce(extract(epoch from clock_timestamp() - min(due_at) filter (where state = 'due')), 0)::float8"
        "  from keyledger.jobs where log_id = $1::uuid and reactor = $2 and state in ('due', 'dead')",
        log_id.to_string(), std::string(reactor));
    return {row[0].as<std::int64_t>(), row[1].as<std::int64_t>(), std::max(0.0, row[2].as<double>())};
}

Uuid JobQueue::log_id() {
    const AnswerWithin bound(session_->connection->sock(), kStatementTimeout + 1s);
    pqxx::nontransaction read(*session_->connection);
    return uuid_from(read.exec1("select log_id from keyledger.log")[0]);
}

std::vector<ListedJob> JobQueue::list(const JobSelection& selection) {
    const AnswerWithin bound(session_->connection->sock(), kStatementTimeout + 1s);
    pqxx::nontransaction read(*session_->connection);
    std::vector<ListedJob> jobs;
    const std::string which = "where log_id = (select log_id from keyledger.log) and ($1 = '' or reactor = $1)"
                              "  and ($2 = '' or state = $2) and (not $3 or state in ('due', 'dead'))"
                              " order by reactor, position, ordinal limit $4";
    for (const auto& row : read.exec_params(std::string(kListed) + which, selection.reactor, selection.state,
                                            selection.open_only, selection.limit))
        jobs.push_back(listed_in(row));
    return jobs;
}

std::optional<ListedJob> JobQueue::find(const JobId& id) {
    const AnswerWithin bound(session_->connection->sock(), kStatementTimeout + 1s);
    pqxx::nontransaction read(*session_->connection);
    const auto rows = read.exec_params(
        std::string(kListed) + "where log_id = $1::uuid and reactor = $2 and position = $3 and ordinal = $4",
        id.log_id.to_string(), id.reactor, id.position, id.ordinal);
    if (rows.empty()) return std::nullopt;
    return listed_in(rows[0]);
}

bool JobQueue::change(const char* statement, const JobId& id) {
    const AnswerWithin bound(session_->connection->sock(), kStatementTimeout + 1s);
    pqxx::nontransaction change(*session_->connection);
    return change.exec_params1(statement, id.log_id.to_string(), id.reactor, id.position, id.ordinal)[0].as<bool>();
}
bool JobQueue::retry(const JobId& id) { return change("select keyledger.retry_job($1::uuid, $2, $3, $4)", id); }
bool JobQueue::drop(const JobId& id) { return change("select keyledger.drop_job($1::uuid, $2, $3, $4)", id); }

}  // namespace keyledger::reactors
