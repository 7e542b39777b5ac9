#include "security/keys/signing_key.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "tests/security/keys/test_keys.hpp"

using namespace keyledger::security;
using keyledger::Secret;

namespace {

constexpr SigningAlgorithm kAll[] = {SigningAlgorithm::kRs256, SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa};

SigningKey parsed(SigningAlgorithm algorithm, const char* pem) {
    auto key = SigningKey::parse(algorithm, Secret(std::string_view(pem)));
    EXPECT_TRUE(key) << (key ? "" : key.error());
    return std::move(key).value();
}

std::string unbase64(std::string_view text) { return base64url_decode(text).value(); }

constexpr char kPayload[] =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

}  // namespace

TEST(SigningKey, MatchesRfc7515AppendixA2) {
    SigningKey key = parsed(SigningAlgorithm::kRs256, vectors::kRfc7515Rsa);
    std::string input = std::string("eyJhbGciOiJSUzI1NiJ9.") + kPayload;
    std::string signature =
        "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9"
        "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB"
        "_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rq"
        "Vt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    EXPECT_EQ(base64url_encode(key.sign(input)), signature);
    EXPECT_TRUE(key.verify(input, unbase64(signature)));
}

TEST(SigningKey, MatchesRfc7515AppendixA3) {
    SigningKey key = parsed(SigningAlgorithm::kEs256, vectors::kRfc7515Ec);
    std::string input = std::string("eyJhbGciOiJFUzI1NiJ9.") + kPayload;
    std::string signature =
        unbase64("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
    EXPECT_TRUE(key.verify(input, signature));
    EXPECT_FALSE(key.verify(input + "x", signature));
}

TEST(SigningKey, MatchesRfc8037AppendixA4) {
    SigningKey key = parsed(SigningAlgorithm::kEdDsa, vectors::kRfc8037Ed25519);
    EXPECT_EQ(base64url_encode(key.sign("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc")),
              "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
    EXPECT_EQ(key.public_members(),
              (std::vector<std::pair<std::string, std::string>>{
                  {"crv", "Ed25519"}, {"kty", "OKP"}, {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}));
    EXPECT_EQ(base64url_encode(view_of(key.thumbprint())), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

TEST(SigningKey, HasTheThumbprintOfRfc7638) {
    SigningKey key = parsed(SigningAlgorithm::kRs256, vectors::kRfc7517Rsa);
    EXPECT_EQ(base64url_encode(view_of(key.thumbprint())), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(SigningKey, HasThePublicMembersOfRfc7517) {
    SigningKey key = parsed(SigningAlgorithm::kEs256, vectors::kRfc7517Ec);
    EXPECT_EQ(key.public_members(),
              (std::vector<std::pair<std::string, std::string>>{{"crv", "P-256"},
                                                                {"kty", "EC"},
                                                                {"x", "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4"},
                                                                {"y", "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}}));
}

TEST(SigningKey, SurvivesItsPem) {
    for (SigningAlgorithm algorithm : kAll) {
        SigningKey made = SigningKey::generate(algorithm);
        auto read = SigningKey::parse(algorithm, made.pem());
        ASSERT_TRUE(read) << name_of(algorithm);
        EXPECT_EQ(read->thumbprint(), made.thumbprint());
        EXPECT_TRUE(made.verify("text", read->sign("text")));
        EXPECT_FALSE(made.verify("texT", read->sign("text")));
    }
}

TEST(SigningKey, RefusesSignaturesOfAnotherForm) {
    SigningKey ec = SigningKey::generate(SigningAlgorithm::kEs256);
    std::string good = ec.sign("text");
    EXPECT_EQ(good.size(), 64u);
    EXPECT_FALSE(ec.verify("text", ""));
    EXPECT_FALSE(ec.verify("text", good + '\0'));
    EXPECT_FALSE(ec.verify("text", good.substr(0, 63)));
    // r = s = 0 was once accepted by several libraries (CVE-2022-21449).
    EXPECT_FALSE(ec.verify("text", std::string(64, '\0')));
    EXPECT_FALSE(ec.verify("text", std::string(64, '\xff')));
    SigningKey ed = SigningKey::generate(SigningAlgorithm::kEdDsa);
    EXPECT_FALSE(ed.verify("text", ""));
    EXPECT_FALSE(ed.verify("text", ed.sign("text") + "x"));
}

TEST(SigningKey, RefusesPemsThatDoNotFit) {
    struct Case {
        SigningAlgorithm algorithm;
        std::string pem;
        const char* says;
    };
    const Case cases[] = {
        {SigningAlgorithm::kRs256, "", "PKCS#8"},
        {SigningAlgorithm::kRs256, "-----BEGIN RSA PRIVATE KEY-----\n", "PKCS#8"},
        {SigningAlgorithm::kRs256, "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "PKCS#8"},
        {SigningAlgorithm::kRs256, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "parsed"},
        {SigningAlgorithm::kRs256, std::string(vectors::kRfc7515Rsa).substr(0, 400), "parsed"},
        {SigningAlgorithm::kRs256, vectors::kRfc7515Ec, "not an RSA"},
        {SigningAlgorithm::kEs256, vectors::kRfc7515Rsa, "P-256"},
        {SigningAlgorithm::kEdDsa, vectors::kRfc7515Ec, "Ed25519"},
        {SigningAlgorithm::kEs256, vectors::kP384, "P-256"},
        {SigningAlgorithm::kRs256, vectors::kRsa1024, "2048"},
        {SigningAlgorithm::kEs256, vectors::kEcWithAnothersPublicKey, "belong"},
        {SigningAlgorithm::kRs256, "-----BEGIN PRIVATE KEY-----" + std::string(kMaxPemSize, 'A'), "8 KiB"},
    };
    for (const Case& refused : cases) {
        auto key = SigningKey::parse(refused.algorithm, Secret(refused.pem));
        ASSERT_FALSE(key) << refused.says;
        EXPECT_NE(key.error().find(refused.says), std::string::npos) << key.error();
    }
}

// What is made ready once has nothing in it that a signature may use only once: two under one nonce tell the key.
TEST(SigningKey, SignsEachTimeUnderAnotherNonce) {
    const SigningKey key = SigningKey::generate(SigningAlgorithm::kEs256);
    std::set<std::string> seen;
    for (int round = 0; round < 50; ++round) seen.insert(key.sign("text").substr(0, 32));
    EXPECT_EQ(seen.size(), 50U);
}

TEST(SigningKey, ServesManyThreadsAtOnce) {
    SigningKey key = SigningKey::generate(SigningAlgorithm::kEs256);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 50; ++round) EXPECT_TRUE(key.verify("text", key.sign("text")));
        });
}
