// A user's token in exchange for another one (RFC 8693), over HTTP: what a service gets, what it is told, and what
// somebody who goes too far does not get.
#include <gtest/gtest.h>

#include "security/keys/signing_key.hpp"
#include "tests/e2e/clients/service_accounts.hpp"
#include "tests/e2e/oauth/prover.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kStock = "https://stock.example";
constexpr const char* kShip = "https://ship.example";
constexpr const char* kGrant = "urn:ietf:params:oauth:grant-type:token-exchange";
constexpr const char* kAccessType = "urn:ietf:params:oauth:token-type:access_token";
constexpr const char* kRoles = "/api/v1/admin/roles";
constexpr const char* kMayDelegate = R"("keyledger.tokens:delegate")";
constexpr const char* kMayImpersonate = R"("keyledger.tokens:impersonate")";

struct Trader : Account {
    std::string role;
};
std::string trader_definition(const std::string& name, const std::string& status = "") {
    const std::string rest = status.empty() ? "" : R"(,"status":")" + status + "\"";
    return R"({"name":")" + name + R"(","audiences":[")" + kStock + R"(",")" + kShip + R"(",")" + kOrders + R"("])" +
           rest + "}";
}
// A service that is, and calls, the servers of stock, of shipping and of orders.
Trader trader(ApiClient& admin, const std::string& permissions) {
    Trader made;
    static_cast<Account&>(made) = account(admin);
    EXPECT_EQ(admin.put(target(made.id), trader_definition(made.name, "enabled")).status, 204);
    const Answer role =
        admin.post(kRoles, R"({"name":")" + unique("role") + R"(","permissions":[)" + permissions + "]}");
    made.role = role.text("/id");
    EXPECT_EQ(admin.send("PUT", target(made.id, "/roles/" + made.role)).status, 204);
    return made;
}

// Somebody who is logged in to the shop, whose token is for the server of stock.
struct Customer {
    Person person = register_somebody(api());
    std::string shop = application();
    std::string access;
    std::string refresh;
    std::string id_token;
};
Customer customer() {
    Customer one;
    Browser browser;
    const Answer back = authorized(browser, one.shop, one.person, "&resource=https%3A%2F%2Fstock.example");
    const Answer tokens = redeem(one.shop, parameter(Browser::location(back), "code"));
    EXPECT_EQ(tokens.status, 200) << tokens.body;
    one.access = watch_secret(tokens.text("/access_token"));
    one.refresh = watch_secret(tokens.text("/refresh_token"));
    one.id_token = watch_secret(tokens.text("/id_token"));
    return one;
}

std::string exchange_form(const std::string& subject, const std::string& more = "") {
    return form_body({{"grant_type", kGrant}, {"subject_token", subject}, {"subject_token_type", kAccessType}}) + more;
}
std::string for_resource(const char* resource) { return "&" + form_body({{"resource", resource}}); }
HttpHeaders as_client(const ClientOfService& client) { return {{"Authorization", client.basic()}}; }
Answer trade(const ClientOfService& as, const std::string& subject, const std::string& more = for_resource(kShip)) {
    return api().form(kToken, exchange_form(subject, more), as_client(as));
}
std::string traded(const ClientOfService& as, const std::string& subject,
                   const std::string& more = for_resource(kShip)) {
    const Answer answer = trade(as, subject, more);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return watch_secret(answer.text("/access_token"));
}

