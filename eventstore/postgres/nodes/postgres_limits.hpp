#pragma once
// Limits that all nodes share (migration limits): one thread and one connection take the buckets of all requests that
// wait meanwhile, with one statement. The process's own buckets stand in front and shed a flood before any statement.
#include <condition_variable>
#include <functional>
#include <memory>
#include <thread>

#include "eventstore/async_answer.hpp"
#include "eventstore/limits.hpp"

namespace keyledger::eventstore::postgres {

class PostgresLimits : public Limits {
public:
    // The name of a bucket in the database: a keyed digest of its key, the same on all nodes.
    using NameOf = std::function<Uuid(std::string_view key)>;
    struct Settings {
        std::string url;  // of the service's role, on the primary
        std::size_t max_waiting = 8192;
        std::size_t max_round = 512;                   // requests in one statement
        std::chrono::milliseconds patience{2'000};     // nobody waits longer, whatever their deadline
        std::chrono::milliseconds longest_pause{500};  // between attempts to reconnect; it fails at once meanwhile
    };
    struct Counts {
        std::uint64_t statements = 0;
        std::uint64_t requests = 0;  // that were answered by them
        std::uint64_t shed = 0;      // refused without one
        std::uint64_t failures = 0;  // requests that nobody could say of whether they pass
        std::size_t waiting = 0;
        std::size_t most_waiting = 0;
    };

    // Connects when somebody asks first, and by itself again.
    PostgresLimits(Settings settings, NameOf name_of);
    ~PostgresLimits() override;
    PostgresLimits(const PostgresLimits&) = delete;
    PostgresLimits& operator=(const PostgresLimits&) = delete;

    boost::asio::awaitable<Result<RateDecision, StoreError>> take(std::vector<Bucket> buckets,
                                                                  Deadline deadline) override;
    RateDecision known(std::vector<Bucket> buckets) override;
    RateDecision take_local(const std::vector<Bucket>& buckets) override;

    // Whoever waits gets kUnavailable. May be repeated.
    void stop();
    Counts counts() const;

private:
    struct PendingTake {
        Deadline deadline;
        std::vector<Bucket> buckets;
        AsyncAnswer<RateDecision, StoreError> answer;
    };
    using Round = std::vector<std::unique_ptr<PendingTake>>;  // Boost 1.81's erased handlers must not be move-assigned

    void ask(Deadline deadline, std::vector<Bucket> buckets, AsyncAnswer<RateDecision, StoreError> answer);
    Round next_round();
    void work();
    void settle(PendingTake& asked, const RateDecision& taken, const std::vector<std::int64_t>& levels_us);
    void fail(PendingTake& asked, StoreError error);

    const Settings settings_;
    const NameOf name_of_;
    LocalBuckets front_;  // what this process knows of the shared ones
    LocalBuckets own_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    Round waiting_;
    bool stopping_ = false;
    Counts counts_;
    std::thread thread_;  // last: starts when all else is there
};

}  // namespace keyledger::eventstore::postgres
