#include "domain/sessions/session.hpp"

#include "tests/support/world/history.hpp"

namespace keyledger {
namespace {

using test::given_session;
using test::given_user;
using test::kAnn;
using test::kBob;
using test::kClient;
using test::kDay;
using test::kLaptop;
using test::kNow;
using test::kPhone;
using test::kSecond;

const Session kNone;
const SessionLifetimes kLifetimes;

// The user's events stand at the positions 1, 2 …; a session of these tests begins at position 1 too, and is ended
// by the user's event `ending` at position 10.
User ann_after(const UserEvent& ending) { return test::further(given_user(), ending, {10, kNow}); }

// ---- start -----------------------------------------------------------------------------------------------------
StartSession start(std::string verified = "first") {
    return {kAnn, kClient, {"https://issuer"}, "laptop", std::move(verified), kNow, kLifetimes};
}

TEST(StartSession, SaysWhoseWhereForWhomAndUntilWhen) {
    const User user = ann_after(UserSessionsRevoked{});
    SessionStarted expected{kAnn, kClient, {"https://issuer"}, 1, "laptop", kNow + 30 * kDay};
    expected.methods = {ProofMethod::kPassword};
    expected.authenticated_at = kNow;
    EXPECT_TRUE(test::decides(decide(kNone, kLaptop, user, start()), {expected}));
}

TEST(StartSession, KeepsWhatWasProvenAndWhenAndOnWhat) {
    StartSession command = start();
    command.methods = {ProofMethod::kPassword, ProofMethod::kTotp};
    command.authenticated_at = kNow - minutes(2);
    command.device_id = DeviceId{test::uuid(0xD1)};
    command.country = "DE";
    const auto events = decide(kNone, kLaptop, given_user(), command);
    ASSERT_TRUE(events);
    const Session session = test::given<Session>(std::get<SessionStarted>(events->front()));
    EXPECT_EQ(session.proofs, (std::vector<Proof>{{ProofMethod::kPassword, kNow - minutes(2)},
                                                  {ProofMethod::kTotp, kNow - minutes(2)}}));
    EXPECT_EQ(session.device_id, command.device_id);
    EXPECT_EQ(std::get<SessionStarted>(events->front()).country.value, "DE");
}

TEST(StartSession, IsRejectedTwice) {
    EXPECT_TRUE(test::refuses(decide(given_session(), kLaptop, given_user(), start()), refusals::kBegunTwice));
}

TEST(StartSession, IsRejectedForWhoMayNotComeIn) {
    EXPECT_TRUE(test::refuses(decide(kNone, kLaptop, User{}, start()), refusals::kUserDisabled));
    EXPECT_TRUE(
        test::refuses(decide(kNone, kLaptop, ann_after(UserDisabled{"left"}), start()), refusals::kUserDisabled));
}

TEST(StartSession, IsRejectedWhenAnotherPasswordWasChecked) {
    EXPECT_TRUE(test::refuses(decide(kNone, kLaptop, given_user(), start("another")), refusals::kCredentialTampered));
}

// ---- refresh ---------------------------------------------------------------------------------------------------
RefreshSession refresh(std::int64_t generation, Instant at = kNow, std::string device = "laptop") {
    return {generation, kClient, std::move(device), at, kLifetimes};
}
SessionRefreshed refreshed(std::int64_t generation, std::string device = "laptop") {
    return {generation, std::move(device)};
}

TEST(RefreshSession, HandsOutTheNextGeneration) {
    EXPECT_TRUE(test::decides(decide(given_session(), kLaptop, given_user(), refresh(1)), {refreshed(2)}));
    EXPECT_TRUE(test::decides(decide(given_session(refreshed(2), refreshed(3)), kLaptop, given_user(), refresh(3)),
                              {refreshed(4)}));
}

TEST(RefreshSession, RemembersTheDeviceThatAsked) {
    EXPECT_TRUE(test::decides(decide(given_session(), kLaptop, given_user(), refresh(1, kNow, "phone")),
                              {refreshed(2, "phone")}));
}

TEST(RefreshSession, EndsTheSessionWhenATokenIsUsedAgain) {
    const Session session = given_session(refreshed(2), refreshed(3));
    EXPECT_TRUE(test::decides(decide(session, kLaptop, given_user(), refresh(1)),
                              {SessionEnded{SessionEndReason::kRefreshTokenReused}}));
}

// `given` has the refresh happen at kNow + 1 s.
TEST(RefreshSession, StaysQuietWithinTheGraceOfALostAnswer) {
    const Session session = given_session(refreshed(2));
    const Instant refreshed_at = kNow + kSecond;
    EXPECT_TRUE(test::stays_quiet(decide(session, kLaptop, given_user(), refresh(1, refreshed_at))));
    EXPECT_TRUE(test::stays_quiet(decide(session, kLaptop, given_user(), refresh(1, refreshed_at + seconds(10)))));
    EXPECT_TRUE(test::decides(decide(session, kLaptop, given_user(), refresh(1, refreshed_at + milliseconds(10'001))),
                              {SessionEnded{SessionEndReason::kRefreshTokenReused}}));
}

// By the clock of another node than the one that refreshed: the grace must not grow by how much they differ.
TEST(RefreshSession, GivesNoGraceBeforeTheRefreshHappened) {
    const Session session = given_session(refreshed(2));
    const Instant refreshed_at = kNow + kSecond;
    for (const Duration behind : {milliseconds(1), 60 * kSecond})
        EXPECT_TRUE(test::decides(decide(session, kLaptop, given_user(), refresh(1, refreshed_at - behind)),
                                  {SessionEnded{SessionEndReason::kRefreshTokenReused}}));
}

TEST(RefreshSession, GivesNoGraceToAnotherDevice) {
    EXPECT_TRUE(
        test::decides(decide(given_session(refreshed(2)), kLaptop, given_user(), refresh(1, kNow + kSecond, "phone")),
                      {SessionEnded{SessionEndReason::kRefreshTokenReused}}));
}

TEST(RefreshSession, GivesNoGraceOnceTheSuccessorWasUsed) {
    const Session session = given_session(refreshed(2), refreshed(3));
    EXPECT_TRUE(test::decides(decide(session, kLaptop, given_user(), refresh(1, kNow + 2 * kSecond)),
                              {SessionEnded{SessionEndReason::kRefreshTokenReused}}));
}

TEST(RefreshSession, RecordsAGenerationThatWasNeverHandedOut) {
    EXPECT_TRUE(test::decides(decide(given_session(), kLaptop, given_user(), refresh(2)), {SessionRefreshRefused{2}}));
    EXPECT_TRUE(test::decides(decide(given_session(refreshed(2)), kLaptop, given_user(), refresh(9)),
                              {SessionRefreshRefused{9}}));
}

TEST(RefreshSession, IsRejectedForAnotherClient) {
    RefreshSession command = refresh(1);
    command.client_id = "shop";
    EXPECT_TRUE(
        test::refuses(decide(given_session(), kLaptop, given_user(), command), refusals::kSessionOfOtherClient));
}

TEST(RefreshSession, IsRejectedWhenIdleForTooLong) {
    const Session session = given_session(refreshed(2));
    const Instant idle_at = kNow + kSecond + kLifetimes.idle;
    EXPECT_TRUE(
        test::decides(decide(session, kLaptop, given_user(), refresh(2, idle_at - milliseconds(1))), {refreshed(3)}));
    EXPECT_TRUE(test::refuses(decide(session, kLaptop, given_user(), refresh(2, idle_at)), refusals::kSessionExpired));
}

TEST(RefreshSession, IsRejectedAtTheAbsoluteEndHoweverBusy) {
    const Instant end = kNow + 30 * kDay;
    Session session = given_session();
    session = test::further(session, refreshed(2), {2, kNow + 13 * kDay});
    session = test::further(session, refreshed(3), {3, kNow + 26 * kDay});
    EXPECT_TRUE(
        test::decides(decide(session, kLaptop, given_user(), refresh(3, end - milliseconds(1))), {refreshed(4)}));
    EXPECT_TRUE(test::refuses(decide(session, kLaptop, given_user(), refresh(3, end)), refusals::kSessionExpired));
}

// A reused token that ends nothing any more writes nothing either: dead sessions take no events.
TEST(RefreshSession, IsRejectedAfterTheEnd) {
    const Session ended = given_session(SessionEnded{SessionEndReason::kLoggedOut});
    for (std::int64_t generation : {0, 1, 2})
        EXPECT_TRUE(test::refuses(decide(ended, kLaptop, given_user(), refresh(generation)), refusals::kSessionEnded));
    EXPECT_TRUE(test::refuses(decide(given_session(), kLaptop, ann_after(UserSessionsRevoked{}), refresh(1)),
                              refusals::kSessionEnded));
    EXPECT_TRUE(test::refuses(decide(kNone, kLaptop, given_user(), refresh(1)), refusals::kSessionUnknown));
}

TEST(RefreshSession, IsRejectedForTheDisabled) {
    EXPECT_TRUE(test::refuses(decide(given_session(), kLaptop, ann_after(UserDisabled{"left"}), refresh(1)),
                              refusals::kUserDisabled));
}

// ---- end -------------------------------------------------------------------------------------------------------
TEST(EndSession, SaysWhy) {
    EXPECT_TRUE(
        test::decides(decide(given_session(), kLaptop, given_user(), EndSession{kAnn, SessionEndReason::kLoggedOut}),
                      {SessionEnded{SessionEndReason::kLoggedOut}}));
    EXPECT_TRUE(test::decides(
        decide(given_session(refreshed(2)), kLaptop, given_user(), EndSession{kAnn, SessionEndReason::kRevoked}),
        {SessionEnded{SessionEndReason::kRevoked}}));
}

TEST(EndSession, StaysQuietWhenItEndedBefore) {
    const EndSession command{kAnn, SessionEndReason::kRevoked};
    const Session ended = given_session(SessionEnded{SessionEndReason::kLoggedOut});
    EXPECT_TRUE(test::stays_quiet(decide(ended, kLaptop, given_user(), command)));
    EXPECT_TRUE(test::stays_quiet(decide(given_session(), kLaptop, ann_after(UserSessionsRevoked{}), command)));
}

TEST(EndSession, IsRejectedForAnotherUsersSession) {
    const EndSession command{kBob, SessionEndReason::kRevoked};
    EXPECT_TRUE(test::refuses(decide(given_session(), kLaptop, given_user(), command), refusals::kSessionUnknown));
    EXPECT_TRUE(test::refuses(decide(kNone, kLaptop, given_user(), command), refusals::kSessionUnknown));
}

// ---- standing --------------------------------------------------------------------------------------------------
TEST(CheckSession, IsGoodForTheSessionThatAnEndingKept) {
    const Session session = given_session();
    EXPECT_TRUE(check_session(session, kLaptop, ann_after(UserSessionsRevoked{kLaptop}), kLifetimes, kNow));
    EXPECT_FALSE(check_session(session, kLaptop, ann_after(UserSessionsRevoked{kPhone}), kLifetimes, kNow));
}

TEST(CheckSession, IsGoodForASessionThatBeganAfterTheEnding) {
    const Session later = test::further(Session{}, test::started(), {11, kNow});
    EXPECT_TRUE(check_session(later, kPhone, ann_after(UserSessionsRevoked{kLaptop}), kLifetimes, kNow));
}

// ---- evolve ----------------------------------------------------------------------------------------------------
TEST(Session, CountsItsStartAsTheFirstRefresh) {
    const Session session = given_session();
    EXPECT_EQ(session.status, Session::Status::kLive);
    EXPECT_EQ(session.user_id, kAnn);
    EXPECT_EQ(session.client_id, kClient);
    EXPECT_EQ(session.audiences, std::vector<std::string>{"https://issuer"});
    EXPECT_EQ(session.generation, 1);
    EXPECT_EQ(session.first_position, 1);
    EXPECT_EQ(session.started_at, kNow);
    EXPECT_EQ(session.refreshed_at, kNow);
}

TEST(Session, IsNotMovedByARefusal) {
    const Session session = given_session(refreshed(2), SessionRefreshRefused{9});
    EXPECT_EQ(session.status, Session::Status::kLive);
    EXPECT_EQ(session.generation, 2);
    EXPECT_EQ(session.refreshed_at, kNow + kSecond);
    EXPECT_EQ(session.first_position, 1);
}

}  // namespace
}  // namespace keyledger
