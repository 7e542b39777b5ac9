// How long a publisher lets events gather.
#include "eventstore/kafka/publishing/gathering.hpp"

#include <gtest/gtest.h>

using keyledger::eventstore::kafka::Gathering;
using namespace std::chrono_literals;

TEST(Gathering, PausesAsLongAsEventsMayWaitForTwoTransactions) {
    Gathering gathering(90ms, 25ms);
    EXPECT_EQ(gathering.pause_after(10ms), 70ms);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(gathering.pause_after(10ms), 70ms);
}

TEST(Gathering, FollowsWhatTransactionsTakeAndIsNotLedByOne) {
    Gathering gathering(90ms, 25ms);
    (void)gathering.pause_after(10ms);
    EXPECT_EQ(gathering.pause_after(18ms), 68ms);
    EXPECT_GT(gathering.pause_after(10s), 55ms);
    Gathering::Duration pause{};
    for (int i = 0; i < 100; ++i) pause = gathering.pause_after(30ms);
    EXPECT_GE(pause, 30ms);
    EXPECT_LT(pause, 31ms);
    for (int i = 0; i < 100; ++i) pause = gathering.pause_after(5ms);
    EXPECT_GT(pause, 79ms);
    EXPECT_LE(pause, 80ms);
}

TEST(Gathering, PausesALittleHoweverLongTransactionsTake) {
    Gathering gathering(90ms, 25ms);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(gathering.pause_after(20s), 25ms);
}

TEST(Gathering, DoesNotPauseWhereNothingMayWait) {
    Gathering gathering(0ms, 25ms);
    for (const auto took : {0ms, 10ms, 20'000ms}) EXPECT_EQ(gathering.pause_after(took), 0ms);
}

TEST(Gathering, NeverPausesLongerThanEventsMayWait) {
    Gathering gathering(10ms, 25ms);
    for (const auto took : {0ms, 1ms, 10ms, 20'000ms}) EXPECT_LE(gathering.pause_after(took), 10ms);
}