TEST(TokenExchange, GivesATokenByWhichAServiceActsForAUser) {
    ApiClient admin = administrator(api());
    const Trader stock = trader(admin, kMayDelegate);
    const Customer one = customer();
    const Answer answer = trade(stock.client, one.access);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.text("/issued_token_type"), kAccessType);
    EXPECT_EQ(answer.text("/token_type"), "Bearer");
    EXPECT_EQ(answer.text("/scope"), "openid email");
    EXPECT_LE(answer.number("/expires_in"), 300);
    EXPECT_FALSE(answer.has("/refresh_token"));
    EXPECT_FALSE(answer.has("/id_token"));
    EXPECT_EQ(answer.header("Cache-Control"), "no-store");
    EXPECT_TRUE(answer.header("Keyledger-Position"));
    const std::string token = watch_secret(answer.text("/access_token"));
    const Answer shown = introspect(api(), deployment().gateway, one.access);
    const Answer told = introspect(api(), deployment().gateway, token);
    EXPECT_TRUE(told.boolean("/active"));
    EXPECT_EQ(told.text("/sub"), one.person.id);
    EXPECT_EQ(told.text("/client_id"), stock.id);
    EXPECT_EQ(told.text("/act/sub"), stock.id);
    EXPECT_FALSE(told.has("/act/act"));
    EXPECT_EQ(told.text("/aud/0"), kShip);
    EXPECT_EQ(told.text("/scope"), "openid email");
    EXPECT_EQ(told.text("/sid"), shown.text("/sid"));
    EXPECT_LE(told.number("/exp"), shown.number("/exp"));
    EXPECT_EQ(told.number("/auth_time"), shown.number("/auth_time")) << "it is no new log-in";
    EXPECT_EQ(told.text("/acr"), shown.text("/acr"));
    EXPECT_EQ(told.text("/amr/0"), shown.text("/amr/0"));
    EXPECT_NE(claims_of(token).find(R"("act":{"sub":")" + stock.id + R"("})"), std::string::npos);
    for (const std::string& asked : {"actor=" + stock.id, "user=" + one.person.id}) {
        const Answer trail = admin.get(std::string(kAudit) + "?type=service_token.exchanged&" + asked, since(answer));
        ASSERT_EQ(trail.status, 200) << trail.body;
        EXPECT_EQ(trail.text("/items/0/actor/id"), stock.id) << asked;
        EXPECT_EQ(trail.text("/items/0/user_id"), one.person.id) << asked;
        EXPECT_EQ(trail.text("/items/0/reason"), "delegation") << asked;
    }
    const Answer metadata = api().get("/.well-known/oauth-authorization-server");
    EXPECT_NE(metadata.body.find(kGrant), std::string::npos);
}

TEST(TokenExchange, NamesNobodyWhereAServiceImpersonates) {
    ApiClient admin = administrator(api());
    const Trader robot = trader(admin, kMayImpersonate);
    const Customer one = customer();
    const std::string token =
        traded(robot.client, one.access, for_resource(kShip) + "&requested_token_type=" + kAccessType);
    const Answer told = introspect(api(), deployment().gateway, token);
    EXPECT_TRUE(told.boolean("/active"));
    EXPECT_FALSE(told.has("/act"));
    EXPECT_EQ(told.text("/client_id"), robot.id);
    const std::string own = token_of(robot.client);
    const std::string as_itself =
        for_resource(kShip) + "&" + form_body({{"actor_token", own}, {"actor_token_type", kAccessType}});
    EXPECT_EQ(error_of(trade(robot.client, one.access, as_itself)), "unauthorized_client");
}

TEST(TokenExchange, NestsWhoActs) {
    ApiClient admin = administrator(api());
    const Trader stock = trader(admin, kMayDelegate);
    const Trader ship = trader(admin, kMayDelegate);
    const Customer one = customer();
    const std::string first = traded(stock.client, one.access);
    const std::string own = token_of(ship.client);
    const std::string as_itself =
        "&" +
        form_body({{"audience", kOrders}, {"scope", "email"}, {"actor_token", own}, {"actor_token_type", kAccessType}});
    const std::string second = traded(ship.client, first, as_itself);
    const Answer told = introspect(api(), deployment().orders, second);
    EXPECT_TRUE(told.boolean("/active")) << "by the resource server that it is for";
    EXPECT_EQ(told.text("/act/sub"), ship.id);
    EXPECT_EQ(told.text("/act/act/sub"), stock.id);
    EXPECT_EQ(told.text("/scope"), "email");
    EXPECT_EQ(error_of(trade(ship.client, second, for_resource(kShip) + "&scope=openid")), "invalid_scope");
    EXPECT_EQ(admin.put(target(stock.id), trader_definition(stock.name, "disabled")).status, 204);
    EXPECT_FALSE(is_active(api(), first));
    EXPECT_FALSE(is_active(api(), second)) << "it came of the first";
    EXPECT_EQ(error_of(trade(ship.client, first)), "invalid_request");
}

