// DPoP proofs by themselves (RFC 9449 section 4.2): what is read, and what is refused whatever it is held against.
#include "security/tokens/dpop_proof.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "security/keys/signing_key.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/openssl.hpp"

namespace keyledger::security {
namespace {

// RFC 9449 section 4.1, with the proof of figure 4, and section 6.1 with the thumbprint of its key.
constexpr const char* kOfTheRfc =
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRj"
    "QyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19."
    "eyJqdGki"
    "OiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMj"
    "Yy"
    "NjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
constexpr const char* kThumbprintOfTheRfc = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";

std::string jwk_of(const SigningKey& key) {
    std::string text;
    for (const auto& [name, value] : key.public_members())
        text += (text.empty() ? "{\"" : ",\"") + name + "\":\"" + value + "\"";
    return text + "}";
}
std::string part(const std::string& json) { return base64url_encode(json); }

class DpopProofTest : public testing::Test {
protected:
    std::string header(const std::string& algorithm, const std::string& jwk, const std::string& more = "") {
        return R"({"typ":"dpop+jwt","alg":")" + algorithm + R"(","jwk":)" + jwk + more + "}";
    }
    std::string made(const std::string& header, const std::string& claims) {
        const std::string text = part(header) + "." + part(claims);
        return text + "." + base64url_encode(key_.sign(text));
    }
    void refuses(const std::string& header, const std::string& claims) {
        EXPECT_FALSE(read_dpop_proof(made(header, claims))) << header << claims;
    }

