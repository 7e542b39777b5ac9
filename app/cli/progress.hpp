#pragma once
// How far a long command is, on standard error, at most once a second: "users: 120000 of 1000000 events, 31000/s".
#include <chrono>
#include <cstdint>
#include <string>

namespace keyledger::app {

class Progress {
public:
    explicit Progress(std::string what, std::string of_what = "events");
    void operator()(std::int64_t done, std::int64_t of);

private:
    using Clock = std::chrono::steady_clock;
    const std::string what_;
    const std::string of_what_;
    const Clock::time_point started_ = Clock::now();
    Clock::time_point next_;
};

}  // namespace keyledger::app
