#include "domain/credentials/login_attempts.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::kAnn;
using test::kDayMs;
using test::kMinuteMs;
using test::kNowMs;

LoginAttempts after_failures(int count, LoginFailure reason = LoginFailure::kWrongPassword) {
    LoginAttempts attempts;
    for (int i = 0; i < count; ++i) attempts = test::further(attempts, LoginFailed{kAnn, reason}, {i + 1, kNowMs});
    return attempts;
}

constexpr const char* kHere = "here";
constexpr const char* kThere = "there";

LoginAttemptLimits limits() { return {10, 2, 15 * kMinuteMs, 90 * kDayMs}; }

LoginAttempts after_failures_from(const std::string& network, int count) {
    LoginAttempts attempts;
    for (int i = 0; i < count; ++i)
        attempts = test::further(attempts, LoginFailed{kAnn, LoginFailure::kWrongPassword, network}, {i + 1, kNowMs});
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

TEST(ClearFailedLogins, LetsThePausesOfOtherNetworksGoOn) {
    LoginAttempts attempts = after_failures_from(kHere, 2);
    for (int i = 0; i < 2; ++i) attempts = test::further(attempts, LoginFailed{kAnn, {}, kThere}, {9, kNowMs});
    attempts = test::further(attempts, LoginFailuresCleared{kAnn, kHere}, {10, kNowMs});
    EXPECT_EQ(attempts.failures_in_a_row, 0);
    EXPECT_TRUE(may_try(attempts, kHere, limits(), kNowMs));
    EXPECT_FALSE(may_try(attempts, kThere, limits(), kNowMs));
}

// ---- one network -----------------------------------------------------------------------------------------------
// The failure was recorded by a node whose clock is ahead: that is no pause, or what is right would count as wrong.
TEST(RecordFailedLogin, MakesNobodyWaitForAClockThatIsBehind) {
    const LoginAttempts attempts = after_failures_from(kHere, 1);
    for (const std::int64_t behind_ms : {std::int64_t{5}, std::int64_t{kDayMs}}) {
        EXPECT_TRUE(may_try(attempts, kHere, limits(), kNowMs - behind_ms));
        EXPECT_FALSE(may_try(after_failures_from(kHere, 2), kHere, limits(), kNowMs - behind_ms));
    }
}

TEST(MayTry, PausesLongerAndLongerForTheNetworkThatFails) {
    LoginAttempts attempts = after_failures_from(kHere, 1);
    EXPECT_TRUE(may_try(attempts, kHere, limits(), kNowMs));
    for (const std::int64_t pause_ms : {1000, 2000, 4000, 8000, 16000}) {
        attempts = test::further(attempts, LoginFailed{kAnn, {}, kHere}, {9, kNowMs});
        EXPECT_FALSE(may_try(attempts, kHere, limits(), kNowMs + pause_ms - 1)) << pause_ms;
        EXPECT_TRUE(may_try(attempts, kHere, limits(), kNowMs + pause_ms)) << pause_ms;
        EXPECT_TRUE(may_try(attempts, kThere, limits(), kNowMs)) << "anybody would lock everybody out";
    }
}

TEST(MayTry, PausesNoLongerThanTheLongestPause) {
    LoginAttemptLimits longer = limits();
    longer.failures_in_a_row = 1000;
    const auto attempts = after_failures_from(kHere, 90);
    EXPECT_FALSE(may_try(attempts, kHere, longer, kNowMs + longer.longest_pause_ms - 1));
    EXPECT_TRUE(may_try(attempts, kHere, longer, kNowMs + longer.longest_pause_ms));
}

// ---- all networks together (NIST SP 800-63B-4 section 3.2.2) ---------------------------------------------------
TEST(MayTry, EndsForStrangersWhenAllNetworksFailedTooOften) {
    LoginAttempts attempts;
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(may_try(attempts, "a new one", limits(), kNowMs)) << i;
        attempts = test::further(attempts, LoginFailed{kAnn, {}, "network " + std::to_string(i)}, {i + 1, kNowMs});
    }
    EXPECT_FALSE(may_try(attempts, "a new one", limits(), kNowMs));
    EXPECT_FALSE(may_try(attempts, "a new one", limits(), kNowMs + 365 * kDayMs)) << "waiting gives no further guess";
    const auto unlocked = test::further(attempts, LoginUnlocked{kAnn}, {11, kNowMs});
    EXPECT_TRUE(may_try(unlocked, "a new one", limits(), kNowMs));
    EXPECT_TRUE(may_try(unlocked, "network 3", limits(), kNowMs));
}

