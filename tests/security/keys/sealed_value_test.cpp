#include "security/keys/sealed_value.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "security/keys/envelope.hpp"
#include "security/primitives/aead.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/derivation.hpp"
#include "tests/security/keys/keyring_fixture.hpp"

using namespace keyledger;
using namespace keyledger::security;
using Error = SealedValueError;

namespace {

constexpr SealedPurpose kAll[] = {SealedPurpose::kCursor,           SealedPurpose::kMailLink,
                                  SealedPurpose::kChallengeHandle,  SealedPurpose::kPreAuthentication,
                                  SealedPurpose::kPasskeyChallenge, SealedPurpose::kServiceToken};

class SealedValue : public KeyringTest {
protected:
    void SetUp() override {
        generate();
        keyring_ = loaded();
    }
    const Key& root() const { return keyring_->require_current(KeyPurpose::kSealingRoot, kNow); }
    std::string sealed(SealedPurpose purpose = SealedPurpose::kCursor) const {
        return seal_value(*keyring_, purpose, "users", "position 7", kNow);
    }
    Error error_of(std::string_view text) const {
        auto opened = open_value(*keyring_, SealedPurpose::kCursor, "users", text, kNow);
        EXPECT_FALSE(opened) << "the value was accepted";
        return opened.error();
    }
    std::shared_ptr<const Keyring> keyring_;
};

}  // namespace

TEST_F(SealedValue, OpensForItsPurposeAndContext) {
    for (SealedPurpose purpose : kAll) {
        std::string text = sealed(purpose);
        auto opened = open_value(*keyring_, purpose, "users", text, kNow);
        ASSERT_TRUE(opened);
        EXPECT_EQ(*opened, "position 7");
        EXPECT_NE(sealed(purpose), text);
    }
}

TEST_F(SealedValue, PassesForNoOtherPurpose) {
    for (SealedPurpose made : kAll)
        for (SealedPurpose taken : kAll) {
            if (made == taken) continue;
            EXPECT_EQ(open_value(*keyring_, taken, "users", sealed(made), kNow).error(), Error::kForged);
        }
}

TEST_F(SealedValue, PassesInNoOtherContext) {
    EXPECT_EQ(open_value(*keyring_, SealedPurpose::kCursor, "audit", sealed(), kNow).error(), Error::kForged);
    EXPECT_EQ(open_value(*keyring_, SealedPurpose::kCursor, "", sealed(), kNow).error(), Error::kForged);
}

// NIST SP 800-38D section 8.3: 2^32 random nonces under one key are the most, and of tokens there are more.
TEST_F(SealedValue, OfATokenHasAKeyOfItsOwn) {
    const auto opens_by = [&](const Secret& key, SealedPurpose purpose, std::string_view name, std::string_view jti,
                              const std::string& text) {
        const std::string bytes = *base64url_decode(text);
        const auto envelope = read_envelope(1, bytes);
        return aead_open(key, length_prefixed({name, jti, envelope->head}), envelope->body) == "position 7" &&
               open_value(*keyring_, purpose, jti, text, kNow).has_value();
    };
    ValueSealer sealer(SealedPurpose::kServiceToken);
    for (const bool by_sealer : {false, true})
        for (const std::string_view jti : {"one", "two"}) {
            const std::string text = by_sealer
                                         ? sealer.seal(keyring_, jti, "position 7", kNow)
                                         : seal_value(*keyring_, SealedPurpose::kServiceToken, jti, "position 7", kNow);
            const auto opens = [&](const Secret& key) {
                return opens_by(key, SealedPurpose::kServiceToken, "service-token", jti, text);
            };
            EXPECT_TRUE(opens(derived_key(root(), "service-token", jti)));
            EXPECT_FALSE(opens(derived_key(root(), "service-token", jti == "one" ? "two" : "one")));
            EXPECT_FALSE(opens(derived_key(root(), "service-token"))) << "all would be under one";
        }
    EXPECT_TRUE(opens_by(derived_key(root(), "cursor"), SealedPurpose::kCursor, "cursor", "users", sealed()));
}

TEST_F(SealedValue, OpensAfterARotationAndNotAfterARevocation) {
    std::string text = sealed();
    std::string id = root().id;
    rotated(KeyPurpose::kSealingRoot, Duration(), kNow);
    EXPECT_TRUE(open_value(*loaded(), SealedPurpose::kCursor, "users", text, kNow));
    ASSERT_TRUE(revoke_key(path_, id, kNow));
    keyring_ = loaded();
    EXPECT_EQ(error_of(text), Error::kUnknownKey);
}

