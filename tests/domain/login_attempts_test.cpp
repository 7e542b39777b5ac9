#include "domain/login_attempts/login_attempts.hpp"

#include "tests/support/history.hpp"

namespace keyledger {
namespace {

using test::kAnn;
using test::kMinuteMs;
using test::kNowMs;

LoginAttempts after_failures(int count, LoginFailure reason = LoginFailure::kWrongPassword) {
    LoginAttempts attempts;
    for (int i = 0; i < count; ++i)
        attempts = test::further(attempts, LoginFailed{kAnn, reason}, {i + 1, kNowMs});
    return attempts;
}

TEST(SumFailedLogins, ConcernsNobodysAttempts) {
    const SumFailedLogins command{LoginFailure::kUnknownUser, 25, 1'000, 2'000};
    const LoginFailuresSummed summed{LoginFailure::kUnknownUser, 25, 1'000, 2'000};
    EXPECT_TRUE(test::decides(decide(LoginAttempts{}, command), {summed}));
    EXPECT_EQ(test::given<LoginAttempts>(summed).failures_in_a_row, 0);
}

TEST(RecordFailedLogin, IsWrittenEveryTime) {
    const RecordFailedLogin command{kAnn, LoginFailure::kWrongPassword};
    EXPECT_TRUE(test::decides(decide(after_failures(0), command), {LoginFailed{kAnn, LoginFailure::kWrongPassword}}));
    EXPECT_TRUE(test::decides(decide(after_failures(7), command), {LoginFailed{kAnn, LoginFailure::kWrongPassword}}));
}

TEST(RecordFailedLogin, NamesNobodyWhereNobodyWasNamed) {
    const RecordFailedLogin command{std::nullopt, LoginFailure::kUnknownUser};
    EXPECT_TRUE(
        test::decides(decide(LoginAttempts{}, command), {LoginFailed{std::nullopt, LoginFailure::kUnknownUser}}));
}

TEST(ClearFailedLogins, ClearsWhatThereIs) {
    EXPECT_TRUE(test::decides(decide(after_failures(1), ClearFailedLogins{kAnn}), {LoginFailuresCleared{kAnn}}));
}

TEST(ClearFailedLogins, StaysQuietWithoutFailures) {
    EXPECT_TRUE(test::stays_quiet(decide(LoginAttempts{}, ClearFailedLogins{kAnn})));
    const auto cleared = test::given<LoginAttempts>(LoginFailed{kAnn, {}}, LoginFailuresCleared{kAnn});
    EXPECT_TRUE(test::stays_quiet(decide(cleared, ClearFailedLogins{kAnn})));
}

TEST(MayTry, CountsFailuresInARowUpToTheLimit) {
    const LoginAttemptLimits limits{3, 15 * kMinuteMs};
    EXPECT_TRUE(may_try(after_failures(0), limits, kNowMs));
    EXPECT_TRUE(may_try(after_failures(2), limits, kNowMs));
    EXPECT_FALSE(may_try(after_failures(3), limits, kNowMs));
    EXPECT_FALSE(may_try(after_failures(4), limits, kNowMs));
}

TEST(MayTry, AllowsOneAttemptAfterEachPause) {
    const LoginAttemptLimits limits{3, 15 * kMinuteMs};
    auto attempts = after_failures(3);
    EXPECT_FALSE(may_try(attempts, limits, kNowMs + 15 * kMinuteMs - 1));
    EXPECT_TRUE(may_try(attempts, limits, kNowMs + 15 * kMinuteMs));
    attempts = test::further(attempts, LoginFailed{kAnn, {}}, {9, kNowMs + 15 * kMinuteMs});
    EXPECT_FALSE(may_try(attempts, limits, kNowMs + 15 * kMinuteMs + 1));
}

TEST(MayTry, BeginsAnewAfterAGoodLogIn) {
    const LoginAttemptLimits limits{1, 15 * kMinuteMs};
    const auto cleared = test::further(after_failures(5), LoginFailuresCleared{kAnn}, {6, kNowMs});
    EXPECT_TRUE(may_try(cleared, limits, kNowMs));
    EXPECT_EQ(cleared.failures_in_a_row, 0);
}

// Or else whoever keeps knocking keeps the owner out for ever.
TEST(MayTry, IsNotPutOffByAttemptsThatWereNotLookedAt) {
    const LoginAttemptLimits limits{3, 15 * kMinuteMs};
    const LoginFailed knock{kAnn, LoginFailure::kTooManyFailures};
    const auto attempts = test::further(after_failures(3), knock, {4, kNowMs + 14 * kMinuteMs});
    EXPECT_EQ(attempts.failures_in_a_row, 3);
    EXPECT_TRUE(may_try(attempts, limits, kNowMs + 15 * kMinuteMs));
}

}  // namespace
}  // namespace keyledger
