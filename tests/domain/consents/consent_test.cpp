#include "domain/consents/consent.hpp"

#include "tests/support/world/given.hpp"

namespace keyledger {
namespace {

using namespace test;

const UserId kAnn{uuid(1)};
const ApplicationId kShop{uuid(2)};
using Words = std::vector<std::string>;

constexpr const char* kStock = "https://stock.example";
constexpr const char* kOrders = "https://orders.example";

TEST(GiveConsent, AddsToWhatWasGiven) {
    EXPECT_TRUE(decides(decide(Consent{}, GiveConsent{kAnn, kShop, {"openid", "email"}, {kStock, kOrders}}),
                        {ConsentGiven{kAnn, kShop, {"email", "openid"}, {kOrders, kStock}}}));
    const auto before = given<Consent>(ConsentGiven{kAnn, kShop, {"openid"}, {kStock}});
    EXPECT_TRUE(decides(decide(before, GiveConsent{kAnn, kShop, {"email", "openid"}, {kOrders, kStock, kOrders}}),
                        {ConsentGiven{kAnn, kShop, {"email", "openid"}, {kOrders, kStock}}}));
    EXPECT_TRUE(decides(decide(before, GiveConsent{kAnn, kShop, {"email"}, {}}),
                        {ConsentGiven{kAnn, kShop, {"email", "openid"}, {kStock}}}));
}

TEST(GiveConsent, IsRecordedAgain) {
    const auto before = given<Consent>(ConsentGiven{kAnn, kShop, {"openid"}, {kStock}});
    EXPECT_TRUE(decides(decide(before, GiveConsent{kAnn, kShop, {"openid"}, {kStock}}),
                        {ConsentGiven{kAnn, kShop, {"openid"}, {kStock}}}));
}

TEST(WithdrawConsent, TakesAllOfItBack) {
    const ConsentGiven first{kAnn, kShop, {"openid"}, {kStock}};
    EXPECT_TRUE(decides(decide(given<Consent>(first), WithdrawConsent{kAnn, kShop}), {ConsentWithdrawn{kAnn, kShop}}));
    const auto after = given<Consent>(first, ConsentWithdrawn{kAnn, kShop});
    EXPECT_FALSE(after.covers({"openid"}, {}));
    EXPECT_FALSE(after.covers({}, {kStock}));
    EXPECT_EQ(after.sessions_ended_before, 2);
    EXPECT_TRUE(stays_quiet(decide(after, WithdrawConsent{kAnn, kShop})));
    EXPECT_TRUE(decides(decide(after, GiveConsent{kAnn, kShop, {"email"}, {kOrders}}),
                        {ConsentGiven{kAnn, kShop, {"email"}, {kOrders}}}))
        << "what was taken back does not come back";
}

TEST(WithdrawConsent, IsRefusedWhereNoneWasGiven) {
    EXPECT_TRUE(refuses(decide(Consent{}, WithdrawConsent{kAnn, kShop}), refusals::kConsentUnknown));
}

TEST(Consent, CoversWhatItHasAlone) {
    const auto consent = given<Consent>(ConsentGiven{kAnn, kShop, {"email", "openid"}, {kOrders, kStock}});
    EXPECT_TRUE(consent.covers({"openid"}, {}));
    EXPECT_TRUE(consent.covers({"openid", "email"}, {kStock}));
    EXPECT_TRUE(consent.covers({"openid"}, {kStock, kOrders}));
    EXPECT_FALSE(consent.covers({"openid", "profile"}, {kStock}));
    for (const char* other : {"https://mail.example", "https://stock.example/", "https://stock.exampl", "openid", ""})
        EXPECT_FALSE(consent.covers({"openid"}, {kStock, other})) << other;
    EXPECT_FALSE(given<Consent>(ConsentGiven{kAnn, kShop, {"openid", kStock}, {}}).covers({"openid"}, {kStock}));
    EXPECT_FALSE(Consent{}.covers({}, {}));
}

}  // namespace
}  // namespace keyledger
