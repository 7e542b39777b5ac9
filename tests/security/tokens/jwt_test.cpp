#include "security/tokens/jwt.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <stdexcept>

#include "domain/clients/service_token.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "tests/security/keys/test_keys.hpp"
#include "tests/security/tokens/token_fixture.hpp"

using namespace keyledger;
using namespace keyledger::security;

namespace {

constexpr SigningAlgorithm kAll[] = {SigningAlgorithm::kRs256, SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa};

// A key on P-256 in its keyring, a good token of it, and what is made of them.
class AccessToken : public testing::Test {
protected:
    static TokenError error_of(const Keyring& keyring, std::string_view token) {
        auto read = read_access_token(keyring, token, kTokenNow);
        if (!read) return read.error();
        auto checked = check_access_token(*read, kOwnApi, kTokenNow);
        EXPECT_FALSE(checked) << "the token was accepted: " << token;
        return checked.error();
    }
    TokenError error_of(std::string_view token) const { return error_of(*keyring_, token); }
    TokenError error_of_header(const std::string& header) const {
        return error_of(forged(header, payload_of(good_), signer()));
    }
    // With one piece of the good payload exchanged, and rightly signed.
    TokenError error_with(const std::string& piece, const std::string& instead) const {
        std::string payload = payload_of(good_);
        std::size_t at = payload.find(piece);
        EXPECT_NE(at, std::string::npos) << piece;
        payload.replace(at, piece.size(), instead);
        return error_of(forged(header_text("ES256", "key-1"), payload, signer()));
    }
    bool accepts(const std::string& token, Instant now, const TokenExpectation& expectation = kOwnApi) const {
        auto read = read_access_token(*keyring_, token, now);
        return read && check_access_token(*read, expectation, now);
    }
    const SigningKey& signer() const { return *keyring_->keys().front().signing; }

    std::shared_ptr<const Keyring> keyring_ = keyring_with(token_key("key-1", SigningAlgorithm::kEs256));
    std::string good_ = sign_access_token(keyring_->keys().front(), some_claims());
};

}  // namespace

TEST_F(AccessToken, RoundTripsInEveryAlgorithm) {
    for (SigningAlgorithm algorithm : kAll) {
        auto keyring = keyring_with(token_key("key-1", algorithm));
        std::string token = sign_access_token(keyring->keys().front(), some_claims());
        auto read = read_access_token(*keyring, token, kTokenNow);
        ASSERT_TRUE(read) << name_of(algorithm);
        EXPECT_EQ(read->claims, some_claims());
        EXPECT_EQ(read->key_id, "key-1");
        EXPECT_TRUE(check_access_token(*read, kOwnApi, kTokenNow));
    }
}

TEST_F(AccessToken, HasTheFormOfRfc9068) {
    EXPECT_EQ(*base64url_decode(good_.substr(0, good_.find('.'))), R"({"alg":"ES256","kid":"key-1","typ":"at+jwt"})");
    EXPECT_EQ(payload_of(good_),
              R"({"iss":"https://id.example.com","sub":"018bcfe5-6800-7000-8000-000000000001",)"
              R"("aud":["https://id.example.com"],"client_id":"first-party",)"
              R"("sid":"018bcfe5-6800-7000-8000-000000000002","jti":"018bcfe5-6800-7000-8000-000000000003",)"
              R"("iat":1700000000,"exp":1700000300,"sst":7,"log":"018bcfe5-6800-7000-8000-000000000004"})");
}

TEST_F(AccessToken, TellsWhatWasProvenAndWhen) {
    AccessTokenClaims claims = some_claims();
    claims.authenticated_at = kTokenNow - hours(1);
    claims.methods = {"pwd", "otp", "mfa"};
    claims.strength = "2";
    const std::string token = sign_access_token(keyring_->keys().front(), claims);
    EXPECT_NE(payload_of(token).find(R"("auth_time":1699996400,"amr":["pwd","otp","mfa"],"acr":"2")"),
              std::string::npos)
        << payload_of(token);
    EXPECT_EQ(read_access_token(*keyring_, token, kTokenNow)->claims, claims);
}

