// What a session proved, and what takes it: a token of an old log-in opens no change of an account and no
// administration, whoever holds it.
#include "commands/access/step_up.hpp"

#include "commands/access/roles.hpp"
#include "commands/account_services.hpp"
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/credentials/change_password.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/sessions/clean_up_sessions.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/reauthenticate.hpp"
#include "domain/sessions/session.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kMinute;
using test::kSecond;
using test::run;
using test::Types;

constexpr const char* kRootsEmail = "root@example.com";

class StepUpTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail);
        bob_ = world.register_user(node, "bob@example.com");
        world.create_administrator(node, kRootsEmail);
        anns_ = world.log_in(node, kAnnsEmail);
        roots_ = world.log_in(node, kRootsEmail);
        before_ = world.head();
    }
    void pass_the_window() { clock.advance(services().accounts.step_up_window + milliseconds(1)); }

    Result<Grant, CommandError> again(const Grant& grant, const char* password = test::kPassword) {
        Reauthentication request{bearer_of(grant), {Secret(password), std::nullopt}, std::nullopt, test::first_party()};
        return run(reauthenticate(services(), std::move(request), caller_of(grant)));
    }
    Result<Receipt, CommandError> define(const Bearer& bearer, const char* name) {
        auto defined = run(define_role(services(), bearer, {name, {"todos:read"}}, caller_of(roots_)));
        if (!defined) return Unexpected(defined.error());
        return Receipt{defined->position};
    }
    // What an administrator does, once each.
    std::vector<Result<Receipt, CommandError>> administer_as(const Bearer& bearer) {
        std::vector<Result<Receipt, CommandError>> all;
        all.push_back(define(bearer, "readers"));
        all.push_back(run(disable_user(services(), bearer, bob_, "left", caller_of(roots_))));
        all.push_back(run(enable_user(services(), bearer, bob_, caller_of(roots_))));
        all.push_back(run(revoke_sessions_of(services(), bearer, bob_, caller_of(roots_))));
        all.push_back(run(clean_up_sessions(services(), bearer, caller_of(roots_))));
        all.push_back(run(assign_role(services(), bearer, Subject::user(bob_), kAdministratorRole, caller_of(roots_))));
        auto erased = run(request_erasure(services(), bearer, bob_, caller_of(roots_)));
        if (erased) all.push_back(Receipt{erased->position});
        else all.push_back(Unexpected(erased.error()));
        return all;
    }
    Types since() { return world.types(before_); }

    UserId ann_, bob_;
    Grant anns_, roots_;
    Position before_ = 0;
};

// ---- administration --------------------------------------------------------------------------------------------
TEST_F(StepUpTest, IsNoticedByNobodyWhoLoggedInAMomentAgo) {
    clock.advance(services().accounts.step_up_window);
    for (const auto& done : administer_as(bearer_of(roots_))) EXPECT_TRUE(test::succeeds(done));
}

TEST_F(StepUpTest, LetsATokenOfAnOldLogInAdministerNothing) {
    pass_the_window();
    for (const auto& refusal : administer_as(bearer_of(roots_)))
        EXPECT_TRUE(test::refused(refusal, refusals::kPasswordNotRecent));
    EXPECT_EQ(since(), Types{});
}

// What may not be done at all is told first.
TEST_F(StepUpTest, IsAskedOfNobodyWhoLacksThePermission) {
    pass_the_window();
    EXPECT_TRUE(test::refused(define(bearer_of(anns_), "readers"), refusals::kForbidden));
}

TEST_F(StepUpTest, IsDoneByThePassword) {
    pass_the_window();
    const auto fresh = again(roots_);
    ASSERT_TRUE(test::succeeds(fresh));
    EXPECT_EQ(since(), Types{"session.reauthenticated"});
    EXPECT_EQ(fresh->session_id, roots_.session_id);
    EXPECT_EQ(fresh->generation, roots_.generation) << "the refresh token stays as it is";
    EXPECT_EQ(fresh->generated_at, roots_.generated_at);
    for (const auto& done : administer_as(bearer_of(*fresh))) EXPECT_TRUE(test::succeeds(done));
}

// Or whoever stole one would only have to wait until its owner proves something.
TEST_F(StepUpTest, MakesNoTokenStrongerThatIsThere) {
    pass_the_window();
    ASSERT_TRUE(test::succeeds(again(roots_)));
    EXPECT_TRUE(test::refused(define(bearer_of(roots_), "readers"), refusals::kPasswordNotRecent));
}

