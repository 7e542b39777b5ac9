#pragma once
// When something happens, and for how long it lasts: an `Instant` is Unix time (UTC), a `Duration` a span, both whole
// milliseconds in 64 bits. They don't mix, with each other or with numbers: a number becomes one only by a maker that
// names its unit, and leaves it only by a reader that does.
//
//     const Instant ends_at = std::min(session.expires_at, session.refreshed_at + lifetimes.idle);
//     if (now >= ends_at) …                     // Instant with Instant
//     if (now - refreshed_at <= seconds(10)) …  // Duration with Duration
//
// They are stored and sent as the plain number of milliseconds, under names that say so ("expires_at_ms").
//
// No operation overflows: a token, a setting or a stored row may hold any number, and what is beyond 64 bits is as far
// away as they reach. So a comparison is never wrong, and there is no undefined behaviour.
//
// Not std::chrono (docs/adr/0023-instants-and-durations.md). Its clocks remain where the process itself waits:
// deadlines, timers, pools.
#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

namespace keyledger {

template <class T>
concept WholeNumber = std::integral<T> && !std::same_as<T, bool>;

// Arithmetic that stays within 64 bits: the nearest bound in place of what is beyond it.
namespace saturated {
inline constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

constexpr std::int64_t sum(std::int64_t a, std::int64_t b) {
    std::int64_t exact = 0;
    if (!__builtin_add_overflow(a, b, &exact)) return exact;
    return b < 0 ? kLeast : kMost;
}
constexpr std::int64_t difference(std::int64_t a, std::int64_t b) {
    std::int64_t exact = 0;
    if (!__builtin_sub_overflow(a, b, &exact)) return exact;
    return b < 0 ? kMost : kLeast;
}
constexpr std::int64_t product(std::int64_t a, WholeNumber auto b) {
    std::int64_t exact = 0;
    if (!__builtin_mul_overflow(a, b, &exact)) return exact;
    return (a < 0) == std::cmp_less(b, 0) ? kMost : kLeast;
}
// Rounded down. A divisor that is not positive is a mistake of the code, and throws std::domain_error.
constexpr std::int64_t quotient(std::int64_t a, std::int64_t b) {
    if (b <= 0) throw std::domain_error("a time is divided by what is not positive");
    return a / b - (a % b < 0 ? 1 : 0);
}
}  // namespace saturated

class Duration {
public:
    constexpr Duration() = default;  // none at all
    template <WholeNumber Number>
    static constexpr Duration of(Number count, std::int64_t unit_ms) {
        return Duration(saturated::product(unit_ms, count));
    }

    constexpr std::int64_t ms() const { return ms_; }
    constexpr std::int64_t whole_seconds() const { return saturated::quotient(ms_, 1000); }
    // Rounded up, for whoever is to wait no shorter than that (Retry-After, RFC 9110 section 10.2.3).
    constexpr std::int64_t whole_seconds_up() const { return whole_seconds() + (ms_ % 1000 == 0 ? 0 : 1); }

    auto operator<=>(const Duration&) const = default;
    friend constexpr Duration operator+(Duration a, Duration b) { return Duration(saturated::sum(a.ms_, b.ms_)); }
    friend constexpr Duration operator-(Duration a, Duration b) {
        return Duration(saturated::difference(a.ms_, b.ms_));
    }
    friend constexpr Duration operator-(Duration a) { return Duration() - a; }
    friend constexpr Duration operator*(Duration a, WholeNumber auto by) {
        return Duration(saturated::product(a.ms_, by));
    }
    friend constexpr Duration operator*(WholeNumber auto by, Duration a) { return a * by; }
    // Rounded down, by what is positive: a share of it, and how often the other fits into it.
    friend constexpr Duration operator/(Duration a, WholeNumber auto by) {
        return Duration(saturated::quotient(a.ms_, static_cast<std::int64_t>(by)));
    }
    friend constexpr std::int64_t operator/(Duration a, Duration by) { return saturated::quotient(a.ms_, by.ms_); }

private:
    explicit constexpr Duration(std::int64_t ms) : ms_(ms) {}
    std::int64_t ms_ = 0;
};

constexpr Duration milliseconds(WholeNumber auto count) { return Duration::of(count, 1); }
constexpr Duration seconds(WholeNumber auto count) { return Duration::of(count, 1000); }
constexpr Duration minutes(WholeNumber auto count) { return Duration::of(count, 60'000); }
constexpr Duration hours(WholeNumber auto count) { return Duration::of(count, 3'600'000); }
constexpr Duration days(WholeNumber auto count) { return Duration::of(count, 86'400'000); }  // of 24 hours (UTC)

class Instant {
public:
    constexpr Instant() = default;  // the epoch, 1970-01-01T00:00:00Z
    static constexpr Instant at_ms(WholeNumber auto unix_ms) { return Instant(milliseconds(unix_ms).ms()); }
    static constexpr Instant at_second(WholeNumber auto unix_seconds) { return Instant(seconds(unix_seconds).ms()); }

    constexpr std::int64_t ms() const { return ms_; }
    constexpr std::int64_t whole_seconds() const { return saturated::quotient(ms_, 1000); }  // rounded down
    constexpr Duration since_epoch() const { return milliseconds(ms_); }
    // The epoch stands for "never" where what is stored has a number in any case.
    constexpr bool is_set() const { return ms_ != 0; }

    auto operator<=>(const Instant&) const = default;
    friend constexpr Duration operator-(Instant a, Instant b) {
        return milliseconds(saturated::difference(a.ms_, b.ms_));
    }
    friend constexpr Instant operator+(Instant at, Duration by) { return Instant(saturated::sum(at.ms_, by.ms())); }
    friend constexpr Instant operator-(Instant at, Duration by) {
        return Instant(saturated::difference(at.ms_, by.ms()));
    }
    constexpr Instant& operator+=(Duration by) { return *this = *this + by; }

private:
    explicit constexpr Instant(std::int64_t ms) : ms_(ms) {}
    std::int64_t ms_ = 0;
};

}  // namespace keyledger
