#include "security/adapters/device_ids.hpp"

#include <gtest/gtest.h>

#include "domain/base/device_id.hpp"
#include "security/keys/sealed_value.hpp"
#include "tests/security/keys/keyring_fixture.hpp"
#include "tests/support/world/ids.hpp"
#include "tests/support/world/stand_ins.hpp"

namespace keyledger::security {
namespace {

class DeviceIdsTest : public KeyringTest {
protected:
    void SetUp() override {
        generate();
        keyring_ = std::make_unique<LiveKeyring>(loaded());
    }
    KeyringDeviceIds ids(const Uuid& log_id = test::uuid(1)) { return {*keyring_, clock_, log_id}; }

    std::unique_ptr<LiveKeyring> keyring_;
    test::FixedClock clock_{kNow};
};

TEST_F(DeviceIdsTest, ComeBackAsTheyWereMade) {
    auto here = ids();
    const std::string id = here.make();
    EXPECT_EQ(id.size(), 16u);
    EXPECT_NE(here.make(), id);
    const std::string sealed = here.seal(id);
    EXPECT_LE(sealed.size(), commands::kMaxSealedDeviceBytes);
    EXPECT_NE(here.seal(id), sealed) << "sealed anew";
    EXPECT_EQ(here.open(sealed), id);
    EXPECT_EQ(ids().open(sealed), id) << "on every node";
}

TEST_F(DeviceIdsTest, OpenOnNoOtherLogAndAreNothingElse) {
    const std::string sealed = ids().seal(ids().make());
    EXPECT_EQ(ids(test::uuid(2)).open(sealed), std::nullopt);
    const std::string cursor =
        seal_value(*keyring_->snapshot(), SealedPurpose::kCursor, test::uuid(1).to_string(), "0123456789abcdef1", kNow);
    EXPECT_EQ(ids().open(cursor), std::nullopt);
}

TEST_F(DeviceIdsTest, OpenNothingThatIsMalformed) {
    std::string sealed = ids().seal(ids().make());
    for (const std::string& bad : {std::string(), std::string("x"), std::string(5000, 'A'), sealed + "A",
                                   sealed.substr(1), std::string("\0\0", 2)})
        EXPECT_EQ(ids().open(bad), std::nullopt) << bad.size();
    sealed.back() = sealed.back() == 'A' ? 'B' : 'A';
    EXPECT_EQ(ids().open(sealed), std::nullopt);
}

TEST_F(DeviceIdsTest, EndAfterFourHundredDays) {
    const std::string sealed = ids().seal(ids().make());
    clock_.advance(kDeviceLifetime - milliseconds(1));
    EXPECT_TRUE(ids().open(sealed));
    clock_.advance(milliseconds(1));
    EXPECT_EQ(ids().open(sealed), std::nullopt);
}

}  // namespace
}  // namespace keyledger::security
