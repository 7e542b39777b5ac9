#pragma once
// What no answer waits for (commands/runtime/later.hpp), on the threads of whoever answers.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>

#include "commands/runtime/later.hpp"

namespace keyledger::app {

inline constexpr std::size_t kMostInBackground = 1024;  // beyond that, callers wait for their own

// Thread-safe. Outlives what it runs: stop() before the threads and the ports that the work needs.
class Background : public commands::Later {
public:
    boost::asio::awaitable<void> run(boost::asio::awaitable<void> work) override;
    // False: something still ran then. Nothing may be begun any more.
    bool stop(std::chrono::milliseconds patience);

private:
    bool begin();
    void end();

    std::mutex mutex_;
    std::condition_variable ended_;
    std::size_t running_ = 0;
};

}  // namespace keyledger::app
