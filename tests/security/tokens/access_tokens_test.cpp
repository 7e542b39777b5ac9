#include "security/tokens/access_tokens.hpp"

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
        live_ = std::move(LiveKeyring::open(path_, kNowMs)).value();
    }
    AccessTokenClaims claims_of(int number) const {
        AccessTokenClaims claims = some_claims();
        claims.security_stamp = number;
        return claims;
    }
    std::unique_ptr<LiveKeyring> live_;
};

}  // namespace

TEST_F(AccessTokensInUse, AreVerifiedAgainFromMemory) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNowMs);
    for (int i = 0; i < 3; ++i) {
        auto claims = tokens.verify(token, kOwnApi, kNowMs);
        ASSERT_TRUE(claims);
        EXPECT_EQ(*claims, some_claims());
    }
    EXPECT_EQ(tokens.remembered(), 1u);
}

TEST_F(AccessTokensInUse, ExpireAlsoFromMemory) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNowMs);
    ASSERT_TRUE(tokens.verify(token, kOwnApi, kNowMs));
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNowMs + 300'000).error(), TokenError::kExpired);
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNowMs - 1'000).error(), TokenError::kNotYetValid);
}

TEST_F(AccessTokensInUse, MeetEachExpectationAlsoFromMemory) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNowMs);
    ASSERT_TRUE(tokens.verify(token, kOwnApi, kNowMs));
    EXPECT_EQ(tokens.verify(token, {.issuer = "https://other.example.com"}, kNowMs).error(), TokenError::kWrongIssuer);
    TokenExpectation shop{.issuer = kOwnApi.issuer, .sole_audience = "https://shop.example.com"};
    EXPECT_EQ(tokens.verify(token, shop, kNowMs).error(), TokenError::kWrongAudience);
}

TEST_F(AccessTokensInUse, EndWithTheirRevokedKeyAlsoFromMemory) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNowMs);
    ASSERT_TRUE(tokens.verify(token, kOwnApi, kNowMs));
    ASSERT_TRUE(revoke_key(path_, live_->snapshot()->require_current(KeyPurpose::kTokenSigning, kNowMs).id, kNowMs));
    ASSERT_TRUE(live_->reload(kNowMs));
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNowMs).error(), TokenError::kUnknownKey);
    EXPECT_EQ(tokens.remembered(), 0u);
    EXPECT_TRUE(tokens.verify(tokens.sign(some_claims(), kNowMs), kOwnApi, kNowMs));
}

// Somebody puts another key into the file under the id of the one that signed.
TEST_F(AccessTokensInUse, EndWhenTheirKeysIdIsGivenToAnotherKey) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNowMs);
    ASSERT_TRUE(tokens.verify(token, kOwnApi, kNowMs));
    auto keys = read_keyring_file(path_);
    for (Key& key : *keys)
        if (key.purpose == KeyPurpose::kTokenSigning)
            key.signing = std::make_shared<const SigningKey>(SigningKey::generate(SigningAlgorithm::kEs256));
    std::ofstream(path_) << keyring_text(*keys).reveal();
    ASSERT_TRUE(live_->reload(kNowMs));
    EXPECT_EQ(tokens.verify(token, kOwnApi, kNowMs).error(), TokenError::kBadSignature);
    EXPECT_EQ(tokens.remembered(), 0u);
}

TEST_F(AccessTokensInUse, SurviveARotation) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNowMs);
    rotated(KeyPurpose::kTokenSigning, 0, kNowMs);
    ASSERT_TRUE(live_->reload(kNowMs));
    EXPECT_TRUE(tokens.verify(token, kOwnApi, kNowMs));
    EXPECT_TRUE(AccessTokens(*live_).verify(token, kOwnApi, kNowMs));
}

TEST_F(AccessTokensInUse, AreNotRememberedWhenTheyAreRefused) {
    AccessTokens tokens(*live_);
    std::string token = tokens.sign(some_claims(), kNowMs);
    token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(tokens.verify(token, kOwnApi, kNowMs));
    EXPECT_FALSE(tokens.verify(std::string(kMaxTokenSize + 1, 'x'), kOwnApi, kNowMs));
    EXPECT_EQ(tokens.remembered(), 0u);
}

TEST_F(AccessTokensInUse, AreForgottenFromTheOneUsedLongestAgo) {
    AccessTokens tokens(*live_, 2);
    std::vector<std::string> made;
    for (int i = 0; i < 4; ++i) made.push_back(tokens.sign(claims_of(i), kNowMs));
    for (const std::string& token : made) {
        ASSERT_TRUE(tokens.verify(token, kOwnApi, kNowMs));
        ASSERT_TRUE(tokens.verify(made[0], kOwnApi, kNowMs));
        EXPECT_LE(tokens.remembered(), 2u);
    }
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(tokens.verify(made[static_cast<std::size_t>(i)], kOwnApi, kNowMs)->security_stamp, i);
}

TEST_F(AccessTokensInUse, NeedNoMemory) {
    AccessTokens tokens(*live_, 0);
    std::string token = tokens.sign(some_claims(), kNowMs);
    EXPECT_TRUE(tokens.verify(token, kOwnApi, kNowMs));
    EXPECT_EQ(tokens.remembered(), 0u);
    EXPECT_THROW(AccessTokens(*live_, kMaxRememberedTokens + 1), std::invalid_argument);
}

TEST_F(AccessTokensInUse, SaySlowlyOnlyOfRsa) {
    EXPECT_FALSE(AccessTokens(*live_).signs_slowly(kNowMs));
    LiveKeyring rsa(keyring_with(token_key("key-1", SigningAlgorithm::kRs256)));
    EXPECT_TRUE(AccessTokens(rsa).signs_slowly(kNowMs));
    LiveKeyring none(keyring_with());
    EXPECT_FALSE(AccessTokens(none).signs_slowly(kNowMs));
    EXPECT_THROW(AccessTokens(none).sign(some_claims(), kNowMs), MissingKey);
}

// Threads verify more tokens than are remembered while keys are reloaded: every answer is right.
TEST_F(AccessTokensInUse, AreVerifiedOnManyThreads) {
    AccessTokens tokens(*live_, 4);
    std::vector<std::string> made;
    for (int i = 0; i < 8; ++i) made.push_back(tokens.sign(claims_of(i), kNowMs));
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 3; ++thread)
        threads.emplace_back([&, thread] {
            for (int round = 0; round < 200; ++round) {
                int number = (round * 5 + thread) % 8;
                auto claims = tokens.verify(made[static_cast<std::size_t>(number)], kOwnApi, kNowMs);
                ASSERT_TRUE(claims);
                EXPECT_EQ(claims->security_stamp, number);
            }
        });
    for (int round = 0; round < 10; ++round) EXPECT_TRUE(live_->reload(kNowMs));
}