// RFC 9449 section 6.1.
TEST_F(AccessToken, NamesTheKeyThatItIsBoundTo) {
    AccessTokenClaims claims = some_claims();
    claims.key_thumbprint = std::string(43, 'k');
    const std::string token = sign_access_token(keyring_->keys().front(), claims);
    EXPECT_NE(payload_of(token).find(R"("cnf":{"jkt":"kkk)"), std::string::npos) << payload_of(token);
    EXPECT_EQ(read_access_token(*keyring_, token, kTokenNow)->claims, claims);
    for (const char* wrong : {R"("cnf":{},)", R"("cnf":"kkk",)", R"("cnf":{"jkt":"short"},)", R"("cnf":{"jkt":1},)",
                              R"("cnf":{"jkt":"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk","x":1},)"})
        EXPECT_EQ(error_with(R"("sst":7)", wrong + std::string(R"("sst":7)")), TokenError::kBadClaims) << wrong;
    claims.key_thumbprint = "short";
    EXPECT_THROW(sign_access_token(keyring_->keys().front(), claims), std::invalid_argument);
}

// RFC 8693 section 4.1.
TEST_F(AccessToken, NamesItsExchangesAndWhoActs) {
    AccessTokenClaims claims = some_claims();
    const ServiceAccountId stock{Uuid{{1}}};
    const ServiceAccountId orders{Uuid{{2}}};
    claims.client_id = stock.to_string();
    claims.exchanges = {{stock, ServiceTokenId{claims.token_id.uuid}}, {orders, ServiceTokenId{Uuid{{3}}}}};
    claims.actors = {stock, orders};
    const auto sign = [&] { return sign_access_token(keyring_->keys().front(), claims); };
    const std::string token = sign();
    EXPECT_NE(payload_of(token).find(R"("act":{"sub":"01000000-0000-0000-0000-000000000000",)"
                                     R"("act":{"sub":"02000000-0000-0000-0000-000000000000"}},"exchanges":[{)"),
              std::string::npos)
        << payload_of(token);
    EXPECT_EQ(read_access_token(*keyring_, token, kTokenNow)->claims, claims);
    claims.actors.clear();
    EXPECT_EQ(read_access_token(*keyring_, sign(), kTokenNow)->claims, claims) << "nobody is named as acting";
    claims.exchanges.resize(kMaxTokenExchanges + 1, {orders, ServiceTokenId{Uuid{{3}}}});
    EXPECT_THROW(sign(), std::invalid_argument) << "too many";
    claims.exchanges = {{orders, ServiceTokenId{claims.token_id.uuid}}};
    EXPECT_THROW(sign(), std::invalid_argument) << "another client's";
    claims.exchanges = {{stock, ServiceTokenId{Uuid{{3}}}}};
    EXPECT_THROW(sign(), std::invalid_argument) << "another token's";
    claims.exchanges.clear();
    claims.actors = {stock};
    EXPECT_THROW(sign(), std::invalid_argument) << "who acts without an exchange";
}
TEST_F(AccessToken, IsRefusedWithExchangesThatAreNotItsOwn) {
    const std::string good = R"("exchanges":[{"client_id":"01000000-0000-0000-0000-000000000000",)"
                             R"("jti":"018bcfe5-6800-7000-8000-000000000003"}],)";
    const std::string act = R"("act":{"sub":"01000000-0000-0000-0000-000000000000"},)";
    for (const std::string& wrong :
         {good, act, good + act, std::string(R"("exchanges":[],)"), std::string(R"("exchanges":{},)"),
          std::string(R"("exchanges":[{"client_id":"first-party","jti":"018bcfe5-6800-7000-8000-000000000003"}],)"),
          std::string(R"("exchanges":[1],)"), std::string(R"("act":{},)"), std::string(R"("act":"x",)"),
          std::string(R"("act":{"sub":"x"},)")})
        EXPECT_EQ(error_with(R"("sst":7)", wrong + R"("sst":7)"), TokenError::kBadClaims) << wrong;
}

// What the log would say of it: of a token that its client got for itself, and of no other.
TEST_F(AccessToken, CarriesARecordOfNobodysSession) {
    AccessTokenClaims claims = some_claims();
    claims.session.reset();
    claims.security_stamp = 0;
    claims.client_id = claims.subject.to_string();
    claims.record = "sealed";
    const auto sign = [&] { return sign_access_token(keyring_->keys().front(), claims); };
    const std::string token = sign();
    EXPECT_NE(payload_of(token).find(R"("record":"sealed")"), std::string::npos) << payload_of(token);
    EXPECT_EQ(read_access_token(*keyring_, token, kTokenNow)->claims, claims);
    claims.record.assign(kMaxTokenTextSize + 1, 'r');
    EXPECT_THROW(sign(), std::invalid_argument);
    claims = some_claims();
    claims.record = "sealed";
    EXPECT_THROW(sign(), std::invalid_argument) << "of a session";
    for (const char* wrong : {R"("record":"sealed",)", R"("record":"",)", R"("record":1,)", R"("record":{},)"})
        EXPECT_EQ(error_with(R"("sst":7)", wrong + std::string(R"("sst":7)")), TokenError::kBadClaims) << wrong;
}

// Of all three or of none, and of a session.
TEST_F(AccessToken, IsRefusedWhereItTellsHalfOfWhatWasProven) {
    const std::string time = R"("auth_time":1700000000,)";
    const std::string methods = R"("amr":["pwd"],)";
    const std::string level = R"("acr":"1",)";
    const auto with = [](const std::string& more) { return more + R"("sst":7)"; };
    for (const std::string& half : {time, methods, level, time + methods, time + level, methods + level})
        EXPECT_EQ(error_with(R"("sst":7)", with(half)), TokenError::kBadClaims) << half;
    for (const std::string& wrong :
         {R"("auth_time":"1700000000",)" + methods + level, R"("auth_time":0,)" + methods + level,
          time + R"("amr":[],)" + level, time + R"("amr":"pwd",)" + level, time + methods + R"("acr":1,)"})
        EXPECT_EQ(error_with(R"("sst":7)", with(wrong)), TokenError::kBadClaims) << wrong;
    AccessTokenClaims claims = some_claims();
    claims.strength = "1";
    EXPECT_THROW(sign_access_token(keyring_->keys().front(), claims), std::invalid_argument);
    claims.authenticated_at = kTokenNow;
    EXPECT_THROW(sign_access_token(keyring_->keys().front(), claims), std::invalid_argument);
    claims.methods = {"pwd"};
    claims.session.reset();
    claims.client_id = claims.subject.to_string();
    EXPECT_THROW(sign_access_token(keyring_->keys().front(), claims), std::invalid_argument);
}

TEST_F(AccessToken, MayNameItsTypeWithTheMediaTypesPrefix) {
    std::string header = R"({"alg":"ES256","kid":"key-1","typ":"application/at+jwt"})";
    EXPECT_TRUE(accepts(forged(header, payload_of(good_), signer()), kTokenNow));
}

TEST_F(AccessToken, CutsTimesToSeconds) {
    AccessTokenClaims claims = some_claims();
    claims.issued_at += milliseconds(999);
    claims.expires_at += milliseconds(999);
    auto read = read_access_token(*keyring_, sign_access_token(keyring_->keys().front(), claims), kTokenNow);
    EXPECT_EQ(read->claims, some_claims());
}

TEST_F(AccessToken, IsRefusedWithoutAlgorithm) {
    std::string input = base64url_encode(header_text("none", "key-1")) + "." + base64url_encode(payload_of(good_));
    EXPECT_EQ(error_of(input + "."), TokenError::kWrongAlgorithm);
    EXPECT_EQ(error_of(forged(header_text("None", "key-1"), payload_of(good_), signer())), TokenError::kWrongAlgorithm);
    std::string unsigned_token = good_.substr(0, good_.rfind('.') + 1);
    EXPECT_EQ(error_of(unsigned_token), TokenError::kBadSignature);
}

// The classic confusion: an HMAC under the public key, which everybody has.
TEST_F(AccessToken, IsRefusedWhenItIsAnHmacUnderThePublicKey) {
    auto rsa = keyring_with(token_key("key-1", SigningAlgorithm::kRs256));
    for (const auto& [name, secret] : rsa->keys().front().signing->public_members()) {
        std::string input = base64url_encode(header_text("HS256", "key-1")) + "." + base64url_encode(payload_of(good_));
        std::string token = input + "." + base64url_encode(view_of(hmac_sha256(secret, {input})));
        EXPECT_EQ(error_of(*rsa, token), TokenError::kWrongAlgorithm) << name;
        std::string as_rsa =
            base64url_encode(header_text("RS256", "key-1")) + "." + base64url_encode(payload_of(good_));
        token = as_rsa + "." + base64url_encode(view_of(hmac_sha256(secret, {as_rsa})));
        EXPECT_EQ(error_of(*rsa, token), TokenError::kBadSignature) << name;
    }
}

TEST_F(AccessToken, IsRefusedWithTheAlgorithmOfAnotherKey) {
    for (SigningAlgorithm owned : kAll)
        for (SigningAlgorithm claimed : kAll) {
            if (owned == claimed) continue;
            auto keyring = keyring_with(token_key("key-1", owned));
            const SigningKey& key = *keyring->keys().front().signing;
            std::string token = forged(header_text(name_of(claimed), "key-1"), payload_of(good_), key);
            EXPECT_EQ(error_of(*keyring, token), TokenError::kWrongAlgorithm) << name_of(owned) << name_of(claimed);
        }
    for (const char* other : {"PS256", "ES384", "RS512", "es256", "ES256 ", ""})
        EXPECT_EQ(error_of(forged(header_text(other, "key-1"), payload_of(good_), signer())),
                  TokenError::kWrongAlgorithm);
}

TEST_F(AccessToken, IsRefusedUnderAnotherKeysId) {
    auto two = keyring_with(token_key("key-1", SigningAlgorithm::kEs256), token_key("key-2", SigningAlgorithm::kEs256));
    const SigningKey& first = *two->keys().front().signing;
    EXPECT_EQ(error_of(*two, forged(header_text("ES256", "key-2"), payload_of(good_), first)),
              TokenError::kBadSignature);
    EXPECT_EQ(error_of(*two, forged(header_text("ES256", "key-3"), payload_of(good_), first)), TokenError::kUnknownKey);
}

TEST_F(AccessToken, IsRefusedUnderAKeyForAnotherPurpose) {
    Key claims_key = token_key("key-1", SigningAlgorithm::kEs256);
    claims_key.purpose = KeyPurpose::kClaims;
    auto keyring = keyring_with(std::move(claims_key));
    EXPECT_EQ(error_of(*keyring, good_), TokenError::kUnknownKey);
    EXPECT_THROW(sign_access_token(keyring->keys().front(), some_claims()), std::invalid_argument);
}

TEST_F(AccessToken, IsRefusedOnceItsKeyIsRevoked) {
    Key key = token_key("key-1", SigningAlgorithm::kEs256);
    std::string token = sign_access_token(key, some_claims());
    key.revoked_at = kTokenNow;
    key.signing = nullptr;
    auto keyring = keyring_with(std::move(key));
    EXPECT_EQ(error_of(*keyring, token), TokenError::kUnknownKey);
    EXPECT_THROW(sign_access_token(keyring->keys().front(), some_claims()), MissingKey);
}

TEST_F(AccessToken, IsRefusedWithAnotherType) {
    for (const char* type : {"JWT", "at+JWT", "id+jwt", "at+jwt ", "", "logout+jwt"})
        EXPECT_EQ(error_of_header(R"({"alg":"ES256","kid":"key-1","typ":")" + std::string(type) + "\"}"),
                  TokenError::kWrongType)
            << type;
}

