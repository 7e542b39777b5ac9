#pragma once
// Tells the database which keys this node has, and learns from it which others have and which have ended: before
// the first request, and every second from then on, so that a node whose keyring is too old knows it before
// anybody is answered wrongly.
#include <chrono>
#include <string>

#include "app/core/core.hpp"

namespace keyledger::app {

// What nobody repeats counts for nothing after a day.
inline constexpr std::chrono::hours kTellKeysAgainAfter{1};

class KeyringExchange {
public:
    // The core outlives it.
    KeyringExchange(const Config& config, Core& core) : database_url_(config.database_url), core_(core) {}
    // Blocks for as long as a read may take. One thread at a time. What fails is done the next time.
    void exchange(eventstore::Deadline deadline);

private:
    const std::string database_url_;
    Core& core_;
    std::chrono::steady_clock::time_point tell_all_at_{};
    bool has_failed_ = false;
};

}  // namespace keyledger::app
