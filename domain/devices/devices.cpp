#include "domain/devices/devices.hpp"

#include <algorithm>

namespace keyledger {
namespace {

using Events = std::vector<DevicesEvent>;
using Known = Devices::Known;

constexpr Duration kNotedAgainAfter = days(7);

// Somebody who has the password can't send more mail than this, and what is not told by mail stands in the list.
bool may_alert(const Devices& devices, Instant now) {
    return std::ranges::count_if(devices.alerts, [&](Instant at) { return now - at < hours(1); }) <
           static_cast<std::ptrdiff_t>(Devices::kAlertsAnHour);
}

DeviceAlert alert_of(bool told) { return told ? DeviceAlert::kMail : DeviceAlert::kSilent; }

Personal<std::string> given(const std::string& text) {
    return {text.empty() ? std::nullopt : std::optional<std::string>(text)};
}

const Known* find_kept_nowhere(const Devices& devices, const SeeDevice& seen) {
    const auto found = std::ranges::find_if(devices.known, [&](const Known& one) {
        return one.agent_network == seen.agent_network && seen.now - one.last_seen_at < kDeviceLifetime;
    });
    return found == devices.known.end() ? nullptr : &*found;
}

DevicesDecision decide_on(const Devices& devices, const SeeDevice& seen) {
    Events events;
    const Known* same = find_device(devices, seen);
    bool told = false;
    if (same == nullptr) {
        // A second browser of one kind at one place is no news; one that keeps nothing would not be, either.
        told = !devices.known.empty() && find_kept_nowhere(devices, seen) == nullptr && may_alert(devices, seen.now);
        events.push_back(DeviceFirstSeen{seen.user_id, seen.device_id, seen.agent_network, seen.session_id,
                                         given(seen.agent), given(seen.country), given(seen.city), alert_of(told)});
    } else if (seen.now - same->last_seen_at >= kNotedAgainAfter) {
        events.push_back(DeviceSeenAgain{seen.user_id, same->device_id});
    }
    if (is_new_country(devices, seen.country)) {
        told = !told && !devices.countries.empty() && may_alert(devices, seen.now);
        events.push_back(CountryFirstSeen{seen.user_id, seen.session_id, given(seen.country), alert_of(told)});
    }
    return events;
}
DevicesDecision decide_on(const Devices& devices, const NameDevice& command) {
    const Known* device = find_device(devices, command.device_id, command.now);
    DevicesDecision decided = Events{};
    if (device == nullptr) decided = Unexpected(refusals::kDeviceUnknown);
    else if (device->name != command.name)
        decided = Events{DeviceNamed{command.user_id, command.device_id, given(command.name)}};
    return decided;
}
// One that is not known any more is forgotten all the same, so that a repeated request says what the first one did.
DevicesDecision decide_on(const Devices& devices, const ForgetDevice& command) {
    const bool is_there =
        std::ranges::any_of(devices.known, [&](const Known& one) { return one.device_id == command.device_id; });
    DevicesDecision decided = Unexpected(refusals::kDeviceUnknown);
    if (is_there) decided = Events{DeviceForgotten{command.user_id, command.device_id}};
    return decided;
}

Known* at(Devices& devices, const DeviceId& device_id) {
    const auto found = std::ranges::find(devices.known, device_id, &Known::device_id);
    return found == devices.known.end() ? nullptr : &*found;
}

void note_alert(Devices& devices, DeviceAlert alert, Instant now) {
    if (alert == DeviceAlert::kSilent) return;
    devices.alerts.push_back(now);
    if (devices.alerts.size() > Devices::kAlertsAnHour) devices.alerts.erase(devices.alerts.begin());
}

Devices apply(Devices devices, const DeviceFirstSeen& event, const Recorded& recorded) {
    devices.user_id = event.user_id;
    std::erase_if(devices.known, [&](const Known& one) { return one.device_id == event.device_id; });
    devices.known.push_back({event.device_id, event.agent_network, event.agent.value, std::nullopt, event.country.value,
                             event.city.value, recorded.occurred_at, recorded.occurred_at});
    if (devices.known.size() > Devices::kMaxDevices)
        devices.known.erase(std::ranges::min_element(devices.known, {}, &Known::last_seen_at));
    note_alert(devices, event.alert, recorded.occurred_at);
    return devices;
}
Devices apply(Devices devices, const DeviceSeenAgain& event, const Recorded& recorded) {
    if (Known* device = at(devices, event.device_id)) device->last_seen_at = recorded.occurred_at;
    return devices;
}
Devices apply(Devices devices, const CountryFirstSeen& event, const Recorded& recorded) {
    devices.user_id = event.user_id;
    if (event.country.value) devices.countries.push_back(*event.country.value);
    if (devices.countries.size() > Devices::kMaxCountries) devices.countries.erase(devices.countries.begin());
    note_alert(devices, event.alert, recorded.occurred_at);
    return devices;
}
Devices apply(Devices devices, const DeviceNamed& event, const Recorded&) {
    if (Known* device = at(devices, event.device_id)) device->name = event.name.value;
    return devices;
}
Devices apply(Devices devices, const DeviceForgotten& event, const Recorded&) {
    std::erase_if(devices.known, [&](const Known& one) { return one.device_id == event.device_id; });
    return devices;
}

}  // namespace

const Known* find_device(const Devices& devices, const DeviceId& device_id, Instant now) {
    const auto found = std::ranges::find(devices.known, device_id, &Known::device_id);
    if (found == devices.known.end() || now - found->last_seen_at >= kDeviceLifetime) return nullptr;
    return &*found;
}

const Known* find_device(const Devices& devices, const SeeDevice& seen) {
    if (const Known* shown = find_device(devices, seen.device_id, seen.now)) return shown;
    return seen.is_kept ? nullptr : find_kept_nowhere(devices, seen);
}

bool is_new_country(const Devices& devices, std::string_view country) {
    return !country.empty() && std::ranges::find(devices.countries, country) == devices.countries.end();
}

DevicesDecision decide(const Devices& devices, const DevicesCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(devices, c); }, command);
}

Devices evolve(Devices devices, const DevicesEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(devices), e, recorded); }, event);
}

}  // namespace keyledger
