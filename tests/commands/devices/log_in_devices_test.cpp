// With what somebody logs in: known devices are told apart from new ones, and nobody locks their user out.
#include "commands/access/answers_at_head.hpp"
#include "commands/account_services.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/devices/devices.hpp"
#include "commands/devices/last_places.hpp"
#include "commands/devices/log_in_device.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "tests/commands/devices/plain_devices.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::test {
namespace {

using commands::Caller;
using commands::Grant;

Caller from(std::string network, std::string agent = "Firefox/1 Linux") {
    Caller from = caller(std::move(agent));
    from.client_address = network;
    from.network = std::move(network);
    return from;
}

class DevicesTest : public CommandTest {
protected:
    DevicesTest() {
        world.accounts.device_ids = &ids_;
        world.accounts.places = &places_;
        world.accounts.last_places = &last_places_;
        ann = world.register_user(node, kAnnsEmail);
    }
    Result<Grant, commands::CommandError> log_in(Caller caller, std::string device = {},
                                                 std::string password = kPassword) {
        caller.device = std::move(device);
        return run(commands::log_in(services(), login(kAnnsEmail, std::move(password)), std::move(caller)));
    }
    std::string device_from(const std::string& network) { return log_in(from(network))->device; }
    void fail(const std::string& network, int times, const std::string& device = {}) {
        for (int i = 0; i < times; ++i) {
            clock.advance(hours(1));
            EXPECT_FALSE(log_in(from(network), device, "not the password"));
        }
    }
    std::vector<Devices::Known> devices() {
        return *run(commands::devices_of_user(services(), ann, commands::Deadline::max()));
    }
    Types types_of_devices(Position after = 0) {
        Types types;
        for (const auto& type : world.types(after))
            if (type.starts_with("device.")) types.push_back(type);
        return types;
    }

