// Second factors where more codes are needed than come within a minute: in memory alone, for a store takes nothing that
// is stamped a minute ahead of its own clock.
#include "tests/commands/factors/second_factors.hpp"

namespace keyledger::commands {
namespace {

TEST_F(SecondFactorsTest, AreAddedByWhoeverHasOne) {
    const std::string app = enrol();
    EXPECT_TRUE(test::refused(begin(proof()), refusals::kFactorNotPresented));
    EXPECT_TRUE(test::refused(begin(proof(totp("000000"))), refusals::kWrongSecondFactor));
    auto second = begin(proof(totp(next_code(app))), "tablet");
    ASSERT_TRUE(test::succeeds(second));
    auto shown = confirm(next_code(std::string(second->secret.base32.reveal())));
    ASSERT_TRUE(test::succeeds(shown));
    EXPECT_TRUE(shown->recovery_codes.empty()) << "those that there are stay good";
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(std::string(second->secret.base32.reveal()))))));
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(app)))));
}

TEST_F(SecondFactorsTest, ArePresentedToTheLogInThatAsked) {
    const std::string app = enrol();
    EXPECT_TRUE(test::refused(complete("never sealed", totp(next_code(app))), refusals::kHalfLoginOver));
    const std::string late = half();
    clock.advance(kHalfLoginLasts);
    EXPECT_TRUE(test::refused(complete(late, totp(next_code(app))), refusals::kHalfLoginOver));
    const std::string once = half();
    ASSERT_TRUE(test::succeeds(complete(once, totp(next_code(app)))));
    EXPECT_TRUE(test::refused(complete(once, totp(next_code(app))), refusals::kHalfLoginOver));
}

// NIST SP 800-63B-4 section 3.2.2, over all networks; and what somebody knows stays open.
TEST_F(SecondFactorsTest, EndForStrangersAfterSoManyGuessesOfAllTogether) {
    world.accounts.second_factors.attempts.in_a_row = 10;
    const std::string app = enrol();
    ASSERT_TRUE(test::succeeds(complete(half(), totp(next_code(app)), from("home"))));
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(test::refused(complete(half(), totp("000000"), from("thief " + std::to_string(i))),
                                  refusals::kWrongSecondFactor));
    EXPECT_TRUE(test::refused(complete(half(), totp(next_code(app)), from("elsewhere")), refusals::kTooManyAttempts));
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(app)), from("home"))));
}

TEST_F(SecondFactorsTest, AreForgivenByAnAdministrator) {
    world.accounts.second_factors.attempts.in_a_row = 3;
    const std::string app = enrol();
    for (int i = 0; i < 3; ++i) (void)complete(half(), totp("000000"), from("thief"));
    EXPECT_TRUE(test::refused(complete(half(), totp(next_code(app)), from("new")), refusals::kTooManyAttempts));
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    mark();
    ASSERT_TRUE(test::succeeds(run(unlock_user(services(), bearer_of(root), ann_, caller_of(root)))));
    EXPECT_EQ(since(), Types{"factor.attempts_forgiven"});
    EXPECT_TRUE(test::succeeds(complete(half(), totp(next_code(app)), from("new"))));
}

// ---- changes -----------------------------------------------------------------------------------------------------
TEST_F(SecondFactorsTest, AreTakenOffWithPasswordAndFactor) {
    const std::string app = enrol();
    EXPECT_TRUE(test::refused(remove(proof()), refusals::kFactorNotPresented));
    EXPECT_TRUE(test::refused(remove(proof(totp(next_code(app)), "not it at all")), refusals::kWrongPassword));
    mark();
    ASSERT_TRUE(test::succeeds(remove(proof(totp(next_code(app))))));
    EXPECT_EQ(since(), (Types{"factor.attempt_taken", "factor.attempt_passed", "factor.removed",
                              "user.second_factor_turned_off"}));
    EXPECT_EQ(kept_credentials(), 2u) << "the app, until nobody can have it given back";
    world.log_in(node, kAnnsEmail);
}

TEST_F(SecondFactorsTest, AreTakenOffOneByOne) {
    const std::string app = enrol();
    auto second = begin(proof(totp(next_code(app))));
    ASSERT_TRUE(test::succeeds(second));
    const std::string tablet(second->secret.base32.reveal());
    ASSERT_TRUE(test::succeeds(confirm(next_code(tablet))));
    ASSERT_TRUE(test::succeeds(remove(proof(recovery(codes_[0])), factor_id_)));
    EXPECT_TRUE(test::refused(complete(half(), totp(next_code(app))), refusals::kWrongSecondFactor));
    EXPECT_TRUE(test::refused(remove(proof(totp(next_code(tablet))), factor_id_), refusals::kFactorUnknown));
    ASSERT_TRUE(test::succeeds(remove(proof(totp(next_code(tablet))), second->factor_id)));
    world.log_in(node, kAnnsEmail);
}

}  // namespace
}  // namespace keyledger::commands
