#include "projections/engine/query_pool.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <stdexcept>

namespace keyledger::projections {
namespace {

// Set on the session only when it changes, so that most queries are one round trip.
std::chrono::milliseconds rounded_up(std::chrono::steady_clock::duration rest) {
    for (auto step : {50ms, 100ms, 250ms, 500ms, 1000ms, 2500ms, 5000ms})
        if (rest <= step) return step;
    return 10000ms;
}

}  // namespace

void ReadSession::open() {
    connection_.reset();
    connection_ = connect(url_, application_name_);
    statement_timeout_ = 0ms;
    const AnswerWithin bound(connection_->sock(), kConnectPatience);
    pqxx::nontransaction(*connection_).exec("set default_transaction_read_only = on");
}

void ReadSession::set_timeout(std::chrono::milliseconds timeout) {
    if (timeout == statement_timeout_) return;
    pqxx::nontransaction(*connection_).exec("set statement_timeout = " + std::to_string(timeout.count()));
    statement_timeout_ = timeout;
}

std::optional<QueryError> ReadSession::attempt(Deadline deadline, const std::function<void(pqxx::connection&)>& read) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        if (std::chrono::steady_clock::now() >= deadline) return QueryError::kDeadline;
        const bool was_open = connection_ != nullptr;
        try {
            if (!connection_ || !connection_->is_open()) open();
            // Nobody waits any longer, and the server has ended the statement by now: it fell silent.
            const auto rest = rounded_up(deadline - std::chrono::steady_clock::now());
            const AnswerWithin bound(connection_->sock(), rest + eventstore::postgres::kAnswerGrace);
            set_timeout(rest);
            read(*connection_);
            if (std::exchange(failing_, false)) spdlog::info("{}: queries work again", application_name_);
            return std::nullopt;
        } catch (const std::exception& error) {
            const Failure failure = classify(error, connection_.get());
            if (failure.kind == FailureKind::kConnection) {
                connection_.reset();
                if (was_open) continue;
            }
            if (std::chrono::steady_clock::now() >= deadline) return QueryError::kDeadline;
            if (std::exchange(failing_, true)) return QueryError::kUnavailable;
            if (dynamic_cast<const pqxx::undefined_table*>(&error) != nullptr)  // at the first start of all
                spdlog::debug("{}: queries wait for the projector to make the tables", application_name_);
            else spdlog::warn("{}: queries fail: {}", application_name_, failure.reason);
            return QueryError::kUnavailable;
        }
    }
    return QueryError::kUnavailable;
}

QueryPool::QueryPool(const QuerySettings& settings, std::size_t queue) : settings_(settings), queue_limit_(queue) {
    if (settings.threads < 1 || settings.threads > 64) throw std::invalid_argument("queries need 1 to 64 threads");
    for (int i = 0; i < settings.threads; ++i) threads_.emplace_back([this] { serve(); });
}

void QueryPool::enqueue(std::unique_ptr<Entry> entry) {
    std::unique_lock lock(mutex_);
    if (stopped_ || queue_.size() >= queue_limit_) {
        ++shed_;
        lock.unlock();
        return entry->refuse(QueryError::kUnavailable);
    }
    queue_.push_back(std::move(entry));
    lock.unlock();
    wake_.notify_one();
}

void QueryPool::serve() {
    ReadSession session(settings_.database_url, settings_.application_name);
    while (true) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return stopped_ || !queue_.empty(); });
        if (stopped_) return;
        auto entry = std::move(queue_.front());
        queue_.pop_front();
        ++asked_;
        lock.unlock();
        entry->run(session);
    }
}

QueryCounts QueryPool::counts() const {
    const std::lock_guard lock(mutex_);
    return {threads_.size(), queue_.size(), queue_limit_, asked_, shed_};
}

void QueryPool::stop() {
    std::deque<std::unique_ptr<Entry>> waiting;
    {
        std::lock_guard lock(mutex_);
        stopped_ = true;
        waiting.swap(queue_);
    }
    wake_.notify_all();
    for (auto& entry : waiting) entry->refuse(QueryError::kUnavailable);
    for (auto& thread : threads_)
        if (thread.joinable()) thread.join();
}

}  // namespace keyledger::projections
