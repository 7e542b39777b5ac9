#include "projections/engine/position_watch.hpp"

#include "projections/engine/limits.hpp"

namespace keyledger::projections {
namespace {

constexpr const char* kReadPositions = R"(
select c.model, k.position from read_models.current c
  join keyledger.checkpoints k on k.reader = c.model and k.generation = c.generation)";

constexpr auto kLongestPoll = 1s;  // a poll that hangs delays those whose deadline has passed by this much

}  // namespace

PositionWatch::PositionWatch(const QuerySettings& settings)
    : session_(settings.database_url, settings.application_name + " (positions)"), thread_([this] { serve(); }) {}

asio::awaitable<Result<Position, QueryError>> PositionWatch::wait_for(Model model, Position position,
                                                                      Deadline deadline) {
    auto receive = [this, model, position, deadline](Pending<Position> pending) {
        add({model, position, deadline, std::move(pending)});
    };
    // The thread says itself who comes too late; this is for when it hangs.
    return suspend<Position>(deadline + kLongestPoll, std::move(receive));
}

void PositionWatch::add(Waiter waiter) {
    std::unique_lock lock(mutex_);
    if (stopped_ || waiting_ >= kMaxPositionWaiters) {
        lock.unlock();
        return waiter.pending(Unexpected(QueryError::kUnavailable));
    }
    ++waiting_;
    arrived_.push_back(std::move(waiter));
    lock.unlock();
    wake_.notify_one();
}

void PositionWatch::hint() {
    {
        std::lock_guard lock(mutex_);
        hinted_ = true;
        if (waiting_ == 0) return;
    }
    wake_.notify_one();
}

std::optional<PositionWatch::Positions> PositionWatch::read() {
    const std::function<Positions(pqxx::connection&)> read_all = [](pqxx::connection& connection) {
        Positions found;
        pqxx::nontransaction read(connection);
        for (const auto& row : read.exec(kReadPositions)) found[row[0].c_str()] = row[1].as<std::int64_t>();
        return found;
    };
    const auto positions = session_.run(std::chrono::steady_clock::now() + kLongestPoll, read_all);
    if (!positions) return std::nullopt;
    return *positions;
}

void PositionWatch::resolve(Waiters& waiters, const std::optional<Positions>& positions) const {
    const auto now = std::chrono::steady_clock::now();
    for (auto at = waiters.begin(); at != waiters.end();) {
        Position reached = 0;
        if (positions)
            if (const auto of_model = positions->find(at->model.name); of_model != positions->end())
                reached = of_model->second;
        if (positions && reached >= at->position) at->pending(reached);
        else if (now >= at->deadline)
            at->pending(Unexpected(positions ? QueryError::kPositionNotReached : QueryError::kUnavailable));
        else {
            ++at;
            continue;
        }
        at = waiters.erase(at);
    }
}

void PositionWatch::serve() {
    Waiters waiters;
    bool failed = false;
    std::unique_lock lock(mutex_);
    while (!stopped_) {
        if (waiters.empty()) wake_.wait(lock, [this] { return stopped_ || !arrived_.empty(); });
        else if (failed) wake_.wait_for(lock, kFirstBackOff, [this] { return stopped_; });
        else wake_.wait_for(lock, kPositionPoll, [this] { return stopped_ || hinted_ || !arrived_.empty(); });
        waiters.splice(waiters.end(), arrived_);
        hinted_ = false;
        if (stopped_) break;
        lock.unlock();
        const auto positions = read();
        failed = !positions;
        resolve(waiters, positions);
        lock.lock();
        waiting_ = waiters.size() + arrived_.size();
    }
    waiters.splice(waiters.end(), arrived_);
    waiting_ = 0;
    lock.unlock();
    for (Waiter& waiter : waiters) waiter.pending(Unexpected(QueryError::kUnavailable));
}

void PositionWatch::stop() {
    {
        std::lock_guard lock(mutex_);
        stopped_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

}  // namespace keyledger::projections