TEST_F(StepUpTest, IsNotDoneByARefresh) {
    clock.advance(4 * kMinute);
    Grant refreshed = world.refresh(node, roots_);
    EXPECT_EQ(refreshed.proofs, roots_.proofs) << "with the times that they had";
    EXPECT_TRUE(test::succeeds(define(bearer_of(refreshed), "readers")));
    clock.advance(kMinute + kSecond);
    EXPECT_TRUE(test::refused(define(bearer_of(refreshed), "writers"), refusals::kPasswordNotRecent));
    refreshed = world.refresh(node, refreshed);
    EXPECT_TRUE(test::refused(define(bearer_of(refreshed), "writers"), refusals::kPasswordNotRecent));
}

TEST_F(StepUpTest, IsKeptByARefresh) {
    pass_the_window();
    const auto fresh = again(roots_);
    ASSERT_TRUE(test::succeeds(fresh));
    clock.advance(kMinute);
    EXPECT_TRUE(test::succeeds(define(bearer_of(world.refresh(node, *fresh)), "readers")));
}

TEST_F(StepUpTest, GoesByTheWindowThatIsSet) {
    world.accounts.step_up_window = hours(1);
    clock.advance(hours(1));
    EXPECT_TRUE(test::succeeds(define(bearer_of(roots_), "readers")));
    clock.advance(milliseconds(1));
    EXPECT_TRUE(test::refused(define(bearer_of(roots_), "writers"), refusals::kPasswordNotRecent));
}

// Scenario: the answer got lost, and the window passed. Whoever repeats it is who may.
TEST_F(StepUpTest, IsAskedOfARepeatToo) {
    Caller with_key = test::caller_with_key(1).acting_as(roots_.user_id);
    const auto first = run(disable_user(services(), bearer_of(roots_), bob_, "left", with_key));
    ASSERT_TRUE(test::succeeds(first));
    pass_the_window();
    EXPECT_TRUE(test::refused(run(disable_user(services(), bearer_of(roots_), bob_, "left", with_key)),
                              refusals::kPasswordNotRecent));
    const auto fresh = again(roots_);
    ASSERT_TRUE(test::succeeds(fresh));
    const auto repeated = run(disable_user(services(), bearer_of(*fresh), bob_, "left", with_key));
    ASSERT_TRUE(test::succeeds(repeated));
    EXPECT_TRUE(repeated->repeated);
}

// ---- one's own account -----------------------------------------------------------------------------------------
// A password that is sent along is an authentication now.
TEST_F(StepUpTest, IsDoneByAPasswordInTheRequest) {
    pass_the_window();
    const auto changed = run(change_password(services(), test::password_change(bearer_of(anns_)), caller_of(anns_)));
    EXPECT_TRUE(test::succeeds(changed));
    const auto erased =
        run(request_own_erasure(services(), {bearer_of(anns_), Secret(test::kOtherPassword)}, caller_of(anns_)));
    EXPECT_TRUE(test::succeeds(erased));
}

TEST_F(StepUpTest, LetsATokenWithoutThePasswordChangeNothing) {
    pass_the_window();
    EXPECT_TRUE(test::refused(
        run(change_password(services(), test::password_change(bearer_of(anns_), "guessed"), caller_of(anns_))),
        refusals::kWrongPassword));
    EXPECT_TRUE(
        test::refused(run(request_own_erasure(services(), {bearer_of(anns_), Secret("guessed")}, caller_of(anns_))),
                      refusals::kWrongPassword));
    EXPECT_EQ(since(), Types(2, "login.failed"));
}

class WithSecondFactor : public StepUpTest {
protected:
    void append(const UserEvent& event) {
        Streams streams;
        const auto user = streams.read<User>(ann_);
        const Step step = [&](Attempt& attempt) -> StepResult {
            attempt.append(user, {event});
            co_return Result<void, CommandError>{};
        };
        ASSERT_TRUE(test::succeeds(run(node.executor.run(caller(), streams, step))));
        before_ = world.head();
    }
};

// Refused before the password is looked at: nobody learns whether it is right.
TEST_F(WithSecondFactor, APasswordAloneIsNotEnough) {
    append(UserSecondFactorTurnedOn{});
    for (const char* password : {test::kPassword, "guessed"}) {
        EXPECT_TRUE(test::refused(
            run(change_password(services(), test::password_change(bearer_of(anns_), password), caller_of(anns_))),
            refusals::kSecondFactorNotRecent));
        EXPECT_TRUE(
            test::refused(run(request_own_erasure(services(), {bearer_of(anns_), Secret(password)}, caller_of(anns_))),
                          refusals::kSecondFactorNotRecent));
    }
    EXPECT_EQ(since(), Types{});
}