TEST_F(SealedValue, IsRefusedWhenChangedOrCut) {
    std::string text = sealed();
    std::string bytes = *base64url_decode(text);
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::string bent = bytes;
        bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(open_value(*keyring_, SealedPurpose::kCursor, "users", base64url_encode(bent), kNow)) << bit;
    }
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(open_value(*keyring_, SealedPurpose::kCursor, "users", text.substr(0, size), kNow)) << size;
    for (const std::string& other : {std::string(), std::string("AQ"), text + "=", std::string(9000, 'A')})
        EXPECT_EQ(error_of(other), Error::kMalformed);
}

TEST_F(SealedValue, HasALimit) {
    std::string largest(kMaxSealedValueClearSize, 'x');
    std::string text = seal_value(*keyring_, SealedPurpose::kCursor, "users", largest, kNow);
    EXPECT_EQ(*open_value(*keyring_, SealedPurpose::kCursor, "users", text, kNow), largest);
    EXPECT_THROW(seal_value(*keyring_, SealedPurpose::kCursor, "users", largest + "x", kNow), std::length_error);
}

TEST_F(SealedValue, OfASnapshotMayBeLarger) {
    const std::string largest(kMaxSealedSnapshotClearSize, 'x');
    const std::string text = seal_value(*keyring_, SealedPurpose::kSnapshot, "log", largest, kNow);
    EXPECT_EQ(*open_value(*keyring_, SealedPurpose::kSnapshot, "log", text, kNow), largest);
    EXPECT_FALSE(open_value(*keyring_, SealedPurpose::kCursor, "log", text, kNow));
    EXPECT_THROW(seal_value(*keyring_, SealedPurpose::kSnapshot, "log", largest + "x", kNow), std::length_error);
}

// The keyring of a node is replaced while it seals: by a rotation, and by a revocation.
TEST_F(SealedValue, OfASealerIsMadeByTheRootInUse) {
    ValueSealer sealer(SealedPurpose::kCursor);
    const auto sealed = [&] { return sealer.seal(keyring_, "users", "position 7", kNow); };
    const auto is_by = [&](const std::string& text, const std::string& id) {
        EXPECT_EQ(key_named_by_sealed_value(SealedPurpose::kCursor, text), id);
        const auto opened = open_value(*keyring_, SealedPurpose::kCursor, "users", text, kNow);
        return opened && *opened == "position 7";
    };
    const std::string first = root().id;
    const std::string text = sealed();
    EXPECT_TRUE(is_by(text, first));
    EXPECT_TRUE(is_by(sealed(), first));
    EXPECT_NE(sealed(), text);
    EXPECT_EQ(open_value(*keyring_, SealedPurpose::kCursor, "audit", text, kNow).error(), Error::kForged);
    const std::string second = rotated(KeyPurpose::kSealingRoot, Duration(), kNow);
    EXPECT_TRUE(is_by(sealed(), first)) << "the keyring in use has no other";
    keyring_ = loaded();
    EXPECT_TRUE(is_by(sealed(), second));
    ASSERT_TRUE(revoke_key(path_, second, kNow));
    const std::string third = rotated(KeyPurpose::kSealingRoot, Duration(), kNow);
    keyring_ = loaded();
    EXPECT_TRUE(is_by(sealed(), third));
    EXPECT_THROW(sealer.seal(keyring_, "users", "x", kNow - milliseconds(1)), MissingKey);
    EXPECT_THROW(sealer.seal(keyring_, "users", std::string(kMaxSealedValueClearSize + 1, 'x'), kNow),
                 std::length_error);
}

// A root whose time comes takes over within one keyring.
TEST_F(SealedValue, OfASealerFollowsTheClock) {
    ValueSealer sealer(SealedPurpose::kCursor);
    const std::string first = root().id;
    const std::string second = rotated(KeyPurpose::kSealingRoot, kHour, kNow);
    keyring_ = loaded();
    const auto named = [&](Instant now) {
        return key_named_by_sealed_value(SealedPurpose::kCursor, sealer.seal(keyring_, "users", "x", now));
    };
    EXPECT_EQ(named(kNow), first);
    EXPECT_EQ(named(kNow + kHour), second);
    EXPECT_EQ(named(kNow), first);
}

TEST_F(SealedValue, NeedsARootInUse) {
    EXPECT_THROW(seal_value(*keyring_, SealedPurpose::kCursor, "users", "x", kNow - milliseconds(1)), MissingKey);
}

TEST_F(SealedValue, HasKeysOfItsOwnForEveryPurposeAndContext) {
    EXPECT_TRUE(equal(derived_key(root(), "a", "b"), derived_key(root(), "a", "b")));
    EXPECT_FALSE(equal(derived_key(root(), "a", "b"), derived_key(root(), "ab")));
    EXPECT_FALSE(equal(derived_key(root(), "a", "b"), derived_key(root(), "a")));
    EXPECT_FALSE(equal(derived_key(root(), "a"), root().material));
    EXPECT_THROW(derived_key(keyring_->require_current(KeyPurpose::kClaims, kNow), "a"), std::invalid_argument);
}
