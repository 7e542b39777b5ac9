#include "domain/credentials/login_attempts.hpp"

#include <algorithm>

namespace keyledger {
namespace {

using Events = std::vector<LoginAttemptsEvent>;
using Network = LoginAttempts::Network;

// A network that logged in is noted again after so long, so that no stream grows with each log-in.
constexpr Duration kNotedAgainAfter = days(7);
constexpr Duration kAlertedAgainAfter = days(1);
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

// Of the lock-out that begins with one more failure, if one does.
std::optional<LoginLocked> lock_begun(const LoginAttempts& before, const LoginAttempts& after,
                                      const RecordFailedLogin& command) {
    const LoginAttemptLimits& limits = command.limits;
    LoginLocked locked{*command.user_id, after.failures_in_a_row};
    const bool was_told = before.alerted_at.is_set() && command.now - before.alerted_at < kAlertedAgainAfter;
    locked.alert = was_told ? LockAlert::kSilent : LockAlert::kMail;
    if (before.failures_in_a_row < limits.failures_in_a_row && after.failures_in_a_row >= limits.failures_in_a_row)
        return locked;
    const std::string network = command.network.value_or("");
    const Network* here = after.find(network);
    const Network* was = before.find(network);
    if (here == nullptr || pause_of(*here, limits) < limits.longest_pause) return std::nullopt;
    if (was != nullptr && pause_of(*was, limits) >= limits.longest_pause) return std::nullopt;
    locked.failures = here->failures;
    locked.until = command.now + limits.longest_pause;
    return locked;
}

Events decide_on(const LoginAttempts& attempts, const RecordFailedLogin& command) {
    const bool is_guess = command.user_id && counts(command.reason);
    const LoginSource source{command.network ? std::string_view(*command.network) : "", command.device_id};
    if (is_guess && !may_try(attempts, source, command.limits, command.now)) return {};
    const LoginFailed failed{command.user_id, command.reason, command.network, command.device_id};
    Events events{failed};
    if (!is_guess) return events;
    const LoginAttempts after = evolve(attempts, failed, Recorded{0, command.now});
    if (const auto locked = lock_begun(attempts, after, command)) events.emplace_back(*locked);
    return events;
}
Events decide_on(const LoginAttempts& attempts, const ClearFailedLogins& command) {
    const Network* here = attempts.find(command.network.value_or(""));
    const bool device_failed = command.device_id && attempts.failures_of(*command.device_id) > 0;
    if (attempts.failures_in_a_row == 0 && !device_failed && (here == nullptr || here->failures == 0)) return {};
    return {LoginFailuresCleared{command.user_id, command.network, command.device_id}};
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
    if (attempts.failures_in_a_row == 0 && attempts.devices.empty() && !paused) return {};
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

void count_for(LoginAttempts& attempts, const DeviceId& device_id) {
    const auto found = std::ranges::find(attempts.devices, device_id, &LoginAttempts::FailingDevice::device_id);
    if (found != attempts.devices.end()) {
        found->failures += 1;
        return;
    }
    attempts.devices.push_back({device_id, 1});
    if (attempts.devices.size() > LoginAttempts::kMaxDevices) attempts.devices.erase(attempts.devices.begin());
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
    if (!counts(event.reason)) return attempts;
    attempts.failures_in_a_row += 1;
    attempts.last_failed_at = recorded.occurred_at;
    if (event.device_id) {
        count_for(attempts, *event.device_id);
        return attempts;
    }
    if (!event.network) return attempts;
    Network& here = at(attempts, *event.network);
    here.failures += 1;
    here.last_failed_at = recorded.occurred_at;
    forget_beyond(attempts.networks, false, LoginAttempts::kMaxUnknownNetworks);
    return attempts;
}
LoginAttempts apply(LoginAttempts attempts, const LoginFailuresCleared& event, const Recorded&) {
    forgive(attempts, event.network);
    std::erase_if(attempts.devices, [&](const auto& one) { return one.device_id == event.device_id; });
    return attempts;
}
LoginAttempts apply(LoginAttempts attempts, const LoginNetworkSeen& event, const Recorded& recorded) {
    at(attempts, event.network).logged_in_at = recorded.occurred_at;
    forget_beyond(attempts.networks, true, LoginAttempts::kMaxKnownNetworks);
    return attempts;
}
LoginAttempts apply(LoginAttempts attempts, const LoginLocked& event, const Recorded& recorded) {
    if (event.alert == LockAlert::kMail) attempts.alerted_at = recorded.occurred_at;
    return attempts;
}
LoginAttempts apply(LoginAttempts attempts, const LoginUnlocked&, const Recorded&) {
    forgive(attempts, std::nullopt);
    attempts.devices.clear();
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

std::int64_t LoginAttempts::failures_of(const DeviceId& device_id) const {
    const auto found = std::ranges::find(devices, device_id, &FailingDevice::device_id);
    return found == devices.end() ? 0 : found->failures;
}

// A known device or network has the same number of guesses for itself alone: what others do never counts against it.
bool may_try(const LoginAttempts& attempts, const LoginSource& source, const LoginAttemptLimits& limits, Instant now) {
    if (source.known_device) return attempts.failures_of(*source.known_device) < limits.failures_in_a_row;
    const std::string_view network = source.network;
    const Network* here = attempts.find(network);
    const Duration pause = here ? pause_of(*here, limits) : Duration();
    // Without a pause nobody waits for a clock that is behind another one.
    if (pause > Duration() && now - here->last_failed_at < pause) return false;
    const std::int64_t guesses = is_known(here, limits, now) ? here->failures : attempts.failures_in_a_row;
    return guesses < limits.failures_in_a_row;
}

bool may_try(const LoginAttempts& attempts, std::string_view network, const LoginAttemptLimits& limits, Instant now) {
    return may_try(attempts, LoginSource{network}, limits, now);
}

std::vector<LoginAttemptsEvent> decide(const LoginAttempts& attempts, const LoginAttemptsCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(attempts, c); }, command);
}

LoginAttempts evolve(LoginAttempts attempts, const LoginAttemptsEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(attempts, e, recorded); }, event);
}

}  // namespace keyledger
