// What clients sign to prove who they are (RFC 7523), and what they are told of it.
#include <gtest/gtest.h>

#include "tests/e2e/clients/service_accounts.hpp"
#include "tests/e2e/clients/signed_assertion.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kNobody = "01890a5d-ac96-774b-bcce-b302099a8057";

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
    for (const auto algorithm :
         {security::SigningAlgorithm::kEs256, security::SigningAlgorithm::kEdDsa, security::SigningAlgorithm::kRs256}) {
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
        for (const char* audience : {"\"https://else.keyledger.test\"", "\"https://auth.keyledger.test/oauth2/token\"",
                                     R"(["https://auth.keyledger.test","https://else.keyledger.test"])", "[]", "1"}) {
            Assertion elsewhere{one.id};
            elsewhere.audience = audience;
            EXPECT_EQ(error_of(grant_by(elsewhere.by(key, now_s))), "invalid_client") << audience;
        }
        Assertion lasting{one.id};
        lasting.lives_s = 3700;
        EXPECT_EQ(error_of(grant_by(lasting.by(key, now_s))), "invalid_client");
        EXPECT_EQ(error_of(grant_by(Assertion{one.id}.by(key, now_s - 300))), "invalid_client") << "expired";
        EXPECT_EQ(error_of(grant_by(Assertion{one.id}.by(key, now_s), std::string("&client_id=") + kNobody)),
                  "invalid_client");
        EXPECT_EQ(error_of(grant_by(Assertion{one.id}.by(key, now_s), "&client_secret=x")), "invalid_request");
        const std::string token = token_of(one.client);
        ApiClient anybody = api();
        const std::string asking = Assertion{one.id}.by(key, now_s);
        const std::string body =
            form_body({{"token", token}, {"client_assertion_type", kAssertionType}, {"client_assertion", asking}});
        EXPECT_TRUE(anybody.form(kIntrospect, body).boolean("/active"));
        EXPECT_EQ(error_of(anybody.form(kIntrospect, body)), "invalid_client") << "asked with it before";
        EXPECT_EQ(error_of(grant_by(asking)), "invalid_client") << "asked with it before";
        const std::string earned = watch_secret(grant_by(Assertion{one.id}.by(key, now_s)).text("/access_token"));
        EXPECT_TRUE(is_active(api(), earned));
        EXPECT_EQ(admin.del(target(one.id, "/keys/" + added.text("/id"))).status, 204);
        EXPECT_FALSE(is_active(api(), earned)) << "its key was removed";
        EXPECT_EQ(error_of(grant_by(Assertion{one.id}.by(key, now_s))), "invalid_client");
    }
}

struct Signer {
    Account account;
    security::SigningKey key;
    std::int64_t now_s;
};
Signer signer(ApiClient& admin, const std::string& more = "") {
    const Account one = account(admin);
    auto key = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
    std::string jwk = jwk_of(key);
    if (!more.empty()) jwk.replace(jwk.size() - 1, 1, more + "}");
    EXPECT_EQ(admin.post(target(one.id, "/keys"), jwk).status, 201);
    const std::int64_t now_s = introspect(api(), one.client, token_of(one.client)).number("/iat");
    return {one, std::move(key), now_s};
}

