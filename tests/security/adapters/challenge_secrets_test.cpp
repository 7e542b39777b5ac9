#include "security/adapters/challenge_secrets.hpp"

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <set>

#include "security/primitives/base64url.hpp"
#include "tests/security/keys/keyring_fixture.hpp"
#include "tests/support/world/stand_ins.hpp"

namespace keyledger::security {
namespace {

using commands::ChallengeHandle;
using commands::CodeSource;
using commands::MailLink;

class ChallengeSecretsTest : public KeyringTest {
protected:
    ChallengeSecretsTest() {
        generate();
        keyring_ = std::make_unique<LiveKeyring>(loaded());
        own_ = std::make_unique<KeyringChallengeSecrets>(*keyring_, clock_, log_id_);
    }
    KeyringChallengeSecrets secrets(const Uuid& log_id) { return {*keyring_, clock_, log_id}; }
    CodeSource source() {
        return {ChallengePurpose::kChangeEmail, own_->current_key(), Uuid{{7}}, 3,
                ChallengeId{Uuid{{8}}},         std::string(32, 'd')};
    }
    std::string code(const CodeSource& of) { return own_->code(of).value_or("none"); }
    MailLink link() const {
        return {ChallengePurpose::kResetPassword, ChallengeId{Uuid{{8}}}, Uuid{{9}}, Uuid{{7}}, 3,
                std::string("\0\xff binary", 9),  kNow + minutes(30)};
    }
    ChallengeHandle handle() const {
        return {ChallengePurpose::kLogInByCode,
                ChallengeId{Uuid{{8}}},
                {{"new", std::string(32, 'n')}, {"old", std::string(32, 'o')}},
                Uuid{},
                kNow + minutes(10),
                "Ann@example.com"};
    }

