#pragma once
// How much a log-in looks like somebody else's: one pure function over facts, 0 to 100, and its points. The table in
// docs/devices.md is this one: change both.
#include <cstdint>
#include <span>
#include <string_view>

namespace keyledger {

// What is known of a log-in whose password is right, at the moment in which it is decided.
struct RiskFacts {
    bool new_device = false;   // and the user is known to use another one
    bool new_country = false;  // and the user logged in from another one
    bool unknown_network = false;
    bool honeypot = false;               // what only a program fills: of a page to log in by, once there is one
    bool impossible_travel = false;      // from memory: advisory
    std::int64_t failures_in_a_row = 0;  // before it, over all networks
    bool passkey_may_be_copied = false;  // its counter did not grow
};

struct RiskRow {
    std::string_view fact;
    int points = 0;
    bool is_advisory = false;  // of memory or read models: never counts towards a refusal
};
std::span<const RiskRow> risk_table();

struct Risk {
    int points = 0;   // 0 to 100: all facts
    int certain = 0;  // without those that are advisory
    bool operator==(const Risk&) const = default;
};
Risk risk_of(const RiskFacts& facts);

// 0: nothing is refused for its risk.
constexpr bool is_refused(const Risk& risk, int threshold) { return threshold > 0 && risk.certain >= threshold; }

}  // namespace keyledger