// RFC 7515, RFC 7519: what others' libraries say beside what is needed. More of it is in
// tests/security/tokens/jose_test.cpp.
TEST(ClientAssertions, AreTakenAsOthersMakeThem) {
    ApiClient admin = administrator(api());
    const Signer one = signer(admin);
    for (const char* header :
         {"", R"(,"typ":"JWT")", R"(,"typ":"jwt")", R"(,"typ":"Application/JWT")", R"(,"cty":"json")",
          R"(,"x5t":"AA","x5t#S256":"BB")", R"(,"jku":"https://else.test","x":[1.5e300])"}) {
        Assertion assertion{one.account.id};
        assertion.header = header;
        const Answer answer = grant_by(assertion.by(one.key, one.now_s));
        EXPECT_EQ(answer.status, 200) << header << answer.body;
    }
    std::string many;
    for (int i = 0; i < 60; ++i) many += ",\"c" + std::to_string(i) + "\":" + std::to_string(i);
    for (const std::string& claims : {many, ",\"nbf\":" + std::to_string(one.now_s) + ".25",
                                      std::string(R"(,"n":123456789012345678901234567890)")}) {
        Assertion assertion{one.account.id};
        assertion.claims = claims;
        const Answer answer = grant_by(assertion.by(one.key, one.now_s));
        EXPECT_EQ(answer.status, 200) << claims << answer.body;
    }
    Assertion lasting{one.account.id};
    lasting.lives_s = 3000;
    EXPECT_EQ(grant_by(lasting.by(one.key, one.now_s)).status, 200);
}

// RFC 6749 section 5.2: error_description is for the developer of the client.
TEST(ClientAssertions, ThatAreRefusedAreToldWhy) {
    ApiClient admin = administrator(api());
    const Signer one = signer(admin);
    struct Case {
        std::string header, claims, audience, says;
        std::int64_t lives_s = 60;
    };
    const std::string good = std::string("\"") + kIssuer + "\"";
    const Case cases[] = {{"", "", "\"https://else.test\"", kIssuer},
                          {"", "", "\"https://auth.keyledger.test/oauth2/token\"", kIssuer},
                          {"", "", "[]", "'aud'"},
                          {R"(,"crit":["x"],"x":1)", "", good, "'crit'"},
                          {R"(,"typ":"at+jwt")", "", good, "'typ'"},
                          {"", R"(,"nbf":"1")", good, "'nbf'"},
                          {"", "", good, "expired", -60},
                          {"", "", good, "an hour", 7200}};
    for (int i = 0; i < 8; ++i)  // more than the failures that a network may have
        for (const Case& wrong : cases) {
            Assertion assertion{one.account.id};
            assertion.header = wrong.header;
            assertion.claims = wrong.claims;
            assertion.audience = wrong.audience;
            assertion.lives_s = wrong.lives_s;
            const Answer answer = grant_by(assertion.by(one.key, one.now_s));
            EXPECT_EQ(answer.status, 401) << wrong.says;
            EXPECT_EQ(error_of(answer), "invalid_client") << wrong.says;
            EXPECT_NE(answer.text("/error_description").find(wrong.says), std::string::npos) << answer.body;
            Assertion nobodys = assertion;
            nobodys.account = kNobody;
            EXPECT_EQ(grant_by(nobodys.by(one.key, one.now_s)).body, answer.body) << "nothing of who there is";
        }
    const auto other = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
    const std::string unsigned_by_it = grant_by(Assertion{one.account.id}.by(other, one.now_s)).body;
    EXPECT_EQ(grant_by(Assertion{kNobody}.by(other, one.now_s)).body, unsigned_by_it) << "nor does this";
    const std::string once = Assertion{one.account.id}.by(one.key, one.now_s);
    EXPECT_EQ(grant_by(once).status, 200);
    EXPECT_NE(grant_by(once).text("/error_description").find("used before"), std::string::npos);
    EXPECT_NE(deployment().logs().find("as its only 'aud'"), std::string::npos);
    EXPECT_NE(deployment().logs().find("not signed by its key"), std::string::npos);
}

TEST(ClientKeys, KeepTheNameThatTheyAreRegisteredWith) {
    ApiClient admin = administrator(api());
    const Signer one =
        signer(admin, R"(,"kid":"orders/2026","key_ops":["verify"],"ext":true,"x5c":["AA"],"own":{"n":[1.5]})");
    const Answer shown = admin.get(target(one.account.id));
    EXPECT_EQ(shown.text("/keys/0/kid"), "orders/2026");
    const std::string thumbprint = shown.text("/keys/0/id");
    for (const std::string& name : {std::string("orders/2026"), thumbprint}) {
        Assertion assertion{one.account.id};
        assertion.header = R"(,"kid":")" + name + "\"";
        EXPECT_EQ(grant_by(assertion.by(one.key, one.now_s)).status, 200) << name;
    }
    Assertion stranger{one.account.id};
    stranger.header = R"(,"kid":"orders")";
    EXPECT_EQ(error_of(grant_by(stranger.by(one.key, one.now_s))), "invalid_client");
    const auto with = [&](const std::string& kid) {
        std::string jwk = jwk_of(security::SigningKey::generate(security::SigningAlgorithm::kEdDsa));
        jwk.replace(jwk.size() - 1, 1, R"(,"kid":")" + kid + "\"}");
        return admin.post(target(one.account.id, "/keys"), jwk);
    };
    EXPECT_EQ(with("orders/2026").problem(), "key-known");
    EXPECT_EQ(with(thumbprint).problem(), "key-known");
    EXPECT_EQ(with("Orders/2026").status, 201);
    EXPECT_EQ(with(std::string(300, 'k')).problem(), "invalid-fields");
    const Answer earned = grant_by(Assertion{one.account.id}.by(one.key, one.now_s));
    const std::string token = watch_secret(earned.text("/access_token"));
    EXPECT_EQ(admin.del(target(one.account.id, "/keys/orders%2F2026")).status, 204);
    EXPECT_EQ(with("orders/2026").status, 201) << "the name is free";
    EXPECT_FALSE(is_active(api(), token)) << "what the key earned is over, whoever has its name now";
}

TEST(ClientKeys, ThatAreRefusedAreToldWhy) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::string edwards = R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)";
    const std::pair<std::string, const char*> cases[] = {{edwards + R"("d":"AA"})", "private"},
                                                         {R"({"kty":"oct","k":"AA"})", "private or symmetric"},
                                                         {edwards + R"("use":"enc"})", "'use'"},
                                                         {edwards + R"("key_ops":["sign"]})", "'key_ops'"},
                                                         {edwards + R"("alg":"ES256"})", "'alg'"},
                                                         {edwards + R"("kid":""})", "'kid'"},
                                                         {R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})", "P-256"},
                                                         {R"({"kty":"RSA","n":"AAAA","e":"Aw"})", "65537"},
                                                         {R"({"kty":"none"})", "'kty'"}};
    for (const auto& [jwk, says] : cases) {
        const Answer answer = admin.post(target(one.id, "/keys"), jwk);
        EXPECT_EQ(answer.problem(), "invalid-fields") << jwk;
        EXPECT_NE(answer.body.find(says), std::string::npos) << answer.body;
    }
}

}  // namespace
}  // namespace keyledger::test
