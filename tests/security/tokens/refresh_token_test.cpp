#include "security/tokens/refresh_token.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "security/keys/envelope.hpp"
#include "security/keys/sealed_value.hpp"
#include "security/primitives/aead.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/tokens/jwt.hpp"
#include "tests/security/keys/keyring_fixture.hpp"
#include "tests/security/tokens/token_fixture.hpp"

using namespace keyledger;
using namespace keyledger::security;
using Error = RefreshTokenError;

namespace {

class RefreshToken : public KeyringTest {
protected:
    void SetUp() override {
        generate();
        keyring_ = loaded();
    }
    const Key& root() const { return keyring_->require_current(KeyPurpose::kSealingRoot, kNow); }
    Error error_of(std::string_view token, Instant now = kNow) const {
        auto opened = open_refresh_token(*keyring_, token, now);
        EXPECT_FALSE(opened) << "the token was accepted";
        return opened.error();
    }
    static std::string with_prefix(std::string_view bytes) { return "klr_" + base64url_encode(bytes); }
    static std::string bytes_of(const std::string& token) { return *base64url_decode(token.substr(4)); }
    static Key root_of(std::string id, std::string_view material) {
        Key key;
        key.id = std::move(id);
        key.purpose = KeyPurpose::kSealingRoot;
        key.material = Secret(material);
        return key;
    }
    static std::string_view root_material(const Keyring& keyring, std::string_view id) {
        return keyring.find(KeyPurpose::kSealingRoot, id, kNow)->material.reveal();
    }

    std::shared_ptr<const Keyring> keyring_;
    RefreshTokenContent content_{.session = *SessionId::parse("018bcfe5-6800-7000-8000-000000000002"),
                                 .log_id = *Uuid::parse("018bcfe5-6800-7000-8000-000000000004"),
                                 .generation = 41,
                                 .client_id = "first-party",
                                 .audiences = {"https://id.example.com", "https://shop.example.com"}};
};

}  // namespace

TEST_F(RefreshToken, OpensToWhatWasSealed) {
    std::string token = seal_refresh_token(root(), content_);
    EXPECT_TRUE(token.starts_with("klr_"));
    auto opened = open_refresh_token(*keyring_, token, kNow);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->content, content_);
    EXPECT_EQ(opened->key_id, root().id);

    content_.audiences.clear();
    content_.generation = INT64_MAX;
    EXPECT_EQ(open_refresh_token(*keyring_, seal_refresh_token(root(), content_), kNow)->content, content_);
}

TEST_F(RefreshToken, OpensToTheKeyThatItIsBoundTo) {
    for (const bool has_audiences : {true, false}) {
        if (!has_audiences) content_.audiences.clear();
        content_.key_thumbprint = std::string(43, 'k');
        const std::string bound = seal_refresh_token(root(), content_);
        EXPECT_EQ(open_refresh_token(*keyring_, bound, kNow)->content, content_);
        EXPECT_EQ(bound, seal_refresh_token(root(), content_)) << "byte for byte";
        content_.key_thumbprint.clear();
        EXPECT_NE(seal_refresh_token(root(), content_), bound);
    }
}

TEST_F(RefreshToken, ShowsNothingOfItsContent) {
    std::string bytes = bytes_of(seal_refresh_token(root(), content_));
    EXPECT_EQ(bytes.find("first-party"), std::string::npos);
    EXPECT_EQ(bytes.find("example.com"), std::string::npos);
}

TEST_F(RefreshToken, IsTheSameBytesForTheSameContent) {
    std::string token = seal_refresh_token(root(), content_);
    EXPECT_EQ(seal_refresh_token(root(), content_), token);
    RefreshTokenContent next = content_;
    ++next.generation;
    EXPECT_NE(seal_refresh_token(root(), next), token);
    RefreshTokenContent swapped = content_;
    std::swap(swapped.audiences[0], swapped.audiences[1]);
    EXPECT_NE(seal_refresh_token(root(), swapped), token);
}

