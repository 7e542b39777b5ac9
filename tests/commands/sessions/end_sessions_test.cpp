#include "commands/sessions/end_sessions.hpp"
#include "domain/sessions/session.hpp"
#include "eventstore/codec/events_codec.hpp"

#include "commands/access/answers_at_head.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::refresh_of;
using test::run;
using test::Types;

class EndSessionsTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail);
        laptop_ = world.log_in(node, kAnnsEmail);
        phone_ = world.log_in(node, kAnnsEmail);
        world.register_user(node, "bob@example.com");
        bobs_ = world.log_in(node, "bob@example.com");
        before_ = world.head();
    }
    Types since() { return world.types(before_); }
    // As a route asks: with the access token, and with the refresh token.
    bool lives(const Grant& grant) {
        const bool holds = run(bearer_at_head(services(), bearer_of(grant), Deadline::max())).has_value();
        auto session = run(session_at_head(services(), grant.session_id, Deadline::max()));
        EXPECT_TRUE(test::succeeds(session));
        const bool stands = check_session(*session->session, grant.session_id, session->user,
                                          services().settings.lifetimes, clock.now())
                                .has_value();
        EXPECT_EQ(holds, stands);
        return holds;
    }

    UserId ann_;
    Grant laptop_, phone_, bobs_;
    Position before_ = 0;
};

// ---- log out ---------------------------------------------------------------------------------------------------
TEST_F(EndSessionsTest, LogOutEndsThisSessionAlone) {
    auto done = run(log_out(services(), bearer_of(laptop_), caller_of(laptop_)));
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_EQ(done->position, before_ + 1);
    EXPECT_EQ(since(), Types{"session.ended"});
    EXPECT_FALSE(lives(laptop_));
    EXPECT_TRUE(lives(phone_));
}

TEST_F(EndSessionsTest, LogOutIsNoLongerForWhoIsOut) {
    ASSERT_TRUE(test::succeeds(run(log_out(services(), bearer_of(laptop_), caller_of(laptop_)))));
    EXPECT_TRUE(
        test::refused(run(log_out(services(), bearer_of(laptop_), caller_of(laptop_))), refusals::kInvalidToken));
    EXPECT_EQ(since().size(), 1u);
}

TEST_F(EndSessionsTest, LogOutNeedsATokenOfThatSessionAndUser) {
    Bearer mixed = bearer_of(laptop_);
    mixed.session_id = bobs_.session_id;
    EXPECT_TRUE(test::refused(run(log_out(services(), mixed, caller_of(laptop_))), refusals::kInvalidToken));
    Bearer unknown = bearer_of(laptop_);
    unknown.session_id = test::uuid(0xFF);
    EXPECT_TRUE(test::refused(run(log_out(services(), unknown, caller_of(laptop_))), refusals::kInvalidToken));
    Bearer future = bearer_of(laptop_);
    future.security_stamp = 1;
    EXPECT_TRUE(test::refused(run(log_out(services(), future, caller_of(laptop_))), refusals::kInvalidToken));
    EXPECT_TRUE(since().empty());
}

// ---- revoke one ------------------------------------------------------------------------------------------------
TEST_F(EndSessionsTest, RevokeSessionEndsAnotherOfOnesOwn) {
    auto done = run(revoke_session(services(), bearer_of(laptop_), phone_.session_id, caller_of(laptop_)));
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_EQ(since(), Types{"session.ended"});
    EXPECT_NE(world.events().back().payload.find("revoked"), std::string::npos);
    EXPECT_TRUE(lives(laptop_));
    EXPECT_FALSE(lives(phone_));
}

TEST_F(EndSessionsTest, RevokeSessionOfTheCurrentOneIsLogOut) {
    auto done = run(revoke_session(services(), bearer_of(laptop_), laptop_.session_id, caller_of(laptop_)));
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_FALSE(lives(laptop_));
}

