#include "domain/ladder/assurance.hpp"

#include "tests/support/world/given.hpp"

namespace keyledger {
namespace {

using test::kNow;
using test::kSecond;
using enum ProofMethod;

TEST(AssuranceOf, IsOneFactorOfOneKind) {
    for (const ProofMethod method : {kPassword, kMail, kTotp, kRecoveryCode})
        EXPECT_EQ(assurance_of({{method, kNow}}), (Assurance{"1", kNow, {method}}));
}

// NIST SP 800-63B-4 section 3.1.3.1.
TEST(AssuranceOf, TakesMailForNoFactorBesideAnother) {
    EXPECT_EQ(assurance_of({{kPassword, kNow}, {kMail, kNow}}).level, kOneFactor);
    EXPECT_EQ(assurance_of({{kMail, kNow}, {kTotp, kNow}}).level, kOneFactor);
}

TEST(AssuranceOf, IsTwoFactorsOfAPasswordAndAnother) {
    for (const ProofMethod method : {kTotp, kRecoveryCode})
        EXPECT_EQ(assurance_of({{kPassword, kNow}, {method, kNow}}), (Assurance{"2", kNow, {kPassword, method}}));
    EXPECT_EQ(assurance_of({{kTotp, kNow}, {kRecoveryCode, kNow}}).level, kOneFactor) << "both are what somebody has";
}

// It verified its user: what somebody has, and what they know or are.
TEST(AssuranceOf, IsTwoFactorsOfAPasskeyAlone) {
    EXPECT_EQ(assurance_of({{kPasskey, kNow}}), (Assurance{"2", kNow, {kPasskey}}));
    EXPECT_EQ(assurance_of({{kMail, kNow + kSecond}, {kPasskey, kNow}}), (Assurance{"2", kNow, {kMail, kPasskey}}));
    EXPECT_EQ(method_names(assurance_of({{kPasskey, kNow}})), (std::vector<std::string>{"pop", "mfa"}));
}

TEST(AssuranceOf, IsAsOldAsTheSecondFactor) {
    EXPECT_EQ(assurance_of({{kPassword, kNow + kSecond}, {kTotp, kNow}}).authenticated_at, kNow);
    EXPECT_EQ(assurance_of({{kPassword, kNow}, {kTotp, kNow + kSecond}}).authenticated_at, kNow + kSecond);
}

TEST(AssuranceOf, IsAsOldAsTheNewestProofOfOneFactor) {
    EXPECT_EQ(assurance_of({{kPassword, kNow}, {kMail, kNow + kSecond}}).authenticated_at, kNow + kSecond);
}

TEST(AssuranceOf, KnowsOfNothingWhereNothingIsKnown) { EXPECT_FALSE(assurance_of({}).authenticated_at.is_set()); }

using Names = std::vector<std::string>;

TEST(MethodNames, SayOfTwoFactorsThatTheyAre) {
    EXPECT_EQ(method_names(assurance_of({{kPassword, kNow}, {kTotp, kNow}})), (Names{"pwd", "otp", "mfa"}));
    EXPECT_EQ(method_names(assurance_of({{kPassword, kNow}})), Names{"pwd"});
    EXPECT_EQ(method_names(assurance_of({})), Names{});
}

}  // namespace
}  // namespace keyledger
