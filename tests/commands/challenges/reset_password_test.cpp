// A new password by mail (I13, I14): who asks learns nothing, a code or link earns one door, three wrong codes end it.
#include "commands/accounts/erase_user.hpp"
#include "commands/accounts/set_user_status.hpp"
#include "commands/credentials/passwords.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "domain/users/identity.hpp"
#include "tests/commands/challenges/mail_proofs.hpp"

namespace keyledger::commands {
namespace {

using test::refused;
using test::run;
using test::succeeds;
using test::Types;

using Outcomes = std::vector<Result<Receipt, CommandError>>;
int carried_out(const Outcomes& outcomes) {
    return static_cast<int>(std::ranges::count_if(outcomes, [](const auto& one) { return one.has_value(); }));
}

class ResetPasswordTest : public MailProofTest {
protected:
    Grant administrator() {
        world.create_administrator(node, "root@example.com");
        const Grant root = world.log_in(node, "root@example.com");
        before_ = world.head();
        return root;
    }
    // So many of the same at once, on two nodes.
    Outcomes rivals(int number, const std::function<Presented()>& presented) {
        std::vector<asio::awaitable<Result<Receipt, CommandError>>> all;
        for (int i = 0; i < number; ++i) all.push_back(reset_at(i % 2 == 0 ? second_ : other, presented()));
        return test::run_all(std::move(all));
    }
    test::Node second_{world, store};
};

TEST_F(ResetPasswordTest, IsAskedForByOneEventWhoeverHasTheAddress) {
    const Grant root = administrator();
    ASSERT_TRUE(succeeds(run(disable_user(node.services, test::bearer_of(root), ann_, "left", test::caller_of(root)))));
    world.register_user(node, "ben@example.com");
    before_ = world.head();
    for (const char* email : {test::kAnnsEmail, "ben@example.com", kNobodysEmail, "BEN@EXAMPLE.COM"})
        ask(ChallengePurpose::kResetPassword, email);
    EXPECT_EQ(world.types(before_), Types(4, "challenge.asked"));
    std::string all;
    for (const auto& event : world.events(before_)) all += event.payload + event.metadata;
    for (const char* told : {"ann@", "ben@", "nobody@", "example.com"}) EXPECT_EQ(all.find(told), std::string::npos);
    EXPECT_TRUE(refused(asking(ChallengePurpose::kResetPassword, "no address"), refusals::kInvalidEmail));
}

TEST_F(ResetPasswordTest, EndsAllSessionsAndOpensWithTheNewPassword) {
    const Grant session = world.log_in(node, test::kAnnsEmail);
    before_ = world.head();
    const std::string handle = ask();
    ASSERT_TRUE(succeeds(reset(by_code(handle, mailed_code(handle)))));
    EXPECT_EQ(world.types(before_),
              (Types{"challenge.asked", "user.email_verified", "user.password_reset", "challenge.completed"}));
    EXPECT_FALSE(succeeds(run(refresh_session(node.services, test::refresh_of(session), test::caller()))));
    EXPECT_TRUE(succeeds(run(log_in(other.services, test::login(test::kAnnsEmail, kNewPassword), test::caller()))));
    EXPECT_FALSE(succeeds(run(log_in(other.services, test::login(test::kAnnsEmail), test::caller()))));
}

TEST_F(ResetPasswordTest, EarnsOneDoorForFiftyAtOnceOnTwoNodes) {
    const std::string by_mail = ask();
    const std::string code = mailed_code(by_mail);
    EXPECT_EQ(carried_out(rivals(50, [&] { return by_code(by_mail, code); })), 1);
    const std::string again = ask();
    const std::string link = mailed_link(again);
    EXPECT_EQ(carried_out(rivals(50, [&] { return by_link(link); })), 1);
    EXPECT_EQ(count("user.password_reset"), 2);
}

TEST_F(ResetPasswordTest, EndsAtTheThirdWrongCodeThoughAllComeAtOnce) {
    for (const char* email : {test::kAnnsEmail, kNobodysEmail}) {
        before_ = world.head();
        const std::string handle = ask(ChallengePurpose::kResetPassword, email);
        const std::string code = mailed_code(handle);
        EXPECT_EQ(carried_out(rivals(20, [&] { return by_code(handle, wrong(code)); })), 0);
        EXPECT_EQ(count("challenge.failed"), 3) << email;
        EXPECT_EQ(count("wrong_code.counted"), 3) << email;
        EXPECT_TRUE(refused(reset(by_code(handle, code)), refusals::kNotProven));
        EXPECT_TRUE(refused(reset(by_link(mailed_link(handle))), refusals::kNotProven));
        EXPECT_EQ(std::ssize(world.types(before_)), 7) << "nothing else, whoever has the address";
    }
}

TEST_F(ResetPasswordTest, TakesTheRightCodeBehindTwoWrongOnes) {
    const std::string handle = ask();
    const std::string code = mailed_code(handle);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(refused(reset(by_code(handle, wrong(code))), refusals::kNotProven));
    EXPECT_TRUE(succeeds(reset(by_code(handle, code))));
}

TEST_F(ResetPasswordTest, EndsCodesOfAnAddressAtThirtyWrongOnesAndGoesOnByLink) {
    for (int challenge = 0; challenge < 10; ++challenge) {
        clock.advance(minutes(5));  // the buckets of one network
        const std::string handle = ask();
        const std::string code = mailed_code(handle);
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(refused(reset(by_code(handle, wrong(code))), refusals::kNotProven));
    }
    clock.advance(minutes(5));
    const std::string handle = ask();
    const std::string code = mailed_code(handle);
    EXPECT_TRUE(refused(reset(by_code(handle, code)), refusals::kNotProven));
    EXPECT_EQ(count("wrong_code.counted"), 30);
    EXPECT_TRUE(succeeds(reset(by_link(mailed_link(handle)))));
    clock.advance(days(1));
    const std::string next_day = ask();
    EXPECT_TRUE(succeeds(reset(by_code(next_day, mailed_code(next_day)))));
}

TEST_F(ResetPasswordTest, TakesNothingOfBeforeTheSessionsEnded) {
    const std::string handle = ask();
    const std::string code = mailed_code(handle);
    const std::string link = mailed_link(handle);
    const Grant session = world.log_in(node, test::kAnnsEmail);
    ASSERT_TRUE(succeeds(run(revoke_all_sessions(node.services, test::bearer_of(session), SessionsToKeep::kNoSession,
                                                 test::caller_of(session)))));
    EXPECT_TRUE(refused(reset(by_link(link)), refusals::kNotProven));
    EXPECT_TRUE(refused(reset(by_code(handle, code)), refusals::kNotProven));
}

TEST_F(ResetPasswordTest, TakesNothingTooLateOrForAnotherPurpose) {
    const std::string handle = ask();
    const std::string code = mailed_code(handle);
    const std::string link = mailed_link(handle);
    const std::string unlocking = ask(ChallengePurpose::kUnlock);
    EXPECT_TRUE(refused(reset(by_link(mailed_link(unlocking, ChallengePurpose::kUnlock))), refusals::kNotProven));
    EXPECT_TRUE(refused(reset(by_code(unlocking, code)), refusals::kNotProven));
    EXPECT_TRUE(refused(reset(by_link("made up")), refusals::kNotProven));
    EXPECT_EQ(count("challenge.failed"), 0);
    clock.advance(minutes(30));
    EXPECT_TRUE(refused(reset(by_code(handle, code)), refusals::kNotProven));
    EXPECT_TRUE(refused(reset(by_link(link)), refusals::kNotProven));
}

// The password is judged behind the proof, and what is refused uses nothing up.
TEST_F(ResetPasswordTest, IsNotUsedUpByAPasswordThatIsRefused) {
    const std::string handle = ask();
    const std::string code = mailed_code(handle);
    EXPECT_TRUE(refused(reset(by_code(handle, wrong(code)), "short"), refusals::kNotProven));
    EXPECT_TRUE(refused(reset(by_code(handle, code), "short"), refusals::kPasswordTooShort));
    EXPECT_TRUE(succeeds(reset(by_code(handle, code))));
}

// Whoever reads somebody's mail has one factor of two.
TEST_F(ResetPasswordTest, TakesNoAccountThatHasASecondFactor) {
    const std::string handle = ask();
    turn_on_second_factor();
    EXPECT_TRUE(refused(reset(by_code(handle, wrong(mailed_code(handle)))), refusals::kNotProven));
    EXPECT_TRUE(refused(reset(by_code(handle, mailed_code(handle))), refusals::kResetNeedsFactor));
    EXPECT_TRUE(refused(reset(by_link(mailed_link(handle))), refusals::kResetNeedsFactor));
    EXPECT_EQ(count("user.password_reset"), 0);
}

TEST_F(ResetPasswordTest, TakesNothingForWhoeverWasErasedMeanwhile) {
    const std::string handle = ask();
    const std::string code = mailed_code(handle);
    const std::string link = mailed_link(handle);
    const Grant root = administrator();
    node.services.settings.erasure_grace = Duration();
    ASSERT_TRUE(succeeds(run(request_erasure(node.services, test::bearer_of(root), ann_, test::caller_of(root)))));
    EXPECT_TRUE(refused(reset(by_link(link)), refusals::kNotProven));
    EXPECT_TRUE(refused(reset(by_code(handle, code)), refusals::kNotProven));
}

TEST_F(ResetPasswordTest, IsAskedForOnceByOneHandleWithinAMinute) {
    const std::string handle = ask();
    EXPECT_EQ(asking(ChallengePurpose::kResetPassword, test::kAnnsEmail, handle)->handle, handle);
    EXPECT_EQ(count("challenge.asked"), 1);
    EXPECT_NE(asking(ChallengePurpose::kResetPassword, kNobodysEmail, handle)->handle, handle);
    clock.advance(minutes(1));
    EXPECT_NE(asking(ChallengePurpose::kResetPassword, test::kAnnsEmail, handle)->handle, handle);
    EXPECT_EQ(count("challenge.asked"), 3);
}

TEST_F(ResetPasswordTest, IsAskedForSoOftenWhoeverHasTheAddress) {
    for (const char* email : {test::kAnnsEmail, kNobodysEmail}) {
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(succeeds(asking(ChallengePurpose::kResetPassword, email))) << i;
        const auto refused_one = asking(ChallengePurpose::kResetPassword, email);
        ASSERT_TRUE(refused(refused_one, refusals::kTooManyAttempts));
        EXPECT_EQ(refused_one.error().retry_after, minutes(5));
    }
}

}  // namespace
}  // namespace keyledger::commands
