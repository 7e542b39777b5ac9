#include "commands/log_in.hpp"

#include "commands/set_user_status.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "tests/commands/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kMinuteMs;
using test::login;
using test::login_by_username;
using test::run;
using test::Types;

class LogInTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail, "Ann");
        before_ = world.head();
    }
    Result<Grant, CommandError> ask(LogIn request, Caller from = caller()) {
        return run(log_in(services(), std::move(request), std::move(from)));
    }
    Types since() { return world.types(before_); }
    eventstore::EventMetadata envelope_of_last() {
        eventstore::OpensNothing nothing;
        return eventstore::decode_metadata(world.events().back().metadata, nothing);
    }

    Uuid ann_;
    Position before_ = 0;
};

TEST_F(LogInTest, StartsASession) {
    auto grant = ask(login(kAnnsEmail));
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_EQ(since(), Types{"session.started"});
    EXPECT_EQ(grant->user_id, ann_);
    EXPECT_EQ(grant->session_id, world.events().back().stream_id);
    EXPECT_EQ(grant->client_id, kFirstPartyClientId);
    EXPECT_EQ(grant->audiences, std::vector<std::string>{test::kIssuer});
    EXPECT_EQ(grant->generation, 1);
    EXPECT_EQ(grant->security_stamp, 0);
    EXPECT_EQ(grant->position, before_ + 1);
    EXPECT_EQ(world.throttle.successes, 1);
}

TEST_F(LogInTest, KnowsAddressAndUserNameInWhateverCase) {
    EXPECT_TRUE(test::succeeds(ask(login("ANN@Example.Com"))));
    EXPECT_TRUE(test::succeeds(ask(login_by_username("aNN"))));
    EXPECT_TRUE(test::refused(ask(login_by_username(kAnnsEmail)), Refusal::kInvalidCredentials));
    EXPECT_TRUE(test::refused(ask(login("ann")), Refusal::kInvalidCredentials));
}

TEST_F(LogInTest, IsRecordedAsTheUsersOwnAct) {
    auto grant = ask(login(kAnnsEmail));
    ASSERT_TRUE(test::succeeds(grant));
    const auto envelope = envelope_of_last();
    EXPECT_EQ(envelope.actor_type, eventstore::ActorType::kUser);
    EXPECT_EQ(envelope.actor_id, ann_.to_string());
    EXPECT_EQ(envelope.session_id, grant->session_id);
    EXPECT_EQ(envelope.request_id, "request-1");
}

TEST_F(LogInTest, HandsOutTheAudienceThatTheClientMayAskFor) {
    auto request = login(kAnnsEmail);
    request.resource = "https://shop.example";
    auto grant = ask(std::move(request));
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_EQ(grant->audiences, std::vector<std::string>{"https://shop.example"});
    request = login(kAnnsEmail);
    request.resource = "https://bank.example";
    EXPECT_TRUE(test::refused(ask(std::move(request)), Refusal::kInvalidTarget));
}

// Its ids are made by the server: the same header twice is two sessions.
TEST_F(LogInTest, IgnoresTheIdempotencyKey) {
    auto first = ask(login(kAnnsEmail), test::caller_with_key(7));
    auto second = ask(login(kAnnsEmail), test::caller_with_key(7));
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_NE(first->session_id, second->session_id);
}

// Design 12: one append, and at most two further round trips.
TEST_F(LogInTest, AsksTheStoreForTheClaimAndTheCredentialAlone) {
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    stepped.calls.clear();
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    const std::map<std::string, int> expected{{"append", 1}, {"find_claim", 1}, {"read_credential", 1}};
    EXPECT_EQ(stepped.calls, expected);
}

// ---- failures --------------------------------------------------------------------------------------------------
TEST_F(LogInTest, RefusesAWrongPasswordAndCountsItBesideTheUser) {
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, "wrong")), Refusal::kInvalidCredentials));
    EXPECT_EQ(since(), Types{"login.failed"});
    const auto event = world.events().back();
    EXPECT_EQ(event.stream_id, world.pseudonyms.login_attempts_of(ann_));
    EXPECT_NE(event.payload.find("wrong_password"), std::string::npos);
    EXPECT_EQ(envelope_of_last().actor_type, eventstore::ActorType::kAnonymous);
}

