// What is remembered of a token when it is signed: the same as reading it gives, or nothing.
#include <gtest/gtest.h>

#include "domain/clients/service_token.hpp"
#include "security/tokens/jwt.hpp"
#include "tests/security/tokens/token_fixture.hpp"

namespace keyledger::security {
namespace {

class SignedTokenTest : public testing::Test {
protected:
    auto read(const AccessTokenClaims& claims) const {
        return read_access_token(*keyring_, sign_access_token(key_, claims), kTokenNow);
    }
    void expect_known(const AccessTokenClaims& claims) const {
        const auto token = read(claims);
        ASSERT_TRUE(token);
        const auto known = as_read(key_, claims);
        ASSERT_TRUE(known);
        EXPECT_EQ(*known, *token);
    }
    const std::shared_ptr<const Keyring> keyring_ = keyring_with(token_key("key-1", SigningAlgorithm::kEs256));
    const Key& key_ = keyring_->keys().front();
};

TEST_F(SignedTokenTest, IsKnownForWhatReadingItGives) {
    AccessTokenClaims claims = some_claims();
    expect_known(claims);
    claims.issued_at += milliseconds(999);
    claims.expires_at += milliseconds(1);
    claims.authenticated_at = kTokenNow - milliseconds(1);
    claims.methods = {"pwd", "otp", "mfa"};
    claims.strength = "2";
    claims.scope = "openid \"quoted\" \\ /";
    claims.key_thumbprint = std::string(43, 'k');
    claims.audiences = {"https://a.example", std::string("https://b.example\0\n\x7f", 20)};
    expect_known(claims);
    const ServiceAccountId stock{Uuid{{1}}};
    claims.client_id = stock.to_string();
    claims.exchanges = {{stock, ServiceTokenId{claims.token_id.uuid}}};
    expect_known(claims);
    claims.actors = {stock};
    expect_known(claims);
    AccessTokenClaims services = some_claims();
    services.session.reset();
    services.client_id = services.subject.to_string();
    expect_known(services);  // whose security stamp is told to nobody
    services.record = "sealed";
    services.scope = "invoices:read";
    expect_known(services);
}

TEST_F(SignedTokenTest, IsLeftToItsReaderWhereOnlyReadingTells) {
    AccessTokenClaims good = some_claims();
    good.authenticated_at = kTokenNow;
    good.methods = {"pwd"};
    good.strength = "1";
    ASSERT_TRUE(as_read(key_, good));
    using Change = void (*)(AccessTokenClaims&);
    for (const Change change : {
             Change([](AccessTokenClaims& c) { c.authenticated_at = Instant::at_ms(1); }),
             Change([](AccessTokenClaims& c) { c.authenticated_at = Instant::at_ms(-1); }),
             Change([](AccessTokenClaims& c) { c.methods = {""}; }),
             Change([](AccessTokenClaims& c) { c.strength = std::string(kMaxTokenTextSize + 1, '1'); }),
             Change([](AccessTokenClaims& c) {
                 c.issued_at = Instant::at_second((std::int64_t{1} << 38) - 1);
                 c.expires_at = c.issued_at + minutes(1);
             }),
         }) {
        AccessTokenClaims claims = good;
        change(claims);
        EXPECT_FALSE(as_read(key_, claims));
        EXPECT_FALSE(read(claims));
    }
    for (std::string AccessTokenClaims::*member : {&AccessTokenClaims::issuer, &AccessTokenClaims::client_id,
                                                   &AccessTokenClaims::scope, &AccessTokenClaims::strength}) {
        AccessTokenClaims claims = good;
        claims.*member = "b\xc3\xbc"
                         "cher";
        EXPECT_FALSE(as_read(key_, claims));
        EXPECT_TRUE(read(claims));
        claims.*member = "\xff";
        EXPECT_FALSE(as_read(key_, claims));
        EXPECT_FALSE(read(claims));
    }
}

}  // namespace
}  // namespace keyledger::security