TEST_F(AccessToken, IsRefusedWithAHeaderThatIsNotExactlyUnderstood) {
    for (const char* header :
         {R"({"alg":"ES256","kid":"key-1"})", R"({"alg":"ES256","typ":"at+jwt"})", R"({"kid":"key-1","typ":"at+jwt"})",
          R"({"alg":"ES256","kid":"key-1","typ":"at+jwt","crit":["exp"]})",
          R"({"alg":"ES256","kid":"key-1","typ":"at+jwt","jku":"https://evil.example.com"})",
          R"({"alg":"ES256","kid":"key-1","typ":"at+jwt","x5u":"https://evil.example.com"})",
          R"({"alg":"ES256","kid":"key-1","typ":"at+jwt","jwk":{"kty":"EC"}})",
          R"({"alg":"ES256","kid":"key-1","typ":"at+jwt","typ":"at+jwt"})",
          R"({"alg":"none","alg":"ES256","kid":"key-1","typ":"at+jwt"})",
          R"({"alg":"ES256","alg":"none","typ":"at+jwt"})", R"({"alg":7,"kid":"key-1","typ":"at+jwt"})",
          R"({"alg":"ES256","kid":["key-1"],"typ":"at+jwt"})", "{}"})
        EXPECT_EQ(error_of_header(header), TokenError::kUnsupportedHeader) << header;
}

