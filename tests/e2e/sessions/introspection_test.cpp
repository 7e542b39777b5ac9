// What is told of tokens, in which form.
#include <gtest/gtest.h>

#include "security/primitives/base64url.hpp"
#include "tests/e2e/clients/applications.hpp"
#include "tests/e2e/clients/service_accounts.hpp"

namespace keyledger::test {
namespace {

TEST(ServiceTokens, AreToldOfInASignedAnswer) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::string token = token_of(one.client);
    auto ask = [&](const std::string& accept) {
        return api().form(kIntrospect, form_body({{"token", token}}),
                          {{"Authorization", one.client.basic()}, {"Accept", accept}});
    };
    for (const char* accept :
         {"application/token-introspection+jwt", "text/html, application/token-introspection+jwt;q=0.5",
          "application/token-introspection+JWT ; Q=0.501 , , */*;q=0.5",
          "application/json;q=0.000,application/token-introspection+jwt;q=0.001",
          "application/json, application/token-introspection+jwt"}) {
        const Answer answer = ask(accept);
        ASSERT_EQ(answer.status, 200) << answer.body;
        EXPECT_EQ(answer.header("Content-Type"), "application/token-introspection+jwt");
        const auto first = answer.body.find('.');
        const auto second = answer.body.find('.', first + 1);
        const std::string header = security::base64url_decode(answer.body.substr(0, first)).value();
        const std::string payload =
            security::base64url_decode(answer.body.substr(first + 1, second - first - 1)).value();
        EXPECT_NE(header.find(R"("typ":"token-introspection+jwt")"), std::string::npos) << header;
        EXPECT_NE(payload.find(R"("aud":")" + one.id + "\""), std::string::npos) << payload;
        EXPECT_NE(payload.find(R"("token_introspection":{"active":true,)"), std::string::npos) << payload;
        EXPECT_FALSE(is_active(api(), answer.body)) << "it is no token";
    }
    for (const char* accept :
         {"application/json", "*/*", "application/*", "application/token-introspection+jwt;q=0",
          "application/token-introspection+jwt;q=0.000", "application/token-introspection+jwt;q=0.5, */*",
          "application/token-introspection+jwt;q=0.09, application/json;q=0.1",
          "application/token-introspection+jwt;q=5", "text/html;x=\", application/token-introspection+jwt, \""})
        EXPECT_EQ(ask(accept).header("Content-Type"), "application/json") << accept;
}

// RFC 7662 section 2.1: whatever a token is, it is active or it is not.
TEST(Introspection, SaysInactiveOfTokensOfAnyLengthAndKind) {
    ApiClient client = api().with("Authorization", deployment().gateway.basic());
    for (const std::string& token :
         {std::string("a"), std::string(9'000, 'a'), std::string(60'000, 'a'), std::string("a b"), std::string("..."),
          std::string("klr_"), std::string("\xC3\xA4")})
        for (const char* hint : {"", "access_token", "refresh_token", "id_token", "https://example.com/a-kind"}) {
            const std::string body = form_body({{"token", token}, {"token_type_hint", hint}});
            EXPECT_EQ(client.form(kIntrospect, body).body, R"({"active":false})") << token.size() << hint;
            EXPECT_EQ(client.form(kRevoke, body).status, 200) << token.size() << hint;
        }
    const std::string long_hint = form_body({{"token", "a"}, {"token_type_hint", std::string(1000, 'h')}});
    EXPECT_EQ(client.form(kIntrospect, long_hint).status, 200);
    EXPECT_EQ(client.form(kIntrospect, "token=").text("/error"), "invalid_request");
}

TEST(Introspection, HasNoScopeWhereThereIsNone) {
    const Visitor one = visitor(api());
    const Answer told = introspect(api(), deployment().gateway, one.tokens.access);
    EXPECT_TRUE(told.boolean("/active"));
    EXPECT_FALSE(told.has("/scope")) << told.body;
    ApiClient client = api();
    const Tokens root = tokens_of(try_log_in(client, kAdminEmail, kAdminPassword));
    EXPECT_TRUE(introspect(api(), deployment().gateway, root.access).has("/scope"));
}

