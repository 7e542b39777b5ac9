#include "domain/sessions/admitted_sessions.hpp"

#include "domain/access/assignments.hpp"
#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::kAnn;
using test::kBob;

const std::vector<SessionId> kSessions{SessionId{test::uuid(1)}, SessionId{test::uuid(2)}, SessionId{test::uuid(3)}};
const SessionId kNewOne{test::uuid(9)};
using WhenReached = SessionLimit::WhenReached;

SessionAdmitted admitted(const SessionId& session_id, std::vector<SessionId> displaced = {},
                         std::vector<SessionId> over = {}) {
    return {kAnn, session_id, std::move(displaced), std::move(over)};
}
AdmittedSessions three() {
    return test::given<AdmittedSessions>(admitted(kSessions[0]), admitted(kSessions[1]), admitted(kSessions[2]));
}
AdmitSession admit(std::size_t most, WhenReached when_reached = WhenReached::kOldestEnds,
                   std::vector<SessionId> over = {}) {
    return {kAnn, kNewOne, std::move(over), {most, when_reached}};
}

TEST(AdmitSession, LetsInWhatFits) {
    for (const auto when_reached : {WhenReached::kOldestEnds, WhenReached::kNewIsRefused}) {
        EXPECT_TRUE(test::decides(decide(AdmittedSessions{}, admit(1, when_reached)), {admitted(kNewOne)}));
        EXPECT_TRUE(test::decides(decide(three(), admit(4, when_reached)), {admitted(kNewOne)}));
    }
}

TEST(AdmitSession, EndsTheOldest) {
    EXPECT_TRUE(test::decides(decide(three(), admit(3)), {admitted(kNewOne, {kSessions[0]})}));
}

// As when the limit was lowered meanwhile.
TEST(AdmitSession, EndsAsManyAsAreTooMany) {
    EXPECT_TRUE(test::decides(decide(three(), admit(2)), {admitted(kNewOne, {kSessions[0], kSessions[1]})}));
    EXPECT_TRUE(test::decides(decide(three(), admit(1)), {admitted(kNewOne, kSessions)}));
}

TEST(AdmitSession, RefusesTheNewOneWhereThatIsTheRule) {
    EXPECT_TRUE(test::refuses(decide(three(), admit(3, WhenReached::kNewIsRefused)), refusals::kTooManySessions));
}

TEST(AdmitSession, CountsNoneThatIsOver) {
    const std::vector<SessionId> over{kSessions[1]};
    EXPECT_TRUE(
        test::decides(decide(three(), admit(3, WhenReached::kNewIsRefused, over)), {admitted(kNewOne, {}, over)}));
    EXPECT_TRUE(test::decides(decide(three(), admit(2, WhenReached::kOldestEnds, over)),
                              {admitted(kNewOne, {kSessions[0]}, over)}));
}

TEST(AdmittedSessions, KnowsThoseThatCountTheOldestFirst) {
    const auto after = test::further(three(), admitted(kNewOne, {kSessions[0]}, {kSessions[2]}), {4, test::kNow});
    EXPECT_EQ(after.sessions, (std::vector<SessionId>{kSessions[1], kNewOne}));
}

TEST(AdmittedSessions, HaveAStreamOfTheirOwnForEachUser) {
    EXPECT_NE(admitted_sessions_of(kAnn), admitted_sessions_of(kBob));
    EXPECT_NE(admitted_sessions_of(kAnn).uuid, assignments_of(kAnn).uuid);
    EXPECT_NE(admitted_sessions_of(kAnn).uuid, kAnn.uuid);
}

}  // namespace
}  // namespace keyledger
