#include "security/keys/keyring.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/security/keys/keyring_fixture.hpp"

using namespace keyledger::security;
using Code = KeyringError::Code;

namespace {

class KeyringRules : public KeyringTest {
protected:
    std::string current_id(KeyPurpose purpose, std::int64_t at_ms) const {
        return loaded()->require_current(purpose, at_ms).id;
    }
    bool opens(KeyPurpose purpose, const std::string& id, std::int64_t now_ms) const {
        return loaded()->find(purpose, id, now_ms) != nullptr;
    }
};

}  // namespace

TEST_F(KeyringRules, HasAKeyForEveryPurposeOnceGenerated) {
    generate();
    auto keyring = loaded();
    EXPECT_TRUE(keyring->complete_at(kNowMs));
    for (KeyPurpose purpose : kAllKeyPurposes) {
        const Key& key = keyring->require_current(purpose, kNowMs);
        EXPECT_EQ(key.purpose, purpose);
        EXPECT_EQ(keyring->find(purpose, key.id, kNowMs), &key);
        EXPECT_EQ(key.material.empty(), is_signing(purpose));
    }
    EXPECT_EQ(keyring->require_current(KeyPurpose::kTokenSigning, kNowMs).signing->algorithm(),
              SigningAlgorithm::kEs256);
}

TEST_F(KeyringRules, GivesAKeyForItsOwnPurposeOnly) {
    generate();
    std::string id = current_id(KeyPurpose::kClaims, kNowMs);
    EXPECT_TRUE(opens(KeyPurpose::kClaims, id, kNowMs));
    EXPECT_FALSE(opens(KeyPurpose::kSealingRoot, id, kNowMs));
    EXPECT_FALSE(opens(KeyPurpose::kClaims, "unknown", kNowMs));
}

TEST_F(KeyringRules, PublishesASuccessorBeforeItIsUsed) {
    generate();
    std::string old_id = current_id(KeyPurpose::kTokenSigning, kNowMs);
    std::string new_id = rotated(KeyPurpose::kTokenSigning, kHourMs, kNowMs);
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNowMs + kHourMs - 1), old_id);
    EXPECT_TRUE(opens(KeyPurpose::kTokenSigning, new_id, kNowMs));
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNowMs + kHourMs), new_id);
}

TEST_F(KeyringRules, KeepsARetiredKeyUntilItsLastTokenEnded) {
    generate();
    for (auto [purpose, retention_ms] : {std::pair{KeyPurpose::kTokenSigning, kTokenSigningRetentionMs},
                                         std::pair{KeyPurpose::kSealingRoot, kSealingRootRetentionMs}}) {
        std::string id = current_id(purpose, kNowMs);
        rotated(purpose, kHourMs, kNowMs);
        std::int64_t end_ms = kNowMs + kHourMs + retention_ms;
        EXPECT_TRUE(opens(purpose, id, end_ms - 1)) << name_of(purpose);
        EXPECT_FALSE(opens(purpose, id, end_ms)) << name_of(purpose);
    }
}

TEST_F(KeyringRules, KeepsWhatOpensStoredThingsWithoutEnd) {
    generate();
    for (KeyPurpose purpose : {KeyPurpose::kKeyEncryption, KeyPurpose::kClaims}) {
        std::string id = current_id(purpose, kNowMs);
        rotated(purpose, 0, kNowMs);
        EXPECT_TRUE(opens(purpose, id, kNowMs + 3650 * kDayMs)) << name_of(purpose);
    }
}

TEST_F(KeyringRules, GivesAllUsableKeysCurrentFirst) {
    generate();
    std::string first = current_id(KeyPurpose::kClaims, kNowMs);
    std::string second = rotated(KeyPurpose::kClaims, 0, kNowMs + 1);
    std::string third = rotated(KeyPurpose::kClaims, kDayMs, kNowMs + 2);
    std::vector<std::string> ids;
    auto keyring = loaded();
    for (const Key* key : keyring->usable(KeyPurpose::kClaims, kNowMs + 3)) ids.push_back(key->id);
    EXPECT_EQ(ids, (std::vector<std::string>{second, third, first}));
}