TEST_F(EndSessionsTest, RevokeSessionTwiceIsNoError) {
    auto first = run(revoke_session(services(), bearer_of(laptop_), phone_.session_id, caller_of(laptop_)));
    auto second = run(revoke_session(services(), bearer_of(laptop_), phone_.session_id, caller_of(laptop_)));
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(second->position, 0);
    EXPECT_EQ(since().size(), 1u);
}

// Whether it is somebody else's or nobody's is not told.
TEST_F(EndSessionsTest, RevokeSessionKnowsNoSessionOfOthers) {
    for (const test::TestId& id : test::TestIds{bobs_.session_id, test::uuid(0xFF)})
        EXPECT_TRUE(test::refused(run(revoke_session(services(), bearer_of(laptop_), id, caller_of(laptop_))),
                                  refusals::kSessionUnknown));
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(lives(bobs_));
}

// An identifier in a path is whatever the caller writes there: here a user's, and that of a count of failures.
TEST_F(EndSessionsTest, RevokeSessionKnowsNoSessionUnderTheIdOfSomethingElse) {
    const LoginAttemptsId attempts = world.pseudonyms.login_attempts_of(ann_);
    ASSERT_FALSE(run(log_in(services(), test::login(kAnnsEmail, "wrong"), caller())));
    before_ = world.head();
    for (test::Node* asked : {&node, &other})
        for (const test::TestId& id : test::TestIds{ann_, bobs_.user_id, attempts})
            EXPECT_TRUE(test::refused(run(revoke_session(asked->services, bearer_of(laptop_), id, caller_of(laptop_))),
                                      refusals::kSessionUnknown));
    EXPECT_TRUE(since().empty());
    EXPECT_TRUE(lives(laptop_));
}

// ---- revoke all ------------------------------------------------------------------------------------------------
TEST_F(EndSessionsTest, RevokeAllIsOneEventAndSparesTheCurrentSession) {
    auto done =
        run(revoke_all_sessions(services(), bearer_of(laptop_), SessionsToKeep::kCurrentSession, caller_of(laptop_)));
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_EQ(since(), Types{"user.sessions_revoked"});
    EXPECT_TRUE(lives(laptop_));
    EXPECT_FALSE(lives(phone_));
    EXPECT_TRUE(lives(bobs_));
    EXPECT_TRUE(test::refused(run(refresh_session(services(), refresh_of(phone_), caller())), refusals::kInvalidGrant));
}

TEST_F(EndSessionsTest, RevokeAllCanSpareNone) {
    auto done =
        run(revoke_all_sessions(services(), bearer_of(laptop_), SessionsToKeep::kNoSession, caller_of(laptop_)));
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_FALSE(lives(laptop_));
    EXPECT_FALSE(lives(phone_));
}

TEST_F(EndSessionsTest, RevokeAllLeavesWhatBeginsAfterwards) {
    auto done =
        run(revoke_all_sessions(services(), bearer_of(laptop_), SessionsToKeep::kNoSession, caller_of(laptop_)));
    ASSERT_TRUE(test::succeeds(done));
    const Grant later = world.log_in(node, kAnnsEmail);
    EXPECT_EQ(later.security_stamp, 1);
    EXPECT_TRUE(lives(later));
    EXPECT_TRUE(test::succeeds(run(refresh_session(services(), refresh_of(later), caller()))));
}

// The token says the number of the security stamp at which it was made. The spared session goes on with its old token,
// gets the new number at its refresh, and is not spared by the next revocation from elsewhere.
TEST_F(EndSessionsTest, RevokeAllCountsTheSecurityStampOn) {
    auto spare = [&](const Grant& grant) {
        return run(
            revoke_all_sessions(services(), bearer_of(grant), SessionsToKeep::kCurrentSession, caller_of(grant)));
    };
    ASSERT_TRUE(test::succeeds(spare(laptop_)));
    auto refreshed = run(refresh_session(services(), refresh_of(laptop_), caller()));
    ASSERT_TRUE(test::succeeds(refreshed));
    EXPECT_EQ(refreshed->security_stamp, 1);
    EXPECT_TRUE(lives(laptop_)) << "the access token that was out already";
    EXPECT_TRUE(lives(*refreshed));
    const Grant tablet = world.log_in(node, kAnnsEmail);
    ASSERT_TRUE(test::succeeds(spare(tablet)));
    EXPECT_FALSE(lives(laptop_));
    EXPECT_FALSE(lives(*refreshed));
    EXPECT_TRUE(lives(tablet));
}

