#include "security/public_key.hpp"

#include <gtest/gtest.h>

#include <map>

#include "security/base64url.hpp"
#include "security/client_assertion.hpp"
#include "tests/security/weak_keys.hpp"

namespace keyledger::security {
namespace {

constexpr SigningAlgorithm kAlgorithms[] = {SigningAlgorithm::kRs256, SigningAlgorithm::kEs256,
                                            SigningAlgorithm::kEdDsa};
// RFC 8037 appendix A.2 and A.3.
constexpr const char* kEdwards = R"("kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")";
constexpr const char* kEdwardsThumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

std::string jwk_of(const SigningKey& key, const std::string& more = "") {
    std::string text = "{";
    for (const auto& [name, value] : key.public_members())
        text += (text.size() > 1 ? ",\"" : "\"") + name + "\":\"" + value + "\"";
    return text + more + "}";
}

TEST(PublicKey, IsTakenOutOfAJwkOfEachKind) {
    for (const auto algorithm : kAlgorithms) {
        const auto key = SigningKey::generate(algorithm);
        const auto read = PublicKey::parse(jwk_of(key, R"(,"use":"sig","kid":"mine","x5t":"AA")"));
        ASSERT_TRUE(read) << read.error();
        EXPECT_EQ(read->algorithm(), algorithm);
        EXPECT_EQ(read->canonical(), jwk_of(key)) << "the required members alone";
        const std::string signature = key.sign("message");
        EXPECT_TRUE(read->verify("message", signature));
        EXPECT_FALSE(read->verify("another", signature));
        EXPECT_FALSE(read->verify("message", SigningKey::generate(algorithm).sign("message")));
        EXPECT_FALSE(read->verify("message", ""));
        EXPECT_FALSE(read->verify("message", signature.substr(1)));
    }
}

TEST(PublicKey, HasTheThumbprintOfRfc8037) {
    const auto read = PublicKey::parse("{" + std::string(kEdwards) + "}");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->thumbprint(), kEdwardsThumbprint);
}

TEST(PublicKey, IsRefusedWhereItIsWeakMalformedOrPrivate) {
    const std::string edwards = kEdwards;
    const auto rsa = [](std::size_t bytes, const std::string& exponent, char first = '\x81') {
        std::string modulus(bytes, '\x55');
        modulus.front() = first;
        modulus.back() = '\x51';
        return R"({"kty":"RSA","n":")" + base64url_encode(modulus) + R"(","e":")" + exponent + "\"}";
    };
    const std::string zero = base64url_encode(std::string(32, '\0'));
    const std::map<std::string, std::string> bad{
        {"nothing", ""},
        {"no object", "[]"},
        {"no kind", "{}"},
        {"symmetric", R"({"kty":"oct","k":"AAAA"})"},
        {"private", "{" + edwards + R"(,"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})"},
        {"a member twice", "{" + edwards + R"(,"kty":"OKP"})"},
        {"for encryption", "{" + edwards + R"(,"use":"enc"})"},
        {"another algorithm", "{" + edwards + R"(,"alg":"ES256"})"},
        {"no algorithm", "{" + edwards + R"(,"alg":"none"})"},
        {"X25519", R"({"kty":"OKP","crv":"X25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"},
        {"a short point", R"({"kty":"OKP","crv":"Ed25519","x":"AAAA"})"},
        {"padding", R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo="})"},
        {"off the curve", R"({"kty":"EC","crv":"P-256","x":")" + zero + R"(","y":")" + zero + "\"}"},
        {"another curve", R"({"kty":"EC","crv":"P-384","x":")" + zero + R"(","y":")" + zero + "\"}"},
        {"1024 bits", rsa(128, "AQAB")},
        {"2047 bits", rsa(256, "AQAB", '\x41')},
        {"8192 bits", rsa(1024, "AQAB")},
        {"a leading zero", rsa(257, "AQAB", '\0')},
        {"exponent 3", rsa(256, "Aw")},
        {"exponent 1", rsa(256, "AQ")},
        {"too much", "{" + edwards + R"(,"kid":")" + std::string(5000, 'a') + "\"}"},
        {"more behind it", "{" + edwards + "} {}"}};
    for (const auto& [what, jwk] : bad) EXPECT_FALSE(PublicKey::parse(jwk)) << what;
    EXPECT_TRUE(PublicKey::parse("{" + edwards + R"(,"alg":"Ed25519"})"));
}

std::string rsa_jwk(std::string_view modulus) {
    return R"({"e":"AQAB","kty":"RSA","n":")" + std::string(modulus) + "\"}";
}
std::string edwards_jwk(std::string_view point) {
    return R"({"crv":"Ed25519","kty":"OKP","x":")" + std::string(point) + "\"}";
}

TEST(PublicKey, IsRefusedWhereOthersCouldSignUnderIt) {
    for (const auto& point : weak::kEdwardsPoints)
        EXPECT_FALSE(PublicKey::parse(edwards_jwk(point.value))) << point.name;
    for (const auto& modulus : weak::kModuli) EXPECT_FALSE(PublicKey::parse(rsa_jwk(modulus.value))) << modulus.name;
    const auto curve_jwk = [](const weak::NamedPair& point) {
        return R"({"crv":"P-256","kty":"EC","x":")" + std::string(point.x) + R"(","y":")" + std::string(point.y) +
               "\"}";
    };
    for (const auto& point : weak::kCurvePoints) EXPECT_FALSE(PublicKey::parse(curve_jwk(point))) << point.name;
    // Of the same making, without the fault.
    EXPECT_TRUE(PublicKey::parse(curve_jwk(weak::kGoodCurvePoint)));
    EXPECT_TRUE(PublicKey::parse(edwards_jwk(weak::kGoodPoint)));
    EXPECT_TRUE(PublicKey::parse(rsa_jwk(weak::kGoodModulus)));
}