// The grace of design 9 across a rotation: the successor is sealed under the root of the moment it was made.
TEST_F(RefreshToken, IsTheSameBytesAcrossARotation) {
    std::string token = seal_refresh_token(root(), content_);
    rotated(KeyPurpose::kSealingRoot, seconds(1), kNow);
    auto later = loaded();
    EXPECT_NE(later->require_current(KeyPurpose::kSealingRoot, kNow + seconds(1)).id, root().id);
    EXPECT_EQ(seal_refresh_token(later->require_current(KeyPurpose::kSealingRoot, kNow), content_), token);
    EXPECT_TRUE(open_refresh_token(*later, token, kNow + seconds(1)));
}

TEST_F(RefreshToken, EndsWithItsRoot) {
    std::string token = seal_refresh_token(root(), content_);
    std::string id = root().id;
    ASSERT_TRUE(revoke_key(path_, id, kNow));
    keyring_ = loaded();
    EXPECT_EQ(error_of(token), Error::kUnknownKey);
    const auto& keys = keyring_->keys();
    auto revoked = std::ranges::find(keys, id, &Key::id);
    ASSERT_NE(revoked, keys.end());
    EXPECT_THROW(seal_refresh_token(*revoked, content_), MissingKey);
}

// Made by another program, from what the header and RFC 5869 say.
TEST_F(RefreshToken, IsTheSameBytesForEver) {
    std::string material(kAeadKeySize, '\0');
    for (std::size_t i = 0; i < material.size(); ++i) material[i] = static_cast<char>(i);
    keyring_ = keyring_with(root_of("root-1", material));
    const std::string token =
        "klr_AQZyb290LTEBi8_laABwAIAAAAAAAAACS6cdHX6bQuzj3UsaMnFVKA4QoGOlCv2EWgExbZLeYR44SnIl5K33uJEKfr"
        "AnP9_AvC3d9CEru_24vKg8GLI7qTww2ver29_M3mzNN44Kk4-NFCzD--anDj1xCjAtcxv-hSdbt41L_Le6jThsE1hpP_MC"
        "dQ";
    EXPECT_EQ(seal_refresh_token(keyring_->keys().front(), content_), token);
    const auto opened = open_refresh_token(*keyring_, token, kNow);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->content, content_);
}

// What was derived from a root is gone with the keyring that has it.
TEST_F(RefreshToken, IsOpenedByNoKeyringWithoutItsRoot) {
    const std::string token = seal_refresh_token(root(), content_);
    const std::string id = root().id;
    const auto before = keyring_;
    auto live = LiveKeyring::open(path_, kNow);
    ASSERT_TRUE(live);
    ASSERT_TRUE(open_refresh_token(*(*live)->snapshot(), token, kNow));

    keyring_ = keyring_with();
    EXPECT_EQ(error_of(token), Error::kUnknownKey);
    keyring_ = keyring_with(root_of("another", root_material(*before, id)));
    EXPECT_EQ(error_of(token), Error::kUnknownKey) << "found by its id alone";
    keyring_ = keyring_with(root_of(id, random_bytes(kAeadKeySize)));
    EXPECT_EQ(error_of(token), Error::kForged) << "another root under the same id";
    keyring_ = keyring_with(root_of(id, root_material(*before, id)));
    EXPECT_TRUE(open_refresh_token(*keyring_, token, kNow)) << "the same root in another keyring";

    ASSERT_TRUE(revoke_key(path_, id, kNow));
    ASSERT_TRUE((*live)->reload(kNow));
    keyring_ = (*live)->snapshot();
    EXPECT_EQ(error_of(token), Error::kUnknownKey);
    for (const Key& key : keyring_->keys()) EXPECT_FALSE(key.id == id && key.extracted);
}

