#pragma once
// The aggregate `devices`: what one user logs in with, and from which countries. A device is a random id that a client
// keeps (a cookie, or Keyledger-Device); the log has a keyed digest of user and device, so that one machine links
// nobody. Who keeps none is known by agent family and network. Stream id: derived from the user id, so that log-ins
// never move the user's own stream. What is personal is sealed under the user's key. Pure.
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/device_id.hpp"
#include "domain/base/id.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/time.hpp"

namespace keyledger {

// ---- events ----------------------------------------------------------------------------------------------------
// Whether the user gets a mail of it.
enum class DeviceAlert { kSilent, kMail };
constexpr auto enum_names(DeviceAlert) {
    return std::array{EnumName{DeviceAlert::kSilent, "silent"}, EnumName{DeviceAlert::kMail, "mail"}};
}
struct DeviceFirstSeen {
    UserId user_id;
    DeviceId device_id;
    std::string agent_network;  // a keyed digest of user, agent family and network
    SessionId session_id;
    Personal<std::string> agent;
    Personal<std::string> country;
    Personal<std::string> city;
    DeviceAlert alert = DeviceAlert::kSilent;
    static constexpr std::string_view kType = "device.first_seen";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A good log-in with a device that the user was not known to use, or not any more.";
    static constexpr auto fields() {
        using E = DeviceFirstSeen;
        return std::tuple{
            Field{"user_id", &E::user_id, "who logged in"},
            Field{"device_id", &E::device_id,
                  "a keyed digest of user and device: two users of one have different ones"},
            Field{"agent_network", &E::agent_network,
                  "a keyed digest of user, agent family and network, by which a client is known that keeps no id"},
            Field{"session_id", &E::session_id, "the session that began"},
            Field{"agent", &E::agent, "family and system of the client, or `null`"},
            Field{"country", &E::country, "ISO 3166-1 code, or `null` if it is not known"},
            Field{"city", &E::city, "by its English name, or `null`"},
            Field{"alert", &E::alert,
                  "`mail`: the user is told. `silent`: it is their first device, or three were told within the hour"}};
    }
    constexpr About about() const { return About::account(user_id); }
    constexpr Uuid sealed_for() const { return user_id; }
};
// At most once in kDeviceSeenAgainAfter, so that no stream grows with each log-in.
struct DeviceSeenAgain {
    UserId user_id;
    DeviceId device_id;
    static constexpr std::string_view kType = "device.seen_again";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "A good log-in with a device that is known, and was not noted for a week: it is known for 400 days more.";
    static constexpr auto fields() {
        using E = DeviceSeenAgain;
        return std::tuple{Field{"user_id", &E::user_id, "who logged in"},
                          Field{"device_id", &E::device_id, "as in `device.first_seen`"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
struct CountryFirstSeen {
    UserId user_id;
    SessionId session_id;
    Personal<std::string> country;
    DeviceAlert alert = DeviceAlert::kSilent;
    static constexpr std::string_view kType = "device.country_first_seen";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "A good log-in from a country that the user never logged in from.";
    static constexpr auto fields() {
        using E = CountryFirstSeen;
        return std::tuple{
            Field{"user_id", &E::user_id, "who logged in"},
            Field{"session_id", &E::session_id, "the session that began"},
            Field{"country", &E::country, "ISO 3166-1 code"},
            Field{"alert", &E::alert,
                  "as in `device.first_seen`; `silent` also where the new device is told, with its place"}};
    }
    constexpr About about() const { return About::account(user_id); }
    constexpr Uuid sealed_for() const { return user_id; }
};
struct DeviceNamed {
    UserId user_id;
    DeviceId device_id;
    Personal<std::string> name;
    static constexpr std::string_view kType = "device.named";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning = "The user called the device something.";
    static constexpr auto fields() {
        using E = DeviceNamed;
        return std::tuple{Field{"user_id", &E::user_id, "whose device"},
                          Field{"device_id", &E::device_id, "as in `device.first_seen`"},
                          Field{"name", &E::name, "what it is called from now on"}};
    }
    constexpr About about() const { return About::account(user_id); }
    constexpr Uuid sealed_for() const { return user_id; }
};
struct DeviceForgotten {
    UserId user_id;
    DeviceId device_id;
    static constexpr std::string_view kType = "device.forgotten";
    static constexpr int kSchema = 1;
    static constexpr std::string_view kMeaning =
        "The user wants nothing more to do with the device: it is unknown from now on, and its sessions end.";
    static constexpr auto fields() {
        using E = DeviceForgotten;
        return std::tuple{Field{"user_id", &E::user_id, "whose device"},
                          Field{"device_id", &E::device_id, "as in `device.first_seen`"}};
    }
    constexpr About about() const { return About::account(user_id); }
};
using DevicesEvent = std::variant<DeviceFirstSeen, DeviceSeenAgain, CountryFirstSeen, DeviceNamed, DeviceForgotten>;

// ---- commands --------------------------------------------------------------------------------------------------
// Of a good log-in.
struct SeeDevice {
    UserId user_id;
    DeviceId device_id;
    bool is_kept = false;  // the client showed it; else it was made for this log-in
    std::string agent_network;
    SessionId session_id;
    std::string agent;
    std::string country;  // empty: not known
    std::string city;
    Instant now;
};
struct NameDevice {
    UserId user_id;
    DeviceId device_id;
    std::string name;
    Instant now;
};
struct ForgetDevice {
    UserId user_id;
    DeviceId device_id;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kDeviceUnknown{RefusalKind::kUnknown, "device-unknown", "No such device",
                                        "You have no device with this id."};
}  // namespace refusals

// ---- state -----------------------------------------------------------------------------------------------------
struct Devices {
    struct Known {
        DeviceId device_id;
        std::string agent_network;
        std::optional<std::string> agent;
        std::optional<std::string> name;
        std::optional<std::string> country;  // where it was first seen
        std::optional<std::string> city;
        Instant first_seen_at;
        Instant last_seen_at;  // to a week
    };
    UserId user_id;
    std::vector<Known> known{};            // at most kMaxDevices: then the longest unused goes
    std::vector<std::string> countries{};  // at most kMaxCountries: then the first goes
    std::vector<Instant> alerts{};         // the last kAlertsAnHour

    static constexpr std::size_t kMaxDevices = 32;
    static constexpr std::size_t kMaxCountries = 64;
    static constexpr std::size_t kAlertsAnHour = 3;
    static constexpr std::string_view kStreamType = "devices";
    static constexpr std::string_view kTitle = "Devices";
    static constexpr std::string_view kMeaning =
        "What one user logs in with; the stream's id is derived from the user's. Personal fields are sealed under the "
        "user's key.";
    using Event = DevicesEvent;
    bool has_personal_data() const { return !known.empty() || !countries.empty(); }
    // Its key is the user's, and goes with the user: the stream itself never says so.
    bool is_erased() const { return false; }
};

// ---- rules -----------------------------------------------------------------------------------------------------
// The device that a log-in is with: the one that is shown, or else one that was seen with this agent family in this
// network. nullptr: the user is not known to use it, or has not for kDeviceLifetime.
const Devices::Known* find_device(const Devices& devices, const DeviceId& device_id, Instant now);
const Devices::Known* find_device(const Devices& devices, const SeeDevice& seen);

bool is_new_country(const Devices& devices, std::string_view country);

using DevicesDecision = Result<std::vector<DevicesEvent>, RefusalRef>;
using DevicesCommand = std::variant<SeeDevice, NameDevice, ForgetDevice>;
DevicesDecision decide(const Devices& devices, const DevicesCommand& command);
Devices evolve(Devices devices, const DevicesEvent& event, const Recorded& recorded);

}  // namespace keyledger