    const SigningKey key_ = SigningKey::generate(SigningAlgorithm::kEs256);
    const std::string jwk_ = jwk_of(key_);
    const std::string claims_ = R"({"jti":"1","htm":"POST","htu":"https://a.example/token","iat":1562262616})";
};

TEST_F(DpopProofTest, IsReadAsTheRfcWritesIt) {
    const auto proof = read_dpop_proof(kOfTheRfc);
    ASSERT_TRUE(proof) << proof.error();
    EXPECT_EQ(proof->thumbprint, kThumbprintOfTheRfc);
    EXPECT_EQ(proof->id, "-BwC3ESc6acc2lTc");
    EXPECT_EQ(proof->method, "POST");
    EXPECT_EQ(proof->uri, "https://server.example.com/token");
    EXPECT_EQ(proof->made_at, Instant::at_second(1562262616));
    EXPECT_FALSE(proof->nonce);
    const auto key = PublicKey::parse(proof->jwk);
    ASSERT_TRUE(key) << key.error();
    EXPECT_EQ(key->thumbprint(), proof->thumbprint) << "what is told before the key is judged is what it is";
    EXPECT_TRUE(proof_is_signed_by(kOfTheRfc, *key));
    std::string changed = kOfTheRfc;
    changed[changed.size() - 5] = changed[changed.size() - 5] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(proof_is_signed_by(changed, *key));
}

// What a library adds to a key says nothing of it.
TEST_F(DpopProofTest, TakesTheKeyAsOthersWriteIt) {
    std::string jwk = jwk_;
    jwk.replace(0, 1, R"({"alg":"ES256","use":"sig","kid":"1","key_ops":["verify"],"x5c":["x"],"ext":true,)");
    const auto plain = read_dpop_proof(made(header("ES256", jwk_), claims_));
    const auto dressed = read_dpop_proof(made(header("ES256", jwk), claims_));
    ASSERT_TRUE(plain && dressed);
    EXPECT_EQ(plain->thumbprint, dressed->thumbprint);
    EXPECT_EQ(plain->jwk, dressed->jwk);
}

TEST_F(DpopProofTest, IsSignedByAnyOfTheAlgorithmsThatAreTold) {
    for (const auto algorithm : {SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa}) {
        const SigningKey key = SigningKey::generate(algorithm);
        const std::string text = part(header(std::string(name_of(algorithm)), jwk_of(key))) + "." + part(claims_);
        const std::string proof = text + "." + base64url_encode(key.sign(text));
        const auto read = read_dpop_proof(proof);
        ASSERT_TRUE(read) << read.error();
        EXPECT_TRUE(proof_is_signed_by(proof, *PublicKey::parse(read->jwk)));
    }
    EXPECT_EQ(dpop_algorithms(), (std::vector<std::string>{"ES256", "EdDSA", "Ed25519"}));
}

// Whoever sends one need not have proven anything, and RSA keys that nobody knows take long to judge.
TEST_F(DpopProofTest, IsNotOfRsa) {
    const SigningKey rsa = SigningKey::generate(SigningAlgorithm::kRs256);
    for (const char* algorithm : {"RS256", "PS256", "ES256"}) {
        const std::string text = part(header(algorithm, jwk_of(rsa))) + "." + part(claims_);
        EXPECT_FALSE(read_dpop_proof(text + "." + base64url_encode(rsa.sign(text)))) << algorithm;
    }
}

TEST_F(DpopProofTest, IsRefusedWithAHeaderThatIsNone) {
    ASSERT_TRUE(read_dpop_proof(made(header("ES256", jwk_), claims_)));
    refuses(R"({"alg":"ES256","jwk":)" + jwk_ + "}", claims_);
    for (const char* type : {"JWT", "at+jwt", "dpop", ""})
        refuses(R"({"typ":")" + std::string(type) + R"(","alg":"ES256","jwk":)" + jwk_ + "}", claims_);
    for (const char* algorithm : {"none", "HS256", "ES384", "EdDSA", "RS256", "es256", ""})
        refuses(header(algorithm, jwk_), claims_);
    refuses(R"({"typ":"dpop+jwt","jwk":)" + jwk_ + "}", claims_);
    refuses(R"({"typ":"dpop+jwt","alg":"ES256"})", claims_);
    refuses(header("ES256", jwk_, R"(,"crit":["exp"])"), claims_);
    refuses(header("ES256", jwk_, R"(,"jwk":)" + jwk_), claims_);
    const std::string secret = R"({"kty":"oct","k":"AAAA"})";
    for (const std::string& jwk : {std::string("{}"), std::string("[]"), std::string("\"x\""), secret})
        refuses(header("ES256", jwk), claims_);
    refuses(header("HS256", secret), claims_);
    for (const char* more : {R"("d":"AA",)", R"("k":"AA",)", R"("p":"AA",)", R"("kty":"EC",)"})
        refuses(header("ES256", std::string(jwk_).replace(0, 1, std::string("{") + more)), claims_);
    refuses(header("ES256", R"({"kty":"EC","crv":"P-256","x":"a\"b","y":"c"})"), claims_);
    refuses(header("ES256", R"({"kty":"EC","crv":"P-256","x":"AA"})"), claims_);
}

TEST_F(DpopProofTest, IsRefusedWithoutOneOfItsClaims) {
    const std::string head = header("ES256", jwk_);
    const std::string id = R"("jti":"1",)";
    const std::string method = R"("htm":"POST",)";
    const std::string uri = R"("htu":"https://a.example/token",)";
    const std::string time = R"("iat":1)";
    ASSERT_TRUE(read_dpop_proof(made(head, "{" + id + method + uri + time + "}")));
    refuses(head, "{" + method + uri + time + "}");
    refuses(head, "{" + id + uri + time + "}");
    refuses(head, "{" + id + method + time + "}");
    refuses(head, "{" + id + method + R"("htu":"https://a.example/token"})");
    refuses(head, R"({"jti":"",)" + method + uri + time + "}");
    refuses(head, R"({"jti":1,)" + method + uri + time + "}");
    refuses(head, "{" + id + method + uri + R"("iat":"1"})");
    refuses(head, "{" + id + method + uri + R"("nonce":1,)" + time + "}");
    refuses(head, "{" + id + method + uri + R"("ath":[],)" + time + "}");
    refuses(head, "{" + id + id + method + uri + time + "}");
    refuses(head, "[]");
    for (const char* text : {"", ".", "..", "a.b", "a.b.c", "ey.ey.ey"}) EXPECT_FALSE(read_dpop_proof(text)) << text;
    EXPECT_FALSE(read_dpop_proof(std::string(10'000, 'a')));
}

}  // namespace
}  // namespace keyledger::security
