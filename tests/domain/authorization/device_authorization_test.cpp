#include "domain/authorization/device_authorization.hpp"

#include "tests/support/world/given.hpp"

namespace keyledger {
namespace {

using namespace test;

const UserId kAnn{uuid(1)}, kBob{uuid(2)};
const ApplicationId kShop{uuid(3)};
const SessionId kBrowser{uuid(4)};
const Instant kExpiry = kNow + minutes(10);

ApproveDevice yes(const UserId& who = kAnn, Instant now = kNow) {
    return {who, kShop, {"openid"}, kBrowser, 2, kExpiry, now};
}
RefuseDevice no(const UserId& who = kAnn, Instant now = kNow) { return {who, kShop, kExpiry, now}; }
const DeviceApproved kApproved{kAnn, kShop, {"openid"}, kBrowser, 2, kExpiry};
const DeviceRefused kRefused{kAnn, kShop, kExpiry};

TEST(ApproveDevice, SaysWhoAgreedToWhatInWhichBrowser) {
    EXPECT_TRUE(decides(decide(DeviceAuthorization{}, yes()), {kApproved}));
    const auto device = given<DeviceAuthorization>(kApproved);
    EXPECT_EQ(device.status, DeviceAuthorization::Status::kApproved);
    EXPECT_EQ(device.user_id, kAnn);
    EXPECT_EQ(device.browser_session_id, kBrowser);
    EXPECT_EQ(device.security_stamp, 2);
    EXPECT_EQ(device.expires_at, kExpiry);
    EXPECT_EQ(device.approved_at, 1);
}

TEST(RefuseDevice, IsAnAnswer) {
    EXPECT_TRUE(decides(decide(DeviceAuthorization{}, no()), {kRefused}));
    EXPECT_EQ(given<DeviceAuthorization>(kRefused).status, DeviceAuthorization::Status::kRefused);
}

TEST(DeviceAuthorization, TakesOneAnswer) {
    for (const auto& before : {given<DeviceAuthorization>(kApproved), given<DeviceAuthorization>(kRefused)}) {
        EXPECT_TRUE(refuses(decide(before, yes(kBob)), refusals::kDeviceCodeOver));
        EXPECT_TRUE(refuses(decide(before, no(kBob)), refusals::kDeviceCodeOver));
    }
    EXPECT_TRUE(refuses(decide(given<DeviceAuthorization>(kApproved), no()), refusals::kDeviceCodeOver));
    EXPECT_TRUE(refuses(decide(given<DeviceAuthorization>(kRefused), yes()), refusals::kDeviceCodeOver));
}

TEST(DeviceAuthorization, StaysQuietWhenTheSameIsSaidAgain) {
    EXPECT_TRUE(stays_quiet(decide(given<DeviceAuthorization>(kApproved), yes(kAnn, kExpiry))));
    EXPECT_TRUE(stays_quiet(decide(given<DeviceAuthorization>(kRefused), no(kAnn, kExpiry))));
}

TEST(DeviceAuthorization, TakesNoAnswerOnceTheCodeHasExpired) {
    EXPECT_TRUE(decides(decide(DeviceAuthorization{}, yes(kAnn, kExpiry - milliseconds(1))), {kApproved}));
    EXPECT_TRUE(refuses(decide(DeviceAuthorization{}, yes(kAnn, kExpiry)), refusals::kDeviceCodeOver));
    EXPECT_TRUE(refuses(decide(DeviceAuthorization{}, no(kAnn, kExpiry)), refusals::kDeviceCodeOver));
}

}  // namespace
}  // namespace keyledger
