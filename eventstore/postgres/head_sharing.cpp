#include "eventstore/postgres/head_sharing.hpp"

namespace keyledger::eventstore::postgres {

HeadSharing::HeadSharing(std::function<Ask()> make_ask)
    : thread_([this, make_ask = std::move(make_ask)] { work(make_ask); }) {}

HeadSharing::~HeadSharing() { stop(); }

void HeadSharing::stop() {
    std::vector<std::unique_ptr<Asked>> left;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        left.swap(waiting_);
    }
    asked_.notify_all();
    for (const auto& one : left) one->answer(Unexpected(StoreError::kUnavailable));
    if (thread_.joinable()) thread_.join();
}

HeadSharing::Counts HeadSharing::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

void HeadSharing::ask(Deadline deadline, AsyncAnswer<Head, StoreError> answer) {
    auto one = std::make_unique<Asked>(Asked{deadline, std::move(answer)});
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        if (!stopping_ && waiting_.size() < kMaxWaiting) {
            first = waiting_.empty();
            waiting_.push_back(std::move(one));
        }
    }
    if (one) return one->answer(Unexpected(StoreError::kUnavailable));
    if (first) asked_.notify_one();
}

// Taken before the query is sent: nobody in it asked later.
std::vector<std::unique_ptr<HeadSharing::Asked>> HeadSharing::next_round() {
    std::unique_lock lock(mutex_);
    asked_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    std::vector<std::unique_ptr<Asked>> round;
    round.swap(waiting_);
    return round;
}

void HeadSharing::work(const std::function<Ask()>& make_ask) {
    const Ask ask = make_ask();
    for (auto round = next_round(); !round.empty(); round = next_round()) {
        std::erase_if(round, [](const auto& one) {
            const bool late = std::chrono::steady_clock::now() >= one->deadline;
            if (late) one->answer(Unexpected(StoreError::kDeadline));
            return late;
        });
        if (round.empty()) continue;
        const auto head = ask();
        {
            const std::lock_guard lock(mutex_);
            ++counts_.queries;
            counts_.answers += round.size();
        }
        for (const auto& one : round) one->answer(head);
    }
}

}  // namespace keyledger::eventstore::postgres
