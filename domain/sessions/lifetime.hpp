#pragma once
// How long sessions last. Apart from the aggregate, for settings and SQL that know no session.
#include <cstdint>

namespace keyledger {

// The limits of every session, from configuration.
struct SessionLifetimes {
    std::int64_t idle_ms = 14LL * 24 * 3600 * 1000;
    std::int64_t absolute_ms = 30LL * 24 * 3600 * 1000;
    std::int64_t refresh_grace_ms = 10'000;  // at most 10 s: a lost answer, not a second thief
};

// When a session ends by itself: too old, or idle for too long. Unix time, in milliseconds.
constexpr std::int64_t session_ends_at_ms(std::int64_t refreshed_at_ms, std::int64_t expires_at_ms,
                                          std::int64_t idle_ms) {
    const std::int64_t idle_at_ms = refreshed_at_ms + idle_ms;
    return idle_at_ms < expires_at_ms ? idle_at_ms : expires_at_ms;
}

}  // namespace keyledger