// Tokens that are with clients: both keys are derived as ever, each by itself from the root.
TEST_F(RefreshToken, IsSealedUnderTheKeysThatHkdfDerives) {
    const std::string_view session = view_of(content_.session);
    for (int round = 0; round < 50; ++round) {
        const std::string material = random_bytes(kAeadKeySize);
        content_.generation = round;
        const Key alone = root_of("root-1", material);
        keyring_ = keyring_with(root_of("root-1", material));
        const std::string token = seal_refresh_token(keyring_->keys().front(), content_);
        EXPECT_EQ(seal_refresh_token(alone, content_), token) << "of a root that is in no keyring";

        const Digest base = hkdf_sha256(material, "keyledger sealing root 1", length_prefixed({"refresh", session}));
        const Digest encryption = hkdf_sha256(view_of(base), {}, length_prefixed({"encrypt", "refresh"}));
        const Digest nonce = hkdf_sha256(view_of(base), {}, length_prefixed({"nonce", "refresh"}));
        const std::string bytes = bytes_of(token);
        const auto envelope = read_envelope(1, bytes);
        ASSERT_TRUE(envelope);
        EXPECT_EQ(envelope->body.substr(0, session.size()), session);
        const std::string_view sealed = envelope->body.substr(session.size());
        const std::string about = length_prefixed({"refresh", envelope->head, session});
        const auto clear = aead_open(Secret(view_of(encryption)), about, sealed);
        ASSERT_TRUE(clear);
        const Digest all = hmac_sha256(view_of(nonce), {length_prefixed({about, *clear})});
        EXPECT_EQ(sealed.substr(0, kAeadNonceSize), view_of(all).substr(0, kAeadNonceSize));
        EXPECT_EQ(open_refresh_token(*keyring_, token, kNow)->content, content_);
    }
}

// Whether its session's keys are still here from its forerunner, or were derived anew: nobody tells it by the bytes.
TEST_F(RefreshToken, IsTheSameBytesAfterItsForerunnerWasOpened) {
    const auto other_session = *SessionId::parse("018bcfe5-6800-7000-8000-000000000009");
    for (int round = 0; round < 20; ++round) {
        RefreshTokenContent next = content_;
        next.generation = content_.generation + 1;
        RefreshTokenContent others = next;
        others.session = other_session;
        const auto anew = loaded();
        const Key& derived = anew->require_current(KeyPurpose::kSealingRoot, kNow);
        const std::string expected = seal_refresh_token(derived, next);
        const std::string expected_of_others = seal_refresh_token(derived, others);
        ASSERT_TRUE(open_refresh_token(*keyring_, seal_refresh_token(derived, content_), kNow));
        EXPECT_EQ(seal_refresh_token(root(), others), expected_of_others) << "nothing was opened of it";
        EXPECT_EQ(seal_refresh_token(root(), next), expected);
        EXPECT_EQ(seal_refresh_token(root(), next), expected) << "asked for once more";
        content_ = next;
    }
}

// Strangers make nobody's keys be kept, nor does a token of another root.
TEST_F(RefreshToken, KeepsKeysForWhatWasGoodAlone) {
    std::string bytes = bytes_of(seal_refresh_token(root(), content_));
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    EXPECT_EQ(error_of(with_prefix(bytes)), Error::kForged);
    EXPECT_EQ(root().sessions->take(content_.session), nullptr);
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    ASSERT_TRUE(open_refresh_token(*keyring_, with_prefix(bytes), kNow));
    rotated(KeyPurpose::kSealingRoot, Duration(), kNow + milliseconds(1));
    const std::weak_ptr<KeptAeads> kept = root().sessions;
    keyring_ = loaded();
    EXPECT_TRUE(kept.expired()) << "they are gone with their keyring";
    const Key& successor = keyring_->require_current(KeyPurpose::kSealingRoot, kNow + seconds(1));
    RefreshTokenContent next = content_;
    ++next.generation;
    ASSERT_TRUE(open_refresh_token(*keyring_, with_prefix(bytes), kNow + seconds(1)));
    const auto anew = loaded();
    EXPECT_EQ(seal_refresh_token(successor, next),
              seal_refresh_token(anew->require_current(KeyPurpose::kSealingRoot, kNow + seconds(1)), next));
}

