#include "security/adapters/keyed_digests.hpp"

#include <gtest/gtest.h>

#include "tests/security/keys/keyring_fixture.hpp"
#include "tests/support/world/ids.hpp"
#include "tests/support/world/stand_ins.hpp"

namespace keyledger::security {
namespace {

class IdempotencyKeysTest : public KeyringTest {
protected:
    void SetUp() override { generate(); }
    commands::Idempotency derive(std::string_view operation, std::string_view principal, std::string_view key,
                                 const std::vector<std::string_view>& request) {
        const LiveKeyring keyring(loaded());
        KeyringIdempotencyKeys keys(keyring, clock_);
        return keys.derive(operation, principal, key, request);
    }

    test::FixedClock clock_{kNow};
};

// I5: whoever sends somebody else's key, or their own on another route, has a command of their own.
TEST_F(IdempotencyKeysTest, BelongToTheirCallerAndTheirRoute) {
    const auto mine = derive("logOut", "ann", "key", {});
    EXPECT_EQ(derive("logOut", "ann", "key", {}).command_id, mine.command_id);
    EXPECT_NE(derive("logOut", "bob", "key", {}).command_id, mine.command_id);
    EXPECT_NE(derive("logOut", "", "key", {}).command_id, mine.command_id);
    EXPECT_NE(derive("endMySessions", "ann", "key", {}).command_id, mine.command_id);
    EXPECT_NE(derive("logOut", "ann", "another", {}).command_id, mine.command_id);
    EXPECT_NE(derive("logOuta", "nn", "key", {}).command_id, mine.command_id) << "the parts must not run together";
}

// I5: another body under the same key is told apart, so that it is refused and not answered with the first outcome.
TEST_F(IdempotencyKeysTest, TellAnotherBodyUnderTheSameKey) {
    const auto first = derive("register", "", "key", {"ann@example.com", "ann"});
    for (const std::vector<std::string_view>& other :
         {std::vector<std::string_view>{"bob@example.com", "ann"}, {"ann@example.coma", "nn"}, {"ann@example.com"}}) {
        const auto second = derive("register", "", "key", other);
        EXPECT_EQ(second.command_id, first.command_id);
        EXPECT_NE(second.fingerprint, first.fingerprint);
    }
}

// I5: a repeat that comes after a rotation is still the same command.
TEST_F(IdempotencyKeysTest, OutliveARotationOfTheClaimKey) {
    const auto before = derive("logOut", "ann", "key", {});
    rotated(KeyPurpose::kClaims, Duration(), kNow + milliseconds(1));
    clock_.advance(kDay);
    const auto after = derive("logOut", "ann", "key", {});
    EXPECT_EQ(after.command_id, before.command_id);
    EXPECT_EQ(after.fingerprint, before.fingerprint);
}

// Nor does it matter that the successor is published long before it is used.
TEST_F(IdempotencyKeysTest, OutliveTheTimeInWhichTheNextClaimKeyIsPublished) {
    const auto before = derive("logOut", "ann", "key", {});
    rotated(KeyPurpose::kClaims, kDay, kNow + milliseconds(1));
    for (int day = 0; day < 3; ++day) {
        clock_.advance(kHour);
        const auto then = derive("logOut", "ann", "key", {});
        EXPECT_EQ(then.command_id, before.command_id) << day;
        EXPECT_EQ(then.fingerprint, before.fingerprint) << day;
        clock_.advance(kDay);
    }
}

class PseudonymsTest : public KeyringTest {
protected:
    void SetUp() override { generate(); }
    test::FixedClock clock_{kNow};
    const UserId ann_ = test::uuid(1);
    const UserId bob_ = test::uuid(2);
};

// One machine links nobody: of two users it has two ids, and neither tells what the machine keeps.
TEST_F(PseudonymsTest, KnowADeviceOfOneUserAlone) {
    const LiveKeyring keyring(loaded());
    KeyringPseudonyms pseudonyms(keyring, clock_);
    EXPECT_EQ(pseudonyms.device_of(ann_, "kept"), pseudonyms.device_of(ann_, "kept"));
    EXPECT_NE(pseudonyms.device_of(ann_, "kept"), pseudonyms.device_of(bob_, "kept"));
    EXPECT_NE(pseudonyms.device_of(ann_, "kept"), pseudonyms.device_of(ann_, "another"));
    EXPECT_EQ(pseudonyms.agent_network(ann_, "Firefox", "192.0.2.1"),
              pseudonyms.agent_network(ann_, "Firefox", "192.0.2.1"));
    EXPECT_NE(pseudonyms.agent_network(ann_, "Firefox", "192.0.2.1"),
              pseudonyms.agent_network(bob_, "Firefox", "192.0.2.1"));
    EXPECT_NE(pseudonyms.agent_network(ann_, "Firefox", "192.0.2.1"),
              pseudonyms.agent_network(ann_, "Firefox1", "92.0.2.1"));
    EXPECT_NE(pseudonyms.devices_of(ann_), pseudonyms.devices_of(bob_));
    EXPECT_NE(Uuid(pseudonyms.devices_of(ann_)), Uuid(pseudonyms.login_attempts_of(ann_)));
}

// Whatever is remembered of agents: nobody tells it from what is made anew, be they many or few, and through a change
// of the keyring.
TEST_F(PseudonymsTest, KnowAgentsTheSameWhetherTheyAreRememberedOrNot) {
    const auto live = LiveKeyring::open(path_, kNow);
    ASSERT_TRUE(live);
    KeyringPseudonyms pseudonyms(**live, clock_);
    const auto agent = [](int number) { return "agent/" + std::to_string(number % 1'500); };
    const auto check = [&] {
        for (const int number : {0, 1, 0, 1'499, 1}) {
            KeyringPseudonyms anew(**live, clock_);
            EXPECT_EQ(pseudonyms.device(agent(number)), anew.device(agent(number))) << number;
        }
        EXPECT_NE(pseudonyms.device(agent(0)), pseudonyms.device(agent(1)));
        EXPECT_EQ(pseudonyms.device("").size(), 22U);
    };
    for (int number = 0; number < 3'100; ++number) (void)pseudonyms.device(agent(number));
    check();
    const std::string before = pseudonyms.device(agent(0));
    const std::string first = loaded()->require_current(KeyPurpose::kClaims, kNow).id;
    rotated(KeyPurpose::kClaims, Duration(), kNow + milliseconds(1));
    ASSERT_TRUE((*live)->reload(kNow));
    clock_.advance(kHour);
    check();
    EXPECT_EQ(pseudonyms.device(agent(0)), before) << "of the first key";
    ASSERT_TRUE(revoke_key(path_, first, kNow + kHour));
    ASSERT_TRUE((*live)->reload(kNow + kHour));
    check();
    EXPECT_NE(pseudonyms.device(agent(0)), before) << "it has ended";
}

// A key that was revoked is gone from memory with the last who uses it: what is remembered is none of those.
TEST_F(PseudonymsTest, KeepNoKeyring) {
    const auto live = LiveKeyring::open(path_, kNow);
    ASSERT_TRUE(live);
    KeyringPseudonyms pseudonyms(**live, clock_);
    (void)pseudonyms.device("Firefox");
    const std::weak_ptr<const Keyring> used = (*live)->snapshot();
    ASSERT_TRUE((*live)->reload(kNow));
    EXPECT_TRUE(used.expired());
}

}  // namespace
}  // namespace keyledger::security
