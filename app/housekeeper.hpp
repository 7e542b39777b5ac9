#pragma once
// Removes command ids that are older than the configured retention, a little at a time.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/config.hpp"
#include "commands/ports.hpp"

namespace keyledger::app {

class Housekeeper {
public:
    Housekeeper(const Config& config, const commands::Clock& clock);
    ~Housekeeper();
    void start();
    void stop();

private:
    void run();

    const std::string database_url_;
    const std::int64_t retention_ms_;
    const commands::Clock& clock_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keyledger::app
