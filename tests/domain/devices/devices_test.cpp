#include "domain/devices/devices.hpp"

#include "tests/support/world/given.hpp"

namespace keyledger {
namespace {

using test::kDay;
using test::kNow;

const UserId kAnn = test::uuid(0xA1);
const SessionId kSession = test::uuid(0xC1);
const DeviceId kLaptop = test::uuid(0xD1);
const DeviceId kPhone = test::uuid(0xD2);

SeeDevice seen(const DeviceId& device_id, std::string agent_network = "firefox at home") {
    SeeDevice command;
    command.user_id = kAnn;
    command.device_id = device_id;
    command.agent_network = std::move(agent_network);
    command.session_id = kSession;
    command.agent = "Firefox on Linux";
    command.now = kNow;
    return command;
}
SeeDevice shown(const DeviceId& device_id, std::string agent_network = "firefox at home") {
    SeeDevice command = seen(device_id, std::move(agent_network));
    command.is_kept = true;
    return command;
}
DeviceFirstSeen first_seen(const SeeDevice& command, DeviceAlert alert) {
    DeviceFirstSeen event{kAnn, command.device_id, command.agent_network, kSession, {}, {}, {}, alert};
    event.agent.value = command.agent;
    if (!command.country.empty()) event.country.value = command.country;
    return event;
}
Devices after(const Devices& devices, const SeeDevice& command) {
    Devices state = devices;
    const auto events = decide(devices, command);
    for (const auto& event : *events) state = evolve(std::move(state), event, {1, command.now});
    return state;
}

TEST(SeeDevice, TellsOfANewOneButNotOfTheFirst) {
    const Devices none;
    EXPECT_TRUE(test::decides(decide(none, seen(kLaptop)), {first_seen(seen(kLaptop), DeviceAlert::kSilent)}));
    const Devices one = after(none, seen(kLaptop));
    const auto phone = seen(kPhone, "chrome elsewhere");
    EXPECT_TRUE(test::decides(decide(one, phone), {first_seen(phone, DeviceAlert::kMail)}));
}

TEST(SeeDevice, StaysQuietOfAKnownOneForAWeek) {
    const Devices one = after({}, shown(kLaptop));
    EXPECT_TRUE(test::stays_quiet(decide(one, shown(kLaptop, "from another network"))));
    auto again = shown(kLaptop);
    again.now = kNow + 7 * kDay - milliseconds(1);
    EXPECT_TRUE(test::stays_quiet(decide(one, again)));
    again.now = kNow + 7 * kDay;
    EXPECT_TRUE(test::decides(decide(one, again), {DeviceSeenAgain{kAnn, kLaptop}}));
}

// Who keeps no id is one device for each agent family and network, however many ids they were given.
TEST(SeeDevice, KnowsWhoKeepsNothingByAgentAndNetwork) {
    const Devices one = after({}, seen(kLaptop));
    EXPECT_TRUE(test::stays_quiet(decide(one, seen(kPhone))));
    EXPECT_EQ(find_device(one, seen(kPhone))->device_id, kLaptop);
    EXPECT_EQ(find_device(one, seen(kPhone, "firefox at work")), nullptr);
    EXPECT_EQ(find_device(one, shown(kPhone)), nullptr) << "what is shown counts, and nothing beside it";
    EXPECT_TRUE(test::decides(decide(one, shown(kPhone)), {first_seen(shown(kPhone), DeviceAlert::kSilent)}))
        << "a second browser of one kind at one place is listed, and no news";
}

TEST(SeeDevice, SendsNoMoreThanThreeMailsAnHour) {
    Devices devices = after({}, seen(kLaptop));
    for (std::uint16_t i = 0; i < 10; ++i) {
        auto next = seen(test::uuid(static_cast<std::uint16_t>(0x100 + i)), "network " + std::to_string(i));
        const auto events = decide(devices, next);
        const auto alert = std::get<DeviceFirstSeen>(events->front()).alert;
        EXPECT_EQ(alert, i < 3 ? DeviceAlert::kMail : DeviceAlert::kSilent) << i;
        devices = after(devices, next);
    }
    auto later = seen(kPhone, "elsewhere");
    later.now = kNow + hours(1);
    EXPECT_EQ(std::get<DeviceFirstSeen>(decide(devices, later)->front()).alert, DeviceAlert::kMail);
}

// One log-in is one mail: that of the new device says where it was.
TEST(SeeDevice, TellsOfANewCountryOnce) {
    auto here = shown(kLaptop);
    here.country = "DE";
    const Devices home = after({}, here);
    EXPECT_EQ(home.countries, std::vector<std::string>{"DE"});
    EXPECT_TRUE(test::stays_quiet(decide(home, here)));
    auto abroad = here;
    abroad.country = "AU";
    const auto travelled = decide(home, abroad);
    ASSERT_EQ(travelled->size(), 1u);
    EXPECT_EQ(std::get<CountryFirstSeen>(travelled->front()).alert, DeviceAlert::kMail);
    auto stranger = shown(kPhone, "chrome abroad");
    stranger.country = "AU";
    const auto both = decide(home, stranger);
    ASSERT_EQ(both->size(), 2u);
    EXPECT_EQ(std::get<DeviceFirstSeen>((*both)[0]).alert, DeviceAlert::kMail);
    EXPECT_EQ(std::get<CountryFirstSeen>((*both)[1]).alert, DeviceAlert::kSilent);
    auto nowhere = here;
    nowhere.country.clear();
    EXPECT_TRUE(test::stays_quiet(decide(home, nowhere)));
}

TEST(SeeDevice, ForgetsWhatWasNotUsedForFourHundredDays) {
    const Devices one = after({}, shown(kLaptop));
    EXPECT_NE(find_device(one, kLaptop, kNow + 400 * kDay - milliseconds(1)), nullptr);
    EXPECT_EQ(find_device(one, kLaptop, kNow + 400 * kDay), nullptr);
    auto again = shown(kLaptop);
    again.now = kNow + 400 * kDay;
    const Devices anew = after(one, again);
    ASSERT_EQ(anew.known.size(), 1u);
    EXPECT_EQ(anew.known.front().first_seen_at, again.now);
}

TEST(SeeDevice, KeepsAsManyAsThereArePlacesFor) {
    Devices devices;
    for (std::uint16_t i = 0; i < 40; ++i) {
        auto next = shown(test::uuid(static_cast<std::uint16_t>(0x100 + i)), "network " + std::to_string(i));
        next.now = kNow + seconds(i);
        devices = after(devices, next);
    }
    EXPECT_EQ(devices.known.size(), Devices::kMaxDevices);
    EXPECT_EQ(find_device(devices, test::uuid(0x100), kNow + seconds(40)), nullptr) << "the longest unused";
    EXPECT_NE(find_device(devices, test::uuid(0x127), kNow + seconds(40)), nullptr);
}

TEST(NameDevice, NamesWhatIsKnown) {
    const Devices one = after({}, shown(kLaptop));
    DeviceNamed named{kAnn, kLaptop, {}};
    named.name.value = "Work";
    EXPECT_TRUE(test::decides(decide(one, NameDevice{kAnn, kLaptop, "Work", kNow}), {named}));
    const Devices called = test::further(one, named, {2, kNow});
    EXPECT_EQ(called.known.front().name, "Work");
    EXPECT_TRUE(test::stays_quiet(decide(called, NameDevice{kAnn, kLaptop, "Work", kNow})));
    EXPECT_TRUE(test::refuses(decide(one, NameDevice{kAnn, kPhone, "Work", kNow}), refusals::kDeviceUnknown));
}

TEST(ForgetDevice, MakesItUnknown) {
    const Devices one = after({}, shown(kLaptop));
    EXPECT_TRUE(test::decides(decide(one, ForgetDevice{kAnn, kLaptop}), {DeviceForgotten{kAnn, kLaptop}}));
    const Devices none = test::further(one, DeviceForgotten{kAnn, kLaptop}, {2, kNow});
    EXPECT_EQ(find_device(none, shown(kLaptop)), nullptr);
    EXPECT_EQ(find_device(none, seen(kPhone)), nullptr) << "nor does its network make it known";
    EXPECT_TRUE(test::refuses(decide(none, ForgetDevice{kAnn, kLaptop}), refusals::kDeviceUnknown));
}

// The key is gone: what was sealed reads as nothing, and nothing is made of it.
TEST(Devices, FoldWhatWasErased) {
    const auto devices = test::given<Devices>(DeviceFirstSeen{kAnn, kLaptop, "x", kSession, {}, {}, {}, {}},
                                              CountryFirstSeen{kAnn, kSession, {}, {}}, DeviceNamed{kAnn, kLaptop, {}});
    ASSERT_EQ(devices.known.size(), 1u);
    EXPECT_FALSE(devices.known.front().name);
    EXPECT_TRUE(devices.countries.empty());
}

}  // namespace
}  // namespace keyledger
