#include "domain/credentials/login_attempts.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::kAnn;
using test::kDay;
using test::kMinute;
using test::kNow;

LoginAttempts after_failures(int count, LoginFailure reason = LoginFailure::kWrongPassword) {
    LoginAttempts attempts;
    for (int i = 0; i < count; ++i) attempts = test::further(attempts, LoginFailed{kAnn, reason}, {i + 1, kNow});
    return attempts;
}

constexpr const char* kHere = "here";
constexpr const char* kThere = "there";

LoginAttemptLimits limits() { return {10, 2, 15 * kMinute, 90 * kDay}; }

LoginAttempts after_failures_from(const std::string& network, int count) {
    LoginAttempts attempts;
    for (int i = 0; i < count; ++i)
        attempts = test::further(attempts, LoginFailed{kAnn, LoginFailure::kWrongPassword, network}, {i + 1, kNow});
    return attempts;
}

TEST(SumFailedLogins, ConcernsNobodysAttempts) {
    const SumFailedLogins command{LoginFailure::kUnknownUser, 25, Instant::at_ms(1'000), Instant::at_ms(2'000)};
    const LoginFailuresSummed summed{LoginFailure::kUnknownUser, 25, Instant::at_ms(1'000), Instant::at_ms(2'000)};
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
    for (int i = 0; i < 2; ++i) attempts = test::further(attempts, LoginFailed{kAnn, {}, kThere}, {9, kNow});
    attempts = test::further(attempts, LoginFailuresCleared{kAnn, kHere}, {10, kNow});
    EXPECT_EQ(attempts.failures_in_a_row, 0);
    EXPECT_TRUE(may_try(attempts, kHere, limits(), kNow));
    EXPECT_FALSE(may_try(attempts, kThere, limits(), kNow));
}

// ---- one network -----------------------------------------------------------------------------------------------
// The failure was recorded by a node whose clock is ahead: that is no pause, or what is right would count as wrong.
TEST(RecordFailedLogin, MakesNobodyWaitForAClockThatIsBehind) {
    const LoginAttempts attempts = after_failures_from(kHere, 1);
    for (const Duration behind : {milliseconds(5), kDay}) {
        EXPECT_TRUE(may_try(attempts, kHere, limits(), kNow - behind));
        EXPECT_FALSE(may_try(after_failures_from(kHere, 2), kHere, limits(), kNow - behind));
    }
}

TEST(MayTry, PausesLongerAndLongerForTheNetworkThatFails) {
    LoginAttempts attempts = after_failures_from(kHere, 1);
    EXPECT_TRUE(may_try(attempts, kHere, limits(), kNow));
    for (const Duration pause : {seconds(1), seconds(2), seconds(4), seconds(8), seconds(16)}) {
        attempts = test::further(attempts, LoginFailed{kAnn, {}, kHere}, {9, kNow});
        EXPECT_FALSE(may_try(attempts, kHere, limits(), kNow + pause - milliseconds(1))) << pause.ms();
        EXPECT_TRUE(may_try(attempts, kHere, limits(), kNow + pause)) << pause.ms();
        EXPECT_TRUE(may_try(attempts, kThere, limits(), kNow)) << "anybody would lock everybody out";
    }
}

TEST(MayTry, PausesNoLongerThanTheLongestPause) {
    LoginAttemptLimits longer = limits();
    longer.failures_in_a_row = 1000;
    const auto attempts = after_failures_from(kHere, 90);
    EXPECT_FALSE(may_try(attempts, kHere, longer, kNow + longer.longest_pause - milliseconds(1)));
    EXPECT_TRUE(may_try(attempts, kHere, longer, kNow + longer.longest_pause));
}

// ---- all networks together (NIST SP 800-63B-4 section 3.2.2) ---------------------------------------------------
TEST(MayTry, EndsForStrangersWhenAllNetworksFailedTooOften) {
    LoginAttempts attempts;
    for (int i = 0; i < 10; ++i) {
        EXPECT_TRUE(may_try(attempts, "a new one", limits(), kNow)) << i;
        attempts = test::further(attempts, LoginFailed{kAnn, {}, "network " + std::to_string(i)}, {i + 1, kNow});
    }
    EXPECT_FALSE(may_try(attempts, "a new one", limits(), kNow));
    EXPECT_FALSE(may_try(attempts, "a new one", limits(), kNow + 365 * kDay)) << "waiting gives no further guess";
    const auto unlocked = test::further(attempts, LoginUnlocked{kAnn}, {11, kNow});
    EXPECT_TRUE(may_try(unlocked, "a new one", limits(), kNow));
    EXPECT_TRUE(may_try(unlocked, "network 3", limits(), kNow));
}

