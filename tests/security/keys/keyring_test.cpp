#include "security/keys/keyring.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/security/keys/keyring_fixture.hpp"

using namespace keyledger;
using namespace keyledger::security;
using Code = KeyringError::Code;

namespace {

class KeyringRules : public KeyringTest {
protected:
    std::string current_id(KeyPurpose purpose, Instant at) const { return loaded()->require_current(purpose, at).id; }
    bool opens(KeyPurpose purpose, const std::string& id, Instant now) const {
        return loaded()->find(purpose, id, now) != nullptr;
    }
};

}  // namespace

TEST_F(KeyringRules, HasAKeyForEveryPurposeOnceGenerated) {
    generate();
    auto keyring = loaded();
    EXPECT_TRUE(keyring->complete_at(kNow));
    for (KeyPurpose purpose : kAllKeyPurposes) {
        const Key& key = keyring->require_current(purpose, kNow);
        EXPECT_EQ(key.purpose, purpose);
        EXPECT_EQ(keyring->find(purpose, key.id, kNow), &key);
        EXPECT_EQ(key.material.empty(), is_signing(purpose));
    }
    EXPECT_EQ(keyring->require_current(KeyPurpose::kTokenSigning, kNow).signing->algorithm(), SigningAlgorithm::kEs256);
}

TEST_F(KeyringRules, GivesAKeyForItsOwnPurposeOnly) {
    generate();
    std::string id = current_id(KeyPurpose::kClaims, kNow);
    EXPECT_TRUE(opens(KeyPurpose::kClaims, id, kNow));
    EXPECT_FALSE(opens(KeyPurpose::kSealingRoot, id, kNow));
    EXPECT_FALSE(opens(KeyPurpose::kClaims, "unknown", kNow));
}

TEST_F(KeyringRules, PublishesASuccessorBeforeItIsUsed) {
    generate();
    std::string old_id = current_id(KeyPurpose::kTokenSigning, kNow);
    std::string new_id = rotated(KeyPurpose::kTokenSigning, kHour, kNow);
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNow + kHour - milliseconds(1)), old_id);
    EXPECT_TRUE(opens(KeyPurpose::kTokenSigning, new_id, kNow));
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNow + kHour), new_id);
}

TEST_F(KeyringRules, KeepsARetiredKeyUntilItsLastTokenEnded) {
    generate();
    for (auto [purpose, retention] : {std::pair{KeyPurpose::kTokenSigning, kTokenSigningRetention},
                                      std::pair{KeyPurpose::kSealingRoot, kSealingRootRetention}}) {
        std::string id = current_id(purpose, kNow);
        rotated(purpose, kHour, kNow);
        Instant end = kNow + kHour + retention;
        EXPECT_TRUE(opens(purpose, id, end - milliseconds(1))) << name_of(purpose);
        EXPECT_FALSE(opens(purpose, id, end)) << name_of(purpose);
    }
}

TEST_F(KeyringRules, KeepsWhatOpensStoredThingsWithoutEnd) {
    generate();
    for (KeyPurpose purpose : {KeyPurpose::kKeyEncryption, KeyPurpose::kClaims}) {
        std::string id = current_id(purpose, kNow);
        rotated(purpose, Duration(), kNow);
        EXPECT_TRUE(opens(purpose, id, kNow + 3650 * kDay)) << name_of(purpose);
    }
}

TEST_F(KeyringRules, GivesAllUsableKeysCurrentFirst) {
    generate();
    std::string first = current_id(KeyPurpose::kClaims, kNow);
    std::string second = rotated(KeyPurpose::kClaims, Duration(), kNow + milliseconds(1));
    std::string third = rotated(KeyPurpose::kClaims, kDay, kNow + milliseconds(2));
    std::vector<std::string> ids;
    auto keyring = loaded();
    for (const Key* key : keyring->usable(KeyPurpose::kClaims, kNow + milliseconds(3))) ids.push_back(key->id);
    EXPECT_EQ(ids, (std::vector<std::string>{second, third, first}));
}

TEST_F(KeyringRules, KnowsTheLastOfTheUsableKeysWithoutAListOfThem) {
    generate();
    const auto check = [&](Instant now) {
        const auto keyring = loaded();
        for (const KeyPurpose purpose : kAllKeyPurposes) {
            const auto usable = keyring->usable(purpose, now);
            EXPECT_EQ(keyring->last_usable(purpose, now), usable.empty() ? nullptr : usable.back());
        }
    };
    check(kNow);
    const std::string first = current_id(KeyPurpose::kClaims, kNow);
    for (const Duration lead : {Duration(), kDay, kHour})
        for (const KeyPurpose purpose : {KeyPurpose::kClaims, KeyPurpose::kSealingRoot}) {
            (void)rotate_key(path_, purpose, lead, kNow + milliseconds(1));
            for (const Duration later : {Duration(), milliseconds(1), kHour + milliseconds(1), 2 * kDay, 200 * kDay})
                check(kNow + later);
        }
    ASSERT_TRUE(revoke_key(path_, first, kNow + 3 * kDay));
    for (const Duration later : {Duration(), 2 * kDay, 3 * kDay, 200 * kDay}) check(kNow + later);
    EXPECT_EQ(Keyring({}).last_usable(KeyPurpose::kClaims, kNow), nullptr);
}

