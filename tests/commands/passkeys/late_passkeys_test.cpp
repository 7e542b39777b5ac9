// Passkeys and time: in memory alone, for a store takes nothing that is stamped a minute ahead of its own clock.
#include "tests/commands/passkeys/passkeys.hpp"

namespace keyledger::commands {
namespace {

using test::PlainAuthenticator;
using test::refused;
using test::succeeds;

TEST_F(PasskeysTest, AnswerWithinFiveMinutes) {
    auto begun = begin_passkey_with(proof());
    ASSERT_TRUE(succeeds(begun));
    clock.advance(kPasskeyChallengeLasts);
    EXPECT_TRUE(refused(finish(*begun, {"cGhvbmU", begun->user_handle}), refusals::kNoEnrolment));
    const PlainAuthenticator phone = made();
    const AskedPasskey ask = asked_of_anybody();
    const AskedPasskey own = asked_of_ann();
    clock.advance(kPasskeyChallengeLasts);
    EXPECT_TRUE(refused(run(logging_in(node, phone.answer(ask))), refusals::kPasskeyNotProven));
    EXPECT_TRUE(refused(remove(passkey_alone(phone.answer(own))), refusals::kWrongPasskey));
    EXPECT_TRUE(succeeds(log_in_with(phone)));
}

class OldAccountPasskeysTest : public PasskeysTest {
protected:
    void SetUp() override {
        PasskeysTest::SetUp();
        grant_ = world.log_in(node, kAnnsEmail);  // the session of then is over
    }
    Duration age_of_account() const override { return days(30); }
};

// Whoever has the password makes a passkey of theirs; the owner gets the account back by mail, and it is gone.
TEST_F(OldAccountPasskeysTest, OfAThiefWithThePasswordAreNotEstablishedForAWeek) {
    made();
    auto listed = run(list_factors(services(), bearer_of(grant_), caller_of(grant_)));
    ASSERT_TRUE(succeeds(listed));
    EXPECT_FALSE(listed->factors.front().is_established);
    clock.advance(days(7));
    grant_ = world.refresh(node, grant_);
    listed = run(list_factors(services(), bearer_of(grant_), caller_of(grant_)));
    ASSERT_TRUE(succeeds(listed));
    EXPECT_TRUE(listed->factors.front().is_established);
}

// Taken off for good: what was sealed of it is gone.
TEST_F(OldAccountPasskeysTest, AreTakenOffByAnAdministrator) {
    const PlainAuthenticator phone = made();
    EXPECT_EQ(kept_credentials(), 2u);
    world.create_administrator(node, "root@example.com");
    const Grant root = world.log_in(node, "root@example.com");
    ASSERT_TRUE(succeeds(run(reset_second_factor(services(), bearer_of(root), ann_, caller_of(root)))));
    EXPECT_EQ(kept_credentials(), 1u);
    EXPECT_TRUE(refused(log_in_with(phone), refusals::kPasskeyNotProven));
}

}  // namespace
}  // namespace keyledger::commands
