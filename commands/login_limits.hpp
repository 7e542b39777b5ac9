#pragma once
// The in-process throttle of log-ins: a token bucket for each network, and growing pauses for each name. Counted
// before any work is done, alike for names that exist and names that do not. Bounded; thread-safe.
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "commands/ports.hpp"

namespace keyledger::commands {

struct LoginLimits {
    std::int64_t network_rate_per_minute = 60;
    std::int64_t network_burst = 30;
    std::int64_t name_burst = 20;  // attempts in a row without a pause
    std::int64_t longest_pause_s = 900;
    std::size_t remembered = 100'000;  // networks, and names; the longest unused are forgotten first
};

class LoginLimiter : public LoginThrottle {
public:
    // `network_of` maps a client address to the network that counts as one caller.
    using NetworkOf = std::function<std::string(std::string_view)>;
    LoginLimiter(LoginLimits limits, NetworkOf network_of)
        : limits_(limits), network_of_(std::move(network_of)) {}

    std::int64_t admit(std::string_view client_address, std::string_view name, std::int64_t now_ms) override;
    void succeeded(std::string_view name) override;

private:
    struct Bucket {
        double tokens = 0;
        std::int64_t filled_at_ms = 0;
    };
    struct Streak {
        std::int64_t attempts = 0;
        std::int64_t last_at_ms = 0;
    };
    std::int64_t wait_of_network(std::string_view client_address, std::int64_t now_ms);
    std::int64_t wait_of_name(std::string_view name, std::int64_t now_ms);

    template <class Value>
    struct Table {
        std::list<std::pair<std::string, Value>> recent;  // most recent first
        std::unordered_map<std::string, typename std::list<std::pair<std::string, Value>>::iterator> places;
    };
    template <class Value>
    Value& touch(Table<Value>& table, const std::string& key, const Value& first);

    const LoginLimits limits_;
    const NetworkOf network_of_;
    std::mutex mutex_;
    Table<Bucket> networks_;
    Table<Streak> names_;
};

}  // namespace keyledger::commands
