#include "eventstore/limits.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/run.hpp"

using namespace keyledger;
using namespace keyledger::eventstore;

namespace {

constexpr std::int64_t kStartUs = 1'000'000'000;
constexpr std::int64_t kSecondUs = 1'000'000;

Bucket bucket(std::string key, std::int64_t burst = 3, std::int64_t per_minute = 60) {
    Bucket one;
    one.key = std::move(key);
    one.per_minute = per_minute;
    one.burst = burst;
    return one;
}

class OwnBucketsTest : public testing::Test {
protected:
    // Milliseconds to wait.
    std::int64_t wait(const std::vector<Bucket>& wanted) { return buckets.take(wanted, now_us).wait.ms(); }

    LocalBuckets buckets;
    std::int64_t now_us = kStartUs;
};

}  // namespace

TEST_F(OwnBucketsTest, GiveABurstAndThenARate) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(wait({bucket("net")}), 0) << i;
    EXPECT_EQ(wait({bucket("net")}), 1000);
    EXPECT_EQ(wait({bucket("another")}), 0);
    now_us += kSecondUs - 1000;
    EXPECT_EQ(wait({bucket("net")}), 1);
    now_us += 1000;
    EXPECT_EQ(wait({bucket("net")}), 0);
    EXPECT_EQ(wait({bucket("net")}), 1000);
}

TEST_F(OwnBucketsTest, FillNoHigherThanTheirBurst) {
    EXPECT_EQ(wait({bucket("net")}), 0);
    now_us += 3600 * kSecondUs;
    for (int i = 0; i < 3; ++i) EXPECT_EQ(wait({bucket("net")}), 0) << i;
    EXPECT_GT(wait({bucket("net")}), 0);
}

// Whoever came once and never again is not remembered; whoever still has to wait is, among however many others.
TEST_F(OwnBucketsTest, AreForgottenOnceTheyAreFull) {
    Bucket mails = bucket("mails to somebody", 1);
    mails.one_every = hours(4);
    EXPECT_EQ(wait({mails}), 0);
    for (int who = 0; who < 50'000; ++who, now_us += kSecondUs / 10)
        EXPECT_EQ(wait({bucket("session " + std::to_string(who))}), 0);
    EXPECT_LT(buckets.size(), 1'100U) << "a second's worth, and those for which it is not worth looking";
    EXPECT_GT(wait({mails}), 0);
}

TEST_F(OwnBucketsTest, OfWhatIsRareFlowBackByTheHour) {
    Bucket mails = bucket("mails to somebody", 2);
    mails.one_every = hours(4);
    EXPECT_EQ(wait({mails}), 0);
    EXPECT_EQ(wait({mails}), 0);
    EXPECT_EQ(wait({mails}), hours(4).ms());
    now_us += 4 * 3600 * kSecondUs;
    EXPECT_EQ(wait({mails}), 0);
    EXPECT_EQ(wait({mails}), hours(4).ms());
}

TEST_F(OwnBucketsTest, AreTakenAllOrNoneOfThem) {
    EXPECT_EQ(wait({bucket("small", 1), bucket("large", 2)}), 0);
    for (int i = 0; i < 9; ++i) EXPECT_GT(wait({bucket("large", 2), bucket("small", 1)}), 0);
    EXPECT_EQ(wait({bucket("large", 2)}), 0) << "a request that was refused took from it";
    EXPECT_GT(wait({bucket("large", 2)}), 0);
}

TEST_F(OwnBucketsTest, CanBeLookedAt) {
    Bucket look = bucket("net", 1);
    look.use = Bucket::Use::kLook;
    for (int i = 0; i < 9; ++i) EXPECT_EQ(wait({look}), 0);
    EXPECT_EQ(wait({bucket("net", 1)}), 0);
    EXPECT_GT(wait({look}), 0);
}

TEST_F(OwnBucketsTest, TellHowFullTheFirstIs) {
    RateDecision taken = buckets.take({bucket("net"), bucket("other", 1)}, now_us);
    EXPECT_EQ(taken.first_level_us, kSecondUs);
    EXPECT_EQ(left_in(bucket("net"), taken.first_level_us), 2);
    taken = buckets.take({bucket("net"), bucket("other", 1)}, now_us);
    EXPECT_GT(taken.wait, Duration());
    EXPECT_EQ(left_in(bucket("net"), taken.first_level_us), 2);
}

TEST_F(OwnBucketsTest, LetAClockThatStepsBackRefillNothingAndLockNobodyOut) {
    EXPECT_EQ(wait({bucket("net", 1)}), 0);
    now_us -= 600 * kSecondUs;
    EXPECT_EQ(wait({bucket("net", 1)}), 1000);
}

TEST_F(OwnBucketsTest, ForgetTheLongestUnusedBeyondTheirBound) {
    LocalBuckets two(2);
    for (const char* key : {"a", "b", "c"}) EXPECT_EQ(two.take({bucket(key, 1)}, now_us).wait, Duration());
    EXPECT_GT(two.take({bucket("c", 1)}, now_us).wait, Duration());
    EXPECT_GT(two.take({bucket("b", 1)}, now_us).wait, Duration());
    EXPECT_EQ(two.take({bucket("a", 1)}, now_us).wait, Duration()) << "forgotten";
}

TEST_F(OwnBucketsTest, LearnFromWhoeverKnowsMore) {
    buckets.learn(bucket("net"), 3 * kSecondUs, now_us);
    EXPECT_EQ(wait({bucket("net")}), 1000);
    buckets.learn(bucket("net"), kSecondUs, now_us);
    EXPECT_EQ(wait({bucket("net")}), 1000) << "nobody takes away what was counted";
    buckets.give_back({bucket("net")}, now_us);
    EXPECT_EQ(wait({bucket("net")}), 0);
}

TEST(ProcessLimits, CountsThoseWhoComeAtOnceOneByOne) {
    ProcessLimits limits([] { return kStartUs; });
    std::atomic<int> admitted = 0;
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < 50; ++i) admitted += limits.take_local({bucket("net", 100, 1)}).wait == Duration();
            });
    }
    EXPECT_EQ(admitted, 100);
}

TEST(ProcessLimits, KeepsItsOwnApartFromTheShared) {
    ProcessLimits limits([] { return kStartUs; });
    EXPECT_EQ(limits.take_local({bucket("net", 1)}).wait, Duration());
    EXPECT_EQ(test::run(limits.take({bucket("net", 1)}, Deadline::max()))->wait, Duration());
    EXPECT_GT(test::run(limits.take({bucket("net", 1)}, Deadline::max()))->wait, Duration());
    EXPECT_GT(limits.known({bucket("net", 1)}).wait, Duration());
    EXPECT_EQ(limits.known({bucket("net", 2)}).wait, Duration());
}
