#include "security/adapters/second_factors.hpp"

#include <gtest/gtest.h>

#include "security/factors/totp.hpp"
#include "security/keys/sealed_value.hpp"
#include "tests/security/keys/keyring_fixture.hpp"
#include "tests/support/world/ids.hpp"
#include "tests/support/world/stand_ins.hpp"

namespace keyledger::security {
namespace {

using commands::HalfLogin;

static_assert(commands::kTotpStep == kTotpStep && commands::kTotpStepsAround == kTotpStepsAround);

class HalfLoginsTest : public KeyringTest {
protected:
    HalfLoginsTest() {
        generate();
        keyring_ = std::make_unique<LiveKeyring>(loaded());
    }
    KeyringHalfLogins half_logins(const Uuid& log_id) { return {*keyring_, clock_, log_id}; }
    static HalfLogin half() {
        HalfLogin half;
        half.purpose = HalfLogin::Purpose::kEnrol;
        half.user_id = UserId{keyledger::test::uuid(0xA1)};
        half.session_id = SessionId{keyledger::test::uuid(0xB1)};
        half.security_stamp = 7;
        half.proven = {{ProofMethod::kPassword, kNow}, {ProofMethod::kMail, kNow + seconds(1)}};
        half.client_id = "first-party";
        half.audiences = {"https://shop.example", ""};
        half.device = std::string("\0\xff", 2);
        half.made_at = kNow;
        half.expires_at = kNow + minutes(5);
        return half;
    }

    test::FixedClock clock_{kNow};
    const Uuid log_id_ = keyledger::test::uuid(0x10);
    std::unique_ptr<LiveKeyring> keyring_;
};

TEST_F(HalfLoginsTest, AreReadAsTheyWereSealed) {
    const std::string token = half_logins(log_id_).seal(half());
    const auto read = half_logins(log_id_).open(Secret(token));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->purpose, half().purpose);
    EXPECT_EQ(read->user_id, half().user_id);
    EXPECT_EQ(read->session_id, half().session_id);
    EXPECT_EQ(read->security_stamp, 7);
    EXPECT_EQ(read->proven, half().proven);
    EXPECT_EQ(read->client_id, half().client_id);
    EXPECT_EQ(read->audiences, half().audiences);
    EXPECT_EQ(read->device, half().device);
    EXPECT_EQ(read->made_at, half().made_at);
    EXPECT_EQ(read->expires_at, half().expires_at);
}

TEST_F(HalfLoginsTest, AreOfNoOtherLogAndNoOtherPurpose) {
    const std::string token = half_logins(log_id_).seal(half());
    EXPECT_FALSE(half_logins(keyledger::test::uuid(0x11)).open(Secret(token)));
    EXPECT_FALSE(half_logins(log_id_).open(Secret(token.substr(1))));
    EXPECT_FALSE(half_logins(log_id_).open(Secret()));
    const std::string other = seal_value(*keyring_->snapshot(), SealedPurpose::kCursor, "second factor", "clear", kNow);
    EXPECT_FALSE(half_logins(log_id_).open(Secret(other)));
}

TEST(FactorSecrets, ShowASecretThatAnAppReads) {
    LibraryFactorSecrets secrets("keyledger.example");
    const Secret secret = secrets.new_totp_secret();
    EXPECT_EQ(secret.size(), commands::kTotpSecretBytes);
    const auto shown = secrets.shown("ann@example.com", secret);
    EXPECT_NE(shown.uri.reveal().find(shown.base32.reveal()), std::string_view::npos);
    EXPECT_TRUE(shown.svg.reveal().starts_with("<svg"));
    EXPECT_TRUE(shown.png_base64.reveal().starts_with("iVBORw0KGgo")) << "the signature of PNG";
    EXPECT_EQ(shown.png_base64.size() % 4, 0u);
    EXPECT_EQ(secrets.matching_step(secret, totp_code(secret, 100), Instant() + kTotpStep * 100), 100);
    const Secret code = secrets.new_recovery_code();
    EXPECT_TRUE(secrets.recovery_code_digest(UserId{keyledger::test::uuid(0xA1)}, code));
}

}  // namespace
}  // namespace keyledger::security
