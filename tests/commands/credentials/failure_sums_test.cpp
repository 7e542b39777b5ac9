#include "commands/credentials/failure_sums.hpp"

#include "commands/sessions/log_in.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::kMinute;
using test::run;

Caller from(std::string address) {
    Caller made = caller();
    made.client_address = std::move(address);
    return made;
}

Caller housekeeper() {
    Caller made;
    made.actor_type = eventstore::ActorType::kSystem;
    made.request_id = "housekeeping";
    made.deadline = Deadline::max();
    return made;
}

class FailureSumsTest : public test::CommandTest {
protected:
    void fail(const std::string& address, int times) {
        for (int i = 0; i < times; ++i) {
            auto request = test::login("nobody" + std::to_string(i) + "@example.com");
            auto answer = run(log_in(services(), std::move(request), from(address)));
            EXPECT_TRUE(test::refused(answer, refusals::kInvalidCredentials));
        }
    }
    Result<int, CommandError> record() {
        return run(record_failure_sums(services(), test::kNow, test::kNow + kMinute, housekeeper()));
    }
};

// Random names from everywhere cost the log one event a network, however many there are.
TEST_F(FailureSumsTest, AreOneEventForEachNetwork) {
    fail("192.0.2.1", 25);
    fail("198.51.100.7", 3);
    EXPECT_EQ(world.head(), 0) << "a caller who counts events learns nothing";
    const auto recorded = record();
    ASSERT_TRUE(test::succeeds(recorded));
    EXPECT_EQ(*recorded, 2);
    const auto events = world.events();
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events.front().type, "login.failures_summed");
    eventstore::NullFieldOpener opener;
    const auto decoded = eventstore::decode_any(events.front(), opener);
    const auto& sum = std::get<LoginFailuresSummed>(*eventstore::event_in<LoginAttempts>(*decoded));
    EXPECT_EQ(sum.count, 25);
    EXPECT_EQ(sum.from, test::kNow);
    EXPECT_EQ(sum.before, test::kNow + kMinute);
    EXPECT_EQ(events.front().metadata.find("192.0.2.1"), std::string::npos) << "the network is sealed";
    EXPECT_NE(events.front().metadata.find("sealed_for"), std::string::npos);
    EXPECT_EQ(record().value(), 0) << "and once";
}

TEST_F(FailureSumsTest, OfMoreNetworksThanAMinuteMayRecordAreTheRest) {
    FailureSums& sums = services().failure_sums;
    for (std::size_t i = 0; i < kMaxNetworksRecorded + 8; ++i)
        for (std::size_t times = 0; times <= i; ++times) sums.count("net " + std::to_string(i));
    const auto taken = sums.take();
    ASSERT_EQ(taken.size(), kMaxNetworksRecorded + 1);
    EXPECT_EQ(taken.front().count, static_cast<std::int64_t>(kMaxNetworksRecorded + 8)) << "the busiest first";
    EXPECT_EQ(taken.back().network, "");
    EXPECT_EQ(taken.back().count, 1 + 2 + 3 + 4 + 5 + 6 + 7 + 8);
}

TEST_F(FailureSumsTest, KeepABoundedNumberOfNetworksApart) {
    FailureSums& sums = services().failure_sums;
    for (std::size_t i = 0; i < 2 * kMaxSummedNetworks; ++i) sums.count("net " + std::to_string(i));
    std::int64_t all = 0;
    for (const auto& sum : sums.take()) all += sum.count;
    EXPECT_EQ(all, static_cast<std::int64_t>(2 * kMaxSummedNetworks)) << "none is lost";
}

// Forms that machines filled in are told apart from failed log-ins, and share the number of what a minute may record.
TEST_F(FailureSumsTest, AreOfHoneypotsToo) {
    for (int i = 0; i < 7; ++i) count_filled_honeypot(services(), from("192.0.2.1"));
    fail("192.0.2.1", 2);
    EXPECT_EQ(record().value(), 2);
    EXPECT_EQ(world.types(), (std::vector<std::string>{"login.honeypots_summed", "login.failures_summed"}));
    eventstore::NullFieldOpener opener;
    const auto events = world.events();
    const auto decoded = eventstore::decode_any(events.front(), opener);
    EXPECT_EQ(std::get<HoneypotsSummed>(*eventstore::event_in<LoginAttempts>(*decoded)).count, 7);
    EXPECT_EQ(events.front().metadata.find("192.0.2.1"), std::string::npos) << "the network is sealed";

    for (std::size_t i = 0; i < 2 * kMaxNetworksRecorded; ++i)
        for (const auto of : {SummedFailure::kUnknownUser, SummedFailure::kHoneypot})
            services().failure_sums.count("net " + std::to_string(i), of);
    EXPECT_EQ(record().value(), static_cast<int>(kMaxNetworksRecorded) + 2) << "and the rest of each";
    EXPECT_EQ(record().value(), 0);
}

TEST_F(FailureSumsTest, AreKeptWhileTheStoreIsAway) {
    fail("192.0.2.1", 2);
    stepped.away = true;
    EXPECT_FALSE(record());
    stepped.away = false;
    EXPECT_EQ(record().value(), 1);
    EXPECT_EQ(world.types(), std::vector<std::string>{"login.failures_summed"});
}

}  // namespace
}  // namespace keyledger::commands
