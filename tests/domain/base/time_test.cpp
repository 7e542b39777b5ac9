#include "domain/base/time.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>

namespace keyledger {
namespace {

template <class A, class B>
concept Added = requires(A a, B b) { a + b; };
template <class A, class B>
concept Subtracted = requires(A a, B b) { a - b; };
template <class A, class B>
concept Multiplied = requires(A a, B b) { a* b; };
template <class A, class B>
concept Divided = requires(A a, B b) { a / b; };
template <class A, class B>
concept Compared = requires(A a, B b) { a < b; } || requires(A a, B b) { a == b; };
template <class T>
concept ReadAsSeconds = requires(T number) { seconds(number); };

// Neither becomes the other, and no number becomes either of them by itself, nor the other way round.
static_assert(!std::is_constructible_v<Instant, Duration> && !std::is_constructible_v<Duration, Instant>);
static_assert(!std::is_constructible_v<Instant, std::int64_t> && !std::is_constructible_v<Duration, std::int64_t>);
static_assert(!std::is_constructible_v<std::int64_t, Instant> && !std::is_constructible_v<std::int64_t, Duration>);
static_assert(!std::is_constructible_v<bool, Instant> && !std::is_constructible_v<bool, Duration>);
static_assert(!std::is_assignable_v<Instant&, std::int64_t> && !std::is_assignable_v<Duration&, std::int64_t>);

// What makes sense, and what it is.
static_assert(std::is_same_v<decltype(Instant() - Instant()), Duration>);
static_assert(std::is_same_v<decltype(Instant() + Duration()), Instant>);
static_assert(std::is_same_v<decltype(Instant() - Duration()), Instant>);
static_assert(std::is_same_v<decltype(Duration() + Duration()), Duration>);
static_assert(std::is_same_v<decltype(Duration() * 2), Duration> && std::is_same_v<decltype(2 * Duration()), Duration>);
static_assert(std::is_same_v<decltype(Duration() / 2), Duration>);
static_assert(std::is_same_v<decltype(Duration() / Duration()), std::int64_t>);

// What does not.
static_assert(!Added<Instant, Instant> && !Added<Instant, int> && !Added<Duration, int> && !Added<int, Duration>);
static_assert(!Subtracted<Duration, Instant> && !Subtracted<Instant, int> && !Subtracted<Duration, int>);
static_assert(!Multiplied<Instant, int> && !Multiplied<Duration, Duration> && !Multiplied<Duration, double>);
static_assert(!Divided<Instant, int> && !Divided<Instant, Duration> && !Divided<int, Duration>);
static_assert(!Compared<Instant, Duration> && !Compared<Instant, int> && !Compared<Duration, int>);
static_assert(ReadAsSeconds<int> && ReadAsSeconds<std::size_t> && !ReadAsSeconds<double> && !ReadAsSeconds<bool>);

static_assert(std::is_trivially_copyable_v<Instant> && sizeof(Instant) == sizeof(std::int64_t));

constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr Instant kFirst = Instant::at_ms(kLeast);
constexpr Instant kLast = Instant::at_ms(kMost);
constexpr Duration kLongest = milliseconds(kMost);
constexpr Duration kLongestBack = milliseconds(kLeast);

TEST(Duration, IsMadeOfItsUnits) {
    EXPECT_EQ(milliseconds(5).ms(), 5);
    EXPECT_EQ(seconds(2).ms(), 2'000);
    EXPECT_EQ(minutes(2), seconds(120));
    EXPECT_EQ(hours(2), minutes(120));
    EXPECT_EQ(days(2), hours(48));
    EXPECT_EQ(Duration(), milliseconds(0));
}

TEST(Duration, IsAddedAndMultipliedAndCompared) {
    EXPECT_EQ(seconds(2) + milliseconds(5) - milliseconds(6), milliseconds(1'999));
    EXPECT_EQ(3 * seconds(2), seconds(2) * 3);
    EXPECT_EQ(-seconds(2), seconds(-2));
    EXPECT_EQ(seconds(3) / 2, milliseconds(1'500));
    EXPECT_EQ(hours(25) / days(1), 1);
    EXPECT_LT(milliseconds(999), seconds(1));
}

TEST(Duration, ReadsWholeSecondsDownAndUp) {
    EXPECT_EQ(milliseconds(1'999).whole_seconds(), 1);
    EXPECT_EQ(milliseconds(1'001).whole_seconds_up(), 2);
    EXPECT_EQ(milliseconds(1'000).whole_seconds_up(), 1);
    EXPECT_EQ(Duration().whole_seconds_up(), 0);
    EXPECT_EQ(milliseconds(-1).whole_seconds(), -1);
    EXPECT_EQ(milliseconds(-1).whole_seconds_up(), 0);
    EXPECT_EQ(kLongest.whole_seconds_up(), kMost / 1000 + 1);
}

TEST(Duration, IsDividedByWhatIsPositiveOnly) {
    EXPECT_EQ(milliseconds(-1) / hours(1), -1) << "the hour before the first";
    EXPECT_THROW((void)(seconds(1) / 0), std::domain_error);
    EXPECT_THROW((void)(kLongestBack / -1), std::domain_error);
    EXPECT_THROW((void)(seconds(1) / Duration()), std::domain_error);
}

TEST(Duration, StaysWithin64Bits) {
    EXPECT_EQ(kLongest + milliseconds(1), kLongest);
    EXPECT_EQ(kLongestBack - milliseconds(1), kLongestBack);
    EXPECT_EQ(-kLongestBack, kLongest);
    EXPECT_EQ(kLongest * 2, kLongest);
    EXPECT_EQ(kLongest * -2, kLongestBack);
    EXPECT_EQ(kLongestBack * -1, kLongest);
    EXPECT_EQ(seconds(kMost), kLongest);
    EXPECT_EQ(days(kLeast), kLongestBack);
    EXPECT_EQ(milliseconds(std::numeric_limits<std::uint64_t>::max()), kLongest);
    EXPECT_EQ(-1 * kLongest * std::numeric_limits<std::uint64_t>::max(), kLongestBack);
}

TEST(Instant, IsMadeOfUnixTime) {
    EXPECT_EQ(Instant::at_ms(1'500).ms(), 1'500);
    EXPECT_EQ(Instant::at_second(2), Instant::at_ms(2'000));
    EXPECT_EQ(Instant::at_ms(1'999).whole_seconds(), 1);
    EXPECT_EQ(Instant::at_ms(-1).whole_seconds(), -1) << "the second that it is in";
    EXPECT_EQ(Instant::at_ms(5).since_epoch(), milliseconds(5));
    EXPECT_FALSE(Instant().is_set());
    EXPECT_TRUE(Instant::at_ms(-1).is_set());
}

TEST(Instant, MovesByDurations) {
    const Instant at = Instant::at_ms(1'000);
    EXPECT_EQ(at + seconds(1), Instant::at_ms(2'000));
    EXPECT_EQ(at - seconds(2), Instant::at_ms(-1'000));
    EXPECT_EQ(at - Instant::at_ms(2'500), milliseconds(-1'500));
    EXPECT_LT(at, at + milliseconds(1));
    EXPECT_EQ(std::min(at, Instant()), Instant());
}

// A stored session may end in any year: a sum that wrapped around would end it at once, or never.
TEST(Instant, StaysWithin64Bits) {
    EXPECT_EQ(kLast + milliseconds(1), kLast);
    EXPECT_EQ(kFirst - milliseconds(1), kFirst);
    EXPECT_EQ(kFirst + kLongestBack, kFirst);
    EXPECT_EQ(Instant() - kLongestBack, kLast);
    EXPECT_EQ(kLast - kFirst, kLongest);
    EXPECT_EQ(kFirst - kLast, kLongestBack);
    EXPECT_EQ(Instant() - kFirst, kLongest);
    EXPECT_EQ(Instant::at_second(kMost), kLast);
    EXPECT_EQ(Instant::at_second(kLeast), kFirst);
    EXPECT_EQ(kFirst.whole_seconds(), kLeast / 1000 - 1);
}

}  // namespace
}  // namespace keyledger
