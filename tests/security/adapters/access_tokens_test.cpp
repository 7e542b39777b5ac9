#include "security/adapters/access_tokens.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/security/keys/keyring_fixture.hpp"
#include "tests/security/tokens/token_fixture.hpp"

using namespace keyledger;
using namespace keyledger::security;

namespace {

class AccessTokensInUse : public KeyringTest {
protected:
    void SetUp() override {
        generate();
        live_ = std::move(LiveKeyring::open(path_, kNow)).value();
    }
    AccessTokenClaims claims_of(int number) const {
        AccessTokenClaims claims = some_claims();
        claims.security_stamp = number;
        return claims;
    }
    static std::int64_t stamp_of(const Result<AccessTokens::Known, TokenError>& known) {
        return known.value()->claims.bearer.security_stamp;
    }
    std::unique_ptr<LiveKeyring> live_;
};

}  // namespace

TEST_F(AccessTokensInUse, AreVerifiedAgainFromMemory) {
    AccessTokens tokens(*live_);
    const std::string token = AccessTokens(*live_).sign(some_claims(), kNow);
    for (int i = 0; i < 3; ++i) {
        const auto known = tokens.verify(token, kOwnApi, kNow);
        ASSERT_TRUE(known);
        EXPECT_EQ((*known)->claims.bearer.security_stamp, some_claims().security_stamp);
        EXPECT_EQ((*known)->claims.audiences, some_claims().audiences);
        EXPECT_EQ(tokens.reads(), 1u);
    }
    EXPECT_EQ(tokens.remembered(), 1u);
}

// The key is revoked before the token is shown for the first time.
TEST_F(AccessTokensInUse, AreNotGoodBecauseTheyWereSignedHere) {
    AccessTokens tokens(*live_);
    const std::string token = tokens.sign(some_claims(), kNow);
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNow + minutes(5)).error(), TokenError::kExpired);
    EXPECT_EQ(tokens.verify(token, {.issuer = "https://other.example.com"}, kNow).error(), TokenError::kWrongIssuer);
    ASSERT_TRUE(revoke_key(path_, live_->snapshot()->require_current(KeyPurpose::kTokenSigning, kNow).id, kNow));
    ASSERT_TRUE(live_->reload(kNow));
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNow).error(), TokenError::kUnknownKey);
    EXPECT_EQ(tokens.remembered(), 0u);
}

TEST_F(AccessTokensInUse, ExpireAlsoFromMemory) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNow);
    ASSERT_TRUE(tokens.verify(token, kOwnApi, kNow));
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNow + minutes(5)).error(), TokenError::kExpired);
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNow - seconds(1)).error(), TokenError::kNotYetValid);
}

TEST_F(AccessTokensInUse, MeetEachExpectationAlsoFromMemory) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNow);
    ASSERT_TRUE(tokens.verify(token, kOwnApi, kNow));
    EXPECT_EQ(tokens.verify(token, {.issuer = "https://other.example.com"}, kNow).error(), TokenError::kWrongIssuer);
    TokenExpectation shop{.issuer = kOwnApi.issuer, .sole_audience = "https://shop.example.com"};
    EXPECT_EQ(tokens.verify(token, shop, kNow).error(), TokenError::kWrongAudience);
}

TEST_F(AccessTokensInUse, EndWithTheirRevokedKeyAlsoFromMemory) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNow);
    ASSERT_TRUE(tokens.verify(token, kOwnApi, kNow));
    ASSERT_TRUE(revoke_key(path_, live_->snapshot()->require_current(KeyPurpose::kTokenSigning, kNow).id, kNow));
    ASSERT_TRUE(live_->reload(kNow));
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNow).error(), TokenError::kUnknownKey);
    EXPECT_EQ(tokens.remembered(), 0u);
    EXPECT_TRUE(tokens.verify(tokens.sign(some_claims(), kNow), kOwnApi, kNow));
}

// Somebody puts another key into the file under the id of the one that signed.
TEST_F(AccessTokensInUse, EndWhenTheirKeysIdIsGivenToAnotherKey) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNow);
    ASSERT_TRUE(tokens.verify(token, kOwnApi, kNow));
    auto keys = read_keyring_file(path_);
    for (Key& key : *keys)
        if (key.purpose == KeyPurpose::kTokenSigning)
            key.signing = std::make_shared<const SigningKey>(SigningKey::generate(SigningAlgorithm::kEs256));
    std::ofstream(path_) << keyring_text(*keys).reveal();
    ASSERT_TRUE(live_->reload(kNow));
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNow).error(), TokenError::kBadSignature);
    EXPECT_EQ(tokens.remembered(), 0u);
}

