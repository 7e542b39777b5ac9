#pragma once
// The clock, the identifiers and the threads of the real world.
#include <boost/asio/thread_pool.hpp>

#include "commands/runtime/folder.hpp"
#include "commands/runtime/ports.hpp"
#include "domain/base/time.hpp"

namespace keyledger::app {

class SystemClock : public commands::Clock {
public:
    Instant now() const override;
};

class RandomIdentifiers : public commands::Identifiers {
public:
    explicit RandomIdentifiers(const commands::Clock& clock) : clock_(clock) {}
    Uuid next() override;
    eventstore::CommandId next_command_id() override;
    Secret next_secret() override;

private:
    const commands::Clock& clock_;
};

// Warnings to the log.
class SpdlogOperatorLog : public commands::OperatorLog {
public:
    void warning(std::string_view what, const Uuid& about) override;
};

class PooledWorkers : public commands::Workers {
public:
    // The pool outlives it.
    explicit PooledWorkers(boost::asio::thread_pool& pool) : pool_(pool) {}
    boost::asio::awaitable<void> run(std::function<void()> work) override;

private:
    boost::asio::thread_pool& pool_;
};

}  // namespace keyledger::app