TEST(TokenExchange, IsRefusedInTheWordsOfRfc8693) {
    ApiClient admin = administrator(api());
    const Trader stock = trader(admin, kMayDelegate);
    const Trader clerk = trader(admin, R"("keyledger.tokens:introspect")");
    const Customer one = customer();
    EXPECT_EQ(error_of(trade(clerk.client, one.access)), "unauthorized_client");
    EXPECT_EQ(error_of(trade(deployment().gateway, one.access)), "unauthorized_client");
    ClientOfService wrong = stock.client;
    wrong.secret = watch_secret("kls_" + std::string(64, 'A'));
    const Answer unproven = trade(wrong, one.access);
    EXPECT_EQ(unproven.status, 401);
    EXPECT_EQ(error_of(unproven), "invalid_client");
    EXPECT_EQ(error_of(api().form(kToken, exchange_form(one.access, for_resource(kShip)))), "invalid_client");
    EXPECT_EQ(error_of(api().form(kToken, exchange_form(one.access, for_resource(kShip) + "&client_id=" + one.shop))),
              "invalid_client")
        << "an application is no service";
    EXPECT_EQ(error_of(trade(stock.client, one.access, "")), "invalid_request") << "for whom?";
    for (const char* resource : {kIssuer, "https://auth.keyledger.test/oauth2/userinfo", "https://else.example"})
        EXPECT_EQ(error_of(trade(stock.client, one.access, for_resource(resource))), "invalid_target") << resource;
    EXPECT_EQ(error_of(trade(stock.client, one.access, for_resource(kShip) + for_resource(kStock))), "invalid_target");
    EXPECT_EQ(trade(stock.client, one.access, for_resource(kShip) + "&" + form_body({{"audience", kShip}})).status,
              200);
    for (const char* scope : {"profile", "keyledger:account", "keyledger:admin", "offline_access", "stock:read", "+"})
        EXPECT_EQ(error_of(trade(stock.client, one.access, for_resource(kShip) + "&scope=" + scope)), "invalid_scope")
            << scope;
    const std::string own = token_of(stock.client);
    const std::string other = token_of(clerk.client);
    const auto with = [&](const std::string& name, const std::string& value) {
        return error_of(trade(stock.client, one.access, for_resource(kShip) + "&" + form_body({{name, value}})));
    };
    EXPECT_EQ(with("requested_token_type", "urn:ietf:params:oauth:token-type:id_token"), "invalid_request");
    EXPECT_EQ(with("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request");
    EXPECT_EQ(with("actor_token", own), "invalid_request") << "of which type?";
    EXPECT_EQ(with("actor_token_type", kAccessType), "invalid_request");
    for (const std::string& actor : {other, one.access, std::string("nonsense")}) {
        const std::string more =
            for_resource(kShip) + "&" + form_body({{"actor_token", actor}, {"actor_token_type", kAccessType}});
        EXPECT_EQ(error_of(trade(stock.client, one.access, more)), "invalid_request");
    }
    const std::string no_subject = form_body({{"grant_type", kGrant}, {"resource", kShip}});
    EXPECT_EQ(error_of(api().form(kToken, no_subject, as_client(stock.client))), "invalid_request");
}

// Whatever else there is of a user, or looks like it.
TEST(TokenExchange, TakesNothingButAccessTokensOfUsersForTheService) {
    ApiClient admin = administrator(api());
    const Trader stock = trader(admin, kMayDelegate);
    const Account bystander = account(admin);
    const Customer one = customer();
    EXPECT_EQ(trade(stock.client, one.access).status, 200);
    const Visitor somebody = visitor(api());
    const std::string own = token_of(stock.client);
    const std::string own_for_stock = token_of(stock.client, for_resource(kStock));
    const auto dot = one.access.rfind('.');
    const auto other_key = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
    const std::string forged =
        one.access.substr(0, dot + 1) + security::base64url_encode(other_key.sign(one.access.substr(0, dot)));
    const std::string unsigned_one = security::base64url_encode(R"({"alg":"none","typ":"at+jwt"})") + "." +
                                     one.access.substr(one.access.find('.') + 1, dot - one.access.find('.') - 1) + ".";
    for (const std::string& subject : {one.refresh, one.id_token, somebody.tokens.access, somebody.tokens.refresh, own,
                                       own_for_stock, forged, unsigned_one, std::string("nonsense")}) {
        const Answer refused = trade(stock.client, subject);
        EXPECT_EQ(refused.status, 400) << subject;
        EXPECT_EQ(error_of(refused), "invalid_request") << subject;
    }
    for (const char* type : {"urn:ietf:params:oauth:token-type:id_token", "urn:ietf:params:oauth:token-type:jwt",
                             "urn:ietf:params:oauth:token-type:refresh_token", "access_token"}) {
        const std::string form = form_body(
            {{"grant_type", kGrant}, {"subject_token", one.access}, {"subject_token_type", type}, {"resource", kShip}});
        EXPECT_EQ(error_of(api().form(kToken, form, as_client(stock.client))), "invalid_request") << type;
    }
    const std::string role = "/roles/" + stock.role;
    EXPECT_EQ(admin.send("PUT", target(bystander.id, role)).status, 204);
    EXPECT_EQ(error_of(trade(bystander.client, one.access, for_resource(kOrders))), "invalid_request")
        << "a token that was sent to the stock is nothing to somebody else (confused deputy)";
}

TEST(ExchangedTokens, OpenNothingOfThisService) {
    ApiClient admin = administrator(api());
    const Trader stock = trader(admin, kMayDelegate);
    const Customer one = customer();
    const std::string token = traded(stock.client, one.access);
    ApiClient holder = api().as(token);
    EXPECT_EQ(holder.get(kMe).problem(), "invalid-token");
    EXPECT_EQ(holder.get("/oauth2/userinfo").status, 401);
    EXPECT_EQ(holder.form(kIntrospect, form_body({{"token", token}})).problem(), "invalid-token");
    EXPECT_EQ(holder
                  .post("/access/v1/evaluation", R"({"subject":{"type":"user","id":")" + one.person.id +
                                                     R"("},"resource":{"type":"a","id":"1"},"action":{"name":"b"}})")
                  .problem(),
              "invalid-token");
}

