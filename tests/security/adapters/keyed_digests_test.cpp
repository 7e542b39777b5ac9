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

}  // namespace
}  // namespace keyledger::security
