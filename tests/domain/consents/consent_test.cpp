#include "domain/consents/consent.hpp"

#include "tests/support/world/given.hpp"

namespace keyledger {
namespace {

using namespace test;

const UserId kAnn{uuid(1)};
const ApplicationId kShop{uuid(2)};
using Words = std::vector<std::string>;

TEST(GiveConsent, AddsToWhatWasGiven) {
    EXPECT_TRUE(decides(decide(Consent{}, GiveConsent{kAnn, kShop, {"openid", "email"}}),
                        {ConsentGiven{kAnn, kShop, {"email", "openid"}}}));
    const auto before = given<Consent>(ConsentGiven{kAnn, kShop, {"openid"}});
    EXPECT_TRUE(decides(decide(before, GiveConsent{kAnn, kShop, {"email", "openid"}}),
                        {ConsentGiven{kAnn, kShop, {"email", "openid"}}}));
}

TEST(GiveConsent, IsRecordedAgain) {
    const auto before = given<Consent>(ConsentGiven{kAnn, kShop, {"openid"}});
    EXPECT_TRUE(decides(decide(before, GiveConsent{kAnn, kShop, {"openid"}}), {ConsentGiven{kAnn, kShop, {"openid"}}}));
}

TEST(WithdrawConsent, TakesAllOfItBack) {
    const auto before = given<Consent>(ConsentGiven{kAnn, kShop, {"openid"}});
    EXPECT_TRUE(decides(decide(before, WithdrawConsent{kAnn, kShop}), {ConsentWithdrawn{kAnn, kShop}}));
    const auto after = given<Consent>(ConsentGiven{kAnn, kShop, {"openid"}}, ConsentWithdrawn{kAnn, kShop});
    EXPECT_FALSE(after.covers({"openid"}));
    EXPECT_EQ(after.sessions_ended_before, 2);
    EXPECT_TRUE(stays_quiet(decide(after, WithdrawConsent{kAnn, kShop})));
    EXPECT_TRUE(decides(decide(after, GiveConsent{kAnn, kShop, {"email"}}), {ConsentGiven{kAnn, kShop, {"email"}}}))
        << "what was taken back does not come back";
}

TEST(WithdrawConsent, IsRefusedWhereNoneWasGiven) {
    EXPECT_TRUE(refuses(decide(Consent{}, WithdrawConsent{kAnn, kShop}), refusals::kConsentUnknown));
}

TEST(Consent, CoversWhatItHasAlone) {
    const auto consent = given<Consent>(ConsentGiven{kAnn, kShop, {"email", "openid"}});
    EXPECT_TRUE(consent.covers({"openid"}));
    EXPECT_TRUE(consent.covers({"openid", "email"}));
    EXPECT_FALSE(consent.covers({"openid", "profile"}));
    EXPECT_FALSE(Consent{}.covers({}));
}

}  // namespace
}  // namespace keyledger