// Scenario: somebody reads Ann's mail, resets her password and logs in. She has a day to see it.
TEST_F(WithSecondFactor, APasswordOfTheMailWaitsADay) {
    const auto sealed = [&] {
        Streams streams;
        streams.read<User>(ann_);
        return state_of<User>(
            run(node.executor.folder().load(streams.loads(), Freshness::kAtHead, Deadline::max()))->front());
    }();
    append(UserPasswordReset{sealed.credential_id, sealed.sealed_sha256});
    const auto ask = [&](const Grant& grant) {
        return run(change_password(services(), test::password_change(bearer_of(grant)), caller_of(grant)));
    };
    EXPECT_TRUE(test::refused(ask(world.log_in(node, kAnnsEmail)), refusals::kMeansTooYoung));
    clock.advance(days(1) - milliseconds(1));
    EXPECT_TRUE(test::refused(ask(world.log_in(node, kAnnsEmail)), refusals::kMeansTooYoung));
    clock.advance(kSecond);
    EXPECT_TRUE(test::succeeds(ask(world.log_in(node, kAnnsEmail))));
}

// ---- reauthenticate --------------------------------------------------------------------------------------------
TEST_F(StepUpTest, CountsAWrongPasswordAsAFailedLogIn) {
    EXPECT_TRUE(test::refused(again(anns_, "wrong"), refusals::kWrongPassword));
    EXPECT_EQ(since(), Types{"login.failed"});
    EXPECT_EQ(world.events().back().stream_id, world.pseudonyms.login_attempts_of(ann_));
}

TEST_F(StepUpTest, LooksAtNoPasswordAfterTooManyFailures) {
    node.services.settings.attempts.network_failures = 2;
    EXPECT_TRUE(test::refused(again(anns_, "wrong"), refusals::kWrongPassword));
    EXPECT_TRUE(test::refused(again(anns_, "wrong"), refusals::kWrongPassword));
    EXPECT_TRUE(test::refused(again(anns_), refusals::kTooManyAttempts));
}

TEST_F(StepUpTest, IsOverWithTheSession) {
    ASSERT_TRUE(test::succeeds(run(log_out(services(), bearer_of(anns_), caller_of(anns_)))));
    EXPECT_TRUE(test::refused(again(anns_), refusals::kInvalidToken));
    EXPECT_EQ(since(), Types{"session.ended"});
}

TEST_F(StepUpTest, GivesATokenForWhereItIsWanted) {
    Reauthentication request{
        bearer_of(anns_), {Secret(test::kPassword), std::nullopt}, "https://shop.example", test::first_party()};
    const auto grant = run(reauthenticate(services(), std::move(request), caller_of(anns_)));
    ASSERT_TRUE(test::succeeds(grant));
    EXPECT_EQ(grant->audiences, std::vector<std::string>{"https://shop.example"});
    EXPECT_EQ(grant->session_audiences, anns_.session_audiences);
    Reauthentication elsewhere{
        bearer_of(anns_), {Secret(test::kPassword), std::nullopt}, "https://other.example", test::first_party()};
    EXPECT_TRUE(test::refused(run(reauthenticate(services(), std::move(elsewhere), caller_of(anns_))),
                              refusals::kInvalidTarget));
}

// A session of an older version tells nothing of what was proven: it was a password, when it began.
TEST(ProofsOfASession, AreThoseThatAreKnownOfOldOnes) {
    SessionStarted old;
    old.user_id = test::uuid(0xA1);
    const auto session = test::given<Session>(old);
    EXPECT_EQ(session.proofs, (std::vector<Proof>{{ProofMethod::kPassword, test::kNow}}));
}

TEST(ProofsOfASession, AreTheNewestOfEachMethod) {
    SessionStarted started;
    started.methods = {ProofMethod::kPassword, ProofMethod::kTotp};
    started.authenticated_at = test::kNow - kSecond;
    const auto session = test::given<Session>(started, SessionReauthenticated{{ProofMethod::kPassword}});
    EXPECT_EQ(session.proofs, (std::vector<Proof>{{ProofMethod::kTotp, test::kNow - kSecond},
                                                  {ProofMethod::kPassword, test::kNow + kSecond}}));
}

}  // namespace
}  // namespace keyledger::commands