TEST_F(KeyringRules, EndsARevokedKeyAtOnceAndReplacesIt) {
    generate(SigningAlgorithm::kEdDsa);
    for (KeyPurpose purpose : {KeyPurpose::kTokenSigning, KeyPurpose::kSealingRoot}) {
        std::string id = current_id(purpose, kNow);
        ASSERT_TRUE(revoke_key(path_, id, kNow + milliseconds(5)));
        EXPECT_FALSE(opens(purpose, id, kNow + milliseconds(5)));
        // Also where a clock is behind.
        EXPECT_FALSE(opens(purpose, id, kNow));
        EXPECT_NE(current_id(purpose, kNow + milliseconds(5)), id);
    }
    EXPECT_EQ(loaded()->require_current(KeyPurpose::kTokenSigning, kNow + milliseconds(5)).algorithm, "EdDSA");
    EXPECT_TRUE(loaded()->complete_at(kNow + milliseconds(5)));
}

TEST_F(KeyringRules, BringsThePublishedSuccessorForwardWhenTheCurrentKeyIsRevoked) {
    generate();
    std::string id = current_id(KeyPurpose::kTokenSigning, kNow);
    std::string successor = rotated(KeyPurpose::kTokenSigning, kDay, kNow);
    ASSERT_TRUE(revoke_key(path_, id, kNow + milliseconds(5)));
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNow + milliseconds(5)), successor);
}

TEST_F(KeyringRules, LeavesTheSuccessorAloneWhenARetiredKeyIsRevoked) {
    generate();
    std::string retired = current_id(KeyPurpose::kTokenSigning, kNow);
    std::string current = rotated(KeyPurpose::kTokenSigning, Duration(), kNow);
    std::string next = rotated(KeyPurpose::kTokenSigning, kDay, kNow + milliseconds(1));
    ASSERT_TRUE(revoke_key(path_, retired, kNow + milliseconds(5)));
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNow + milliseconds(5)), current);
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNow + milliseconds(1) + kDay), next);
}

TEST_F(KeyringRules, RefusesToRevokeTheOnlyKeyThatOpensWhatIsStored) {
    generate();
    for (KeyPurpose purpose : {KeyPurpose::kKeyEncryption, KeyPurpose::kClaims}) {
        std::string id = current_id(purpose, kNow);
        auto refused = revoke_key(path_, id, kNow);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::kInUse);
        EXPECT_TRUE(opens(purpose, id, kNow));

        rotated(purpose, kHour, kNow);
        EXPECT_FALSE(revoke_key(path_, id, kNow + kHour - milliseconds(1)));
        EXPECT_TRUE(revoke_key(path_, id, kNow + kHour));
        EXPECT_FALSE(opens(purpose, id, kNow + kHour));
    }
}

TEST_F(KeyringRules, RefusesToRevokeAnUnknownKey) {
    generate();
    auto refused = revoke_key(path_, "unknown", kNow);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kUnknownKey);
}

TEST_F(KeyringRules, DestroysTheMaterialOfARevokedKeyAndForgetsItLater) {
    generate();
    std::string id = current_id(KeyPurpose::kSealingRoot, kNow);
    ASSERT_TRUE(revoke_key(path_, id, kNow));
    auto key_in = [&](const Keyring& keyring) -> const Key* {
        for (const Key& key : keyring.keys())
            if (key.id == id) return &key;
        return nullptr;
    };
    auto keyring = loaded();
    ASSERT_NE(key_in(*keyring), nullptr);
    EXPECT_TRUE(key_in(*keyring)->material.empty());
    rotated(KeyPurpose::kClaims, Duration(), kNow + kSealingRootRetention);
    EXPECT_EQ(key_in(*loaded()), nullptr);
}

TEST_F(KeyringRules, DropsEndedKeysWhenItRotates) {
    generate();
    std::string id = current_id(KeyPurpose::kTokenSigning, kNow);
    rotated(KeyPurpose::kTokenSigning, Duration(), kNow);
    rotated(KeyPurpose::kTokenSigning, Duration(), kNow + kTokenSigningRetention);
    auto keyring = loaded();
    for (const Key& key : keyring->keys()) EXPECT_NE(key.id, id);
}

