#include "commands/credentials/change_password.hpp"

#include "commands/access/answers_at_head.hpp"
#include "commands/credentials/password_history.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "tests/commands/runtime/fixture.hpp"

namespace keyledger::commands {
namespace {

using test::bearer_of;
using test::caller;
using test::caller_of;
using test::kAnnsEmail;
using test::kMinute;
using test::login;
using test::password_change;
using test::run;
using test::Types;

class ChangePasswordTest : public test::CommandTest {
protected:
    void SetUp() override {
        ann_ = world.register_user(node, kAnnsEmail, "annie");
        laptop_ = world.log_in(node, kAnnsEmail);
        phone_ = world.log_in(node, kAnnsEmail);
        before_ = world.head();
    }
    Result<Receipt, CommandError> ask(PasswordChange change) {
        return run(change_password(services(), std::move(change), caller_of(laptop_)));
    }
    Types since() { return world.types(before_); }
    bool lives(const Grant& grant) {
        return run(bearer_at_head(services(), bearer_of(grant), Deadline::max())).has_value();
    }

    UserId ann_;
    Grant laptop_, phone_;
    Position before_ = 0;
};

TEST_F(ChangePasswordTest, LetsInTheNewOneAndNoLongerTheOld) {
    auto done = ask(password_change(bearer_of(laptop_)));
    ASSERT_TRUE(test::succeeds(done));
    EXPECT_EQ(since(), Types{"user.password_changed"});
    EXPECT_EQ(done->position, before_ + 1);
    EXPECT_TRUE(test::refused(run(log_in(services(), login(kAnnsEmail), caller())), refusals::kInvalidCredentials));
    EXPECT_TRUE(test::succeeds(run(log_in(services(), login(kAnnsEmail, test::kOtherPassword), caller()))));
}

// Off unless it is asked for: then the last ones can't be chosen again, and one that is older can.
TEST_F(ChangePasswordTest, RefusesTheLastOnesWhereTheyAreRemembered) {
    const auto change = [&](const std::string& from, const std::string& to) {
        return ask(password_change(bearer_of(laptop_), from, to));
    };
    const std::string a = test::kPassword;
    const std::string b = "number two of them";
    const std::string c = "number three of them";
    const std::string d = "number four of them";
    EXPECT_TRUE(test::succeeds(change(a, a))) << "nothing is remembered";
    world.accounts.password_history = 3;
    EXPECT_TRUE(test::refused(change(a, a), refusals::kPasswordUsedBefore)) << "the one of now counts";
    ASSERT_TRUE(test::succeeds(change(a, b)));
    ASSERT_TRUE(test::succeeds(change(b, c)));
    for (const std::string& known : {a, b, c})
        EXPECT_TRUE(test::refused(change(c, known), refusals::kPasswordUsedBefore)) << known;
    ASSERT_TRUE(test::succeeds(change(c, d)));
    EXPECT_TRUE(test::refused(change(d, b), refusals::kPasswordUsedBefore));
    EXPECT_TRUE(test::succeeds(change(d, a))) << "three ago";
    const auto kept = run(store.read_credential(ann_, std::string(kFormerPasswordsKind), Deadline::max()));
    ASSERT_TRUE(kept && kept->has_value());
    EXPECT_EQ((*kept)->sealed.find(d), std::string::npos) << "sealed, as the password is";
    const int hashed = world.hasher.verified;
    world.accounts.password_history = 0;
    ASSERT_TRUE(test::succeeds(change(a, a)));
    EXPECT_EQ(world.hasher.verified, hashed + 1) << "off: it costs nothing";
}

TEST_F(ChangePasswordTest, EndsEveryOtherSession) {
    ASSERT_TRUE(test::succeeds(ask(password_change(bearer_of(laptop_)))));
    EXPECT_TRUE(lives(laptop_));
    EXPECT_FALSE(lives(phone_));
    EXPECT_TRUE(test::succeeds(run(refresh_session(services(), test::refresh_of(laptop_), caller()))));
    EXPECT_TRUE(
        test::refused(run(refresh_session(services(), test::refresh_of(phone_), caller())), refusals::kInvalidGrant));
}

TEST_F(ChangePasswordTest, CanBeDoneAgainWithTheTokenThatStayed) {
    ASSERT_TRUE(test::succeeds(ask(password_change(bearer_of(laptop_)))));
    EXPECT_TRUE(test::succeeds(ask(password_change(bearer_of(laptop_), test::kOtherPassword, test::kPassword))));
    EXPECT_TRUE(test::succeeds(run(log_in(services(), login(kAnnsEmail), caller()))));
}

// A stolen access token is no licence to guess.
TEST_F(ChangePasswordTest, CountsAWrongCurrentPasswordAsAFailedLogIn) {
    EXPECT_TRUE(test::refused(ask(password_change(bearer_of(laptop_), "wrong")), refusals::kWrongPassword));
    EXPECT_EQ(since(), Types{"login.failed"});
    EXPECT_EQ(world.events().back().stream_id, world.pseudonyms.login_attempts_of(ann_));
    EXPECT_TRUE(lives(laptop_));
    EXPECT_TRUE(lives(phone_));
}

TEST_F(ChangePasswordTest, LooksAtNoPasswordAfterTooManyFailures) {
    node.services.settings.attempts.network_failures = 3;
    for (int i = 0; i < 2; ++i)
        EXPECT_TRUE(test::refused(ask(password_change(bearer_of(laptop_), "wrong")), refusals::kWrongPassword));
    EXPECT_TRUE(
        test::refused(run(log_in(services(), login(kAnnsEmail, "wrong"), caller())), refusals::kInvalidCredentials));
    const int verified = world.hasher.verified;
    auto answer = ask(password_change(bearer_of(laptop_)));
    EXPECT_TRUE(test::refused(answer, refusals::kTooManyAttempts));
    EXPECT_GT(answer.error().retry_after, Duration());
    EXPECT_EQ(world.hasher.verified, verified);
    clock.advance(test::kSecond);
    EXPECT_TRUE(test::succeeds(ask(password_change(bearer_of(laptop_)))));
}

TEST_F(ChangePasswordTest, JudgesTheNewPasswordAgainstWhoTheyAre) {
    EXPECT_TRUE(
        test::refused(ask(password_change(bearer_of(laptop_), test::kPassword, "short")), refusals::kPasswordTooShort));
    EXPECT_TRUE(test::refused(ask(password_change(bearer_of(laptop_), test::kPassword, "my name is ann, hello")),
                              refusals::kPasswordContainsIdentity));
    EXPECT_TRUE(since().empty());
}

TEST_F(ChangePasswordTest, NeedsATokenThatHolds) {
    ASSERT_TRUE(test::succeeds(run(log_out(services(), bearer_of(laptop_), caller_of(laptop_)))));
    const int verified = world.hasher.verified;
    EXPECT_TRUE(test::refused(ask(password_change(bearer_of(laptop_))), refusals::kInvalidToken));
    EXPECT_EQ(world.hasher.verified, verified) << "it was no place to guess";
}

TEST_F(ChangePasswordTest, AnswersARepeatUnderItsKeyThoughThePasswordMovedOn) {
    auto ask_with_key = [&] {
        return run(change_password(services(), password_change(bearer_of(laptop_)), test::caller_with_key(5)));
    };
    auto first = ask_with_key();
    auto second = ask_with_key();
    ASSERT_TRUE(test::succeeds(first));
    ASSERT_TRUE(test::succeeds(second));
    EXPECT_EQ(first->position, second->position);
    EXPECT_EQ(since(), Types{"user.password_changed"});
}

TEST_F(ChangePasswordTest, RefusesACredentialThatTheLogDoesNotNameAndTellsTheOperator) {
    stepped.edit_credential = [](auto& credential) { credential->sealed.back() ^= 1; };
    EXPECT_TRUE(test::refused(ask(password_change(bearer_of(laptop_))), refusals::kCredentialTampered));
    EXPECT_EQ(world.operator_log.lines().size(), 1u);
    EXPECT_TRUE(since().empty());
}

}  // namespace
}  // namespace keyledger::commands
