#pragma once
// Lets many wait for read models to reach positions, with one query for all of them: at once when the
// projector of this process hints, else every kPositionPoll while somebody waits. Heavy: includes libpqxx.
#include <condition_variable>
#include <list>
#include <map>
#include <mutex>
#include <thread>

#include "projections/engine/query_pool.hpp"

namespace keyledger::projections {

class PositionWatch {
public:
    using Deadline = QueryPool::Deadline;

    explicit PositionWatch(const QuerySettings& settings);
    ~PositionWatch() { stop(); }

    asio::awaitable<Result<Position, QueryError>> wait_for(Model model, Position position, Deadline deadline);
    void hint();
    void stop();

private:
    struct Waiter {
        Model model;
        Position position;
        Deadline deadline;
        Pending<Position> pending;
    };
    using Waiters = std::list<Waiter>;
    using Positions = std::map<std::string, Position, std::less<>>;  // by model

    void add(Waiter waiter);
    void serve();
    std::optional<Positions> read();
    void resolve(Waiters& waiters, const std::optional<Positions>& positions) const;

    ReadSession session_;
    std::mutex mutex_;
    std::condition_variable wake_;
    Waiters arrived_;
    std::size_t waiting_ = 0;
    bool hinted_ = false;
    bool stopped_ = false;
    std::thread thread_;
};

}  // namespace keyledger::projections