TEST_F(KeyringRules, ChangesTheAlgorithmOnlyWhenAsked) {
    generate(SigningAlgorithm::kEs256);
    rotated(KeyPurpose::kTokenSigning, Duration(), kNow + milliseconds(1));
    EXPECT_EQ(loaded()->require_current(KeyPurpose::kTokenSigning, kNow + milliseconds(1)).algorithm, "ES256");
    ASSERT_TRUE(
        rotate_key(path_, KeyPurpose::kTokenSigning, Duration(), kNow + milliseconds(2), SigningAlgorithm::kEdDsa));
    EXPECT_EQ(loaded()->require_current(KeyPurpose::kTokenSigning, kNow + milliseconds(2)).algorithm, "EdDSA");
}

TEST_F(KeyringRules, RefusesALeadTimeOutOfRange) {
    generate();
    EXPECT_THROW((void)rotate_key(path_, KeyPurpose::kClaims, milliseconds(-1), kNow), std::invalid_argument);
    EXPECT_THROW((void)rotate_key(path_, KeyPurpose::kClaims, kMaxRotationLead + milliseconds(1), kNow),
                 std::invalid_argument);
}

TEST_F(KeyringRules, NamesEveryPurposeThatHasNoKeyInUse) {
    generate();
    auto early = loaded()->complete_at(kNow - milliseconds(1));
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().code, Code::kMissingPurpose);
    for (KeyPurpose purpose : kAllKeyPurposes)
        EXPECT_NE(early.error().message.find(name_of(purpose)), std::string::npos);
    EXPECT_THROW(loaded()->require_current(KeyPurpose::kClaims, kNow - milliseconds(1)), MissingKey);
    EXPECT_FALSE(LiveKeyring::open(path_, kNow - milliseconds(1)));
}

TEST_F(KeyringRules, ListsStatesWithoutMaterial) {
    generate();
    std::string retired = current_id(KeyPurpose::kTokenSigning, kNow);
    std::string current = rotated(KeyPurpose::kTokenSigning, Duration(), kNow + milliseconds(1));
    std::string published = rotated(KeyPurpose::kTokenSigning, kDay, kNow + milliseconds(2));
    std::string revoked = current_id(KeyPurpose::kSealingRoot, kNow);
    ASSERT_TRUE(revoke_key(path_, revoked, kNow + milliseconds(2)));
    auto state_at = [&](const std::string& id, Instant now) -> std::string_view {
        for (const KeyDescription& key : loaded()->list(now))
            if (key.id == id) return name_of(key.state);
        return "absent";
    };
    EXPECT_EQ(state_at(retired, kNow + milliseconds(3)), "retired");
    EXPECT_EQ(state_at(current, kNow + milliseconds(3)), "current");
    EXPECT_EQ(state_at(published, kNow + milliseconds(3)), "published");
    EXPECT_EQ(state_at(revoked, kNow + milliseconds(3)), "revoked");
    EXPECT_EQ(state_at(retired, kNow + milliseconds(1) + kTokenSigningRetention), "ended");
}

TEST_F(KeyringRules, ServesASnapshotUntilItIsReloaded) {
    generate();
    auto live = std::move(LiveKeyring::open(path_, kNow)).value();
    auto before = live->snapshot();
    std::string id = before->require_current(KeyPurpose::kTokenSigning, kNow).id;
    ASSERT_TRUE(revoke_key(path_, id, kNow));
    EXPECT_EQ(live->snapshot(), before);
    ASSERT_TRUE(live->reload(kNow));
    EXPECT_EQ(live->snapshot()->find(KeyPurpose::kTokenSigning, id, kNow), nullptr);
    EXPECT_NE(before->find(KeyPurpose::kTokenSigning, id, kNow), nullptr);
}

TEST_F(KeyringRules, KeepsItsSnapshotWhenTheFileCanNotBeRead) {
    generate();
    auto live = std::move(LiveKeyring::open(path_, kNow)).value();
    auto before = live->snapshot();
    std::filesystem::remove(path_);
    EXPECT_FALSE(live->reload(kNow));
    EXPECT_EQ(live->snapshot(), before);
}

// A node reloads while its threads take keys: each sees one whole snapshot or the other.
TEST_F(KeyringRules, IsReloadedUnderItsReaders) {
    generate();
    auto live = std::move(LiveKeyring::open(path_, kNow)).value();
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            for (int round = 0; round < 500; ++round) {
                auto keyring = live->snapshot();
                EXPECT_FALSE(keyring->require_current(KeyPurpose::kClaims, kNow).material.empty());
            }
        });
    for (int round = 0; round < 20; ++round) EXPECT_TRUE(live->reload(kNow));
}
