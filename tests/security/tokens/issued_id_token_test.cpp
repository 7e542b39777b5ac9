#include "security/tokens/issued_id_token.hpp"

#include <gtest/gtest.h>

#include "security/primitives/base64url.hpp"
#include "security/tokens/jwt.hpp"
#include "tests/security/keys/keyring_fixture.hpp"

namespace keyledger::security {
namespace {

const UserId kAnn{*Uuid::parse("0192e4a0-0000-7abc-8def-0123456789ab")};
const SessionId kSession{*Uuid::parse("0192e4a0-0000-7abc-8def-0123456789ac")};

class IssuedIdTokenTest : public KeyringTest {
protected:
    void SetUp() override {
        KeyringTest::SetUp();
        generate();
        keyring_ = loaded();
    }
    static IssuedIdToken claims() {
        IssuedIdToken one;
        one.issuer = "https://issuer.example";
        one.subject = kAnn;
        one.client_id = "shop";
        one.session = kSession;
        one.issued_at = kNow;
        one.expires_at = kNow + minutes(5);
        return one;
    }
    std::string signed_by(KeyPurpose purpose, const IssuedIdToken& one) {
        return sign_jwt(keyring_->require_current(purpose, kNow), "JWT", issued_id_token_text(one));
    }
    std::optional<IssuedIdToken> read(std::string_view token, Instant now = kNow) {
        return read_issued_id_token(*keyring_, token, now);
    }
    std::shared_ptr<const Keyring> keyring_;
};

TEST_F(IssuedIdTokenTest, SaysWhatIsKnownAndNothingElse) {
    EXPECT_EQ(issued_id_token_text(claims()),
              R"({"iss":"https://issuer.example","sub":"0192e4a0-0000-7abc-8def-0123456789ab","aud":"shop",)"
              R"("sid":"0192e4a0-0000-7abc-8def-0123456789ac","iat":1700000000,"exp":1700000300})");
    IssuedIdToken whole = claims();
    whole.authenticated_at = kNow - seconds(7);
    whole.methods = {"pwd", "otp", "mfa"};
    whole.strength = "2";
    whole.nonce = "n1";
    whole.access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";  // OpenID Connect Core appendix A.3
    const std::string text = issued_id_token_text(whole);
    EXPECT_NE(text.find(R"("auth_time":1699999993,"amr":["pwd","otp","mfa"],"acr":"2","nonce":"n1")"), text.npos)
        << text;
    EXPECT_NE(text.find(R"("at_hash":"77QmUPtjPfzWtF2AnpK9RQ")"), text.npos) << text;
}

TEST_F(IssuedIdTokenTest, IsReadAgainHoweverOldItIs) {
    for (const KeyPurpose purpose : {KeyPurpose::kIdTokens, KeyPurpose::kTokenSigning}) {
        const auto token = read(signed_by(purpose, claims()), kNow + days(400));
        ASSERT_TRUE(token);
        EXPECT_EQ(token->issuer, "https://issuer.example");
        EXPECT_EQ(token->client_id, "shop");
        EXPECT_EQ(token->subject, kAnn);
        EXPECT_EQ(token->session, kSession);
    }
}

TEST_F(IssuedIdTokenTest, OfNobodyElseIsRead) {
    const std::string token = signed_by(KeyPurpose::kIdTokens, claims());
    EXPECT_FALSE(read(""));
    EXPECT_FALSE(read("a.b"));
    EXPECT_FALSE(read(token + "A"));
    std::string other = token;
    other[token.find('.') + 5] ^= 1;
    EXPECT_FALSE(read(other)) << "its claims were changed";
    const std::string none = base64url_encode(R"({"alg":"none"})") + token.substr(token.find('.'));
    EXPECT_FALSE(read(none));
    path_ = folder_.file("other.json");
    generate();
    keyring_ = loaded();
    EXPECT_FALSE(read(token)) << "another installation's";
}

}  // namespace
}  // namespace keyledger::security