TEST(PublicKey, NamesTheFaultOfAModulus) {
    const auto fault_of = [](std::string_view name) {
        for (const auto& modulus : weak::kModuli)
            if (modulus.name == name) return PublicKey::parse(rsa_jwk(modulus.value)).error();
        return std::string("no such modulus");
    };
    EXPECT_NE(fault_of("ROCA").find("CVE-2017-15361"), std::string::npos) << fault_of("ROCA");
    EXPECT_NE(fault_of("3 and a prime").find("small factor"), std::string::npos);
    EXPECT_NE(fault_of("65521 and a prime").find("small factor"), std::string::npos);
    for (const char* close : {"primes next to each other", "a square", "primes some steps of Fermat's apart"})
        EXPECT_NE(fault_of(close).find("too close"), std::string::npos) << close << ": " << fault_of(close);
    EXPECT_NE(fault_of("a prime").find("not that of an RSA key"), std::string::npos);
}

TEST(PublicKey, IsTakenWhereAnyoneMadeItByTheBook) {
    for (int i = 0; i < 200; ++i) {
        const auto read = PublicKey::parse(jwk_of(SigningKey::generate(SigningAlgorithm::kEdDsa)));
        EXPECT_TRUE(read) << read.error();
    }
}

// ---- assertions ------------------------------------------------------------------------------------------------
std::string assertion(const std::string& header, const std::string& payload) {
    return base64url_encode(header) + "." + base64url_encode(payload) + "." + base64url_encode("signature");
}
constexpr const char* kHeader = R"({"alg":"EdDSA"})";
constexpr const char* kClaims = R"("iss":"a","sub":"a","jti":"1","exp":100)";
std::string claims(const std::string& more) { return "{" + std::string(kClaims) + more + "}"; }

TEST(ClientAssertion, SaysWhatItClaims) {
    const auto read = read_client_assertion(
        assertion(R"({"alg":"ES256","kid":"k","typ":"JWT"})", claims(R"(,"aud":["b"],"iat":90,"nbf":80)")));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->algorithm, SigningAlgorithm::kEs256);
    EXPECT_EQ(read->key_id, "k");
    EXPECT_EQ(read->audience, "b");
    EXPECT_EQ(read->id, "1");
    EXPECT_EQ(read->expires_at_ms, 100'000);
    EXPECT_EQ(read->issued_at_ms, 90'000);
    EXPECT_EQ(read->not_before_ms, 80'000);
    EXPECT_TRUE(read_client_assertion(assertion(R"({"alg":"Ed25519"})", claims(R"(,"aud":"b")"))));
}

TEST(ClientAssertion, IsRefusedWhereItIsNotStrictlyOne) {
    const std::string good = claims(R"(,"aud":"b")");
    ASSERT_TRUE(read_client_assertion(assertion(kHeader, good)));
    for (const char* header : {R"({"alg":"none"})", R"({"alg":"HS256"})", R"({"alg":"RS512"})", R"({})", R"([])",
                               R"({"alg":"EdDSA","crit":["exp"]})", R"({"alg":"EdDSA","jwk":{}})",
                               R"({"alg":"EdDSA","typ":"at+jwt"})", R"({"alg":"EdDSA","kid":""})",
                               R"({"alg":"EdDSA","kid":1})", R"({"alg":"EdDSA","alg":"EdDSA"})"})
        EXPECT_FALSE(read_client_assertion(assertion(header, good))) << header;
    for (const char* more : {"", R"(,"aud":[])", R"(,"aud":["b","c"])", R"(,"aud":1)", R"(,"aud":[1])",
                             R"(,"aud":"b","jti":"2")", R"(,"aud":"b","iat":"90")", R"(,"aud":"b","nbf":-1)",
                             R"(,"aud":"b","iat":1.5)"})
        EXPECT_FALSE(read_client_assertion(assertion(kHeader, claims(more)))) << more;
    for (const char* payload : {R"({"iss":"a","sub":"a","aud":"b","jti":"1"})",
                                R"({"iss":"a","sub":"a","aud":"b","exp":1})",
                                R"({"sub":"a","aud":"b","jti":"1","exp":1})", "[]", "nonsense"})
        EXPECT_FALSE(read_client_assertion(assertion(kHeader, payload))) << payload;
    for (const char* token : {"", ".", "..", "a.b", "a.b.c", "a.b.c.d"})
        EXPECT_FALSE(read_client_assertion(token)) << token;
    EXPECT_FALSE(read_client_assertion(std::string(kMaxAssertionSize + 1, 'a')));
}

TEST(ClientAssertion, IsSignedByOneKey) {
    for (const auto algorithm : kAlgorithms) {
        const auto key = SigningKey::generate(algorithm);
        const auto public_key = PublicKey::parse(jwk_of(key));
        ASSERT_TRUE(public_key);
        const std::string text = base64url_encode(kHeader) + "." + base64url_encode(claims(""));
        EXPECT_TRUE(is_signed_by(text + "." + base64url_encode(key.sign(text)), *public_key));
        EXPECT_FALSE(is_signed_by(text + "." + base64url_encode(key.sign("else")), *public_key));
        EXPECT_FALSE(is_signed_by(text + ".", *public_key));
        EXPECT_FALSE(is_signed_by(text, *public_key));
    }
}

}  // namespace
}  // namespace keyledger::security