TEST(MayTry, GoesOnForANetworkThatTheUserLoggedInFrom) {
    LoginAttempts attempts = test::given<LoginAttempts>(LoginNetworkSeen{kAnn, kHere});
    for (int i = 0; i < 200; ++i)
        attempts = test::further(attempts, LoginFailed{kAnn, {}, "network " + std::to_string(i)}, {i + 2, kNowMs});
    EXPECT_FALSE(may_try(attempts, kThere, limits(), kNowMs));
    EXPECT_TRUE(may_try(attempts, kHere, limits(), kNowMs)) << "a flood from elsewhere pushed it out";
    const std::int64_t seen_ms = attempts.find(kHere)->logged_in_at_ms;
    EXPECT_TRUE(may_try(attempts, kHere, limits(), seen_ms + 90 * kDayMs - 1));
    EXPECT_FALSE(may_try(attempts, kHere, limits(), seen_ms + 90 * kDayMs)) << "known for 90 days";
}

// Whoever sits in the owner's own network has the guesses of one network, and not more.
TEST(MayTry, EndsForAKnownNetworkThatFailsTooOftenItself) {
    LoginAttempts attempts = test::given<LoginAttempts>(LoginNetworkSeen{kAnn, kHere});
    for (int i = 0; i < 10; ++i) attempts = test::further(attempts, LoginFailed{kAnn, {}, kHere}, {i + 2, kNowMs});
    EXPECT_FALSE(may_try(attempts, kHere, limits(), kNowMs + 80 * kDayMs));
}

TEST(MayTry, IsNotPutOffByAttemptsThatWereNotLookedAt) {
    const LoginFailed knock{kAnn, LoginFailure::kTooManyFailures, kHere};
    const auto attempts = test::further(after_failures_from(kHere, 2), knock, {4, kNowMs + 999});
    EXPECT_EQ(attempts.failures_in_a_row, 2);
    EXPECT_TRUE(may_try(attempts, kHere, limits(), kNowMs + 1000));
}

TEST(MayTry, KnowsWhatWasRecordedBeforeNetworksWere) {
    EXPECT_TRUE(may_try(after_failures(9), kHere, limits(), kNowMs));
    EXPECT_FALSE(may_try(after_failures(10), kHere, limits(), kNowMs));
}

// ---- what is written -------------------------------------------------------------------------------------------
TEST(RecordFailedLogin, IsNotWrittenWhereTheAccountMayNotBeTried) {
    const RecordFailedLogin command{kAnn, LoginFailure::kWrongPassword, kHere, limits(), kNowMs};
    EXPECT_TRUE(test::stays_quiet(decide(after_failures_from(kHere, 2), command)));
    EXPECT_TRUE(test::stays_quiet(decide(after_failures(10), command)));
    EXPECT_EQ(decide(after_failures_from(kThere, 2), command).size(), 1u);
}

TEST(RememberNetwork, IsWrittenOnceAndAgainAfterAWeek) {
    const LoginAttempts nothing;
    RememberNetwork command{kAnn, kHere, limits(), kNowMs};
    EXPECT_TRUE(test::decides(decide(nothing, command), {LoginNetworkSeen{kAnn, kHere}}));
    const auto seen = test::further(nothing, LoginNetworkSeen{kAnn, kHere}, {1, kNowMs});
    EXPECT_TRUE(test::stays_quiet(decide(seen, command)));
    command.now_ms = kNowMs + 7 * kDayMs - 1;
    EXPECT_TRUE(test::stays_quiet(decide(seen, command)));
    command.now_ms = kNowMs + 7 * kDayMs;
    EXPECT_EQ(decide(seen, command).size(), 1u);
    command.network = kThere;
    EXPECT_EQ(decide(seen, command).size(), 1u);
    command.limits.known_for_ms = 0;
    EXPECT_TRUE(test::stays_quiet(decide(seen, command)));
}

TEST(UnlockLogin, StaysQuietWhereNothingFailed) {
    EXPECT_TRUE(test::stays_quiet(decide(LoginAttempts{}, UnlockLogin{kAnn})));
    const auto seen = test::given<LoginAttempts>(LoginNetworkSeen{kAnn, kHere});
    EXPECT_TRUE(test::stays_quiet(decide(seen, UnlockLogin{kAnn})));
    EXPECT_TRUE(test::decides(decide(after_failures(1), UnlockLogin{kAnn}), {LoginUnlocked{kAnn}}));
}

TEST(LoginAttempts, RemembersAsManyNetworksAsItHasPlacesFor) {
    LoginAttempts attempts;
    for (int i = 0; i < 100; ++i) {
        const std::string network = "network " + std::to_string(i);
        const LoginFailed failed{kAnn, {}, network};
        attempts = test::further(attempts, failed, {2 * i + 1, kNowMs + i});
        if (i % 2 == 0) attempts = test::further(attempts, LoginNetworkSeen{kAnn, network}, {2 * i + 2, kNowMs + i});
    }
    EXPECT_EQ(attempts.networks.size(), LoginAttempts::kMaxUnknownNetworks + LoginAttempts::kMaxKnownNetworks);
    EXPECT_NE(attempts.find("network 99"), nullptr);
    EXPECT_NE(attempts.find("network 98"), nullptr);
    EXPECT_EQ(attempts.find("network 0"), nullptr);
}

}  // namespace
}  // namespace keyledger
