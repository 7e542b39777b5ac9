#pragma once
// Tells in the log, once, that something the service needs is away, and once that it is back and after how long: not at
// each try. What is behind it stays what it was (health, metrics); this is for who reads the log afterwards.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace keyledger::app {

// Thread-safe.
class Outage {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Told {
        bool away = false;
        std::string sentence;
    };
    using Tell = std::function<void(const Told&)>;
    // `what` begins the sentence: "the database". It has to be away for `patience` before that is told.
    Outage(std::string what, std::chrono::milliseconds patience, Tell tell)
        : what_(std::move(what)), patience_(patience), tell_(std::move(tell)) {}

    // As it was seen at `now`; `trouble` is why it can't be used, empty if it can. In one line, without a secret.
    void see(std::string_view trouble, Time now);

private:
    const std::string what_;
    const std::chrono::milliseconds patience_;
    const Tell tell_;
    std::mutex mutex_;  // guards what follows
    std::optional<Time> since_;
    bool told_ = false;
};

// Into the log: lost as a warning.
Outage::Tell tell_in_log();

// Looks at each of them four times a second, on a thread of its own.
class OutageWatch {
public:
    // Empty: it is there; nullopt: nothing is known, and it counts as before. Quick and thread-safe.
    using Look = std::function<std::optional<std::string>()>;
    ~OutageWatch();
    void add(std::string what, Look look);  // before start()
    void start();
    void stop();  // before what is looked at ends; may be called twice

private:
    struct Watched {
        Watched(std::string what, Look how);
        Outage outage;
        Look look;
    };
    void run();

    std::vector<std::unique_ptr<Watched>> watched_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace keyledger::app