// What is recorded of them: commands/failure_sums.
TEST_F(LogInTest, StoresNothingOfAnUnknownNameWhenItIsTried) {
    EXPECT_TRUE(test::refused(ask(login("nobody@example.com")), Refusal::kInvalidCredentials));
    EXPECT_TRUE(test::refused(ask(login("MyPassword123! typed into the wrong field")), Refusal::kInvalidCredentials));
    EXPECT_TRUE(since().empty());
    const auto sums = services().failure_sums.take();
    ASSERT_EQ(sums.size(), 1u);
    EXPECT_EQ(sums.front().count, 2);
    EXPECT_EQ(sums.front().network, caller().client_address);
}

// Alike in answer, in hashes and in round trips, once the user is cached.
TEST_F(LogInTest, DoesTheSameWorkForAnUnknownNameAsForAWrongPassword) {
    auto work_of = [&](const std::string& email, const std::string& password) {
        stepped.calls.clear();
        world.hasher.verified = 0;
        auto answer = ask(login(email, password));
        EXPECT_TRUE(test::refused(answer, Refusal::kInvalidCredentials));
        EXPECT_EQ(answer.error().retry_after_s, 0);
        EXPECT_EQ(world.hasher.verified, 1);
        return stepped.calls;
    };
    work_of("nobody@example.com", "wrong");
    work_of(kAnnsEmail, "wrong");
    EXPECT_EQ(work_of("nobody@example.com", "wrong"), work_of(kAnnsEmail, "wrong"));
}

TEST_F(LogInTest, TellsOnlyWhoKnowsThePasswordThatHeIsDisabled) {
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    auto disabled = run(disable_user(services(), test::bearer_of(root), ann_, "left", caller_of(root)));
    ASSERT_TRUE(test::succeeds(disabled));
    before_ = world.head();
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, "wrong")), Refusal::kInvalidCredentials));
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), Refusal::kUserDisabled));
    EXPECT_EQ(since(), (Types{"login.failed", "login.failed"}));
    EXPECT_NE(world.events().back().payload.find("user_not_active"), std::string::npos);
}

TEST_F(LogInTest, IsThrottledBeforeAnyWork) {
    world.throttle.wait_s = 30;
    world.hasher.verified = 0;
    stepped.calls.clear();
    auto answer = ask(login(kAnnsEmail));
    EXPECT_TRUE(test::refused(answer, Refusal::kTooManyAttempts));
    EXPECT_EQ(answer.error().retry_after_s, 30);
    EXPECT_EQ(world.hasher.verified, 0);
    EXPECT_TRUE(stepped.calls.empty());
}

// One person is one name to the throttle, in whatever case he types it, and never in the clear.
TEST_F(LogInTest, IsThrottledByWhoIsMeant) {
    for (const char* email : {kAnnsEmail, "ANN@example.com", "bob@example.com"})
        EXPECT_TRUE(test::refused(ask(login(email, "wrong")), Refusal::kInvalidCredentials));
    const auto names = world.throttle.admitted();
    ASSERT_EQ(names.size(), 3u);
    EXPECT_EQ(names[0], names[1]);
    EXPECT_NE(names[0], names[2]);
    EXPECT_EQ(names[0].find("ann"), std::string::npos);
}

TEST_F(LogInTest, SaysWhenTheHashingPoolIsFullAndCountsNoFailure) {
    world.hasher.overloaded = true;
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), Refusal::kOverloaded));
    EXPECT_TRUE(test::refused(ask(login("nobody@example.com")), Refusal::kOverloaded));
    EXPECT_TRUE(since().empty());
}

// I12: without the store there is no log-in.
TEST_F(LogInTest, SaysWhenTheStoreIsAway) {
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    stepped.away = true;
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), Refusal::kUnavailable));
    EXPECT_TRUE(test::refused(ask(login("nobody@example.com")), Refusal::kUnavailable));
}

// ---- too many failures in a row --------------------------------------------------------------------------------
class LogInLimitTest : public LogInTest {
protected:
    void SetUp() override {
        node.services.settings.attempts = {3, 15 * kMinuteMs};
        other.services.settings.attempts = {3, 15 * kMinuteMs};
        LogInTest::SetUp();
    }
    void fail(int times) {
        for (int i = 0; i < times; ++i)
            EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, "wrong")), Refusal::kInvalidCredentials));
    }
};

TEST_F(LogInLimitTest, RefusesTheRightPasswordAsAWrongOne) {
    fail(3);
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), Refusal::kInvalidCredentials));
    EXPECT_NE(world.events().back().payload.find("too_many_failures"), std::string::npos);
}