TEST_F(AccessTokensInUse, SurviveARotation) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNow);
    rotated(KeyPurpose::kTokenSigning, Duration(), kNow);
    ASSERT_TRUE(live_->reload(kNow));
    EXPECT_TRUE(tokens.verify(token, kOwnApi, kNow));
    EXPECT_TRUE(AccessTokens(*live_).verify(token, kOwnApi, kNow));
}

TEST_F(AccessTokensInUse, AreNotRememberedWhenTheyAreRefused) {
    AccessTokens tokens(*live_);
    std::string token = AccessTokens(*live_).sign(some_claims(), kNow);
    token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens.verify(token, kOwnApi, kNow));
    EXPECT_FALSE(tokens.verify(std::string(kMaxTokenSize + 1, 'x'), kOwnApi, kNow));
    EXPECT_EQ(tokens.remembered(), 0u);
}

TEST_F(AccessTokensInUse, AreForgottenFromTheOneUsedLongestAgo) {
    AccessTokens tokens(*live_, 2);
    std::vector<std::string> made;
    for (int i = 0; i < 4; ++i) made.push_back(tokens.sign(claims_of(i), kNow));
    for (const std::string& token : made) {
        ASSERT_TRUE(tokens.verify(token, kOwnApi, kNow));
        ASSERT_TRUE(tokens.verify(made[0], kOwnApi, kNow));
        EXPECT_LE(tokens.remembered(), 2u);
    }
    for (int i = 0; i < 4; ++i) EXPECT_EQ(stamp_of(tokens.verify(made[static_cast<std::size_t>(i)], kOwnApi, kNow)), i);
}

TEST_F(AccessTokensInUse, AreForgottenOnceTheyHaveExpiredAsOthersCome) {
    AccessTokens tokens(*live_);
    const auto show = [&](const AccessTokenClaims& claims, Instant now) {
        const std::string token = tokens.sign(claims, now);
        EXPECT_TRUE(tokens.verify(token, kOwnApi, now));
        return token;
    };
    AccessTokenClaims long_lived = some_claims();
    long_lived.expires_at = kNow + hours(1);
    const std::string good = show(long_lived, kNow);
    for (int i = 0; i < 19; ++i) show(claims_of(i), kNow);
    EXPECT_EQ(tokens.remembered(), 20u);
    AccessTokenClaims later = some_claims();
    later.issued_at = some_claims().expires_at;
    later.expires_at = later.issued_at + minutes(5);
    for (int i = 0; i < 10; ++i) {
        later.security_stamp = i;
        show(later, later.issued_at);
    }
    EXPECT_EQ(tokens.remembered(), 11u) << "these, and the one that has not expired";
    const std::size_t reads = tokens.reads();
    EXPECT_TRUE(tokens.verify(good, kOwnApi, later.issued_at));
    EXPECT_EQ(tokens.reads(), reads);
}

TEST_F(AccessTokensInUse, NeedNoMemory) {
    AccessTokens tokens(*live_, 0);
    std::string token = tokens.sign(some_claims(), kNow);
    EXPECT_TRUE(tokens.verify(token, kOwnApi, kNow));
    EXPECT_EQ(tokens.remembered(), 0u);
    EXPECT_THROW(AccessTokens(*live_, kMaxRememberedTokens + 1), std::invalid_argument);
}

TEST_F(AccessTokensInUse, SaySlowlyOnlyOfRsa) {
    EXPECT_FALSE(AccessTokens(*live_).signs_slowly(kNow));
    LiveKeyring rsa(keyring_with(token_key("key-1", SigningAlgorithm::kRs256)));
    EXPECT_TRUE(AccessTokens(rsa).signs_slowly(kNow));
    LiveKeyring none(keyring_with());
    EXPECT_FALSE(AccessTokens(none).signs_slowly(kNow));
    EXPECT_THROW(AccessTokens(none).sign(some_claims(), kNow), MissingKey);
}

// Threads verify more tokens than are remembered while keys are reloaded: every answer is right.
TEST_F(AccessTokensInUse, AreVerifiedOnManyThreads) {
    AccessTokens tokens(*live_, 4);
    std::vector<std::string> made;
    for (int i = 0; i < 8; ++i) made.push_back(tokens.sign(claims_of(i), kNow));
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread)
        threads.emplace_back([&, thread] {
            for (int round = 0; round < 200; ++round) {
                int number = (round * 5 + thread) % 8;
                auto claims = tokens.verify(made[static_cast<std::size_t>(number)], kOwnApi, kNow);
                ASSERT_TRUE(claims);
                EXPECT_EQ(stamp_of(claims), number);
            }
        });
    for (int round = 0; round < 10; ++round) EXPECT_TRUE(live_->reload(kNow));
}
