#pragma once
// A read_committed consumer of the events topic that notes when it sees each position, from the topic's beginning.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "domain/base/declare.hpp"

namespace keyledger::bench {

class TopicWatcher {
public:
    using Clock = std::chrono::steady_clock;

    TopicWatcher(std::string brokers, std::string topic, std::int32_t partitions);
    ~TopicWatcher();
    TopicWatcher(const TopicWatcher&) = delete;
    TopicWatcher& operator=(const TopicWatcher&) = delete;

    // Whether every position up to `last` was seen in time.
    bool await(Position last, std::chrono::seconds patience);
    std::optional<Clock::time_point> seen(Position position) const;

private:
    void watch(const std::string& brokers, const std::string& topic, std::int32_t partitions);
    void note(Position position, Clock::time_point at);

    mutable std::mutex mutex_;
    std::condition_variable moved_;
    std::vector<Clock::time_point> seen_;  // by position; the epoch: not yet
    Position complete_ = 0;                // up to here every one was seen
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keyledger::bench
