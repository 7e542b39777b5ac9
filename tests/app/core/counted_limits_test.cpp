#include "app/core/counted_limits.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/run.hpp"

namespace keyledger::app {
namespace {

using eventstore::Bucket;

std::string_view name_of(std::string_view key) { return kLimitNames[limit_of(key)].name; }

Bucket bucket(std::string key) {
    Bucket one;
    one.key = std::move(key);
    one.burst = 1;
    return one;
}

TEST(CountedLimits, KnowALimitByTheBeginningOfItsKey) {
    EXPECT_EQ(name_of("passwords 203.0.113.0/24, 60/30"), "passwords");
    EXPECT_EQ(name_of("device codes of everybody, 1/1"), "device_codes");
    EXPECT_EQ(name_of("device codes typed by 4711"), "device_code_guesses");
    EXPECT_EQ(name_of("registrations by 4711"), "client_registrations");
    EXPECT_EQ(name_of("registrations of all"), "registrations");
    EXPECT_EQ(name_of("writes of session 4711"), "writes");
    EXPECT_EQ(name_of("first device codes typed by 4711"), "");
    EXPECT_EQ(name_of("what nobody has named"), "other");
    EXPECT_EQ(name_of(""), "other");
}

TEST(CountedLimits, CountWhomTheyTurnAway) {
    eventstore::ProcessLimits behind([] { return std::int64_t{0}; });
    CountedLimits limits(behind);
    const auto refused = [&](std::string_view key) { return limits.refusals(limit_of(key)); };
    EXPECT_EQ(limits.take_local({bucket("writes of 1")}).wait, Duration());
    EXPECT_EQ(refused("writes of"), 0u);
    EXPECT_GT(limits.take_local({bucket("writes of 1")}).wait, Duration());
    EXPECT_EQ(refused("writes of"), 1u);
    for (int i = 0; i < 3; ++i) {
        const auto taken = test::run(limits.take({bucket("passwords 1")}, eventstore::Deadline::max()));
        ASSERT_TRUE(taken);
    }
    EXPECT_EQ(refused("passwords"), 2u);
    EXPECT_GT(limits.known({bucket("passwords 1")}).wait, Duration());
    EXPECT_EQ(refused("passwords"), 3u);
    EXPECT_EQ(refused("requests"), 0u);
}

}  // namespace
}  // namespace keyledger::app
