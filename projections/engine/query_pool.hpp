#pragma once
// A few threads, each with a connection of its own that only reads, behind one bounded queue. Heavy: includes
// libpqxx.
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "projections/engine/counts/query_counts.hpp"
#include "projections/engine/database.hpp"
#include "projections/engine/limits.hpp"
#include "projections/engine/pending.hpp"

namespace keyledger::projections {

// A session that is opened again when it broke or fell silent, and whose statements end before a deadline.
class ReadSession {
public:
    using Deadline = std::chrono::steady_clock::time_point;

    ReadSession(std::string url, std::string application_name)
        : url_(std::move(url)), application_name_(std::move(application_name)) {}

    // Runs `read` with a connection whose statements end about when the deadline passes, once more on a new
    // connection if the old one turns out to be broken. Throws nothing.
    template <class T>
    Result<T, QueryError> run(Deadline deadline, const std::function<T(pqxx::connection&)>& read) {
        std::optional<T> answer;
        const auto error = attempt(deadline, [&](pqxx::connection& connection) { answer.emplace(read(connection)); });
        if (error) return Unexpected(*error);
        return std::move(*answer);
    }

private:
    std::optional<QueryError> attempt(Deadline deadline, const std::function<void(pqxx::connection&)>& read);
    void open();
    void set_timeout(std::chrono::milliseconds timeout);

    std::string url_;
    std::string application_name_;
    Connection connection_;
    std::chrono::milliseconds statement_timeout_{0};  // as the session has it
    bool failing_ = false;                            // so that an outage is one line in the log
};

class QueryPool {
public:
    using Deadline = ReadSession::Deadline;

    QueryPool(const QuerySettings& settings, std::size_t queue);
    ~QueryPool() { stop(); }

    template <class T>
    asio::awaitable<Result<T, QueryError>> ask(Deadline deadline, std::function<T(pqxx::connection&)> read) {
        auto receive = [this, deadline, read = std::move(read)](Pending<T> pending) mutable {
            enqueue(std::make_unique<EntryOf<T>>(deadline, std::move(read), std::move(pending)));
        };
        return suspend<T>(deadline, std::move(receive));
    }
    void stop();
    QueryCounts counts() const;

private:
    struct Entry {
        explicit Entry(Deadline until) : deadline(until) {}
        virtual ~Entry() = default;
        virtual void run(ReadSession& session) = 0;
        virtual void refuse(QueryError error) = 0;
        Deadline deadline;
    };
    template <class T>
    struct EntryOf : Entry {
        EntryOf(Deadline until, std::function<T(pqxx::connection&)> its_read, Pending<T> its_pending)
            : Entry(until), read(std::move(its_read)), pending(std::move(its_pending)) {}
        void run(ReadSession& session) override { pending(session.run<T>(deadline, read)); }
        void refuse(QueryError error) override { pending(Unexpected(error)); }
        std::function<T(pqxx::connection&)> read;
        Pending<T> pending;
    };
    void enqueue(std::unique_ptr<Entry> entry);
    void serve();

    const QuerySettings settings_;
    const std::size_t queue_limit_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::unique_ptr<Entry>> queue_;
    std::uint64_t asked_ = 0;
    std::uint64_t shed_ = 0;
    bool stopped_ = false;
    std::vector<std::jthread> threads_;  // last: joined before the rest dies
};

}  // namespace keyledger::projections
