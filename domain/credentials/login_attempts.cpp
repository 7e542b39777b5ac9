#include "domain/credentials/login_attempts.hpp"

#include <algorithm>

namespace keyledger {
namespace {

using Events = std::vector<LoginAttemptsEvent>;
using Network = LoginAttempts::Network;

// A network that logged in is noted again after so long, so that no stream grows with each log-in.
constexpr Duration kNotedAgainAfter = days(7);
constexpr Duration kFirstPause = seconds(1);
constexpr std::int64_t kMostDoublings = 20;

bool is_known(const Network* network, const LoginAttemptLimits& limits, Instant now) {
    return network && network->logged_in_at.is_set() && now - network->logged_in_at < limits.known_for;
}

Duration pause_of(const Network& network, const LoginAttemptLimits& limits) {
    const std::int64_t beyond = network.failures - limits.network_failures;
    if (beyond < 0) return Duration();
    return std::min(kFirstPause * (1 << std::min(beyond, kMostDoublings)), limits.longest_pause);
}

Events decide_on(const LoginAttempts& attempts, const RecordFailedLogin& command) {
    const bool counts = command.user_id && command.reason != LoginFailure::kTooManyFailures;
    if (counts && !may_try(attempts, command.network.value_or(""), command.limits, command.now)) return {};
    return {LoginFailed{command.user_id, command.reason, command.network}};
}
Events decide_on(const LoginAttempts& attempts, const ClearFailedLogins& command) {
    const Network* here = attempts.find(command.network.value_or(""));
    if (attempts.failures_in_a_row == 0 && (here == nullptr || here->failures == 0)) return {};
    return {LoginFailuresCleared{command.user_id, command.network}};
}
Events decide_on(const LoginAttempts& attempts, const RememberNetwork& command) {
    if (command.limits.known_for == Duration()) return {};
    const Network* here = attempts.find(command.network);
    const Duration again = std::min(kNotedAgainAfter, command.limits.known_for / 2);
    if (here && here->logged_in_at.is_set() && command.now - here->logged_in_at < again) return {};
    return {LoginNetworkSeen{command.user_id, command.network}};
}
Events decide_on(const LoginAttempts& attempts, const UnlockLogin& command) {
    const bool paused = std::any_of(attempts.networks.begin(), attempts.networks.end(),
                                    [](const Network& network) { return network.failures > 0; });
    if (attempts.failures_in_a_row == 0 && !paused) return {};
    return {LoginUnlocked{command.user_id}};
}

// The longest unused goes, of those that nobody logged in from or of the others, beyond their number.
void forget_beyond(std::vector<Network>& networks, bool known, std::size_t at_most) {
    const auto counts = [known](const Network& network) { return network.logged_in_at.is_set() == known; };
    if (static_cast<std::size_t>(std::count_if(networks.begin(), networks.end(), counts)) <= at_most) return;
    auto oldest = networks.end();
    for (auto at = networks.begin(); at != networks.end(); ++at) {
        if (!counts(*at)) continue;
        const auto used = [](const Network& one) { return std::max(one.last_failed_at, one.logged_in_at); };
        if (oldest == networks.end() || used(*at) < used(*oldest)) oldest = at;
    }
    networks.erase(oldest);
}

Network& at(LoginAttempts& attempts, const std::string& network) {
    const auto found = std::find_if(attempts.networks.begin(), attempts.networks.end(),
                                    [&](const Network& one) { return one.network == network; });
    return found != attempts.networks.end() ? *found : attempts.networks.emplace_back(Network{network});
}

void forgive(LoginAttempts& attempts, const std::optional<std::string>& network) {
    for (Network& one : attempts.networks)
        if (!network || one.network == *network) one.failures = 0, one.last_failed_at = Instant();
    std::erase_if(attempts.networks,
                  [](const Network& one) { return one.failures == 0 && !one.logged_in_at.is_set(); });
    attempts.failures_in_a_row = 0;
    attempts.last_failed_at = Instant();
}

Events decide_on(const LoginAttempts&, const SumFailedLogins& command) {
    return {LoginFailuresSummed{command.reason, command.count, command.from, command.before}};
}
Events decide_on(const LoginAttempts&, const SumHoneypots& command) {
    return {HoneypotsSummed{command.count, command.from, command.before}};
}

LoginAttempts apply(LoginAttempts attempts, const LoginFailed& event, const Recorded& recorded) {
    // Not looked at, so no guess: or else whoever keeps knocking would keep the owner out for ever.
    if (event.reason == LoginFailure::kTooManyFailures) return attempts;
    attempts.failures_in_a_row += 1;
    attempts.last_failed_at = recorded.occurred_at;
    if (!event.network) return attempts;
    Network& here = at(attempts, *event.network);
    here.failures += 1;
    here.last_failed_at = recorded.occurred_at;
    forget_beyond(attempts.networks, false, LoginAttempts::kMaxUnknownNetworks);
    return attempts;
}
LoginAttempts apply(LoginAttempts attempts, const LoginFailuresCleared& event, const Recorded&) {
    forgive(attempts, event.network);
    return attempts;
}
LoginAttempts apply(LoginAttempts attempts, const LoginNetworkSeen& event, const Recorded& recorded) {
    at(attempts, event.network).logged_in_at = recorded.occurred_at;
    forget_beyond(attempts.networks, true, LoginAttempts::kMaxKnownNetworks);
    return attempts;
}
LoginAttempts apply(LoginAttempts attempts, const LoginUnlocked&, const Recorded&) {
    forgive(attempts, std::nullopt);
    return attempts;
}
LoginAttempts apply(LoginAttempts attempts, const LoginFailuresSummed&, const Recorded&) { return attempts; }
LoginAttempts apply(LoginAttempts attempts, const HoneypotsSummed&, const Recorded&) { return attempts; }

}  // namespace

const LoginAttempts::Network* LoginAttempts::find(std::string_view network) const {
    const auto found =
        std::find_if(networks.begin(), networks.end(), [&](const Network& one) { return one.network == network; });
    return found == networks.end() ? nullptr : &*found;
}

// A known network has the same number of guesses for itself alone: what others do never counts against it.
bool may_try(const LoginAttempts& attempts, std::string_view network, const LoginAttemptLimits& limits, Instant now) {
    const Network* here = attempts.find(network);
    const Duration pause = here ? pause_of(*here, limits) : Duration();
    // Without a pause nobody waits for a clock that is behind another one.
    if (pause > Duration() && now - here->last_failed_at < pause) return false;
    const std::int64_t guesses = is_known(here, limits, now) ? here->failures : attempts.failures_in_a_row;
    return guesses < limits.failures_in_a_row;
}

std::vector<LoginAttemptsEvent> decide(const LoginAttempts& attempts, const LoginAttemptsCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(attempts, c); }, command);
}

LoginAttempts evolve(LoginAttempts attempts, const LoginAttemptsEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(attempts, e, recorded); }, event);
}

}  // namespace keyledger
