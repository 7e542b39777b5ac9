#pragma once
// One question about the head at a time, shared as Raft's ReadIndex is: each caller is answered by a query that was
// sent after they asked, and callers who come while one is in flight join the next (I8). A query is sent when the I/O
// thread of the first who waits for it has got through what was ready to run: its other requests share it.
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

    void ask(Deadline deadline, AsyncAnswer<Head, StoreError> answer);
    void stop();
    Counts counts() const;

private:
    struct PendingQuestion {
        Deadline deadline;
        AsyncAnswer<Head, StoreError> answer;
    };
    using Round =
        std::vector<std::unique_ptr<PendingQuestion>>;  // Boost 1.81's erased handlers must not be move-assigned
    // Outlives this object by what was posted.
    struct Queue {
        mutable std::mutex mutex;
        std::condition_variable changed;
        Round waiting;
        bool due = false;  // somebody's I/O thread got through
        bool stopping = false;
        Counts counts;
    };
    Round next_round();
    void work(const std::function<Ask()>& make_ask);

    const std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
    std::thread thread_;
};

}  // namespace keyledger::eventstore::postgres