TEST_F(KeyringRules, EndsARevokedKeyAtOnceAndReplacesIt) {
    generate(SigningAlgorithm::kEdDsa);
    for (KeyPurpose purpose : {KeyPurpose::kTokenSigning, KeyPurpose::kSealingRoot}) {
        std::string id = current_id(purpose, kNowMs);
        ASSERT_TRUE(revoke_key(path_, id, kNowMs + 5));
        EXPECT_FALSE(opens(purpose, id, kNowMs + 5));
        // Also where a clock is behind.
        EXPECT_FALSE(opens(purpose, id, kNowMs));
        EXPECT_NE(current_id(purpose, kNowMs + 5), id);
    }
    EXPECT_EQ(loaded()->require_current(KeyPurpose::kTokenSigning, kNowMs + 5).algorithm, "EdDSA");
    EXPECT_TRUE(loaded()->complete_at(kNowMs + 5));
}

TEST_F(KeyringRules, BringsThePublishedSuccessorForwardWhenTheCurrentKeyIsRevoked) {
    generate();
    std::string id = current_id(KeyPurpose::kTokenSigning, kNowMs);
    std::string successor = rotated(KeyPurpose::kTokenSigning, kDayMs, kNowMs);
    ASSERT_TRUE(revoke_key(path_, id, kNowMs + 5));
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNowMs + 5), successor);
}

TEST_F(KeyringRules, LeavesTheSuccessorAloneWhenARetiredKeyIsRevoked) {
    generate();
    std::string retired = current_id(KeyPurpose::kTokenSigning, kNowMs);
    std::string current = rotated(KeyPurpose::kTokenSigning, 0, kNowMs);
    std::string next = rotated(KeyPurpose::kTokenSigning, kDayMs, kNowMs + 1);
    ASSERT_TRUE(revoke_key(path_, retired, kNowMs + 5));
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNowMs + 5), current);
    EXPECT_EQ(current_id(KeyPurpose::kTokenSigning, kNowMs + 1 + kDayMs), next);
}

TEST_F(KeyringRules, RefusesToRevokeTheOnlyKeyThatOpensWhatIsStored) {
    generate();
    for (KeyPurpose purpose : {KeyPurpose::kKeyEncryption, KeyPurpose::kClaims}) {
        std::string id = current_id(purpose, kNowMs);
        auto refused = revoke_key(path_, id, kNowMs);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Code::kInUse);
        EXPECT_TRUE(opens(purpose, id, kNowMs));

        rotated(purpose, kHourMs, kNowMs);
        EXPECT_FALSE(revoke_key(path_, id, kNowMs + kHourMs - 1));
        EXPECT_TRUE(revoke_key(path_, id, kNowMs + kHourMs));
        EXPECT_FALSE(opens(purpose, id, kNowMs + kHourMs));
    }
}

TEST_F(KeyringRules, RefusesToRevokeAnUnknownKey) {
    generate();
    auto refused = revoke_key(path_, "unknown", kNowMs);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::kUnknownKey);
}

TEST_F(KeyringRules, DestroysTheMaterialOfARevokedKeyAndForgetsItLater) {
    generate();
    std::string id = current_id(KeyPurpose::kSealingRoot, kNowMs);
    ASSERT_TRUE(revoke_key(path_, id, kNowMs));
    auto key_in = [&](const Keyring& keyring) -> const Key* {
        for (const Key& key : keyring.keys())
            if (key.id == id) return &key;
        return nullptr;
    };
    auto keyring = loaded();
    ASSERT_NE(key_in(*keyring), nullptr);
    EXPECT_TRUE(key_in(*keyring)->material.empty());
    rotated(KeyPurpose::kClaims, 0, kNowMs + kSealingRootRetentionMs);
    EXPECT_EQ(key_in(*loaded()), nullptr);
}

TEST_F(KeyringRules, DropsEndedKeysWhenItRotates) {
    generate();
    std::string id = current_id(KeyPurpose::kTokenSigning, kNowMs);
    rotated(KeyPurpose::kTokenSigning, 0, kNowMs);
    rotated(KeyPurpose::kTokenSigning, 0, kNowMs + kTokenSigningRetentionMs);
    auto keyring = loaded();
    for (const Key& key : keyring->keys()) EXPECT_NE(key.id, id);
}

