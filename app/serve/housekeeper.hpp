#pragma once
// What the service tidies up behind itself, on a thread of its own. One node of all: old command ids, snapshots and
// spent values, erasures that are due, the keys of days whose anonymous callers are to be forgotten. Every node: what
// is remembered there of those whose keys died anywhere, and the failed log-ins that were summed there.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/config/config.hpp"
#include "app/core/core.hpp"
#include "domain/base/time.hpp"
#include "eventstore/postgres/nodes/leadership.hpp"
#include "projections/models/deadlines.hpp"
#include "projections/models/erasures.hpp"

namespace keyledger::app {

class Housekeeper {
public:
    // The core outlives it.
    Housekeeper(const Config& config, Core& core);
    ~Housekeeper();
    void start();
    void stop();

private:
    void run();
    void tidy();
    bool stopping();
    bool leads();
    void prune();
    void forget_the_erased();
    void record_waiting_failures();
    void record_failure_sums();
    void erase_anonymous_callers();
    void erase_users();
    bool erase_user(const UserId& user_id);
    void keep_deadlines();
    commands::Answer<commands::Receipt> keep(const projections::DeadlineRow& one);
    bool keep_deadline(const projections::DeadlineRow& one);
    void announce_mac_key();

    const std::string database_url_;
    const Duration retention_;
    const Duration longest_session_;
    const int anonymous_callers_days_;
    Core& core_;
    eventstore::postgres::LeaderSession leadership_;
    bool leads_ = false;
    Instant forgotten_until_;
    Instant sums_since_;
    Instant next_erasure_;
    std::optional<projections::ErasureRow> erased_until_;  // where the last round ended, if before the end
    std::optional<projections::DeadlineRow> kept_until_;   // likewise of deadlines
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keyledger::app
