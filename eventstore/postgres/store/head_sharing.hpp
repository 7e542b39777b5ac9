#pragma once
// One question about the head at a time, shared as Raft's ReadIndex is: each caller is answered by a query that was
// sent after they asked, and callers who come while one is in flight join the next (I8). A query is sent when the I/O
// thread of the first who waits for it has got through what was ready to run: its other requests share it.
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "eventstore/async_answer.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

class HeadSharing {
public:
    using Ask = std::function<Result<Head, StoreError>()>;
    struct Counts {
        std::uint64_t queries = 0;
        std::uint64_t answers = 0;
        Position position = 0;  // the newest that was told
    };
    static constexpr std::size_t kMaxWaiting = 65'536;

    // `make_ask` runs once, on the thread that will ask; what it returns blocks until the server answers.
    explicit HeadSharing(std::function<Ask()> make_ask);
    ~HeadSharing();
    HeadSharing(const HeadSharing&) = delete;
    HeadSharing& operator=(const HeadSharing&) = delete;

    // kDeadline once that is over, whatever the server does; kUnavailable from whoever stopped or has too many waiting.
    // Any executor.
    asio::awaitable<Result<Head, StoreError>> ask(Deadline deadline);
    void stop();
    Counts counts() const;

private:
    using Answer = AsyncAnswer<Head, StoreError>;
    struct PendingQuestion {
        Deadline deadline;
        Answer answer;
    };
    // Pointers: Boost 1.81's erased handlers must not be move-assigned.
    using Questions = std::vector<std::unique_ptr<PendingQuestion>>;
    // Those of one I/O thread who wait for the same query. One timer and one hand-over are for all of them: each costs
    // more than the answer.
    struct Group {
        Group(const asio::any_io_executor& where, Deadline first) : executor(where), timer(where), earliest(first) {}
        const asio::any_io_executor executor;
        asio::steady_timer timer;
        Deadline earliest;  // whoever has an earlier one begins a group
        Questions questions;
    };
    using Round = std::vector<std::shared_ptr<Group>>;
    // Outlives this object by what was posted.
    struct Queue {
        mutable std::mutex mutex;  // of all that groups hold, too
        std::condition_variable changed;
        Round waiting;
        bool due = false;  // somebody's I/O thread got through
        bool stopping = false;
        Counts counts;
    };
    using QueuePtr = std::shared_ptr<Queue>;

    void enqueue(Deadline deadline, Answer answer);
    static std::shared_ptr<Group> add(const QueuePtr& queue, std::unique_ptr<PendingQuestion>& one);
    static void watch(const QueuePtr& queue, const std::shared_ptr<Group>& group);
    static Questions take_late(Group& group);
    struct Answered {
        std::shared_ptr<Group> group;
        Questions questions;
    };
    static std::vector<Answered> take_all(Round round);
    static void settle_here(Questions questions, const Result<Head, StoreError>& answer);
    static void hand_over(const QueuePtr& queue, std::vector<Answered> all, const Result<Head, StoreError>& answer);
    Round next_round();
    void work(const std::function<Ask()>& make_ask);

    const QueuePtr queue_ = std::make_shared<Queue>();
    std::thread thread_;
};

}  // namespace keyledger::eventstore::postgres
