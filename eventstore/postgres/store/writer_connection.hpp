#pragma once
// The committer's connection: libpq without blocking, so that one thread waits for the server, for new commands and
// for notifications at once. Not thread-safe.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/base/result.hpp"
#include "eventstore/postgres/connection/sql_state.hpp"
#include "eventstore/postgres/store/append_arguments.hpp"
#include "eventstore/postgres/store/authenticity.hpp"
#include "eventstore/store.hpp"

struct pg_conn;
struct pg_result;

namespace keyledger::eventstore::postgres {

struct ServerError {
    Remedy remedy = Remedy::kReconnect;
    std::string text;      // of the server or of libpq: for the log, never for a client
    std::string detail{};  // of the server, if it gave any
};
// One server process for one session: a process id alone may come back.
struct Backend {
    int pid = 0;
    std::string started_at;
};
struct VerdictRow {
    Verdict verdict;
    std::optional<Uuid> first_event{};  // of a duplicate that has events
};

class WriterConnection {
public:
    struct Settings {
        std::string url;
        std::chrono::milliseconds patience;  // for each statement that prepares the session
        std::chrono::milliseconds lock_timeout;
    };
    // Blocks; for each host of the URL as long as `connect_timeout` says. Connects, sets the session up, listens for
    // other writers, prepares `append`, and waits for one transaction to be as durable as a commit (a synchronous
    // standby that is away shows here).
    static Result<std::unique_ptr<WriterConnection>, ServerError> open(const Settings& settings);
    ~WriterConnection();
    WriterConnection(const WriterConnection&) = delete;
    WriterConnection& operator=(const WriterConnection&) = delete;

    const Backend& backend() const { return backend_; }
    // Blocks, on a connection of its own. Whether that server process is busy with what it was sent: then the answer
    // is still to come.
    static Result<bool, ServerError> is_at_work(const Settings& settings, const Backend& backend);
    // Blocks; while nothing is in flight.
    Result<LogOriginNote, ServerError> origin();
    // Blocks. Whether that server process has ended, so that nothing it was sent can still happen.
    Result<bool, ServerError> has_ended(const Backend& backend);

    int socket() const;
    bool wants_to_write() const { return unsent_; }

    // One append at a time. False: the connection is broken.
    bool send(AppendArguments& arguments);
    enum class Progress { kNone, kAnswered, kBroken };
    Progress advance();
    // After kAnswered, once. A warning that came along means "committed, but not where it should be".
    Result<std::vector<VerdictRow>, ServerError> take_answer();
    bool was_warned() const { return warned_; }
    // Positions that other sessions announced since the last call.
    std::vector<Position> take_notifications();

private:
    struct Free {
        void operator()(pg_conn* connection) const;
        void operator()(pg_result* result) const;
    };
    using ResultPtr = std::unique_ptr<pg_result, Free>;

    explicit WriterConnection(std::chrono::milliseconds patience) : patience_(patience) {}
    std::optional<ServerError> connect(const std::string& url);
    std::optional<ServerError> prepare_session(const Settings& settings);
    Result<std::string, ServerError> query(const std::string& sql);
    Result<bool, ServerError> finds(const Backend& backend, const std::string& condition);
    std::optional<ServerError> prepare_append();
    Result<ResultPtr, ServerError> blocking_result(bool sent);
    bool wait(Deadline deadline, short events) const;
    ServerError connection_error() const;
    static ServerError error_of(const pg_result* result);
    static void on_notice(void* self, const pg_result* notice);

    std::chrono::milliseconds patience_;
    std::unique_ptr<pg_conn, Free> connection_;
    Backend backend_;
    ResultPtr answer_;
    bool unsent_ = false;
    bool warned_ = false;
};

}  // namespace keyledger::eventstore::postgres
