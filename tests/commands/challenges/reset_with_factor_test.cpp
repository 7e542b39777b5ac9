// A new password by mail, of somebody with a second factor: the mail is one factor of two.
#include "tests/commands/challenges/mail_proofs.hpp"
#include "tests/commands/factors/second_factors.hpp"

namespace keyledger::commands {
namespace {

using test::refused;
using test::succeeds;

class ResetWithFactorTest : public MailProofTest {
protected:
    void SetUp() override {
        clock.advance(stores->server_now() - clock.now());  // steps are spent by the store's clock
        MailProofTest::SetUp();
        app_ = enrol();
        before_ = world.head();
    }
    std::string next_code() {
        clock.advance(kTotpStep);
        return test::code_at(app_, clock.now());
    }
    // As somebody whose account is new: it is established at once.
    std::string enrol() {
        const Grant grant = world.log_in(node, kAnnsEmail);
        Enrolment enrolment{bearer_of(grant), proof(), "phone"};
        auto begun = run(begin_factor_enrolment(node.services, std::move(enrolment), caller_of(grant)));
        app_ = begun.value().secret.base32.reveal();
        auto shown =
            run(confirm_factor_enrolment(node.services, bearer_of(grant), Secret(next_code()), caller_of(grant)));
        codes_ = std::move(shown.value().recovery_codes);
        return app_;
    }
    Result<Receipt, CommandError> reset_with(Presented presented, std::optional<PresentedFactor> factor,
                                             test::Node* at = nullptr, Caller by = caller()) {
        PasswordReset reset{std::move(presented), Secret(std::string_view(kNewPassword)), std::move(factor)};
        return run(reset_password(at ? at->services : other.services, std::move(reset), std::move(by)));
    }
    int attempts() { return count("factor.attempt_taken"); }

    std::string app_;
    std::vector<Secret> codes_;
};

TEST_F(ResetWithFactorTest, TakesACodeOfTheAppBesideTheMail) {
    const std::string handle = ask();
    const std::string code = mailed_code(handle);
    EXPECT_TRUE(refused(reset_with(by_code(handle, code), {}), refusals::kResetNeedsFactor));
    EXPECT_TRUE(refused(reset_with(by_code(handle, code), totp("000000")), refusals::kWrongSecondFactor));
    EXPECT_EQ(attempts(), 1);
    EXPECT_EQ(count("user.password_reset"), 0);
    ASSERT_TRUE(succeeds(reset_with(by_code(handle, code), totp(next_code()))));
    EXPECT_EQ(count("factor.attempt_passed"), 1);
    EXPECT_EQ(count("user.password_reset"), 1);
    EXPECT_EQ(count("factor.removed"), 0);
    EXPECT_EQ(ann_now().password_counts_from, Instant()) << "two factors were shown: it counts at once";
}

TEST_F(ResetWithFactorTest, TakesARecoveryCodeOnce) {
    const std::string link = mailed_link(ask());
    ASSERT_TRUE(succeeds(reset_with(by_link(link), recovery(codes_.at(0)))));
    clock.advance(minutes(10));
    const std::string again = mailed_link(ask());
    EXPECT_TRUE(refused(reset_with(by_link(again), recovery(codes_.at(0))), refusals::kWrongSecondFactor));
    EXPECT_TRUE(succeeds(reset_with(by_link(again), recovery(codes_.at(1)))));
}

// Only whoever reads the mail uses up attempts; and a wrong code of the mail counts as it does without a factor.
TEST_F(ResetWithFactorTest, TakesNoAttemptOfWhomeverTheMailDidNotReach) {
    const std::string handle = ask();
    const std::string code = mailed_code(handle);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(refused(reset_with(by_code(handle, wrong(code)), totp(next_code())), refusals::kNotProven));
    EXPECT_EQ(attempts(), 0);
    EXPECT_EQ(count("challenge.failed"), 3);
    EXPECT_TRUE(refused(reset_with(by_code(handle, code), totp(next_code())), refusals::kNotProven)) << "it has ended";
    EXPECT_EQ(attempts(), 0);
}

// Attempts are limited before anything is compared, on all nodes together.
TEST_F(ResetWithFactorTest, PausesWhoeverGuessesTheFactor) {
    const std::string link = mailed_link(ask());
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(refused(reset_with(by_link(link), totp("000000"), &node_of(i), from("thief")),
                            refusals::kWrongSecondFactor))
            << i;
    const auto paused = reset_with(by_link(link), totp(test::code_at(app_, clock.now())), &node, from("thief"));
    EXPECT_TRUE(refused(paused, refusals::kTooManyAttempts)) << "right or wrong, nothing is looked at";
    EXPECT_GT(paused.error().retry_after, Duration());
    clock.advance(minutes(1));
    EXPECT_TRUE(succeeds(reset_with(by_link(link), totp(next_code()))));
}

TEST_F(ResetWithFactorTest, EarnsOneDoorForFiftyAtOnceOnTwoNodes) {
    const std::string link = mailed_link(ask());
    const std::string code = next_code();
    std::vector<asio::awaitable<Result<Receipt, CommandError>>> rivals;
    for (int i = 0; i < 50; ++i) {
        PasswordReset reset{by_link(link), Secret(std::string_view(kNewPassword)), totp(code)};
        rivals.push_back(reset_password(node_of(i).services, std::move(reset), caller()));
    }
    int set = 0;
    for (const auto& outcome : test::run_all(std::move(rivals))) set += outcome ? 1 : 0;
    EXPECT_EQ(set, 1);
    EXPECT_EQ(count("user.password_reset"), 1);
}

TEST_F(ResetWithFactorTest, TellsWhoeverHasNoneSoOnceTheMailIsProven) {
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    ASSERT_TRUE(succeeds(run(reset_second_factor(node.services, bearer_of(root), ann_, caller_of(root)))));
    const std::string link = mailed_link(ask());
    EXPECT_TRUE(refused(reset_with(by_link(link), totp(next_code())), refusals::kFactorUnknown));
    EXPECT_TRUE(succeeds(reset_with(by_link(link), {})));
}

}  // namespace
}  // namespace keyledger::commands