    test::FixedClock clock_{kNow};
    const Uuid log_id_{{1}};
    std::unique_ptr<LiveKeyring> keyring_;
    std::unique_ptr<KeyringChallengeSecrets> own_;
};

TEST_F(ChallengeSecretsTest, DeriveTheSameCodeAgainWhenTheMailIsWritten) {
    auto on_another_node = secrets(log_id_);
    EXPECT_EQ(own_->code(source()), on_another_node.code(source()));
    EXPECT_EQ(code(source()).size(), 6U);
    CodeSource of = source();
    for (const auto opens : {ChallengePurpose::kLogInByCode, ChallengePurpose::kResetPassword}) {
        of.purpose = opens;
        EXPECT_EQ(code(of).size(), 8U);
    }
}

TEST_F(ChallengeSecretsTest, GiveAnotherCodeForWhateverDiffers) {
    const std::vector<std::function<void(CodeSource&)>> differences{
        [](CodeSource& of) { of.purpose = ChallengePurpose::kUnlock; },
        [](CodeSource& of) { of.subject = Uuid{{70}}; },
        [](CodeSource& of) { of.security_stamp = 4; },
        [](CodeSource& of) { of.challenge_id = ChallengeId{Uuid{{80}}}; },
        [](CodeSource& of) { of.address_digest = std::string(32, 'e'); },
    };
    // Two of a hundred thousand pairs are equal by chance: a hundred challenges each, of which no more than one may.
    for (std::size_t which = 0; which < differences.size(); ++which) {
        int equal = 0;
        for (std::uint8_t i = 0; i < 100; ++i) {
            CodeSource of = source();
            of.challenge_id = ChallengeId{Uuid{{8, i}}};
            CodeSource other = of;
            differences[which](other);
            if (code(of) == code(other)) ++equal;
        }
        EXPECT_LE(equal, 1) << "difference " << which;
    }
    auto elsewhere = secrets(Uuid{{2}});
    EXPECT_NE(elsewhere.code(source()), own_->code(source())) << "of another log";
}

// Chi-squared over each place of the code, ten digits: 99.999 % of uniform ones lie below 40 at 9 degrees of freedom.
TEST_F(ChallengeSecretsTest, MakeEveryDigitAsLikelyInEveryPlace) {
    constexpr int kCodes = 20'000;
    std::array<std::array<int, 10>, 6> counted{};
    CodeSource of = source();
    std::set<std::string> different;
    for (int i = 0; i < kCodes; ++i) {
        of.security_stamp = i;
        const std::string digits = code(of);
        ASSERT_EQ(digits.size(), 6U);
        different.insert(digits);
        for (std::size_t place = 0; place < digits.size(); ++place) {
            ASSERT_TRUE(digits[place] >= '0' && digits[place] <= '9') << digits;
            ++counted[place][static_cast<std::size_t>(digits[place] - '0')];
        }
    }
    for (const auto& place : counted) {
        double chi_squared = 0;
        for (const int count : place)
            chi_squared += (count - kCodes / 10.0) * (count - kCodes / 10.0) / (kCodes / 10.0);
        EXPECT_LT(chi_squared, 40);
    }
    EXPECT_GT(different.size(), 19'600U) << "of 20,000 about 200 meet another by chance";
}

TEST_F(ChallengeSecretsTest, MakeNoCodeUnderAKeyThatIsGone) {
    const CodeSource of = source();
    const std::string before = code(of);
    rotated(KeyPurpose::kSealingRoot, Duration(), kNow);
    LiveKeyring rotated_keyring(loaded());
    KeyringChallengeSecrets after(rotated_keyring, clock_, log_id_);
    EXPECT_EQ(after.code(of), before) << "asked before the rotation, redeemed after it";
    ASSERT_TRUE(revoke_key(path_, of.key_id, kNow));
    LiveKeyring without(loaded());
    KeyringChallengeSecrets revoked(without, clock_, log_id_);
    EXPECT_EQ(revoked.code(of), std::nullopt);
}

TEST_F(ChallengeSecretsTest, OpenWhatTheySealed) {
    EXPECT_EQ(own_->open_link(ChallengePurpose::kResetPassword, own_->seal(link())), link());
    const auto opened = own_->open_handle(ChallengePurpose::kLogInByCode, own_->seal(handle()));
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->challenge_id, handle().challenge_id);
    EXPECT_EQ(opened->expires_at, handle().expires_at);
    EXPECT_EQ(opened->new_email, "Ann@example.com");
    ASSERT_EQ(opened->address.size(), 2U);
    EXPECT_EQ(opened->address[1].key_id, "old");
    EXPECT_EQ(commands::address_digest(opened->address), std::string(32, 'o'));
}

TEST_F(ChallengeSecretsTest, RefuseOtherPurposesOtherLogsOtherTimesAndOneForTheOther) {
    const std::string mailed = own_->seal(link());
    const std::string kept = own_->seal(handle());
    for (const auto& [purpose, name] : enum_names(ChallengePurpose{})) {
        EXPECT_EQ(own_->open_link(purpose, mailed).has_value(), purpose == link().purpose) << name;
        EXPECT_EQ(own_->open_handle(purpose, kept).has_value(), purpose == handle().purpose) << name;
        EXPECT_FALSE(own_->open_handle(purpose, mailed)) << name;
        EXPECT_FALSE(own_->open_link(purpose, kept)) << name;
    }
    auto elsewhere = secrets(Uuid{{2}});
    EXPECT_FALSE(elsewhere.open_link(link().purpose, mailed)) << "of another log, as a restored one is";
    EXPECT_FALSE(elsewhere.open_handle(handle().purpose, kept));
    clock_.advance(minutes(10));
    EXPECT_FALSE(own_->open_handle(handle().purpose, kept)) << "it expires in this very moment";
    EXPECT_TRUE(own_->open_link(link().purpose, mailed));
    clock_.advance(minutes(20));
    EXPECT_FALSE(own_->open_link(link().purpose, mailed));
}

TEST_F(ChallengeSecretsTest, RefuseWhateverIsChangedOrCut) {
    const std::string bytes = *base64url_decode(own_->seal(link()));
    for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 3) {
        std::string bent = bytes;
        bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(own_->open_link(link().purpose, base64url_encode(bent))) << bit;
    }
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(own_->open_link(link().purpose, base64url_encode(bytes.substr(0, size)))) << size;
    for (const std::string_view made_up : {"", "x", "a.b.c", "////"})
        EXPECT_FALSE(own_->open_link(link().purpose, made_up)) << made_up;
}

}  // namespace
}  // namespace keyledger::security
