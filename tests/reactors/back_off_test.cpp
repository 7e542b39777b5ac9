#include "reactors/engine/back_off.hpp"

#include <gtest/gtest.h>

using namespace keyledger::reactors;

TEST(BackOff, GrowsFromTenSecondsToAnHour) {
    EXPECT_EQ(back_off(0s, 0), 10s);
    EXPECT_EQ(back_off(10s, 0), 10s);
    EXPECT_EQ(back_off(20s, 0), 20s);
    EXPECT_EQ(back_off(40min, 0), 40min);
    EXPECT_EQ(back_off(3h, 0), 1h);
}

TEST(BackOff, IsUpToAQuarterLessByChanceAndNeverBelowTenSeconds) {
    EXPECT_EQ(back_off(0s, 0.999), 10s);
    EXPECT_EQ(back_off(40s, 0.5), 35s);
    EXPECT_GE(back_off(1h, 0.999999), 45min);
}

// Over a day the attempts of one job are some thirty, however often it is refused.
TEST(BackOff, LeavesADayAboutThirtyAttempts) {
    std::chrono::milliseconds tried_for{0};
    int attempts = 0;
    for (; tried_for < kGiveUpAfter; ++attempts) tried_for += back_off(tried_for, 0.5);
    EXPECT_GT(attempts, 25);
    EXPECT_LT(attempts, 45);
}
