#include "commands/login_limits.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "tests/support/given.hpp"

namespace keyledger::commands {
namespace {

using test::kMinuteMs;
using test::kNowMs;
using test::kSecondMs;

// The first three parts of an address stand for its network.
std::string network_of(std::string_view address) { return std::string(address.substr(0, address.rfind('.'))); }

LoginLimits roomy() { return {60'000, 60'000, 1'000, 900, 1'000}; }

TEST(LoginLimiter, GivesEachNetworkItsBurstAndThenItsRate) {
    LoginLimits limits = roomy();
    limits.network_rate_per_minute = 60;
    limits.network_burst = 3;
    LoginLimiter limiter(limits, network_of);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(limiter.admit("192.0.2." + std::to_string(i), "name" + std::to_string(i), kNowMs), 0);
    EXPECT_EQ(limiter.admit("192.0.2.9", "another", kNowMs), 1);
    EXPECT_EQ(limiter.admit("198.51.100.1", "another", kNowMs), 0) << "another network";
    EXPECT_EQ(limiter.admit("192.0.2.9", "another", kNowMs + kSecondMs - 1), 1);
    EXPECT_EQ(limiter.admit("192.0.2.9", "another", kNowMs + kSecondMs), 0);
    EXPECT_EQ(limiter.admit("192.0.2.9", "another", kNowMs + kSecondMs), 1);
}

TEST(LoginLimiter, FillsABucketNoHigherThanItsBurst) {
    LoginLimits limits = roomy();
    limits.network_burst = 2;
    limits.network_rate_per_minute = 60;
    LoginLimiter limiter(limits, network_of);
    const std::int64_t later_ms = kNowMs + 60 * kMinuteMs;
    EXPECT_EQ(limiter.admit("192.0.2.1", "a", kNowMs), 0);
    EXPECT_EQ(limiter.admit("192.0.2.1", "b", later_ms), 0);
    EXPECT_EQ(limiter.admit("192.0.2.1", "c", later_ms), 0);
    EXPECT_GT(limiter.admit("192.0.2.1", "d", later_ms), 0);
}

TEST(LoginLimiter, LetsAClockThatStepsBackRefillNothing) {
    LoginLimits limits = roomy();
    limits.network_burst = 1;
    LoginLimiter limiter(limits, network_of);
    EXPECT_EQ(limiter.admit("192.0.2.1", "a", kNowMs), 0);
    EXPECT_GT(limiter.admit("192.0.2.1", "b", kNowMs - kMinuteMs), 0);
}

TEST(LoginLimiter, DoublesThePauseOfANameAfterItsBurst) {
    LoginLimits limits = roomy();
    limits.name_burst = 2;
    limits.longest_pause_s = 4;
    LoginLimiter limiter(limits, network_of);
    std::int64_t now_ms = kNowMs;
    EXPECT_EQ(limiter.admit("192.0.2.1", "ann", now_ms), 0);
    EXPECT_EQ(limiter.admit("198.51.100.1", "ann", now_ms), 0);
    for (std::int64_t pause_s : {1, 2}) {
        EXPECT_EQ(limiter.admit("203.0.113.1", "ann", now_ms), pause_s) << "from whatever network";
        EXPECT_EQ(limiter.admit("203.0.113.1", "bob", now_ms), 0) << "another name";
        now_ms += pause_s * kSecondMs;
        EXPECT_EQ(limiter.admit("203.0.113.1", "ann", now_ms), 0);
    }
    EXPECT_EQ(limiter.admit("203.0.113.1", "ann", now_ms), 4);
    EXPECT_EQ(limiter.admit("203.0.113.1", "ann", now_ms + 3 * kSecondMs), 1);
}

TEST(LoginLimiter, ForgetsTheStreakOfANameThatSucceeded) {
    LoginLimits limits = roomy();
    limits.name_burst = 1;
    LoginLimiter limiter(limits, network_of);
    EXPECT_EQ(limiter.admit("192.0.2.1", "ann", kNowMs), 0);
    EXPECT_GT(limiter.admit("192.0.2.1", "ann", kNowMs), 0);
    limiter.succeeded("ann");
    limiter.succeeded("somebody who never tried");
    EXPECT_EQ(limiter.admit("192.0.2.1", "ann", kNowMs), 0);
}

TEST(LoginLimiter, ForgetsTheLongestUnusedBeyondItsBound) {
    LoginLimits limits = roomy();
    limits.name_burst = 1;
    limits.remembered = 2;
    LoginLimiter limiter(limits, network_of);
    for (const char* name : {"a", "b", "c"}) EXPECT_EQ(limiter.admit("192.0.2.1", name, kNowMs), 0);
    EXPECT_GT(limiter.admit("192.0.2.1", "c", kNowMs), 0);
    EXPECT_GT(limiter.admit("192.0.2.1", "b", kNowMs), 0);
    EXPECT_EQ(limiter.admit("192.0.2.1", "a", kNowMs), 0) << "forgotten";
}

TEST(LoginLimiter, CountsAttemptsThatArriveAtOnceOneByOne) {
    LoginLimits limits = roomy();
    limits.network_burst = 100;
    limits.network_rate_per_minute = 1;
    LoginLimiter limiter(limits, network_of);
    std::atomic<int> admitted = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&, t] {
                for (int i = 0; i < 50; ++i)
                    admitted += limiter.admit("192.0.2.1", std::to_string(t * 50 + i), kNowMs) == 0;
            });
    }
    EXPECT_EQ(admitted, 100);
}

}  // namespace
}  // namespace keyledger::commands