TEST(MayTry, GoesOnForANetworkThatTheUserLoggedInFrom) {
    LoginAttempts attempts = test::given<LoginAttempts>(LoginNetworkSeen{kAnn, kHere});
    for (int i = 0; i < 200; ++i)
        attempts = test::further(attempts, LoginFailed{kAnn, {}, "network " + std::to_string(i)}, {i + 2, kNow});
    EXPECT_FALSE(may_try(attempts, kThere, limits(), kNow));
    EXPECT_TRUE(may_try(attempts, kHere, limits(), kNow)) << "a flood from elsewhere pushed it out";
    const Instant seen = attempts.find(kHere)->logged_in_at;
    EXPECT_TRUE(may_try(attempts, kHere, limits(), seen + 90 * kDay - milliseconds(1)));
    EXPECT_FALSE(may_try(attempts, kHere, limits(), seen + 90 * kDay)) << "known for 90 days";
}

// Whoever sits in the owner's own network has the guesses of one network, and not more.
TEST(MayTry, EndsForAKnownNetworkThatFailsTooOftenItself) {
    LoginAttempts attempts = test::given<LoginAttempts>(LoginNetworkSeen{kAnn, kHere});
    for (int i = 0; i < 10; ++i) attempts = test::further(attempts, LoginFailed{kAnn, {}, kHere}, {i + 2, kNow});
    EXPECT_FALSE(may_try(attempts, kHere, limits(), kNow + 80 * kDay));
}

TEST(MayTry, IsNotPutOffByAttemptsThatWereNotLookedAt) {
    const LoginFailed knock{kAnn, LoginFailure::kTooManyFailures, kHere};
    const auto attempts = test::further(after_failures_from(kHere, 2), knock, {4, kNow + milliseconds(999)});
    EXPECT_EQ(attempts.failures_in_a_row, 2);
    EXPECT_TRUE(may_try(attempts, kHere, limits(), kNow + seconds(1)));
}

TEST(MayTry, KnowsWhatWasRecordedBeforeNetworksWere) {
    EXPECT_TRUE(may_try(after_failures(9), kHere, limits(), kNow));
    EXPECT_FALSE(may_try(after_failures(10), kHere, limits(), kNow));
}

// ---- known devices ---------------------------------------------------------------------------------------------
const DeviceId kLaptop = test::uuid(0xD1);

TEST(MayTry, IsOpenToAKnownDeviceWhateverOthersDid) {
    LoginAttempts attempts = after_failures_from(kHere, 200);
    EXPECT_FALSE(may_try(attempts, kHere, limits(), kNow));
    EXPECT_TRUE(may_try(attempts, LoginSource{kHere, kLaptop}, limits(), kNow)) << "no pause stops it";
    EXPECT_TRUE(may_try(attempts, LoginSource{kThere, kLaptop}, limits(), kNow)) << "nor do all networks together";
}

// What it does itself counts for it alone, and for the sum.
TEST(MayTry, EndsForAKnownDeviceThatFailsTooOftenItself) {
    LoginAttempts attempts;
    for (int i = 0; i < 9; ++i) {
        attempts = test::further(attempts, LoginFailed{kAnn, {}, kHere, kLaptop}, {i + 1, kNow});
        EXPECT_TRUE(may_try(attempts, LoginSource{kHere, kLaptop}, limits(), kNow)) << i;
    }
    EXPECT_TRUE(may_try(attempts, kHere, limits(), kNow)) << "its network has nothing to wait for";
    EXPECT_EQ(attempts.failures_in_a_row, 9);
    attempts = test::further(attempts, LoginFailed{kAnn, {}, kHere, kLaptop}, {10, kNow});
    EXPECT_FALSE(may_try(attempts, LoginSource{kHere, kLaptop}, limits(), kNow + 365 * kDay));
    const auto cleared = test::further(attempts, LoginFailuresCleared{kAnn, kHere, kLaptop}, {11, kNow});
    EXPECT_TRUE(may_try(cleared, LoginSource{kHere, kLaptop}, limits(), kNow));
    const auto elsewhere = test::further(attempts, LoginFailuresCleared{kAnn, kThere}, {11, kNow});
    EXPECT_FALSE(may_try(elsewhere, LoginSource{kHere, kLaptop}, limits(), kNow)) << "somebody else's good log-in";
    const auto unlocked = test::further(attempts, LoginUnlocked{kAnn}, {11, kNow});
    EXPECT_TRUE(may_try(unlocked, LoginSource{kHere, kLaptop}, limits(), kNow));
}

