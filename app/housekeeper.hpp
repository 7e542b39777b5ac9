#pragma once
// What the service tidies up behind itself, on a thread of its own: old command ids and snapshots, erasures that are
// due, the keys of days whose anonymous callers are to be forgotten, and what is remembered here of those whose keys
// died on any node.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/config.hpp"
#include "app/core.hpp"

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
    bool stopping();
    void prune();
    void forget_the_erased();
    void erase_anonymous_callers();
    void erase_users();
    void announce_mac_key();

    const std::string database_url_;
    const std::int64_t retention_ms_;
    const std::int64_t longest_session_ms_;
    const int anonymous_callers_days_;
    Core& core_;
    std::int64_t forgotten_until_ms_;
    std::int64_t next_erasure_ms_ = 0;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keyledger::app