TEST(ExchangedTokens, EndAtOnceWithWhatTheyRestOn) {
    ApiClient admin = administrator(api());
    const Trader stock = trader(admin, kMayDelegate);
    const Customer one = customer();
    const std::string revoked = traded(stock.client, one.access);
    const std::string left = traded(stock.client, one.access);
    const auto revoke = [](const std::string& token, const ClientOfService& as) {
        EXPECT_EQ(api().form(kRevoke, form_body({{"token", token}}), as_client(as)).status, 200);
    };
    EXPECT_EQ(api().form(kRevoke, form_body({{"token", revoked}, {"client_id", one.shop}})).status, 200);
    revoke(revoked, deployment().stranger);
    EXPECT_TRUE(is_active(api(), revoked)) << "it is not theirs";
    revoke(revoked, stock.client);
    EXPECT_FALSE(is_active(api(), revoked));
    EXPECT_TRUE(is_active(api(), left));
    EXPECT_TRUE(is_active(api(), one.access)) << "the session is its user's";
    EXPECT_EQ(admin.del(target(stock.id, "/roles/" + stock.role)).status, 204);
    EXPECT_FALSE(is_active(api(), left)) << "without the permission";
    EXPECT_EQ(admin.send("PUT", target(stock.id, "/roles/" + stock.role)).status, 204);
    EXPECT_TRUE(is_active(api(), left));
    EXPECT_EQ(api().form(kRevoke, form_body({{"token", one.refresh}, {"client_id", one.shop}})).status, 200);
    EXPECT_FALSE(is_active(api(), left)) << "the session is over";
    EXPECT_EQ(error_of(trade(stock.client, one.access)), "invalid_request");
    const Customer two = customer();
    const std::string by_secret = traded(stock.client, two.access);
    EXPECT_EQ(admin.del(target(stock.id, "/secrets/" + stock.secret_id)).status, 204);
    EXPECT_FALSE(is_active(api(), by_secret));
}

