// Memory says of an answer what its stream says (I6), for as long as a device may ask for it.
#include "projections/hot/device_state.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "projections/hot/snapshot_file.hpp"
#include "tests/support/world/given.hpp"
#include "tests/support/world/sealing.hpp"

namespace keyledger::projections::test {
namespace {

using namespace keyledger::test;

constexpr Uuid kLog{{1}};
const DeviceAuthorizationId kPhone{uuid(1)}, kTelevision{uuid(2)};
const DeviceApproved kApproved{UserId{uuid(3)},   ApplicationId{uuid(4)}, {"openid"}, SessionId{uuid(5)}, 2,
                               kNow + minutes(10)};
const DeviceRefused kRefused{UserId{uuid(6)}, ApplicationId{uuid(4)}, kNow + minutes(5)};

class DeviceStateTest : public testing::Test {
protected:
    void SetUp() override {
        state_.apply(kPhone, kApproved, {1, kNow});
        state_.apply(kTelevision, kRefused, {2, kNow});
    }
    void TearDown() override { std::filesystem::remove(path_); }
    static std::size_t sweep(DeviceState& state, Instant now) {
        std::size_t gone = 0;
        for (std::size_t shard = 0; shard < Sharded<DeviceAuthorizationId, DeviceAuthorization>::kShards; ++shard)
            gone += state.sweep(shard, now);
        return gone;
    }
    DeviceState state_;
    TestCipher cipher_;
    const std::string path_ = ::testing::TempDir() + "keyledger-devices-" + std::to_string(::getpid());
};

TEST_F(DeviceStateTest, SaysWhatTheStreamsSay) {
    EXPECT_EQ(state_.find(kPhone), given<DeviceAuthorization>(kApproved));
    EXPECT_EQ(state_.find(kTelevision), given<DeviceAuthorization>(kRefused));
    EXPECT_EQ(state_.find(DeviceAuthorizationId{uuid(9)}), DeviceAuthorization{});
}

TEST_F(DeviceStateTest, ForgetsAnAnswerWhenNobodyMayAskForItAnyMore) {
    EXPECT_EQ(sweep(state_, kNow + minutes(5) + kAnsweredDevicesStay - milliseconds(1)), 0U);
    EXPECT_EQ(sweep(state_, kNow + minutes(5) + kAnsweredDevicesStay), 1U);
    EXPECT_EQ(state_.find(kTelevision), DeviceAuthorization{});
    EXPECT_EQ(state_.find(kPhone), given<DeviceAuthorization>(kApproved));
}

TEST_F(DeviceStateTest, GoesOnFromASnapshot) {
    SnapshotWriter out(path_, {Uuid{{2}}, kLog, "access.1"}, cipher_);
    state_.write(out);
    ASSERT_TRUE(out.finish());
    auto in = SnapshotReader::open(path_, kLog, "access.1", cipher_);
    ASSERT_TRUE(in);
    DeviceState read;
    read.read(*in);
    in->end();
    for (const auto& id : {kPhone, kTelevision}) EXPECT_EQ(read.find(id), state_.find(id));
}

}  // namespace
}  // namespace keyledger::projections::test