TEST_F(KeyringRules, ChangesTheAlgorithmOnlyWhenAsked) {
    generate(SigningAlgorithm::kEs256);
    rotated(KeyPurpose::kTokenSigning, 0, kNowMs + 1);
    EXPECT_EQ(loaded()->require_current(KeyPurpose::kTokenSigning, kNowMs + 1).algorithm, "ES256");
    ASSERT_TRUE(rotate_key(path_, KeyPurpose::kTokenSigning, 0, kNowMs + 2, SigningAlgorithm::kEdDsa));
    EXPECT_EQ(loaded()->require_current(KeyPurpose::kTokenSigning, kNowMs + 2).algorithm, "EdDSA");
}

TEST_F(KeyringRules, RefusesALeadTimeOutOfRange) {
    generate();
    EXPECT_THROW((void)rotate_key(path_, KeyPurpose::kClaims, -1, kNowMs), std::invalid_argument);
    EXPECT_THROW((void)rotate_key(path_, KeyPurpose::kClaims, kMaxRotationLeadMs + 1, kNowMs), std::invalid_argument);
}

TEST_F(KeyringRules, NamesEveryPurposeThatHasNoKeyInUse) {
    generate();
    auto early = loaded()->complete_at(kNowMs - 1);
    ASSERT_FALSE(early);
    EXPECT_EQ(early.error().code, Code::kMissingPurpose);
    for (KeyPurpose purpose : kAllKeyPurposes)
        EXPECT_NE(early.error().message.find(name_of(purpose)), std::string::npos);
    EXPECT_THROW(loaded()->require_current(KeyPurpose::kClaims, kNowMs - 1), MissingKey);
    EXPECT_FALSE(LiveKeyring::open(path_, kNowMs - 1));
}

TEST_F(KeyringRules, ListsStatesWithoutMaterial) {
    generate();
    std::string retired = current_id(KeyPurpose::kTokenSigning, kNowMs);
    std::string current = rotated(KeyPurpose::kTokenSigning, 0, kNowMs + 1);
    std::string published = rotated(KeyPurpose::kTokenSigning, kDayMs, kNowMs + 2);
    std::string revoked = current_id(KeyPurpose::kSealingRoot, kNowMs);
    ASSERT_TRUE(revoke_key(path_, revoked, kNowMs + 2));
    auto state_at = [&](const std::string& id, std::int64_t now_ms) -> std::string_view {
        for (const KeyDescription& key : loaded()->list(now_ms))
            if (key.id == id) return name_of(key.state);
        return "absent";
    };
    EXPECT_EQ(state_at(retired, kNowMs + 3), "retired");
    EXPECT_EQ(state_at(current, kNowMs + 3), "current");
    EXPECT_EQ(state_at(published, kNowMs + 3), "published");
    EXPECT_EQ(state_at(revoked, kNowMs + 3), "revoked");
    EXPECT_EQ(state_at(retired, kNowMs + 1 + kTokenSigningRetentionMs), "ended");
}

TEST_F(KeyringRules, ServesASnapshotUntilItIsReloaded) {
    generate();
    auto live = std::move(LiveKeyring::open(path_, kNowMs)).value();
    auto before = live->snapshot();
    std::string id = before->require_current(KeyPurpose::kTokenSigning, kNowMs).id;
    ASSERT_TRUE(revoke_key(path_, id, kNowMs));
    EXPECT_EQ(live->snapshot(), before);
    ASSERT_TRUE(live->reload(kNowMs));
    EXPECT_EQ(live->snapshot()->find(KeyPurpose::kTokenSigning, id, kNowMs), nullptr);
    EXPECT_NE(before->find(KeyPurpose::kTokenSigning, id, kNowMs), nullptr);
}

TEST_F(KeyringRules, KeepsItsSnapshotWhenTheFileCanNotBeRead) {
    generate();
    auto live = std::move(LiveKeyring::open(path_, kNowMs)).value();
    auto before = live->snapshot();
    std::filesystem::remove(path_);
    EXPECT_FALSE(live->reload(kNowMs));
    EXPECT_EQ(live->snapshot(), before);
}

// A node reloads while its threads take keys: each sees one whole snapshot or the other.
TEST_F(KeyringRules, IsReloadedUnderItsReaders) {
    generate();
    auto live = std::move(LiveKeyring::open(path_, kNowMs)).value();
    std::vector<std::jthread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([&] {
            for (int round = 0; round < 500; ++round) {
                auto keyring = live->snapshot();
                EXPECT_FALSE(keyring->require_current(KeyPurpose::kClaims, kNowMs).material.empty());
            }
        });
    for (int round = 0; round < 20; ++round) EXPECT_TRUE(live->reload(kNowMs));
}
