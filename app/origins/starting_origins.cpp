#include "app/origins/starting_origins.hpp"

#include <algorithm>

namespace keyledger::app {

StartingOrigins::~StartingOrigins() { stop(); }

void StartingOrigins::start() {
    thread_ = std::thread([this] { run(); });
}

void StartingOrigins::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

bool StartingOrigins::are_known() const {
    const std::lock_guard lock(mutex_);
    return are_known_;
}

std::optional<ConsentRule> StartingOrigins::find(std::string_view origin) const {
    const std::lock_guard lock(mutex_);
    return origins_ ? origins_->find(origin) : std::nullopt;
}

void StartingOrigins::run() {
    for (;;) {
        const bool is_level = is_level_();
        auto loaded = is_level ? std::nullopt : load_();
        std::unique_lock lock(mutex_);
        are_known_ = are_known_ || is_level || loaded;
        origins_ = std::move(loaded);  // rather none than one that may have been taken away
        const auto pause = are_known_ ? between_loads_ : std::min(between_loads_, kBetweenFirstTries);
        if (wake_.wait_for(lock, pause, [this] { return stopping_; })) return;
    }
}

}  // namespace keyledger::app
