// What clients sign to prove who they are (RFC 7523), and what they are told of it.
#include <gtest/gtest.h>

#include "security/base64url.hpp"
#include "security/signing_key.hpp"
#include "tests/e2e/service_accounts.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kNobody = "01890a5d-ac96-774b-bcce-b302099a8057";
constexpr const char* kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

// Signs what a client would, with its claims replaced.
struct Assertion {
    std::string account;
    std::string id = unique("assertion");
    std::string audience = std::string("\"") + kIssuer + "\"";
    std::int64_t lives_s = 60;

    std::string by(const security::SigningKey& key, std::int64_t now_s) const {
        const std::string header =
            R"({"alg":")" + std::string(name_of(key.algorithm())) + R"(","typ":"JWT"})";
        const std::string payload = R"({"iss":")" + account + R"(","sub":")" + account + R"(","aud":)" +
                                    audience + R"(,"jti":")" + id + R"(","iat":)" + std::to_string(now_s) +
                                    R"(,"exp":)" + std::to_string(now_s + lives_s) + "}";
        const std::string text =
            security::base64url_encode(header) + "." + security::base64url_encode(payload);
        return watch_secret(text + "." + security::base64url_encode(key.sign(text)));
    }
};
std::string jwk_of(const security::SigningKey& key) {
    std::string text;
    for (const auto& [name, value] : key.public_members())
        text += (text.empty() ? "{\"" : ",\"") + name + "\":\"" + value + "\"";
    return text + "}";
}
Answer grant_by(const std::string& assertion, const std::string& more = "") {
    ApiClient anybody = api();
    return anybody.form(kToken, form_body({{"grant_type", "client_credentials"},
                                           {"client_assertion_type", kAssertionType},
                                           {"client_assertion", assertion}}) +
                                    more);
}

TEST(ServiceTokens, AreEarnedByASignedAssertionOnce) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::int64_t now_s = introspect(api(), one.client, token_of(one.client)).number("/iat");
    for (const auto algorithm : {security::SigningAlgorithm::kEs256, security::SigningAlgorithm::kEdDsa,
                                 security::SigningAlgorithm::kRs256}) {
        const auto key = security::SigningKey::generate(algorithm);
        const auto other = security::SigningKey::generate(algorithm);
        const Answer added = admin.post(target(one.id, "/keys"), jwk_of(key));
        ASSERT_EQ(added.status, 201) << added.body;
        EXPECT_EQ(added.text("/algorithm"), name_of(algorithm));
        const std::string good = Assertion{one.id}.by(key, now_s);
        EXPECT_EQ(grant_by(good).status, 200);
        EXPECT_EQ(error_of(grant_by(good)), "invalid_client") << "a second time";
        EXPECT_EQ(error_of(grant_by(Assertion{one.id}.by(other, now_s))), "invalid_client") << "another's";
        Assertion listed{one.id};
        listed.audience = "[" + listed.audience + "]";
        EXPECT_EQ(grant_by(listed.by(key, now_s)).status, 200);
        for (const char* audience :
             {"\"https://else.keyledger.test\"", "\"https://auth.keyledger.test/oauth2/token\"",
              R"(["https://auth.keyledger.test","https://else.keyledger.test"])", "[]", "1"}) {
            Assertion elsewhere{one.id};
            elsewhere.audience = audience;
            EXPECT_EQ(error_of(grant_by(elsewhere.by(key, now_s))), "invalid_client") << audience;
        }
        Assertion lasting{one.id};
        lasting.lives_s = 400;
        EXPECT_EQ(error_of(grant_by(lasting.by(key, now_s))), "invalid_client");
        EXPECT_EQ(error_of(grant_by(Assertion{one.id}.by(key, now_s - 300))), "invalid_client") << "expired";
        EXPECT_EQ(error_of(grant_by(Assertion{one.id}.by(key, now_s), std::string("&client_id=") + kNobody)),
                  "invalid_client");
        EXPECT_EQ(error_of(grant_by(Assertion{one.id}.by(key, now_s), "&client_secret=x")),
                  "invalid_request");
        const std::string token = token_of(one.client);
        ApiClient anybody = api();
        const std::string asking = Assertion{one.id}.by(key, now_s);
        const std::string body = form_body(
            {{"token", token}, {"client_assertion_type", kAssertionType}, {"client_assertion", asking}});
        EXPECT_TRUE(anybody.form(kIntrospect, body).truth("/active"));
        EXPECT_EQ(error_of(anybody.form(kIntrospect, body)), "invalid_client") << "asked with it before";
        EXPECT_EQ(error_of(grant_by(asking)), "invalid_client") << "asked with it before";
        const std::string earned =
            watch_secret(grant_by(Assertion{one.id}.by(key, now_s)).text("/access_token"));
        EXPECT_TRUE(is_active(api(), earned));
        EXPECT_EQ(admin.del(target(one.id, "/keys/" + added.text("/id"))).status, 204);
        EXPECT_FALSE(is_active(api(), earned)) << "its key was removed";
        EXPECT_EQ(error_of(grant_by(Assertion{one.id}.by(key, now_s))), "invalid_client");
    }
}

}  // namespace
}  // namespace keyledger::test