    PlainDeviceIds ids_;
    PlainPlaces places_;
    commands::LastPlaces last_places_;
    UserId ann;
};

TEST_F(DevicesTest, AreHandedOutAtLogInAndKnownAtTheNext) {
    const auto first = log_in(from("192.0.2.7"));
    ASSERT_TRUE(succeeds(first));
    EXPECT_EQ(first->device, "ours:device1");
    EXPECT_EQ(types_of_devices(), (Types{"device.first_seen", "device.country_first_seen"}));
    const Position before = world.head();
    const auto again = log_in(from("203.0.113.9"), first->device);
    ASSERT_TRUE(succeeds(again));
    EXPECT_EQ(again->device, first->device);
    EXPECT_EQ(types_of_devices(before), Types{}) << "of a known device nothing is written";
    ASSERT_EQ(devices().size(), 1u);
    EXPECT_EQ(devices().front().agent, "Firefox on Linux");
    EXPECT_EQ(devices().front().city, "Berlin");
}

TEST_F(DevicesTest, StandInTheSession) {
    const auto grant = log_in(from("192.0.2.7"));
    const auto events = world.events();
    const auto started = std::ranges::find(events, "session.started", &eventstore::RecordedEvent::type);
    ASSERT_NE(started, events.end());
    EXPECT_NE(started->payload.find(devices().front().device_id.to_string()), std::string::npos);
    const auto known = run(commands::device_of_session(other.services, grant->session_id, commands::Deadline::max()));
    ASSERT_TRUE(succeeds(known));
    EXPECT_EQ(*known, devices().front().device_id);
    const SessionId of_nobody = uuid(1);
    EXPECT_FALSE((*run(commands::device_of_session(other.services, of_nobody, commands::Deadline::max()))).has_value());
    for (const auto& event : events)
        for (const char* personal : {"Berlin", "\"DE\"", "Firefox", "device1"})
            EXPECT_EQ(event.payload.find(personal), std::string::npos) << event.type << " tells " << personal;
}

// Malformed, or another installation's: it is nobody's fault and nothing is told.
TEST_F(DevicesTest, OfOthersCountAsNone) {
    for (const std::string& foreign : {std::string("theirs:device1"), std::string("x"), std::string(5000, 'x')}) {
        const auto grant = log_in(from("192.0.2.7"), foreign);
        ASSERT_TRUE(succeeds(grant));
        EXPECT_TRUE(grant->device.starts_with("ours:"));
    }
    EXPECT_EQ(devices().size(), 1u) << "by agent and network it is one";
}

TEST_F(DevicesTest, OfOneMachineHaveNothingInCommonBetweenUsers) {
    const auto anns = log_in(from("192.0.2.7"));
    world.register_user(node, "bob@example.com");
    Caller shared = from("192.0.2.7");
    shared.device = anns->device;
    const auto bobs = run(commands::log_in(services(), login("bob@example.com"), shared));
    ASSERT_TRUE(succeeds(bobs));
    EXPECT_EQ(bobs->device, anns->device) << "the machine keeps one id";
    const auto of_bob = *run(commands::devices_of_user(services(), bobs->user_id, commands::Deadline::max()));
    ASSERT_EQ(of_bob.size(), 1u);
    EXPECT_NE(of_bob.front().device_id, devices().front().device_id);
    EXPECT_NE(of_bob.front().agent_network, devices().front().agent_network);
}

// ---- nobody locks them out -------------------------------------------------------------------------------------
TEST_F(DevicesTest, AreLetInWhateverOthersTried) {
    world.settings.attempts = {10, 2, minutes(15), days(90)};
    node.services.settings.attempts = world.settings.attempts;
    const std::string device = device_from("192.0.2.7");
    clock.advance(days(91));  // its network is no longer known
    fail("198.51.100.1", 4);
    fail("198.51.100.2", 4);
    fail("198.51.100.3", 4);
    EXPECT_FALSE(log_in(from("192.0.2.7"))) << "the account is closed to strangers";
    EXPECT_TRUE(succeeds(log_in(from("198.51.100.1"), device))) << "from the network of those who guess, too";
}

TEST_F(DevicesTest, HaveGuessesOfTheirOwnAndNotMore) {
    node.services.settings.attempts = {10, 2, minutes(15), days(90)};
    const std::string device = device_from("192.0.2.7");
    fail("192.0.2.7", 9, device);
    EXPECT_TRUE(succeeds(log_in(from("192.0.2.7"), device))) << "no pause stops it, and that begins anew";
    fail("192.0.2.7", 10, device);
    const Position before = world.head();
    EXPECT_FALSE(log_in(from("192.0.2.7"), device));
    fail("192.0.2.7", 1, device);
    for (const auto& type : world.types(before)) EXPECT_NE(type, "login.failed") << "no stream grows by it";
}

// A stranger's own device, which is ours all right, is none of Ann's: it has no guesses of its own.
TEST_F(DevicesTest, OfSomebodyElseHaveNoGuesses) {
    node.services.settings.attempts = {10, 2, minutes(15), days(90)};
    device_from("192.0.2.7");
    fail("198.51.100.1", 10, "ours:stranger");
    EXPECT_FALSE(log_in(from("198.51.100.1"), "ours:stranger"));
    EXPECT_FALSE(log_in(from("198.51.100.2"), "ours:stranger"));
}

TEST_F(DevicesTest, AreLockedOnceAndSoIsTheMail) {
    node.services.settings.attempts = {10, 2, minutes(15), days(90)};
    device_from("192.0.2.7");
    const Position before = world.head();
    for (int i = 0; i < 30; ++i) fail("198.51.100." + std::to_string(i + 10), 1);
    const auto types = world.types(before);
    EXPECT_EQ(std::ranges::count(types, "login.locked"), 1);
    EXPECT_EQ(std::ranges::count(types, "login.failed"), 10);
}

// A name that nobody has costs what one costs that somebody has, with a device as without.
TEST_F(DevicesTest, CostUnknownNamesTheSameReads) {
    const std::string device = device_from("192.0.2.7");
    const auto calls_of = [&](const char* email, const std::string& shown) {
        Caller asking = from("203.0.113.1");
        asking.device = shown;
        stepped.calls.clear();
        EXPECT_FALSE(run(commands::log_in(services(), login(email, "not the password"), asking)));
        return stepped.calls;
    };
    calls_of(kAnnsEmail, device);  // whatever is remembered is remembered
    EXPECT_EQ(calls_of(kAnnsEmail, device), calls_of("nobody@example.com", device));
    EXPECT_EQ(calls_of(kAnnsEmail, ""), calls_of("nobody@example.com", ""));
}

// ---- named, forgotten, erased ----------------------------------------------------------------------------------
TEST_F(DevicesTest, AreNamedAndForgotten) {
    const auto grant = log_in(from("192.0.2.7"));
    const DeviceId device_id = devices().front().device_id;
    const auto name = [&](std::string text) {
        return run(commands::name_device(services(), bearer_of(*grant), device_id, std::move(text), caller_of(*grant)));
    };
    EXPECT_TRUE(refused(name("\x01"), refusals::kInvalidDeviceName));
    EXPECT_TRUE(succeeds(name("Ann's laptop")));
    EXPECT_EQ(devices().front().name, "Ann's laptop");
    const auto forget = [&] {
        return run(commands::forget_device(services(), bearer_of(*grant), device_id, caller_of(*grant)));
    };
    EXPECT_TRUE(succeeds(forget()));
    EXPECT_TRUE(devices().empty());
    EXPECT_TRUE(refused(forget(), refusals::kDeviceUnknown));
    EXPECT_TRUE(refused(name("again"), refusals::kDeviceUnknown));
}

TEST_F(DevicesTest, EndTheirSessionsAndNoOthers) {
    const auto laptop = log_in(from("192.0.2.7"));
    const DeviceId device_id = devices().front().device_id;
    const auto phone = log_in(from("203.0.113.9", "Chrome/1 Android"));
    ASSERT_EQ(devices().size(), 2u);
    const std::vector<SessionId> both{laptop->session_id, phone->session_id};
    ASSERT_TRUE(succeeds(
        run(commands::end_sessions_of_device(services(), bearer_of(*phone), device_id, both, caller_of(*phone)))));
    EXPECT_FALSE(run(commands::bearer_at_head(services(), bearer_of(*laptop), commands::Deadline::max())));
    EXPECT_TRUE(run(commands::bearer_at_head(services(), bearer_of(*phone), commands::Deadline::max())));
}

TEST_F(DevicesTest, ReadAsErasedWithTheirUser) {
    const auto grant = log_in(from("192.0.2.7"));
    ASSERT_EQ(devices().front().city, "Berlin");
    commands::ErasureRequest request{bearer_of(*grant), Secret(kPassword)};
    ASSERT_TRUE(run(commands::request_own_erasure(services(), std::move(request), caller_of(*grant))));
    Node fresh{world, store};
    const auto known = *run(commands::devices_of_user(fresh.services, ann, commands::Deadline::max()));
    ASSERT_EQ(known.size(), 1u);
    EXPECT_FALSE(known.front().city);
    EXPECT_FALSE(known.front().agent);
}

// ---- risk ------------------------------------------------------------------------------------------------------
TEST_F(DevicesTest, RefuseARiskyLogInAsAWrongPasswordAndCountNothing) {
    world.accounts.refused_risk = 70;
    node.services.settings.attempts.known_for = days(90);
    const std::string device = device_from("192.0.2.7");
    clock.advance(days(2));
    const Position before = world.head();
    EXPECT_TRUE(refused(log_in(from("198.51.100.7", "Chrome/1 Windows")), refusals::kInvalidCredentials));
    EXPECT_EQ(world.types(before), Types{"login.failed"});
    EXPECT_NE(world.events(before).front().payload.find("too_risky"), std::string::npos);
    EXPECT_TRUE(succeeds(log_in(from("198.51.100.7"), device))) << "a known device from the same place";
}

TEST_F(DevicesTest, ScoreImpossibleTravelAsAdvice) {
    node.services.settings.attempts.known_for = days(90);
    device_from("192.0.2.7");
    clock.advance(hours(1));
    const commands::LogInDevice there =
        commands::device_of_log_in(services(), ann, SessionId{}, from("198.51.100.7", "Chrome/1 Windows"));
    const auto history = run(commands::login_history_at_head(services(), ann, commands::Deadline::max()));
    EXPECT_EQ(commands::risk_of_log_in(services(), *history, there), (Risk{90, 70}));
    clock.advance(days(2));
    const commands::LogInDevice later =
        commands::device_of_log_in(services(), ann, SessionId{}, from("198.51.100.7", "Chrome/1 Windows"));
    EXPECT_EQ(commands::risk_of_log_in(services(), *history, later), (Risk{70, 70})) << "one gets there in two days";
}

// On two nodes at once: both may see it first, and the list has it once.
TEST_F(DevicesTest, AreOneOnTwoNodes) {
    const std::string device = device_from("192.0.2.7");
    Caller asking = from("192.0.2.7");
    asking.device = device;
    EXPECT_TRUE(succeeds(run(commands::log_in(other.services, login(kAnnsEmail), asking))));
    EXPECT_EQ(devices().size(), 1u);
    const auto elsewhere = run(commands::log_in(other.services, login(kAnnsEmail), from("203.0.113.1", "curl/8")));
    ASSERT_TRUE(succeeds(elsewhere));
    EXPECT_EQ(devices().size(), 2u) << "what the other node saw is known here";
}

}  // namespace
}  // namespace keyledger::test