TEST_F(LogInLimitTest, LetsInAfterThePauseHoweverOftenSomebodyKnockedInIt) {
    fail(3);
    for (int minute = 0; minute < 15; ++minute) {
        EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), Refusal::kInvalidCredentials));
        clock.advance(kMinuteMs);
    }
    EXPECT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
}

TEST_F(LogInLimitTest, BeginsAnewAfterAGoodLogIn) {
    fail(2);
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    EXPECT_EQ(since(), (Types{"login.failed", "login.failed", "session.started", "login.failures_cleared"}));
    fail(2);
    EXPECT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
}

// The count is the log's, not a node's: who guesses on two nodes has not twice the guesses. Each node may be behind
// by what it has not read yet, which is until its own next failure.
TEST_F(LogInLimitTest, CountsOnAllNodesTogether) {
    auto ask_other = [&] { return run(log_in(other.services, login(kAnnsEmail, "wrong"), caller())); };
    EXPECT_TRUE(test::refused(ask_other(), Refusal::kInvalidCredentials));
    fail(2);
    EXPECT_TRUE(test::refused(ask_other(), Refusal::kInvalidCredentials));
    auto answer = run(log_in(other.services, login(kAnnsEmail), caller()));
    EXPECT_TRUE(test::refused(answer, Refusal::kInvalidCredentials));
}

// ---- renewal of the hash ---------------------------------------------------------------------------------------
TEST_F(LogInTest, RenewsAHashThatBecameWeak) {
    const Grant earlier = world.log_in(node, kAnnsEmail);
    before_ = world.head();
    world.hasher.strength = 2;
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    EXPECT_EQ(since(), (Types{"session.started", "user.password_hash_renewed"}));
    ASSERT_TRUE(test::succeeds(ask(login(kAnnsEmail))));
    EXPECT_EQ(since().size(), 3u) << "renewed once, and it is still the same password";
    EXPECT_TRUE(test::succeeds(run(refresh_session(services(), test::refresh_of(earlier), caller()))))
        << "renewal ends no session";
    EXPECT_TRUE(test::succeeds(run(log_in(other.services, login(kAnnsEmail), caller()))));
}

TEST_F(LogInTest, RenewsNothingForAWrongPassword) {
    world.hasher.strength = 2;
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail, "wrong")), Refusal::kInvalidCredentials));
    EXPECT_EQ(since(), Types{"login.failed"});
}

// ---- hands in the database (I11) -------------------------------------------------------------------------------
TEST_F(LogInTest, RefusesACredentialThatTheLogDoesNotName) {
    const Uuid eve = world.register_user(node, "eve@example.com");
    auto eves = run(store.read_credential(eve, "password", Deadline::max()));
    ASSERT_TRUE(eves && eves->has_value());
    stepped.edit_credential = [&](auto& credential) { credential->sealed = (*eves)->sealed; };
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), Refusal::kCredentialTampered));
    ASSERT_EQ(world.journal.lines().size(), 1u);
    EXPECT_NE(world.journal.lines().front().find(ann_.to_string()), std::string::npos);
}

TEST_F(LogInTest, RefusesTheWholeRowOfSomebodyElse) {
    const Uuid eve = world.register_user(node, "eve@example.com");
    auto eves = run(store.read_credential(eve, "password", Deadline::max()));
    ASSERT_TRUE(eves && eves->has_value());
    stepped.edit_credential = [&](auto& credential) {
        credential = **eves;
        credential->owner = ann_;
    };
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), Refusal::kCredentialTampered));
}

TEST_F(LogInTest, RefusesAnOldCredentialThatWasPutBack) {
    auto old = run(store.read_credential(ann_, "password", Deadline::max()));
    ASSERT_TRUE(old && old->has_value());
    const Grant grant = world.log_in(node, kAnnsEmail);
    auto change = test::password_change(test::bearer_of(grant));
    ASSERT_TRUE(test::succeeds(run(change_password(services(), std::move(change), caller_of(grant)))));
    stepped.edit_credential = [&](auto& credential) { credential->sealed = (*old)->sealed; };
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), Refusal::kCredentialTampered));
}

TEST_F(LogInTest, RefusesACredentialThatIsGone) {
    stepped.edit_credential = [](auto& credential) { credential.reset(); };
    EXPECT_TRUE(test::refused(ask(login(kAnnsEmail)), Refusal::kCredentialTampered));
}

}  // namespace
}  // namespace keyledger::commands
