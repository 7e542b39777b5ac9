#include "eventstore/postgres/store/head_sharing.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <utility>

namespace keyledger::eventstore::postgres {
namespace {

constexpr std::chrono::milliseconds kLeastWatch{1};

}  // namespace

HeadSharing::HeadSharing(std::function<Ask()> make_ask)
    : thread_([this, make_ask = std::move(make_ask)] { work(make_ask); }) {}

HeadSharing::~HeadSharing() { stop(); }

void HeadSharing::stop() {
    std::vector<Answered> left;
    {
        const std::lock_guard lock(queue_->mutex);
        queue_->stopping = true;
        left = take_all(std::exchange(queue_->waiting, {}));
    }
    queue_->changed.notify_all();
    hand_over(queue_, std::move(left), Unexpected(StoreError::kUnavailable));
    if (thread_.joinable()) thread_.join();
}

HeadSharing::Counts HeadSharing::counts() const {
    const std::lock_guard lock(queue_->mutex);
    return queue_->counts;
}

asio::awaitable<Result<Head, StoreError>> HeadSharing::ask(Deadline deadline) {
    return async_answer<Head, StoreError>(  // the group's timer sees to the deadline
        Deadline::max(), StoreError::kDeadline,
        [this, deadline](Answer answer) { enqueue(deadline, std::move(answer)); });
}

void HeadSharing::enqueue(Deadline deadline, Answer answer) {
    auto one = std::make_unique<PendingQuestion>(PendingQuestion{deadline, std::move(answer)});
    std::shared_ptr<Group> begun;
    {
        const std::lock_guard lock(queue_->mutex);
        if (!queue_->stopping) begun = add(queue_, one);
    }
    if (one) return one->answer(Unexpected(StoreError::kUnavailable));
    if (!begun) return;  // this I/O thread has said already that it will get through
    asio::post(begun->executor, [queue = queue_] {
        {
            const std::lock_guard lock(queue->mutex);
            if (queue->waiting.empty() || std::exchange(queue->due, true)) return;
        }
        queue->changed.notify_one();
    });
}

// Under the lock. The group that the question begins, or nullptr. The question stays where it is if there is no room.
std::shared_ptr<HeadSharing::Group> HeadSharing::add(const QueuePtr& queue, std::unique_ptr<PendingQuestion>& one) {
    const asio::any_io_executor executor = one->answer.executor();
    Group* joined = nullptr;
    std::size_t waiting = 0;
    for (const auto& group : queue->waiting) {
        waiting += group->questions.size();
        if (group->executor == executor && group->earliest <= one->deadline) joined = group.get();
    }
    if (waiting >= kMaxWaiting) return nullptr;
    if (joined != nullptr) {
        joined->questions.push_back(std::move(one));
        return nullptr;
    }
    auto group = std::make_shared<Group>(executor, one->deadline);
    group->questions.push_back(std::move(one));
    watch(queue, group);
    queue->waiting.push_back(group);
    return group;
}

// Under the lock. Whether it waits for its turn or is being asked about: what is late is told so.
void HeadSharing::watch(const QueuePtr& queue, const std::shared_ptr<Group>& group) {
    if (group->earliest == Deadline::max()) return;
    // However many have deadlines of their own, the group is looked through so often and no more.
    group->timer.expires_at(std::max(group->earliest, std::chrono::steady_clock::now() + kLeastWatch));
    group->timer.async_wait([queue, group](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        Questions late;
        {
            const std::lock_guard lock(queue->mutex);
            late = take_late(*group);
            if (group->questions.empty()) std::erase(queue->waiting, group);
            else watch(queue, group);
            // Whoever comes next has to wake the thread: "due" says that it is awake, or will be.
            if (queue->waiting.empty()) queue->due = false;
        }
        settle_here(std::move(late), Unexpected(StoreError::kDeadline));
    });
}

// Under the lock.
HeadSharing::Questions HeadSharing::take_late(Group& group) {
    const auto now = std::chrono::steady_clock::now();
    const auto late =
        std::ranges::stable_partition(group.questions, [&](const auto& one) { return one->deadline > now; });
    Questions taken(std::make_move_iterator(late.begin()), std::make_move_iterator(late.end()));
    group.questions.erase(late.begin(), late.end());
    group.earliest = Deadline::max();
    for (const auto& one : group.questions) group.earliest = std::min(group.earliest, one->deadline);
    return taken;
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

// Once, on their threads. Whoever calls this keeps no group: its timer is of an executor that may end then.
void HeadSharing::hand_over(const QueuePtr& queue, std::vector<Answered> all, const Result<Head, StoreError>& answer) {
    for (auto& [group, theirs] : all) {
        const asio::any_io_executor executor = group->executor;
        asio::post(executor, [queue, group = std::move(group), theirs = std::move(theirs), answer]() mutable {
            {
                const std::lock_guard lock(queue->mutex);
                group->timer.cancel();
            }
            settle_here(std::move(theirs), answer);
        });
    }
}

// On their thread. One whose continuation throws takes nobody along.
void HeadSharing::settle_here(Questions questions, const Result<Head, StoreError>& answer) {
    for (auto one = questions.begin(); one != questions.end(); ++one) {
        try {
            (*one)->answer.settle_here(answer);
        } catch (...) {
            std::for_each(std::next(one), questions.end(), [&](const auto& other) { other->answer(answer); });
            throw;
        }
    }
}

// Under the lock. From then on their timers find nobody.
std::vector<HeadSharing::Answered> HeadSharing::take_all(Round round) {
    std::vector<Answered> all;
    for (auto& group : round) {
        Questions theirs = std::exchange(group->questions, {});
        all.push_back({std::move(group), std::move(theirs)});
    }
    return all;
}

void HeadSharing::work(const std::function<Ask()>& make_ask) {
    const Ask ask = make_ask();
    for (Round round = next_round(); !round.empty(); round = next_round()) {
        Questions late;
        bool is_awaited = false;
        {
            const std::lock_guard lock(queue_->mutex);
            for (const auto& group : round) {
                std::ranges::move(take_late(*group), std::back_inserter(late));
                is_awaited = is_awaited || !group->questions.empty();
            }
        }
        for (const auto& one : late) one->answer(Unexpected(StoreError::kDeadline));
        if (!is_awaited) {
            round.clear();  // a group keeps its executor at work
            continue;
        }
        const auto head = ask();
        std::vector<Answered> all;
        {
            const std::lock_guard lock(queue_->mutex);
            all = take_all(std::move(round));
            ++queue_->counts.queries;
            for (const Answered& one : all) queue_->counts.answers += one.questions.size();
            if (head) queue_->counts.position = head->cursor.position;
        }
        hand_over(queue_, std::move(all), head);
    }
}

}  // namespace keyledger::eventstore::postgres
