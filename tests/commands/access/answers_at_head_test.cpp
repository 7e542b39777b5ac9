#include "commands/access/answers_at_head.hpp"

#include "commands/accounts/set_user_status.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "tests/commands/runtime/fixture.hpp"
#include "tests/support/world/history.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller_of;
using test::kAnn;
using test::kAnnsEmail;
using test::kDay;
using test::kLaptop;
using test::kNow;
using test::kPhone;
using test::run;

// ---- the rule, on folds ----------------------------------------------------------------------------------------
class TokenHolds : public testing::Test {
protected:
    bool holds(const User& user, std::int64_t security_stamp, const Session& session = test::given_session()) {
        return token_holds(session, user, {kAnn, kLaptop, security_stamp}, SessionLifetimes{}, kNow);
    }
    User after(const UserEvent& ending) { return test::further(test::given_user(), ending, {10, kNow}); }
};

TEST_F(TokenHolds, ForALiveSessionOfAnActiveUser) { EXPECT_TRUE(holds(test::given_user(), 0)); }

TEST_F(TokenHolds, OnlyWithTheStampOfItsUser) {
    EXPECT_FALSE(holds(test::given_user(), 1)) << "of a time that never was";
    EXPECT_FALSE(holds(test::given_user(), -1));
    const User revoked = after(UserSessionsRevoked{});
    const Session later = test::further(Session{}, test::started(), {11, kNow});
    EXPECT_TRUE(holds(revoked, 1, later));
    EXPECT_FALSE(holds(revoked, 0, later)) << "an old token does not come to life with a new session";
}

TEST_F(TokenHolds, WithAnOldStampForTheSessionThatWasKept) {
    EXPECT_TRUE(holds(after(UserSessionsRevoked{kLaptop}), 0));
    EXPECT_TRUE(holds(after(UserSessionsRevoked{kLaptop}), 1));
    EXPECT_FALSE(holds(after(UserSessionsRevoked{kLaptop}), 2));
    EXPECT_FALSE(holds(after(UserSessionsRevoked{kPhone}), 0));
    EXPECT_FALSE(holds(after(UserSessionsRevoked{kPhone}), 1));
}

TEST_F(TokenHolds, NotForAnotherUsersSession) {
    SessionStarted bobs = test::started();
    bobs.user_id = test::kBob;
    EXPECT_FALSE(holds(test::given_user(), 0, test::given<Session>(bobs)));
    EXPECT_FALSE(holds(test::given_user(), 0, Session{}));
}

// ---- at the head -----------------------------------------------------------------------------------------------
class AnswersAtHeadTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail);
        laptop_ = world.log_in(node, kAnnsEmail);
    }
    Result<UserAtHead, CommandError> who(const Bearer& bearer) {
        return run(bearer_at_head(services(), bearer, Deadline::max()));
    }

    UserId ann_;
    Grant laptop_;
};

TEST_F(AnswersAtHeadTest, WhoHoldsKnowsUserAndSession) {
    auto known = who(bearer_of(laptop_));
    ASSERT_TRUE(test::succeeds(known));
    EXPECT_EQ(known->user.email, kAnnsEmail);
    EXPECT_FALSE(known->administrator);
    const auto session = run(session_of_bearer(services(), bearer_of(laptop_), Deadline::max()));
    ASSERT_TRUE(test::succeeds(session));
    EXPECT_EQ(session->user.email, kAnnsEmail);
    EXPECT_EQ(session->session->user_id, ann_);
    EXPECT_FALSE(session->session->proofs.empty()) << "of the session all is told";
}

TEST_F(AnswersAtHeadTest, WhoHoldsRefusesWhatNeverWas) {
    EXPECT_TRUE(test::refused(who({}), refusals::kInvalidToken));
    EXPECT_TRUE(test::refused(who({test::uuid(1), laptop_.session_id, 0}), refusals::kInvalidToken));
    EXPECT_TRUE(test::refused(who({ann_, test::uuid(1), 0}), refusals::kInvalidToken));
    EXPECT_TRUE(test::refused(who({test::TestId(laptop_.session_id), test::TestId(ann_), 0}), refusals::kInvalidToken))
        << "the two ids swapped";
}

TEST_F(AnswersAtHeadTest, WhoHoldsEndsWithTheSession) {
    clock.advance(14 * kDay);
    EXPECT_TRUE(test::refused(who(bearer_of(laptop_)), refusals::kInvalidToken));
}

// I8: the command that ended it had returned, on another node, before the question was asked.
TEST_F(AnswersAtHeadTest, WhoHoldsKnowsWhatEndedElsewhere) {
    ASSERT_TRUE(test::succeeds(who(bearer_of(laptop_))));
    ASSERT_TRUE(run(log_out(other.services, bearer_of(laptop_), caller_of(laptop_))));
    EXPECT_TRUE(test::refused(who(bearer_of(laptop_)), refusals::kInvalidToken));
}

TEST_F(AnswersAtHeadTest, AdministratorHoldingTellsApartWhoAndWhetherTheyMay) {
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    auto ask = [&](const Bearer& bearer) {
        return run(access_with_permission(services(), kReadUsers, bearer, Deadline::max()));
    };
    EXPECT_TRUE(test::succeeds(ask(bearer_of(root))));
    EXPECT_TRUE(test::refused(ask(bearer_of(laptop_)), refusals::kForbidden));
    EXPECT_TRUE(test::refused(ask({}), refusals::kInvalidToken));
}

TEST_F(AnswersAtHeadTest, SessionAndUserAreGivenWhateverTheirState) {
    ASSERT_TRUE(run(log_out(other.services, bearer_of(laptop_), caller_of(laptop_))));
    auto session = run(session_at_head(services(), laptop_.session_id, Deadline::max()));
    ASSERT_TRUE(test::succeeds(session));
    EXPECT_EQ(session->session->status, Session::Status::kEnded);
    EXPECT_EQ(session->user.email, kAnnsEmail);
    EXPECT_TRUE(test::succeeds(run(user_at_head(services(), ann_, Deadline::max()))));
}

TEST_F(AnswersAtHeadTest, SessionAndUserOfAnIdOfSomethingElseAreUnknown) {
    for (const test::TestId& id : test::TestIds{test::uuid(1), ann_})
        EXPECT_TRUE(test::refused(run(session_at_head(services(), id, Deadline::max())), refusals::kSessionUnknown));
    for (const test::TestId& id : test::TestIds{test::uuid(1), laptop_.session_id})
        EXPECT_TRUE(test::refused(run(user_at_head(services(), id, Deadline::max())), refusals::kUserUnknown));
}

// The client was told that nothing had been done, of a registration that stood in the log.
TEST_F(AnswersAtHeadTest, UserAfterCommandNeverSaysThatNothingWasDone) {
    using eventstore::Call;
    using eventstore::StoreError;
    EXPECT_TRUE(test::succeeds(run(user_after_command(services(), ann_, Deadline::max()))));
    for (StoreError error : {StoreError::kUnavailable, StoreError::kDeadline}) {
        faulty.fail(Call::kReadStreams, faulty.next(Call::kReadStreams), error);
        auto user = run(user_after_command(services(), ann_, Deadline::max()));
        EXPECT_TRUE(test::refused(user, refusals::kOutcomeUnknown));
    }
}

}  // namespace
}  // namespace keyledger::commands