// Or a session that ended could bring itself back by sparing itself.
TEST_F(EndSessionsTest, RevokeAllIsNotForASessionThatEnded) {
    ASSERT_TRUE(test::succeeds(
        run(revoke_all_sessions(services(), bearer_of(laptop_), SessionsToKeep::kCurrentSession, caller_of(laptop_)))));
    EXPECT_TRUE(test::refused(
        run(revoke_all_sessions(services(), bearer_of(phone_), SessionsToKeep::kCurrentSession, caller_of(phone_))),
        refusals::kInvalidToken));
    EXPECT_FALSE(lives(phone_));
}

TEST_F(EndSessionsTest, RevokeAllTwiceUnderOneKeyIsOnce) {
    auto ask = [&](SessionsToKeep sessions_to_keep, std::uint8_t key) {
        return run(revoke_all_sessions(services(), bearer_of(laptop_), sessions_to_keep, test::caller_with_key(key)));
    };
    auto first = ask(SessionsToKeep::kCurrentSession, 9);
    auto second = ask(SessionsToKeep::kCurrentSession, 9);
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(first->position, second->position);
    ASSERT_TRUE(test::succeeds(ask(SessionsToKeep::kNoSession, 10)));
    EXPECT_TRUE(test::refused(ask(SessionsToKeep::kNoSession, 10), refusals::kInvalidToken)) << "it ended its session";
    EXPECT_EQ(since().size(), 2u);
}

// ---- revoke by the client (RFC 7009) ---------------------------------------------------------------------------
TEST_F(EndSessionsTest, RevokeTokenEndsTheSessionForTheClientThatHoldsIt) {
    ASSERT_TRUE(test::succeeds(run(revoke_token(services(), laptop_.session_id, test::first_party(), caller()))));
    EXPECT_FALSE(lives(laptop_));
    EXPECT_EQ(since(), Types{"session.ended"});
    eventstore::NullFieldOpener nothing;
    const auto envelope = eventstore::decode_metadata(world.events().back(), nothing);
    EXPECT_EQ(envelope.actor_type, eventstore::ActorType::kClient);
    EXPECT_EQ(envelope.actor_id, kFirstPartyClientId);
}

TEST_F(EndSessionsTest, RevokeTokenChangesNothingForAnotherClientAndSaysNothing) {
    Client shop = test::first_party();
    shop.client_id = "shop";
    for (const test::TestId& id : test::TestIds{laptop_.session_id, test::uuid(0xFF), ann_}) {
        auto done = run(revoke_token(services(), id, shop, caller()));
        ASSERT_TRUE(test::succeeds(done));
        EXPECT_EQ(done->position, 0);
    }
    EXPECT_TRUE(lives(laptop_));
    EXPECT_TRUE(since().empty());
}

TEST_F(EndSessionsTest, RevokeTokenIsForTheClientThatMayRevokeEveryTokenAndNotForOneThatMayLookAtThem) {
    Client watcher{"watcher", {}, IntrospectionRight::kAllTokens, EvaluationRight::kAnybody};
    auto looked = run(revoke_token(services(), laptop_.session_id, watcher, caller()));
    ASSERT_TRUE(test::succeeds(looked));
    EXPECT_EQ(looked->position, 0);
    EXPECT_TRUE(lives(laptop_));
    Client gateway{
        "gateway", {}, IntrospectionRight::kOwnTokens, EvaluationRight::kNobody, RevocationRight::kAllTokens};
    ASSERT_TRUE(test::succeeds(run(revoke_token(services(), laptop_.session_id, gateway, caller()))));
    EXPECT_FALSE(lives(laptop_));
}

}  // namespace
}  // namespace keyledger::commands
