#include "eventstore/postgres/store/read_pool.hpp"

#include "eventstore/postgres/store/read_session.hpp"

namespace keyledger::eventstore::postgres {

ReadPool::ReadPool(std::string url, ReadPoolSettings settings) : url_(std::move(url)), settings_(settings) {
    for (std::size_t i = 0; i < settings_.threads; ++i) threads_.emplace_back([this] { work(); });
}

ReadPool::~ReadPool() { stop(); }

void ReadPool::stop() {
    std::deque<std::unique_ptr<ReadJob>> left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(waiting_);
    }
    filled_.notify_all();
    for (const auto& job : left) job->fail(StoreError::kUnavailable);
    for (std::thread& thread : threads_)
        if (thread.joinable()) thread.join();
}

ReadPool::Counts ReadPool::counts() const {
    const std::lock_guard lock(mutex_);
    Counts counts = counts_;
    counts.waiting = waiting_.size();
    counts.threads = settings_.threads;
    counts.most_waiting = settings_.max_waiting;
    return counts;
}

void ReadPool::submit(std::unique_ptr<ReadJob> job) {
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_ && waiting_.size() < settings_.max_waiting) {
            waiting_.push_back(std::move(job));
        } else {
            ++counts_.refused;
        }
    }
    if (job) return job->fail(StoreError::kUnavailable);
    filled_.notify_one();
}

std::unique_ptr<ReadJob> ReadPool::next() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return nullptr;
    auto job = std::move(waiting_.front());
    waiting_.pop_front();
    return job;
}

void ReadPool::work() {
    ReadSession session(url_, settings_.statement_timeout, settings_.longest_pause, prepare_reads);
    while (auto job = next()) {
        if (std::chrono::steady_clock::now() >= job->deadline()) {
            job->fail(StoreError::kDeadline);
            const std::lock_guard lock(mutex_);
            ++counts_.expired;
            continue;
        }
        const auto done = session.run([&] { return job->run(session), true; });
        if (!done) job->fail(done.error().error);
        const std::lock_guard lock(mutex_);
        ++(done ? counts_.reads : counts_.failures);
    }
}

}  // namespace keyledger::eventstore::postgres
