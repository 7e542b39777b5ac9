#include "app/housekeeper.hpp"

#include <spdlog/spdlog.h>

#include "eventstore/postgres/housekeeping.hpp"

namespace keyledger::app {
namespace {

constexpr auto kInterval = std::chrono::minutes(1);
constexpr int kAtMost = 50'000;  // command ids in one go

}  // namespace

Housekeeper::Housekeeper(const Config& config, const commands::Clock& clock)
    : database_url_(config.database_url), retention_ms_(config.command_retention_hours * 3'600'000), clock_(clock) {}

Housekeeper::~Housekeeper() { stop(); }

void Housekeeper::start() {
    thread_ = std::thread([this] { run(); });
}

void Housekeeper::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Housekeeper::run() {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, kInterval, [&] { return stopping_; })) {
        lock.unlock();
        const auto pruned =
            eventstore::postgres::prune_commands(database_url_, clock_.now_ms() - retention_ms_, kAtMost);
        if (!pruned) spdlog::warn("old command ids could not be removed: the database does not answer");
        lock.lock();
    }
}

}  // namespace keyledger::app