// ---- lock-outs -------------------------------------------------------------------------------------------------
std::vector<LoginLocked> locks_of(const LoginAttemptLimits& limits, int failures, bool from_one_network,
                                  LoginAttempts attempts = {}) {
    std::vector<LoginLocked> locks;
    Instant now = kNow;
    for (int i = 0; i < failures; ++i) {
        now += limits.longest_pause;  // so that each may be tried
        const std::string network = from_one_network ? kHere : "network " + std::to_string(i);
        for (const auto& event : decide(attempts, RecordFailedLogin{kAnn, {}, network, limits, now})) {
            attempts = test::further(attempts, event, {i + 1, now});
            if (const auto* locked = std::get_if<LoginLocked>(&event)) locks.push_back(*locked);
        }
    }
    return locks;
}

TEST(RecordFailedLogin, SaysOnceThatTheLongestPauseBegins) {
    LoginAttemptLimits some = limits();
    some.failures_in_a_row = 1000;
    some.longest_pause = seconds(4);
    EXPECT_TRUE(locks_of(some, 3, true).empty()) << "1 and 2 seconds";
    const auto locks = locks_of(some, 30, true);
    ASSERT_EQ(locks.size(), 1u);
    EXPECT_EQ(locks.front().failures, 4);
    EXPECT_EQ(locks.front().until, kNow + 4 * some.longest_pause + some.longest_pause);
    EXPECT_EQ(locks.front().alert, LockAlert::kMail);
}

TEST(RecordFailedLogin, SaysOnceThatTheAccountIsClosedToStrangers) {
    const auto locks = locks_of(limits(), 30, false);
    ASSERT_EQ(locks.size(), 1u);
    EXPECT_EQ(locks.front().failures, 10);
    EXPECT_FALSE(locks.front().until) << "until somebody unlocks it";
    EXPECT_EQ(locks.front().alert, LockAlert::kMail);
}

TEST(RecordFailedLogin, SendsOneMailADay) {
    LoginAttempts told;
    told.alerted_at = kNow;
    const auto locks = locks_of(limits(), 30, false, told);
    ASSERT_EQ(locks.size(), 1u);
    EXPECT_EQ(locks.front().alert, LockAlert::kSilent);
    told.alerted_at = kNow - kDay;
    EXPECT_EQ(locks_of(limits(), 30, false, told).front().alert, LockAlert::kMail);
}

TEST(RecordFailedLogin, CountsNoRightPasswordThatWasRefusedForItsRisk) {
    const RecordFailedLogin command{kAnn, LoginFailure::kTooRisky, kHere, limits(), kNow};
    EXPECT_EQ(decide(after_failures(10), command).size(), 1u) << "it is told all the same";
    EXPECT_EQ(test::given<LoginAttempts>(LoginFailed{kAnn, LoginFailure::kTooRisky, kHere}).failures_in_a_row, 0);
}

// ---- what is written -------------------------------------------------------------------------------------------
TEST(RecordFailedLogin, IsNotWrittenWhereTheAccountMayNotBeTried) {
    const RecordFailedLogin command{kAnn, LoginFailure::kWrongPassword, kHere, limits(), kNow};
    EXPECT_TRUE(test::stays_quiet(decide(after_failures_from(kHere, 2), command)));
    EXPECT_TRUE(test::stays_quiet(decide(after_failures(10), command)));
    EXPECT_EQ(decide(after_failures_from(kThere, 2), command).size(), 1u);
}

TEST(RememberNetwork, IsWrittenOnceAndAgainAfterAWeek) {
    const LoginAttempts nothing;
    RememberNetwork command{kAnn, kHere, limits(), kNow};
    EXPECT_TRUE(test::decides(decide(nothing, command), {LoginNetworkSeen{kAnn, kHere}}));
    const auto seen = test::further(nothing, LoginNetworkSeen{kAnn, kHere}, {1, kNow});
    EXPECT_TRUE(test::stays_quiet(decide(seen, command)));
    command.now = kNow + 7 * kDay - milliseconds(1);
    EXPECT_TRUE(test::stays_quiet(decide(seen, command)));
    command.now = kNow + 7 * kDay;
    EXPECT_EQ(decide(seen, command).size(), 1u);
    command.network = kThere;
    EXPECT_EQ(decide(seen, command).size(), 1u);
    command.limits.known_for = Duration();
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
        attempts = test::further(attempts, failed, {2 * i + 1, kNow + milliseconds(i)});
        if (i % 2 == 0)
            attempts = test::further(attempts, LoginNetworkSeen{kAnn, network}, {2 * i + 2, kNow + milliseconds(i)});
    }
    EXPECT_EQ(attempts.networks.size(), LoginAttempts::kMaxUnknownNetworks + LoginAttempts::kMaxKnownNetworks);
    EXPECT_NE(attempts.find("network 99"), nullptr);
    EXPECT_NE(attempts.find("network 98"), nullptr);
    EXPECT_EQ(attempts.find("network 0"), nullptr);
}

}  // namespace
}  // namespace keyledger
