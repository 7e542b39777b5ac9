#include "domain/factors/factor_attempts.hpp"

#include <algorithm>

namespace keyledger {
namespace {

using Origin = FactorAttempts::Origin;

constexpr Duration kFirstPause = seconds(1);
constexpr std::int64_t kMostDoublings = 20;

Origin& at(std::vector<Origin>& origins, const std::string& origin) {
    const auto found = std::ranges::find(origins, origin, &Origin::origin);
    return found != origins.end() ? *found : origins.emplace_back(Origin{origin});
}

// The longest unused goes, of those that passed once or of the others, beyond their number.
void forget_beyond(std::vector<Origin>& origins, bool passed, std::size_t at_most) {
    const auto counts = [passed](const Origin& one) { return one.passed_at.is_set() == passed; };
    if (static_cast<std::size_t>(std::ranges::count_if(origins, counts)) <= at_most) return;
    auto oldest = origins.end();
    for (auto one = origins.begin(); one != origins.end(); ++one)
        if (counts(*one) && (oldest == origins.end() || one->last_taken_at < oldest->last_taken_at)) oldest = one;
    origins.erase(oldest);
}

}  // namespace

const Origin* FactorAttempts::find(std::string_view origin) const {
    const auto found = std::ranges::find(origins, origin, &Origin::origin);
    return found == origins.end() ? nullptr : &*found;
}

Duration FactorAttempts::pause(std::string_view origin, const FactorAttemptLimits& limits, Instant now) const {
    const Origin* here = find(origin);
    const bool is_known = here && here->passed_at.is_set() && now - here->passed_at < limits.known_for;
    if ((is_known ? here->failures : failures_in_a_row) >= limits.in_a_row) return limits.longest_pause;
    const std::int64_t beyond = here && !is_known ? here->failures - limits.before_pauses : -1;
    if (beyond < 0) return {};
    const Duration whole = std::min(kFirstPause * (1 << std::min(beyond, kMostDoublings)), limits.longest_pause);
    return std::max(Duration(), whole - (now - here->last_taken_at));
}

void FactorAttempts::take(const std::string& origin, Instant at_time) {
    failures_in_a_row += 1;
    Origin& here = at(origins, origin);
    here.failures += 1;
    here.last_taken_at = at_time;
    forget_beyond(origins, false, kMaxUnknown);
}

void FactorAttempts::pass(const std::string& origin, Instant at_time) {
    failures_in_a_row = 0;
    Origin& here = at(origins, origin);
    here.failures = 0;
    here.passed_at = at_time;
    here.last_taken_at = std::max(here.last_taken_at, at_time);
    forget_beyond(origins, true, kMaxKnown);
}

void FactorAttempts::forgive() {
    failures_in_a_row = 0;
    for (Origin& one : origins) one.failures = 0;
    std::erase_if(origins, [](const Origin& one) { return !one.passed_at.is_set(); });
}

}  // namespace keyledger
