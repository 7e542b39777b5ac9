#include "security/adapters/passkeys.hpp"

#include <gtest/gtest.h>

#include "security/keys/sealed_value.hpp"
#include "security/primitives/base64url.hpp"
#include "tests/security/keys/keyring_fixture.hpp"
#include "tests/support/authenticator/software_authenticator.hpp"
#include "tests/support/run.hpp"
#include "tests/support/world/ids.hpp"
#include "tests/support/world/stand_ins.hpp"

namespace keyledger::security {
namespace {

using commands::PasskeyAnswer;
using commands::PasskeyChallenge;
using commands::PasskeyPurpose;
using test::SoftwareAuthenticator;

std::string encoded(std::string_view bytes) { return base64url_encode(bytes); }

class PasskeyChallengesTest : public KeyringTest {
protected:
    void SetUp() override {
        generate();
        keyring_ = std::make_unique<LiveKeyring>(loaded());
    }
    KeyringPasskeyChallenges challenges(const Uuid& log_id = test::uuid(1)) { return {*keyring_, clock_, log_id}; }

    std::unique_ptr<LiveKeyring> keyring_;
    test::FixedClock clock_{kNow};
};

TEST_F(PasskeyChallengesTest, ComeBackAsTheyWereMade) {
    auto here = challenges();
    const PasskeyChallenge made{
        PasskeyPurpose::kRegister, here.random(32), UserId(test::uuid(7)), "handle", true, "session", kNow,
        kNow + minutes(5)};
    const std::string handle = here.seal(made);
    EXPECT_LE(handle.size(), 1024U);
    const auto opened = challenges().open(Secret(handle));
    ASSERT_TRUE(opened) << "on every node";
    EXPECT_EQ(opened->purpose, made.purpose);
    EXPECT_EQ(opened->challenge, made.challenge);
    EXPECT_EQ(opened->user_id, made.user_id);
    EXPECT_EQ(opened->user_handle, made.user_handle);
    EXPECT_TRUE(opened->proved_factor);
    EXPECT_EQ(opened->asker, made.asker);
    EXPECT_EQ(opened->made_at, made.made_at);
    EXPECT_EQ(opened->expires_at, made.expires_at);
    EXPECT_NE(here.random(32), made.challenge);
}

TEST_F(PasskeyChallengesTest, OpenOnNoOtherLogAndAreNothingElse) {
    const std::string handle = challenges().seal({});
    EXPECT_FALSE(challenges(test::uuid(2)).open(Secret(handle)));
    const std::string other =
        seal_value(*keyring_->snapshot(), SealedPurpose::kDevice, test::uuid(1).to_string(), "log_in", kNow);
    EXPECT_FALSE(challenges().open(Secret(other)));
    for (const std::string& bad : {std::string(), std::string("x"), std::string(5000, 'A'), handle + "A"})
        EXPECT_FALSE(challenges().open(Secret(bad))) << bad.size();
}

TEST(JudgedPasskeysTest, SayWhatIsWrong) {
    boost::asio::thread_pool pool(1);
    JudgedPasskeys ceremonies(pool, {"example.org", {"https://example.org"}});
    EXPECT_EQ(ceremonies.relying_party_id(), "example.org");
    SoftwareAuthenticator authenticator;
    authenticator.flags |= SoftwareAuthenticator::kEligible | SoftwareAuthenticator::kBackedUp;
    const auto made = authenticator.make("challenge");
    const auto judged = test::run(
        ceremonies.judge_new({encoded(made.client_data_json), encoded(made.attestation_object)}, encoded("challenge")));
    ASSERT_TRUE(judged) << judged.error();
    EXPECT_EQ(judged->credential_id, encoded(authenticator.credential_id));
    EXPECT_EQ(judged->backup, PasskeyBackup::kDone);
    const auto other = test::run(
        ceremonies.judge_new({encoded(made.client_data_json), encoded(made.attestation_object)}, encoded("another")));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error(), "the answer is to another challenge");
    const auto odd = test::run(ceremonies.judge_new({"!", encoded(made.attestation_object)}, encoded("challenge")));
    ASSERT_FALSE(odd);
    EXPECT_EQ(odd.error(), "it is not base64url");

    authenticator.flags &= ~SoftwareAuthenticator::kBackedUp;
    const auto signed_by = authenticator.sign("challenge");
    const PasskeyAnswer answer{Secret("handle"),
                               encoded(authenticator.credential_id),
                               encoded(signed_by.client_data_json),
                               encoded(signed_by.authenticator_data),
                               encoded(signed_by.signature),
                               ""};
    const auto proven =
        test::run(ceremonies.judge_answer(answer, judged->public_key, PasskeyBackup::kDone, encoded("challenge")));
    ASSERT_TRUE(proven) << proven.error();
    EXPECT_EQ(proven->backup, PasskeyBackup::kPossible);
    const auto unlike = test::run(
        ceremonies.judge_answer(answer, judged->public_key, PasskeyBackup::kImpossible, encoded("challenge")));
    ASSERT_FALSE(unlike);
    EXPECT_EQ(unlike.error(), "whether it can be backed up is not as when it was registered");
}

}  // namespace
}  // namespace keyledger::security
