#pragma once
// Asks, again and again, what requests ask: a security answer at the head of the log, a read of the store and
// one of the read models, through the very pools and sessions that requests use. Readiness tells how the last
// went, so that a node whose sessions fell silent says so although it is connected. Between the rounds it exchanges
// the news of keyrings.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "api/routes/context.hpp"
#include "app/core/core.hpp"
#include "app/serve/keyring_exchange.hpp"
#include "projections/engine/queries.hpp"

namespace keyledger::app {

inline constexpr std::chrono::milliseconds kProbeInterval{1'000};
inline constexpr std::chrono::milliseconds kProbePatience{1'500};  // for each question

class Probe {
public:
    // All outlive its last question.
    Probe(Core& core, projections::Queries& queries, KeyringExchange& keyring_exchange);
    ~Probe();
    void start();
    void stop();  // before the pools end

    api::HealthCheck check() const;

private:
    void run();
    std::string ask();

    Core& core_;
    projections::Queries& queries_;
    KeyringExchange& keyring_exchange_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    bool good_ = false;
    std::string detail_ = "not asked yet";
    std::chrono::steady_clock::time_point answered_at_{};
    std::thread thread_;
};

}  // namespace keyledger::app
