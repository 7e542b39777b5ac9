#include "commands/devices/log_in_device.hpp"

#include <algorithm>

#include "commands/account_services.hpp"
#include "commands/credentials/unrecorded_failures.hpp"
#include "commands/devices/device_ids.hpp"
#include "commands/devices/last_places.hpp"
#include "domain/devices/agent.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

std::optional<std::string> shown_by(Services& services, const Caller& caller) {
    DeviceIds* ids = services.accounts.device_ids;
    if (ids == nullptr || caller.device.empty() || caller.device.size() > kMaxSealedDeviceBytes) return std::nullopt;
    return ids->open(caller.device);
}

}  // namespace

LogInDevice device_of_log_in(Services& services, const UserId& user_id, const SessionId& session_id,
                             const Caller& caller) {
    LogInDevice device;
    device.network = services.pseudonyms.network(user_id, caller.network);
    SeeDevice& seen = device.seen;
    seen.user_id = user_id;
    seen.session_id = session_id;
    seen.now = services.clock.now();
    if (services.accounts.places != nullptr) {
        Place place = services.accounts.places->find(caller.client_address);
        seen.country = std::move(place.country);
        seen.city = std::move(place.city);
        device.at = place.at;
    }
    DeviceIds* ids = services.accounts.device_ids;
    if (ids == nullptr) return device;
    const auto shown = shown_by(services, caller);
    seen.is_kept = shown.has_value();
    device.kept_id = shown ? *shown : ids->make();
    seen.device_id = services.pseudonyms.device_of(user_id, device.kept_id);
    seen.agent = agent_name(caller.user_agent);
    seen.agent_network = services.pseudonyms.agent_network(user_id, seen.agent, caller.network);
    return device;
}

std::string device_for_client(Services& services, const LogInDevice& device) {
    if (device.kept_id.empty()) return {};
    return services.accounts.device_ids->seal(device.kept_id);
}

Answer<LoginHistory> login_history_at_head(Services& services, UserId user_id, Deadline deadline) {
    const auto tally = services.unrecorded_failures.tally(user_id);
    Streams streams;
    streams.read<LoginAttempts>(services.pseudonyms.login_attempts_of(user_id));
    streams.read<Devices>(services.pseudonyms.devices_of(user_id), user_id);
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    LoginHistory history;
    history.attempts = tally.added_to(state_of<LoginAttempts>(folds->front()), services.settings.attempts);
    history.devices = state_of<Devices>(folds->back());
    co_return history;
}

LoginSource source_of(const LoginHistory& history, const LogInDevice& device) {
    LoginSource source{device.network};
    const SeeDevice& seen = device.seen;
    // One that shows nothing has the allowance of its network: anybody there could look like it.
    if (seen.is_kept && find_device(history.devices, seen.device_id, seen.now)) source.known_device = seen.device_id;
    return source;
}

bool is_known(const LoginHistory& history, const LogInDevice& device) {
    if (!device.kept_id.empty()) return find_device(history.devices, device.seen) != nullptr;
    const auto* here = history.attempts.find(device.network);
    return here != nullptr && here->logged_in_at.is_set();
}

void put_device(StartSession& command, const LoginHistory& history, const LogInDevice& device, const Risk& risk) {
    command.risk = risk.points;
    if (!device.seen.country.empty()) command.country = device.seen.country;
    if (!device.seen.city.empty()) command.city = device.seen.city;
    if (device.kept_id.empty()) return;
    const auto* known = find_device(history.devices, device.seen);
    command.device_id = known ? known->device_id : device.seen.device_id;
}

asio::awaitable<std::optional<DeviceId>> known_device_of(Services& services, UserId user_id, const Caller& caller) {
    const auto shown = shown_by(services, caller);
    if (!shown) co_return std::nullopt;
    const DeviceId device_id = services.pseudonyms.device_of(user_id, *shown);
    Streams streams;
    streams.read<Devices>(services.pseudonyms.devices_of(user_id), user_id);
    const auto folds = co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, caller.deadline);
    if (!folds || !find_device(state_of<Devices>(folds->front()), device_id, services.clock.now()))
        co_return std::nullopt;
    co_return device_id;
}

Risk risk_of_log_in(Services& services, const LoginHistory& history, const LogInDevice& device, bool may_be_copied) {
    const auto& [attempts, devices] = history;
    const Duration known_for = services.settings.attempts.known_for;
    const auto is_known = [&](const LoginAttempts::Network& one) {
        return one.logged_in_at.is_set() && device.seen.now - one.logged_in_at < known_for;
    };
    const auto* here = attempts.find(device.network);
    RiskFacts facts;
    facts.new_device = !devices.known.empty() && find_device(devices, device.seen) == nullptr;
    facts.new_country = !devices.countries.empty() && is_new_country(devices, device.seen.country);
    facts.unknown_network = std::ranges::any_of(attempts.networks, is_known) && !(here != nullptr && is_known(*here));
    facts.failures_in_a_row = attempts.failures_in_a_row;
    facts.passkey_may_be_copied = may_be_copied;
    if (LastPlaces* last = services.accounts.last_places; last != nullptr && device.at) {
        const auto from = last->find(device.seen.user_id);
        facts.impossible_travel = from && is_impossible_travel(*from, {*device.at, device.seen.now});
    }
    return risk_of(facts);
}

}  // namespace keyledger::commands
