#include "domain/base/histogram.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace keyledger {
namespace {

using Counts = std::vector<std::uint64_t>;
constexpr std::array<std::int64_t, 3> kBounds{1, 10, 100};

TEST(Histogram, CountsAValueUnderTheFirstBoundThatItDoesNotExceed) {
    Histogram histogram(kBounds);
    for (const std::int64_t value : {0, 1, 2, 10, 11, 100, 101, 1'000'000}) histogram.observe(value);
    const HistogramReading reading = histogram.read();
    EXPECT_EQ(reading.counts, (Counts{2, 2, 2, 2}));
    EXPECT_EQ(reading.bounds, (std::vector<std::int64_t>{1, 10, 100}));
    EXPECT_EQ(reading.sum, 1'000'225);
    EXPECT_EQ(reading.count(), 8u);
}

TEST(Histogram, LosesNothingThatManyThreadsObserve) {
    constexpr std::uint64_t kTimes = 20'000;
    Histogram histogram(kBounds);
    {
        std::vector<std::jthread> threads;
        for (const std::int64_t value : {1, 10, 100, 1'000})
            threads.emplace_back([&histogram, value] {
                for (std::uint64_t i = 0; i < kTimes; ++i) histogram.observe(value);
            });
    }
    EXPECT_EQ(histogram.read().counts, (Counts{kTimes, kTimes, kTimes, kTimes}));
    EXPECT_EQ(histogram.read().sum, static_cast<std::int64_t>(1'111 * kTimes));
}

TEST(Histogram, RefusesBoundsThatDoNotAscendAndTooMany) {
    constexpr std::array<std::int64_t, 2> kTwice{5, 5};
    std::vector<std::int64_t> many;
    for (std::int64_t bound = 0; bound <= static_cast<std::int64_t>(Histogram::kMostBounds); ++bound)
        many.push_back(bound);
    EXPECT_THROW(Histogram{kTwice}, std::invalid_argument);
    EXPECT_THROW(Histogram{many}, std::invalid_argument);
}

}  // namespace
}  // namespace keyledger
