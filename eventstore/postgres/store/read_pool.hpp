#pragma once
// Threads that read, each with a connection of its own: libpqxx blocks, coroutines must not.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/store.hpp"

namespace keyledger::eventstore::postgres {

struct ReadPoolSettings {
    std::size_t threads = 4;
    std::size_t max_waiting = 1024;
    std::chrono::milliseconds statement_timeout{5'000};
    std::chrono::milliseconds longest_pause{500};  // between attempts to reconnect; reads fail at once meanwhile
};

class ReadSession;  // a connection with its prepared statements: read_session.hpp, which is heavy

// One read. Either `run` returns, having answered, or `fail` is called; once.
class ReadJob {
public:
    explicit ReadJob(Deadline deadline) : deadline_(deadline) {}
    virtual ~ReadJob() = default;
    // On a pool thread. May throw what libpqxx throws, and is then run again on a new connection or failed.
    virtual void run(ReadSession& session) = 0;
    virtual void fail(StoreError error) = 0;
    Deadline deadline() const { return deadline_; }

private:
    Deadline deadline_;
};

class ReadPool {
public:
    struct Counts {
        std::uint64_t reads = 0;
        std::uint64_t failures = 0;
        std::uint64_t refused = 0;  // no room
        std::uint64_t expired = 0;
        std::uint64_t waiting = 0;
        std::size_t threads = 0;
        std::size_t most_waiting = 0;
    };
    ReadPool(std::string url, ReadPoolSettings settings);
    ~ReadPool();
    ReadPool(const ReadPool&) = delete;
    ReadPool& operator=(const ReadPool&) = delete;

    // Any thread. An entry that expires while it waits fails with kDeadline, one that finds no room with kUnavailable.
    void submit(std::unique_ptr<ReadJob> job);
    // Reads that run end, those that wait fail with kUnavailable.
    void stop();
    Counts counts() const;

private:
    class Worker;
    std::unique_ptr<ReadJob> next();
    void work();

    const std::string url_;
    const ReadPoolSettings settings_;
    mutable std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<std::unique_ptr<ReadJob>> waiting_;
    Counts counts_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace keyledger::eventstore::postgres
