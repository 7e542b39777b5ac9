#pragma once
// Performs the jobs of one reactor, on threads and sessions of its own. Any number of nodes do so side by side: a job
// is for whoever claimed it, until the end of a lease, and what a node that lost its lease says of it counts for
// nothing. What does not succeed is tried again, later and later (back_off.hpp), and is dead after kGiveUpAfter.
#include <functional>
#include <memory>
#include <string>

#include "reactors/engine/job_listing.hpp"
#include "reactors/engine/limits.hpp"
#include "reactors/engine/reactor.hpp"

namespace keyledger::reactors {

struct PerformerSettings {
    std::string database_url;  // of the service's role
    Uuid log_id;               // whose jobs; of others none is performed
    std::size_t threads = kThreadsPerReactor;
    std::chrono::milliseconds lease = kLease;
    std::chrono::milliseconds patience = kPatience;
    std::chrono::milliseconds idle_wait = kIdleWait;
};

struct PerformerStatus {
    // Attempts of this process since its start.
    std::int64_t done = 0;
    std::int64_t futile = 0;  // ended, for nothing was to be done any more
    std::int64_t again = 0;
    std::int64_t dead = 0;
    std::int64_t lost_leases = 0;
    JobCounts counts;     // of all nodes, as last counted
    std::string trouble;  // what keeps it from performing; empty: nothing
};

class Performer {
public:
    // Lets the log say that a job is dead, before its row does; false: it could not, and the job is tried again. On the
    // performer's threads; must not throw.
    using OnDead = std::function<bool(const Job& job, const std::string& code)>;

    // The reactor outlives it; its coroutines run on `executor`.
    Performer(PerformerSettings settings, Reactor& reactor, asio::any_io_executor executor, OnDead on_dead);
    ~Performer();
    Performer(const Performer&) = delete;
    Performer& operator=(const Performer&) = delete;

    void start();  // once
    // Claims no more jobs; returns at once. Attempts that run go on.
    void stop_claiming();
    // Waits for attempts that run. May be called twice.
    void stop();

    void hint();                     // from any thread: something was planned
    PerformerStatus status() const;  // from any thread

private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace keyledger::reactors