// Of the built-in client, whose tokens have no scope: they are for all that their user may do.
TEST(ExchangedTokens, AreNarrowedToPermissionsOfTheUser) {
    ApiClient admin = administrator(api());
    const Trader orders = trader(admin, kMayDelegate);
    const Visitor somebody = visitor(api());
    const std::string role =
        admin.post(kRoles, R"({"name":")" + unique("role") + R"(","permissions":["orders:*"]})").text("/id");
    const std::string assigned = std::string(kUsers) + "/" + somebody.person.id + "/roles/" + role;
    EXPECT_EQ(admin.send("PUT", assigned).status, 204);
    const Answer next = api().form(kToken, form_body({{"grant_type", "refresh_token"},
                                                      {"client_id", "keyledger"},
                                                      {"refresh_token", somebody.tokens.refresh},
                                                      {"resource", kOrders}}));
    ASSERT_EQ(next.status, 200) << next.body;
    const std::string access = watch_secret(next.text("/access_token"));
    const Answer whole = trade(orders.client, access);
    EXPECT_FALSE(whole.has("/scope"));
    const Answer told = introspect(api(), deployment().gateway, watch_secret(whole.text("/access_token")));
    EXPECT_NE(told.text("/scope").find("orders:*"), std::string::npos);
    const std::string narrow = traded(orders.client, access, for_resource(kShip) + "&scope=orders:read");
    const Answer narrowed = introspect(api(), deployment().gateway, narrow);
    EXPECT_EQ(narrowed.text("/scope"), "orders:read");
    EXPECT_EQ(narrowed.count("/roles"), 0u);
    EXPECT_EQ(error_of(trade(orders.client, access, for_resource(kShip) + "&scope=stock:read")), "invalid_scope");
    EXPECT_EQ(admin.del(assigned).status, 204);
    EXPECT_FALSE(introspect(api(), deployment().gateway, narrow).has("/scope"));
}

// ---- keys (RFC 9449) -------------------------------------------------------------------------------------------
TEST(BoundServiceTokens, AreForWhoHoldsTheKey) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Prover prover;
    const std::string form = "grant_type=client_credentials" + for_resource(kOrders);
    const Answer first = api().form(kToken, form, [&] {
        HttpHeaders headers = as_client(one.client);
        headers.push_back({"DPoP", prover.sign({})});
        return headers;
    }());
    EXPECT_EQ(error_of(first), "use_dpop_nonce");
    EXPECT_TRUE(first.header("DPoP-Nonce"));
    const Answer answer = prove_and_post(api(), prover, kToken, form, as_client(one.client));
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.text("/token_type"), "DPoP");
    const std::string token = watch_secret(answer.text("/access_token"));
    const Answer told = introspect(api(), deployment().orders, token);
    EXPECT_TRUE(told.boolean("/active"));
    EXPECT_EQ(told.text("/token_type"), "DPoP");
    EXPECT_EQ(told.text("/cnf/jkt"), prover.thumbprint());
    EXPECT_NE(claims_of(token).find(R"("cnf":{"jkt":")" + prover.thumbprint() + "\"}"), std::string::npos);
    Prover::Says lie;
    lie.nonce = nonce_of(api());
    lie.method = "GET";
    HttpHeaders headers = as_client(one.client);
    headers.push_back({"DPoP", prover.sign(lie)});
    EXPECT_EQ(error_of(api().form(kToken, form, headers)), "invalid_dpop_proof");
    EXPECT_EQ(grant(one.client).text("/token_type"), "Bearer") << "without a proof";
}

TEST(BoundTokens, AreExchangedByTheirKeyAlone) {
    ApiClient admin = administrator(api());
    const Trader stock = trader(admin, kMayDelegate);
    const Customer unbound = customer();
    const Prover prover;
    const Prover thief;
    const std::string form = exchange_form(unbound.access, for_resource(kShip));
    const Answer bound = prove_and_post(api(), prover, kToken, form, as_client(stock.client));
    ASSERT_EQ(bound.status, 200) << bound.body;
    EXPECT_EQ(bound.text("/token_type"), "DPoP");
    const std::string token = watch_secret(bound.text("/access_token"));
    EXPECT_EQ(introspect(api(), deployment().gateway, token).text("/cnf/jkt"), prover.thumbprint());
    EXPECT_EQ(error_of(trade(stock.client, token)), "invalid_dpop_proof") << "it would be a bearer token";
    const std::string again = exchange_form(token, for_resource(kShip));
    EXPECT_EQ(error_of(prove_and_post(api(), thief, kToken, again, as_client(stock.client))), "invalid_dpop_proof");
    const Answer next = prove_and_post(api(), prover, kToken, again, as_client(stock.client));
    ASSERT_EQ(next.status, 200) << next.body;
    EXPECT_EQ(next.text("/token_type"), "DPoP");
}

}  // namespace
}  // namespace keyledger::test
