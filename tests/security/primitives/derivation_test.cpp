#include "security/primitives/derivation.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/random.hpp"

using namespace keyledger;
using namespace keyledger::security;

namespace {

constexpr std::string_view kSalt = "keyledger sealing root 1";  // never another: what was sealed is opened with it

Key key_of(KeyPurpose purpose, const Secret& material) {
    Key key;
    key.id = "key-1";
    key.purpose = purpose;
    key.material = material.clone();
    return key;
}

Keyring keyring_of(Key key) {
    std::vector<Key> keys;
    keys.push_back(std::move(key));
    return Keyring(std::move(keys));
}

}  // namespace

// Of a root in a keyring, which extracts once, and of one alone, of which everything is derived anew.
TEST(DerivedKey, IsWhatHkdfDerivesFromTheRoot) {
    for (int round = 0; round < 50; ++round) {
        const Secret material = random_secret(32);
        const Keyring keyring = keyring_of(key_of(KeyPurpose::kSealingRoot, material));
        const Key& kept = keyring.keys().front();
        const Key alone = key_of(KeyPurpose::kSealingRoot, material);
        ASSERT_TRUE(kept.extracted);
        ASSERT_FALSE(alone.extracted);
        for (const std::size_t size : {0, 1, 16, 36, 100})
            for (const std::string_view purpose : {"", "refresh", "service-token"}) {
                const std::string context = random_bytes(size);
                const Digest derived = hkdf_sha256(material.reveal(), kSalt, length_prefixed({purpose, context}));
                EXPECT_EQ(derived_key(kept, purpose, context).reveal(), view_of(derived));
                EXPECT_EQ(derived_key(kept, purpose, context).reveal(), view_of(derived)) << "again";
                EXPECT_EQ(derived_key(alone, purpose, context).reveal(), view_of(derived));
            }
    }
}

TEST(DerivedKey, ComesOfNoOtherKey) {
    const Secret material = random_secret(32);
    for (const KeyPurpose purpose : {KeyPurpose::kClaims, KeyPurpose::kKeyEncryption, KeyPurpose::kEventMacs}) {
        const Keyring keyring = keyring_of(key_of(purpose, material));
        EXPECT_FALSE(keyring.keys().front().extracted);
        EXPECT_THROW(derived_key(keyring.keys().front(), "a"), std::invalid_argument);
    }
    const Keyring revoked = keyring_of(key_of(KeyPurpose::kSealingRoot, Secret()));
    EXPECT_FALSE(revoked.keys().front().extracted);
    EXPECT_THROW(derived_key(revoked.keys().front(), "a"), MissingKey);
}

// Whoever takes the material from a key takes all: nothing is derived from what was extracted before.
TEST(DerivedKey, NeedsTheMaterial) {
    Key root = key_of(KeyPurpose::kSealingRoot, random_secret(32));
    root.extracted = extracted_from_root(root.material);
    EXPECT_NO_THROW(derived_key(root, "a"));
    root.material = Secret();
    EXPECT_THROW(derived_key(root, "a"), MissingKey);
}
