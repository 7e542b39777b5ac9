#include "commands/login_limits.hpp"

#include <algorithm>
#include <cmath>

namespace keyledger::commands {

template <class Value>
Value& LoginLimiter::touch(Table<Value>& table, const std::string& key, const Value& first) {
    const auto at = table.places.find(key);
    if (at != table.places.end()) {
        table.recent.splice(table.recent.begin(), table.recent, at->second);
        return at->second->second;
    }
    table.recent.emplace_front(key, first);
    table.places.emplace(key, table.recent.begin());
    if (table.recent.size() > limits_.remembered) {
        table.places.erase(table.recent.back().first);
        table.recent.pop_back();
    }
    return table.recent.front().second;
}

std::int64_t LoginLimiter::wait_of_network(std::string_view client_address, std::int64_t now_ms) {
    const double full = static_cast<double>(limits_.network_burst);
    const double per_ms = static_cast<double>(limits_.network_rate_per_minute) / 60'000;
    Bucket& bucket = touch(networks_, network_of_(client_address), Bucket{full, now_ms});
    const double passed_ms = static_cast<double>(std::max<std::int64_t>(0, now_ms - bucket.filled_at_ms));
    bucket.tokens = std::min(full, bucket.tokens + passed_ms * per_ms);
    bucket.filled_at_ms = now_ms;
    if (bucket.tokens < 1) return std::max<std::int64_t>(1, std::llround((1 - bucket.tokens) / per_ms / 1000));
    bucket.tokens -= 1;
    return 0;
}

std::int64_t LoginLimiter::wait_of_name(std::string_view name, std::int64_t now_ms) {
    Streak& streak = touch(names_, std::string(name), Streak{});
    const std::int64_t quiet_ms = now_ms - streak.last_at_ms;
    if (quiet_ms >= 1000 * limits_.longest_pause_s) streak.attempts = 0;
    const std::int64_t beyond = streak.attempts - limits_.name_burst;
    if (beyond >= 0) {
        const std::int64_t doubled_s = std::int64_t{1} << std::min<std::int64_t>(beyond, 20);
        const std::int64_t pause_ms = 1000 * std::min(doubled_s, limits_.longest_pause_s);
        if (quiet_ms < pause_ms) return std::max<std::int64_t>(1, (pause_ms - quiet_ms + 999) / 1000);
    }
    streak.attempts += 1;
    streak.last_at_ms = now_ms;
    return 0;
}

std::int64_t LoginLimiter::admit(std::string_view client_address, std::string_view name, std::int64_t now_ms) {
    const std::lock_guard lock(mutex_);
    const std::int64_t wait_s = wait_of_network(client_address, now_ms);
    return wait_s > 0 ? wait_s : wait_of_name(name, now_ms);
}

void LoginLimiter::succeeded(std::string_view name) {
    const std::lock_guard lock(mutex_);
    const auto at = names_.places.find(std::string(name));
    if (at != names_.places.end()) at->second->second.attempts = 0;
}

}  // namespace keyledger::commands
