#include "app/cli/progress.hpp"

#include <iostream>

namespace keyledger::app {
namespace {

constexpr auto kInterval = std::chrono::seconds(1);

}  // namespace

Progress::Progress(std::string what, std::string of_what)
    : what_(std::move(what)), of_what_(std::move(of_what)), next_(started_ + kInterval) {}

void Progress::operator()(std::int64_t done, std::int64_t of) {
    const auto now = Clock::now();
    if (now < next_) return;
    next_ = now + kInterval;
    const double seconds = std::chrono::duration<double>(now - started_).count();
    std::cerr << what_ << ": " << done << " of " << of << ' ' << of_what_ << ", "
              << static_cast<std::int64_t>(static_cast<double>(done) / seconds) << "/s\n";
}

}  // namespace keyledger::app
