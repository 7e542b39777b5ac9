#include "eventstore/postgres/store/head_sharing.hpp"

#include <memory>
#include <utility>

namespace keyledger::eventstore::postgres {
namespace {

// One for all who wait on an I/O thread: what crosses threads costs more than the answer.
template <class Round>
void hand_over(Round round, const Result<Head, StoreError>& head) {
    while (!round.empty()) {
        const asio::any_io_executor executor = round.back()->answer.executor();
        const auto theirs = std::make_shared<Round>();
        for (auto& one : round)
            if (one->answer.executor() == executor) theirs->push_back(std::move(one));
        std::erase(round, nullptr);
        asio::post(executor, [theirs, head] {
            for (const auto& one : *theirs) one->answer(head);
        });
    }
}

}  // namespace

HeadSharing::HeadSharing(std::function<Ask()> make_ask)
    : thread_([this, make_ask = std::move(make_ask)] { work(make_ask); }) {}

HeadSharing::~HeadSharing() { stop(); }

void HeadSharing::stop() {
    Round left;
    {
        const std::lock_guard lock(queue_->mutex);
        queue_->stopping = true;
        left.swap(queue_->waiting);
    }
    queue_->changed.notify_all();
    for (const auto& one : left) one->answer(Unexpected(StoreError::kUnavailable));
    if (thread_.joinable()) thread_.join();
}

HeadSharing::Counts HeadSharing::counts() const {
    const std::lock_guard lock(queue_->mutex);
    return queue_->counts;
}

void HeadSharing::ask(Deadline deadline, AsyncAnswer<Head, StoreError> answer) {
    auto one = std::make_unique<PendingQuestion>(PendingQuestion{deadline, std::move(answer)});
    const asio::any_io_executor executor = one->answer.executor();
    bool is_told = false;  // this I/O thread has said already that it will get through
    {
        const std::lock_guard lock(queue_->mutex);
        Round& waiting = queue_->waiting;
        if (!queue_->stopping && waiting.size() < kMaxWaiting) {
            is_told = !waiting.empty() && waiting.back()->answer.executor() == executor;
            waiting.push_back(std::move(one));
        }
    }
    if (one) return one->answer(Unexpected(StoreError::kUnavailable));
    if (is_told) return;
    asio::post(executor, [queue = queue_] {
        {
            const std::lock_guard lock(queue->mutex);
            if (queue->waiting.empty() || std::exchange(queue->due, true)) return;
        }
        queue->changed.notify_one();
    });
}

// Taken before the query is sent: nobody in it asked later.
HeadSharing::Round HeadSharing::next_round() {
    std::unique_lock lock(queue_->mutex);
    queue_->changed.wait(lock, [this] { return queue_->stopping || (queue_->due && !queue_->waiting.empty()); });
    queue_->due = false;
    Round round;
    round.swap(queue_->waiting);
    return round;
}

void HeadSharing::work(const std::function<Ask()>& make_ask) {
    const Ask ask = make_ask();
    for (Round round = next_round(); !round.empty(); round = next_round()) {
        std::erase_if(round, [](const auto& one) {
            const bool late = std::chrono::steady_clock::now() >= one->deadline;
            if (late) one->answer(Unexpected(StoreError::kDeadline));
            return late;
        });
        if (round.empty()) continue;
        const auto head = ask();
        {
            const std::lock_guard lock(queue_->mutex);
            ++queue_->counts.queries;
            queue_->counts.answers += round.size();
            if (head) queue_->counts.position = head->cursor.position;
        }
        hand_over(std::move(round), head);
        round.clear();
    }
}

}  // namespace keyledger::eventstore::postgres