TEST_F(RefreshToken, IsSealedByARootOnly) {
    EXPECT_THROW(seal_refresh_token(keyring_->require_current(KeyPurpose::kClaims, kNow), content_),
                 std::invalid_argument);
}

TEST_F(RefreshToken, IsRefusedWhenCutAnywhere) {
    std::string token = seal_refresh_token(root(), content_);
    for (std::size_t size = 0; size < token.size(); ++size)
        EXPECT_FALSE(open_refresh_token(*keyring_, token.substr(0, size), kNow)) << size;
}

TEST_F(RefreshToken, IsRefusedWithAnyBitFlipped) {
    std::string bytes = bytes_of(seal_refresh_token(root(), content_));
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
        std::string bent = bytes;
        bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(open_refresh_token(*keyring_, with_prefix(bent), kNow)) << "bit " << bit;
    }
}

// The session stands in the open part, so that its key can be derived; exchanging it must not give a token of
// that session.
TEST_F(RefreshToken, CanNotBeGivenToAnotherSession) {
    RefreshTokenContent other = content_;
    other.session = *SessionId::parse("018bcfe5-6800-7000-8000-000000000009");
    std::string mine = bytes_of(seal_refresh_token(root(), content_));
    std::string theirs = bytes_of(seal_refresh_token(root(), other));
    std::size_t session_at = 2 + root().id.size();
    EXPECT_EQ(error_of(with_prefix(theirs.substr(0, session_at + 16) + mine.substr(session_at + 16))), Error::kForged);
}

TEST_F(RefreshToken, IsRefusedInAnotherForm) {
    std::string token = seal_refresh_token(root(), content_);
    for (const std::string& other :
         {std::string(), std::string("klr_"), std::string("klr_AQ"), std::string("klr_AQA"), "KLR_" + token.substr(4),
          token.substr(4), token + "=", token + "\n", " " + token, "klr_" + token.substr(5)})
        EXPECT_EQ(error_of(other), Error::kMalformed) << other;
    EXPECT_EQ(error_of(token + std::string(kMaxRefreshTokenSize, 'A')), Error::kMalformed);
    std::string future = bytes_of(token);
    future[0] = 2;
    EXPECT_EQ(error_of(with_prefix(future)), Error::kMalformed);
}

TEST_F(RefreshToken, IsNoSealedValueOfAnotherPurpose) {
    std::string context(content_.session.to_string());
    for (SealedPurpose purpose :
         {SealedPurpose::kCursor, SealedPurpose::kMailLink, SealedPurpose::kPreAuthentication}) {
        std::string value = seal_value(*keyring_, purpose, context, std::string(64, 'x'), kNow);
        EXPECT_EQ(error_of("klr_" + value), Error::kForged);
        std::string token = seal_refresh_token(root(), content_);
        EXPECT_FALSE(open_value(*keyring_, purpose, context, token.substr(4), kNow));
    }
}

TEST_F(RefreshToken, IsNotMadeFromContentOutOfItsLimits) {
    auto refuses = [&](auto change) {
        RefreshTokenContent content = content_;
        change(content);
        EXPECT_THROW(seal_refresh_token(root(), content), std::invalid_argument);
    };
    refuses([](RefreshTokenContent& content) { content.generation = -1; });
    refuses([](RefreshTokenContent& content) { content.client_id.clear(); });
    refuses([](RefreshTokenContent& content) { content.client_id.assign(kMaxTokenTextSize + 1, 'x'); });
    refuses([](RefreshTokenContent& content) { content.audiences.assign(kMaxAudiences + 1, "x"); });
    refuses([](RefreshTokenContent& content) { content.audiences = {""}; });
    refuses([](RefreshTokenContent& content) { content.audiences.assign(kMaxAudiences, std::string(512, 'x')); });
}
