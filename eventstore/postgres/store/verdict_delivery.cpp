#include "eventstore/postgres/store/verdict_delivery.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

namespace keyledger::eventstore::postgres {
namespace {

using Timer = asio::steady_timer;

// However many have deadlines of their own, a group is looked through so often and no more.
constexpr std::chrono::milliseconds kLeastWatch{1};

struct Entry {
    Entry(Deadline until, VerdictDelivery::Answer to) : latest(until), answer(std::move(to)) {}
    const Deadline latest;
    VerdictDelivery::Answer answer;
    Result<Verdict, StoreError> verdict = Unexpected(StoreError::kOutcomeUnknown);  // until somebody says more
    bool* is_settled = nullptr;  // its waiter's, who then knows it no more; nullptr: there is none
};
using Entries = std::list<Entry>;

// Those of one executor. All of it under the queue's lock.
struct Group {
    explicit Group(const asio::any_io_executor& where) : executor(where) {}
    const asio::any_io_executor executor;
    Entries waiting;
    Entries answered;     // and not handed over yet
    bool is_due = false;  // a hand-over of them is on its way
    // Its own wait alone keeps it, so that only the executor's threads let go of it: none is left when the executor is
    // gone, and none keeps the executor at work for nobody.
    std::weak_ptr<Timer> timer;
    Deadline rings_at = Deadline::max();  // max(): no timer runs
};
using GroupPtr = std::shared_ptr<Group>;

}  // namespace

struct VerdictQueue {
    std::mutex mutex;
    std::vector<std::weak_ptr<Group>> groups;  // who waits in one keeps it
};

namespace {

using QueuePtr = std::shared_ptr<VerdictQueue>;

// One whose continuation throws takes nobody along.
void settle(Entries due) {
    while (!due.empty()) {
        Entries one;
        one.splice(one.begin(), due, due.begin());
        try {
            one.front().answer.settle_here(std::move(one.front().verdict));
        } catch (...) {
            for (Entry& other : due) other.answer(std::move(other.verdict));
            throw;
        }
    }
}

// Under the lock, as all up to hand_over().
void stop_timer(Group& group) {
    if (const auto timer = group.timer.lock()) timer->cancel();
    group.timer.reset();
    group.rings_at = Deadline::max();
}

void ring(const QueuePtr& queue, const GroupPtr& group, const std::shared_ptr<Timer>& timer);

void watch(const QueuePtr& queue, const GroupPtr& group, Deadline until) {
    if (until >= group->rings_at) return;
    const auto timer = std::make_shared<Timer>(group->executor, until);
    timer->async_wait([queue, group, timer](const boost::system::error_code& cancelled) {
        if (!cancelled) ring(queue, group, timer);
    });
    stop_timer(*group);
    group->timer = timer;
    group->rings_at = until;
}

GroupPtr group_of(VerdictQueue& queue, const asio::any_io_executor& executor) {
    std::erase_if(queue.groups, [](const auto& group) { return group.expired(); });
    for (const auto& known : queue.groups)
        if (GroupPtr group = known.lock(); group && group->executor == executor) return group;
    auto group = std::make_shared<Group>(executor);
    queue.groups.push_back(group);
    return group;
}

// On their thread.
void hand_over(const QueuePtr& queue, const GroupPtr& group) {
    Entries due;
    {
        const std::lock_guard lock(queue->mutex);
        group->is_due = false;
        due.swap(group->answered);
        if (group->waiting.empty()) stop_timer(*group);
    }
    settle(std::move(due));
}

// On their thread. Whoever is late is told so; who is answered already need not wait for the hand-over.
void ring(const QueuePtr& queue, const GroupPtr& group, const std::shared_ptr<Timer>& timer) {
    Entries due;
    {
        const std::lock_guard lock(queue->mutex);
        if (group->timer.lock() != timer) return;  // it was too late to stop it
        group->timer.reset();
        group->rings_at = Deadline::max();
        const auto now = std::chrono::steady_clock::now();
        Deadline next = Deadline::max();
        for (const Entry& one : group->waiting)
            if (one.latest > now) next = std::min(next, one.latest);
        watch(queue, group, std::max(next, now + kLeastWatch));
        due.swap(group->answered);
        for (auto one = group->waiting.begin(); one != group->waiting.end();) {
            const auto at = one++;
            if (at->latest > now) continue;
            if (at->is_settled != nullptr) *at->is_settled = true;
            due.splice(due.end(), group->waiting, at);
        }
    }
    settle(std::move(due));
}

class Waiter : public VerdictWaiter {
public:
    explicit Waiter(QueuePtr queue) : queue_(std::move(queue)) {}
    // Without a word, their deadline tells them.
    ~Waiter() override {
        if (group_ == nullptr || is_completed_) return;
        const std::lock_guard lock(queue_->mutex);
        if (!is_settled_) entry_->is_settled = nullptr;
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    // Under the lock.
    void join(GroupPtr group, Entries one) {
        group_ = std::move(group);
        entry_ = one.begin();
        entry_->is_settled = &is_settled_;
        group_->waiting.splice(group_->waiting.end(), one);
    }

    void complete(Result<Verdict, StoreError> verdict) override {
        is_completed_ = true;
        {
            const std::lock_guard lock(queue_->mutex);
            if (is_settled_) return;  // at the deadline
            is_settled_ = true;
            entry_->is_settled = nullptr;
            entry_->verdict = std::move(verdict);
            group_->answered.splice(group_->answered.end(), group_->waiting, entry_);
            if (std::exchange(group_->is_due, true)) return;
        }
        try {
            asio::post(group_->executor, [queue = queue_, group = group_] { hand_over(queue, group); });
        } catch (...) {  // for want of memory: they go with the next, or at a deadline
            const std::lock_guard lock(queue_->mutex);
            group_->is_due = false;
            throw;
        }
    }

private:
    const QueuePtr queue_;
    GroupPtr group_;  // nullptr: none was joined
    Entries::iterator entry_;
    bool is_settled_ = false;  // under the lock
    bool is_completed_ = false;
};

}  // namespace

VerdictDelivery::VerdictDelivery() : queue_(std::make_shared<VerdictQueue>()) {}

std::unique_ptr<VerdictWaiter> VerdictDelivery::enlist(Deadline latest, Answer answer) {
    // Who waits keeps it at work, and a group does not.
    const asio::any_io_executor executor = asio::prefer(answer.executor(), asio::execution::outstanding_work.untracked);
    Entries one;
    one.emplace_back(latest, std::move(answer));
    auto waiter = std::make_unique<Waiter>(queue_);
    const std::lock_guard lock(queue_->mutex);
    GroupPtr group = group_of(*queue_, executor);
    watch(queue_, group, latest);
    waiter->join(std::move(group), std::move(one));
    return waiter;
}

}  // namespace keyledger::eventstore::postgres