// RFC 7009 section 2.1: who can't keep a secret says who it is, and has the token.
TEST(Revocation, TakesThePublicClientByItsIdAlone) {
    ApiClient anybody = api();
    for (const bool by_refresh : {false, true}) {
        const Visitor one = visitor(api());
        const std::string& token = by_refresh ? one.tokens.refresh : one.tokens.access;
        for (const char* who : {"", "&client_id=nobody", "&client_id=gateway", "&client_id=keyledger&client_secret=x"})
            EXPECT_EQ(anybody.form(kRevoke, form_body({{"token", token}}) + who).text("/error"), "invalid_client")
                << who;
        EXPECT_TRUE(is_active(api(), one.tokens.access));
        const std::string body = form_body({{"token", token}, {"client_id", "keyledger"}});
        EXPECT_EQ(anybody.form(kRevoke, body).status, 200);
        EXPECT_FALSE(is_active(api(), one.tokens.access));
        EXPECT_FALSE(is_active(api(), one.tokens.refresh));
    }
    ApiClient admin = administrator(api());
    const std::string of_service = token_of(account(admin).client);
    const std::string body = form_body({{"token", of_service}, {"client_id", "keyledger"}});
    EXPECT_EQ(anybody.form(kRevoke, body).status, 200);
    EXPECT_TRUE(is_active(api(), of_service)) << "it was issued to another client";
    EXPECT_EQ(anybody.form(kIntrospect, body).text("/error"), "invalid_client") << "to ask takes more";
    const Answer metadata = anybody.get("/.well-known/oauth-authorization-server");
    EXPECT_EQ(metadata.text("/revocation_endpoint_auth_methods_supported/3"), "none");
    EXPECT_FALSE(metadata.has("/introspection_endpoint_auth_methods_supported/3"));
}

// Whoever serves a resource holds the tokens that were sent to it, and needs a permission of its own to revoke them.
TEST(Revocation, IsNoRightOfAResourceServerUnderThePublicClientsName) {
    ApiClient anybody = api();
    const Visitor one = visitor(api());
    const Tokens shown = tokens_of(anybody.post(
        kLogin, json_object({{"email", one.person.email}, {"password", one.person.password}, {"resource", kOrders}})));
    const auto revoke = [&](const std::string& token) {
        EXPECT_EQ(anybody.form(kRevoke, form_body({{"token", token}, {"client_id", "keyledger"}})).status, 200);
    };
    revoke(shown.access);
    EXPECT_TRUE(introspect(api(), deployment().orders, shown.access).boolean("/active"));
    revoke(shown.refresh);
    EXPECT_FALSE(introspect(api(), deployment().orders, shown.access).boolean("/active"));
}

TEST(Revocation, EndsASessionByATokenThatExpired) {
    RunningService brief(deployment(), {{"KEYLEDGER_ACCESS_TOKEN_SECONDS", "1"}});
    ApiClient client(brief.port());
    const Visitor one = visitor(client);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (client.as(one.tokens.access).get(kMe).status == 200)
        ASSERT_LT(std::chrono::steady_clock::now(), until) << "it never expires";
    EXPECT_TRUE(is_active(client, one.tokens.refresh));
    std::string forged = one.tokens.access;
    const std::size_t in_signature = forged.size() - 10;
    forged[in_signature] = forged[in_signature] == 'A' ? 'B' : 'A';
    const auto revoke = [&](const std::string& token) {
        return client.form(kRevoke, form_body({{"token", token}, {"client_id", "keyledger"}}));
    };
    EXPECT_FALSE(revoke(forged).header("Keyledger-Position"));
    EXPECT_TRUE(is_active(client, one.tokens.refresh)) << "its signature counts as ever";
    EXPECT_TRUE(revoke(one.tokens.access).header("Keyledger-Position"));
    EXPECT_FALSE(is_active(client, one.tokens.refresh));
}

// RFC 6750 section 3.1.
TEST(BearerChallenge, SaysWhatIsMissing) {
    ApiClient client = api();
    const Visitor one = visitor(api());
    for (const char* target : {kMe, kSessions, kUsers, kAudit}) {
        for (const char* other : {"", "Basic YTpi", "Digest a=b"}) {
            HttpHeaders headers;
            if (*other != '\0') headers.emplace_back("Authorization", other);
            EXPECT_EQ(client.get(target, headers).header("WWW-Authenticate"), R"(Bearer realm="keyledger")")
                << target << other;
        }
        for (const char* bad : {"Bearer nonsense", "Bearer a b", "Bearer"})
            EXPECT_EQ(client.get(target, {{"Authorization", bad}}).header("WWW-Authenticate"),
                      R"(Bearer realm="keyledger", error="invalid_token")")
                << target << bad;
    }
    for (const char* target : {kUsers, kAudit, kAccounts, kApplications, "/api/v1/admin/roles"}) {
        const Answer refused = api().as(one.tokens.access).get(target);
        EXPECT_EQ(refused.status, 403) << target;
        EXPECT_EQ(refused.header("WWW-Authenticate"), R"(Bearer realm="keyledger", error="insufficient_scope")")
            << target;
    }
}

}  // namespace
}  // namespace keyledger::test
