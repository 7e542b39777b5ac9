#include "integrations/providers/client_assertion.hpp"

#include <gtest/gtest.h>

#include "security/keys/signing_key.hpp"
#include "security/primitives/base64url.hpp"
#include "security/tokens/client_assertion.hpp"

using namespace keyledger;
using namespace keyledger::integrations;
using security::SigningAlgorithm;

namespace {

constexpr Instant kNow = Instant::at_ms(1'800'000'000'500);

security::PublicKey public_half(const security::SigningKey& key) {
    std::string jwk;
    for (const auto& [name, value] : key.public_members())
        jwk += (jwk.empty() ? "{\"" : ",\"") + name + "\":\"" + value + "\"";
    return std::move(*security::PublicKey::parse(jwk + "}"));
}

}  // namespace

TEST(PrivateKeyJwt, IsWhatClientsAuthenticateWith) {
    for (const auto algorithm : {SigningAlgorithm::kRs256, SigningAlgorithm::kEs256, SigningAlgorithm::kEdDsa}) {
        const auto key = security::SigningKey::generate(algorithm);
        const auto made = client_assertion(key.pem(), {"a \"client\"", "https://a.example", "once", "key-1", kNow});
        ASSERT_TRUE(made) << made.error();
        EXPECT_TRUE(security::is_signed_by(*made, public_half(key)));
        const auto read = security::read_client_assertion(*made);
        ASSERT_TRUE(read) << read.error();
        EXPECT_EQ(read->algorithm, algorithm);
        EXPECT_EQ(read->key_id, "key-1");
        EXPECT_EQ(read->issuer, "a \"client\"");
        EXPECT_EQ(read->subject, "a \"client\"");
        EXPECT_EQ(read->audience, "https://a.example");
        EXPECT_EQ(read->id, "once");
        EXPECT_EQ(read->issued_at, Instant::at_second(1'800'000'000));
        EXPECT_EQ(read->expires_at, Instant::at_second(1'800'000'060));
        const auto unnamed = client_assertion(key.pem(), {"a", "https://a.example", "once", "", kNow});
        EXPECT_EQ(security::read_client_assertion(*unnamed)->key_id, std::nullopt);
    }
}

TEST(PrivateKeyJwt, TakesAKeyAndNothingElse) {
    for (const char* text : {"", "a secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"})
        EXPECT_EQ(client_assertion(Secret(text), {"a", "b", "c", "", kNow}).error(), "client-key") << text;
}
