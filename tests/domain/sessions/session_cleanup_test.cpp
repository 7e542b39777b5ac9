#include "domain/sessions/session_cleanup.hpp"

#include "tests/support/world/given.hpp"

namespace keyledger {
namespace {

using test::kNow;

TEST(CleanUpSessions, LeavesWhatWasOverForLessThanAnHour) {
    EXPECT_TRUE(test::decides(decide(SessionCleanup{}, CleanUpSessions{kNow}), {SessionsCleanedUp{kNow - hours(1)}}));
}

TEST(CleanUpSessions, StaysQuietAgainAndAgain) {
    const auto done = test::given<SessionCleanup>(SessionsCleanedUp{kNow - hours(1)});
    EXPECT_TRUE(test::stays_quiet(decide(done, CleanUpSessions{kNow})));
    EXPECT_TRUE(test::stays_quiet(decide(done, CleanUpSessions{kNow - hours(2)}))) << "by a clock that is behind";
    EXPECT_TRUE(test::stays_quiet(decide(done, CleanUpSessions{kNow + minutes(1) - milliseconds(1)})));
    const Instant later = kNow + minutes(1);
    EXPECT_TRUE(test::decides(decide(done, CleanUpSessions{later}), {SessionsCleanedUp{later - hours(1)}}));
}

}  // namespace
}  // namespace keyledger
