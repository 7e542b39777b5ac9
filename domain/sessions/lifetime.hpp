#pragma once
#include <cstdint>

namespace keyledger {

// When a session is over that nobody ends: too old, or too long idle. Unix time, in milliseconds.
constexpr std::int64_t over_at_ms(std::int64_t refreshed_at_ms, std::int64_t expires_at_ms, std::int64_t idle_ms) {
    const std::int64_t idle_at_ms = refreshed_at_ms + idle_ms;
    return idle_at_ms < expires_at_ms ? idle_at_ms : expires_at_ms;
}

}  // namespace keyledger