TEST_F(AccessToken, IsRefusedWhenItIsNotThreePartsOfStrictBase64url) {
    for (const std::string& token :
         {std::string(), std::string("."), std::string(".."), std::string("a.b.c"), std::string("no dots at all"),
          good_ + ".", good_ + "=", good_ + ".more", " " + good_, good_ + "\n", "." + good_})
        EXPECT_EQ(error_of(token), TokenError::kMalformed) << token;
    EXPECT_EQ(error_of_header("not json"), TokenError::kMalformed);
    EXPECT_EQ(error_of_header("[]"), TokenError::kMalformed);
    EXPECT_EQ(error_of_header(header_text("ES256", "key-1") + "{}"), TokenError::kMalformed);
    EXPECT_EQ(error_of_header("\xEF\xBB\xBF" + header_text("ES256", "key-1")), TokenError::kMalformed);
    EXPECT_EQ(error_of_header(std::string(4000, '[')), TokenError::kMalformed);
    EXPECT_EQ(error_of(std::string(kMaxTokenSize + 1, 'a')), TokenError::kTooLarge);
}

TEST_F(AccessToken, IsRefusedWhenCutAnywhere) {
    for (std::size_t size = 0; size < good_.size(); ++size)
        EXPECT_FALSE(read_access_token(*keyring_, good_.substr(0, size), kTokenNow)) << size;
}

