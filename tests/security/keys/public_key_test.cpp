#include "security/keys/public_key.hpp"

#include <gtest/gtest.h>

#include <map>

#include "security/primitives/base64url.hpp"
#include "tests/security/keys/weak_keys.hpp"

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
        {"too much", "{" + edwards + R"(,"x5c":[")" + std::string(kMaxJwkSize, 'a') + "\"]}"},
        {"use that is no text", "{" + edwards + R"(,"use":["sig"]})"},
        {"no operation", "{" + edwards + R"(,"key_ops":[]})"},
        {"an operation that is no list", "{" + edwards + R"(,"key_ops":"verify"})"},
        {"operations of another key", "{" + edwards + R"(,"key_ops":["sign","deriveKey"]})"},
        {"operations twice", "{" + edwards + R"(,"key_ops":["verify","verify"]})"},
        {"operations that are no texts", "{" + edwards + R"(,"key_ops":["verify",1]})"},
        {"a name that is no text", "{" + edwards + R"(,"kid":1})"},
        {"an empty name", "{" + edwards + R"(,"kid":""})"},
        {"a long name", "{" + edwards + R"(,"kid":")" + std::string(kMaxKeyIdSize + 1, 'a') + "\"}"},
        {"a name that hides", "{" + edwards + R"(,"kid":"a\u202eb"})"},
        {"a name with a NUL", "{" + edwards + R"(,"kid":"a\u0000"})"},
        {"private, whatever it is", "{" + edwards + R"(,"d":null})"},
        {"more behind it", "{" + edwards + "} {}"}};
    for (const auto& [what, jwk] : bad) EXPECT_FALSE(PublicKey::parse(jwk)) << what;
    EXPECT_TRUE(PublicKey::parse("{" + edwards + R"(,"alg":"Ed25519"})"));
}

// RFC 7517 section 4: additional members that are not understood must be ignored.
TEST(PublicKey, IsTakenWhateverElseItsJwkSays) {
    const std::string edwards = kEdwards;
    const auto plain = PublicKey::parse("{" + edwards + "}");
    ASSERT_TRUE(plain);
    for (const char* more :
         {R"("key_ops":["verify"])", R"("key_ops":["sign","verify"],"ext":true)", R"("ext":false)", R"("ext":"yes")",
          R"("use":"sig","key_ops":["verify"])", R"("x5c":["MIIC","MIID"],"x5t":"AA","x5t#S256":"BB")",
          R"("x5u":"https://else.example/")", R"("iat":1.5e9,"exp":99999999999999999999999999999999)",
          R"("my":{"own":[1,{"d":2}]},"":null)", R"("D":1,"P":2)"}) {
        const auto read = PublicKey::parse("{" + edwards + "," + more + "}");
        ASSERT_TRUE(read) << more << ": " << read.error();
        EXPECT_EQ(read->canonical(), plain->canonical()) << more;
        EXPECT_EQ(read->key_id(), "") << more;
    }
    EXPECT_TRUE(PublicKey::parse(" \r\n{ " + edwards + " }\t\n")) << "blanks are JSON's";
}

TEST(PublicKey, KeepsTheNameThatItCameWith) {
    for (const std::string& name :
         {std::string("k"), std::string("orders/2026 #1"), std::string("\xC3\xA4"), std::string(kMaxKeyIdSize, 'a')}) {
        const auto read = PublicKey::parse("{" + std::string(kEdwards) + R"(,"kid":")" + name + "\"}");
        ASSERT_TRUE(read) << name;
        EXPECT_EQ(read->key_id(), name);
        EXPECT_EQ(read->thumbprint(), kEdwardsThumbprint) << "by which it is known all the same";
    }
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

}  // namespace
}  // namespace keyledger::security