TEST_F(AccessToken, IsRefusedWithAnyBitFlipped) {
    for (std::size_t bit = 0; bit < good_.size() * 8; ++bit) {
        std::string bent = good_;
        bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << bit % 8));
        EXPECT_FALSE(read_access_token(*keyring_, bent, kTokenNow)) << "bit " << bit;
    }
}

TEST_F(AccessToken, IsRefusedWithTheClaimsOfAnother) {
    AccessTokenClaims other = some_claims();
    other.session = SessionId{*Uuid::parse("018bcfe5-6800-7000-8000-000000000009")};
    std::string others = sign_access_token(keyring_->keys().front(), other);
    std::string mixed = others.substr(0, others.rfind('.')) + good_.substr(good_.rfind('.'));
    EXPECT_EQ(error_of(mixed), TokenError::kBadSignature);
}

TEST_F(AccessToken, IsRefusedFromAnotherIssuer) {
    EXPECT_EQ(error_with("\"iss\":\"https://id.example.com\"", "\"iss\":\"https://evil.example.com\""),
              TokenError::kWrongIssuer);
    EXPECT_EQ(error_with("\"iss\":\"https://id.example.com\"", "\"iss\":\"https://id.example.com/\""),
              TokenError::kWrongIssuer);
}

TEST_F(AccessToken, OpensTheOwnApiAsSoleAudienceOnly) {
    const std::string own = "\"aud\":[\"https://id.example.com\"]";
    EXPECT_EQ(error_with(own, R"("aud":["https://shop.example.com"])"), TokenError::kWrongAudience);
    EXPECT_EQ(error_with(own, R"("aud":["https://id.example.com","https://shop.example.com"])"),
              TokenError::kWrongAudience);
    AccessTokenClaims claims = some_claims();
    claims.audiences = {"https://shop.example.com", "https://pay.example.com"};
    std::string token = sign_access_token(keyring_->keys().front(), claims);
    EXPECT_FALSE(accepts(token, kTokenNow));
    EXPECT_TRUE(accepts(token, kTokenNow, {.issuer = kOwnApi.issuer}));
}

TEST_F(AccessToken, IsGoodFromItsIssueUntilItsEnd) {
    EXPECT_FALSE(accepts(good_, kTokenNow - milliseconds(1)));
    EXPECT_TRUE(accepts(good_, kTokenNow));
    EXPECT_TRUE(accepts(good_, kTokenNow + milliseconds(299'999)));
    EXPECT_FALSE(accepts(good_, kTokenNow + minutes(5)));
    auto read = read_access_token(*keyring_, good_, kTokenNow);
    EXPECT_EQ(check_access_token(*read, kOwnApi, kTokenNow + minutes(5)).error(), TokenError::kExpired);
    EXPECT_EQ(check_access_token(*read, kOwnApi, kTokenNow - milliseconds(1)).error(), TokenError::kNotYetValid);
}

TEST_F(AccessToken, AllowsForSkewOnlyWhenTold) {
    TokenExpectation of_another_node = kOwnApi;
    of_another_node.early = minutes(1);
    const auto read = read_access_token(*keyring_, good_, kTokenNow);
    ASSERT_TRUE(read);
    EXPECT_TRUE(check_access_token(*read, of_another_node, kTokenNow - minutes(1)))
        << "issued by a clock that is ahead";
    EXPECT_EQ(check_access_token(*read, of_another_node, kTokenNow - milliseconds(60'001)).error(),
              TokenError::kNotYetValid);
    EXPECT_EQ(check_access_token(*read, of_another_node, read->claims.expires_at).error(), TokenError::kExpired)
        << "and it lasts no longer for that";
    TokenExpectation lenient = kOwnApi;
    lenient.skew = seconds(5);
    EXPECT_TRUE(accepts(good_, kTokenNow - seconds(5), lenient));
    EXPECT_FALSE(accepts(good_, kTokenNow - milliseconds(5'001), lenient));
    EXPECT_TRUE(accepts(good_, kTokenNow + milliseconds(304'999), lenient));
    EXPECT_FALSE(accepts(good_, kTokenNow + seconds(305), lenient));
}

TEST_F(AccessToken, WaitsForItsNotBefore) {
    EXPECT_EQ(error_with("\"iat\":1700000000,", "\"iat\":1700000000,\"nbf\":1700000001,"), TokenError::kNotYetValid);
    EXPECT_EQ(error_with("\"iat\":1700000000,", "\"iat\":1700000000,\"nbf\":\"soon\","), TokenError::kBadClaims);
}

TEST_F(AccessToken, IsRefusedWithClaimsOfAWrongKind) {
    const std::pair<const char*, const char*> changes[] = {
        {"\"iss\":\"https://id.example.com\",", ""},
        {"\"sub\":\"018bcfe5-6800-7000-8000-000000000001\"", "\"sub\":\"ann\""},
        {"\"aud\":[\"https://id.example.com\"]", "\"aud\":\"https://id.example.com\""},
        {"\"aud\":[\"https://id.example.com\"]", "\"aud\":[]"},
        {"\"aud\":[\"https://id.example.com\"]", "\"aud\":[7]"},
        {"\"client_id\":\"first-party\"", "\"client_id\":null"},
        {"\"client_id\":\"first-party\"", "\"client_id\":\"\""},
        {"\"sid\":", "\"SID\":"},
        {"\"jti\":\"018bcfe5", "\"jti\":\"X18bcfe5"},
        {"\"iat\":1700000000", "\"iat\":1700000000.5"},
        {"\"iat\":1700000000", "\"iat\":-1"},
        {"\"exp\":1700000300", "\"exp\":\"1700000300\""},
        {"\"exp\":1700000300", "\"exp\":1e300"},
        {"\"exp\":1700000300", "\"exp\":9223372036854775807"},
        {"\"exp\":1700000300", "\"exp\":1700000000"},
        {"\"exp\":1700000300", "\"exp\":1700003601"},
        {"\"exp\":1700000300,", ""},
        {"\"sst\":7", "\"sst\":-7"},
        {"\"log\":", "\"logs\":"},
        {"\"sst\":7", "\"sst\":7,\"sub\":\"018bcfe5-6800-7000-8000-000000000009\""},
    };
    for (auto [piece, instead] : changes) EXPECT_EQ(error_with(piece, instead), TokenError::kBadClaims) << instead;
}

TEST_F(AccessToken, IgnoresClaimsItDoesNotKnow) {
    std::string payload = payload_of(good_);
    payload.insert(payload.size() - 1, R"(,"scope":"openid")");
    EXPECT_TRUE(accepts(forged(header_text("ES256", "key-1"), payload, signer()), kTokenNow));
}

TEST_F(AccessToken, IsNotMadeFromClaimsOutOfTheirLimits) {
    const Key& key = keyring_->keys().front();
    auto refuses = [&](auto change) {
        AccessTokenClaims claims = some_claims();
        change(claims);
        EXPECT_THROW(sign_access_token(key, claims), std::invalid_argument);
    };
    refuses([](AccessTokenClaims& claims) { claims.issuer.clear(); });
    refuses([](AccessTokenClaims& claims) { claims.client_id.assign(kMaxTokenTextSize + 1, 'x'); });
    refuses([](AccessTokenClaims& claims) { claims.audiences.clear(); });
    refuses([](AccessTokenClaims& claims) { claims.audiences.assign(kMaxAudiences + 1, "x"); });
    refuses([](AccessTokenClaims& claims) { claims.audiences = {""}; });
    refuses([](AccessTokenClaims& claims) { claims.expires_at = claims.issued_at; });
    refuses([](AccessTokenClaims& claims) { claims.expires_at += kMaxAccessTokenLifetime; });
    refuses([](AccessTokenClaims& claims) { claims.issued_at = Instant::at_ms(-1); });
    refuses([](AccessTokenClaims& claims) { claims.security_stamp = -1; });
    // Every text by itself is within its limit, the token is not.
    refuses([](AccessTokenClaims& claims) { claims.audiences.assign(kMaxAudiences, std::string(512, 'x')); });
}

TEST_F(AccessToken, CarriesTextThatNeedsEscaping) {
    AccessTokenClaims claims = some_claims();
    claims.client_id = "quo\"te\\back\xE2\x82\xAC";
    auto read = read_access_token(*keyring_, sign_access_token(keyring_->keys().front(), claims), kTokenNow);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->claims, claims);
}

TEST(TokenErrors, HaveNamesOfTheirOwn) {
    EXPECT_EQ(name_of(TokenError::kExpired), "expired");
    EXPECT_NE(name_of(TokenError::kMalformed), name_of(TokenError::kTooLarge));
}

TEST(Jwks, HasThePublicKeysOfRfc7517) {
    Key ec;
    ec.id = "1";
    ec.purpose = KeyPurpose::kTokenSigning;
    ec.signing = std::make_shared<const SigningKey>(
        std::move(SigningKey::parse(SigningAlgorithm::kEs256, Secret(vectors::kRfc7517Ec))).value());
    EXPECT_EQ(jwks(*keyring_with(std::move(ec)), kTokenNow),
              R"({"keys":[{"crv":"P-256","kty":"EC","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
              R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"sig","alg":"ES256","kid":"1"}]})");
}

TEST(Jwks, HoldsWhatVerifiersNeedAndNothingSecret) {
    Key retired = token_key("retired", SigningAlgorithm::kRs256);
    retired.retired_at = kTokenNow - milliseconds(1);
    Key ended = token_key("ended", SigningAlgorithm::kEs256);
    ended.retired_at = kTokenNow - kTokenSigningRetention;
    Key current = token_key("current", SigningAlgorithm::kEs256);
    Key published = token_key("published", SigningAlgorithm::kEdDsa);
    published.use_from = kTokenNow + milliseconds(1);
    Key revoked = token_key("revoked", SigningAlgorithm::kEs256);
    revoked.revoked_at = kTokenNow;
    revoked.signing = nullptr;
    std::string text = jwks(*keyring_with(std::move(retired), std::move(ended), std::move(current),
                                          std::move(published), std::move(revoked)),
                            kTokenNow);
    rapidjson::Document json;
    json.Parse(text.data(), text.size());
    ASSERT_TRUE(json.IsObject());
    std::vector<std::string> ids;
    for (const auto& key : json["keys"].GetArray()) {
        ids.push_back(key["kid"].GetString());
        for (const char* secret : {"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
            EXPECT_FALSE(key.HasMember(secret)) << secret;
    }
    EXPECT_EQ(ids, (std::vector<std::string>{"current", "published", "retired"}));
}
