// Service accounts over HTTP: made by administrators, proved by secrets and assertions, earning tokens that
// end with what earned them; and what tells clients where all of it is.
#include <gtest/gtest.h>

#include "security/keys/signing_key.hpp"
#include "tests/e2e/clients/service_accounts.hpp"
#include "tests/e2e/oauth/endpoints.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kNobody = "01890a5d-ac96-774b-bcce-b302099a8057";
constexpr const char* kRoles = "/api/v1/admin/roles";
constexpr const char* kAdministratorRoleId = "6b65796c-6564-8065-8072-6f6c65000001";
constexpr const char* kEdwardsKey =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";

TEST(ServiceAccounts, AreRegisteredShownChangedAndDeleted) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Answer shown = admin.get(target(one.id));
    ASSERT_EQ(shown.status, 200) << shown.body;
    EXPECT_EQ(shown.text("/name"), one.name);
    EXPECT_EQ(shown.text("/audiences/0"), kOrders);
    EXPECT_EQ(shown.text("/secrets/0/id"), one.secret_id);
    EXPECT_EQ(shown.body.find("kls_"), std::string::npos) << "a secret is shown once";
    const Answer changed = admin.put(target(one.id), definition(one.name, "disabled"));
    EXPECT_EQ(changed.status, 204) << changed.body;
    EXPECT_EQ(admin.get(target(one.id)).text("/status"), "disabled");
    const Answer deleted = admin.del(target(one.id));
    EXPECT_EQ(deleted.status, 204) << deleted.body;
    EXPECT_EQ(admin.get(target(one.id)).problem(), "service-account-unknown");
    EXPECT_EQ(admin.post(kAccounts, definition(one.name)).status, 201) << "its name is free";
}

TEST(ServiceAccounts, ComeInPages) {
    ApiClient admin = administrator(api());
    account(admin);
    account(admin);
    const Answer last = admin.post(kAccounts, definition(unique("Service")));
    const Answer first = admin.get(std::string(kAccounts) + "?limit=1", since(last));
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(first.count(), 1u);
    const Answer rest = admin.get(std::string(kAccounts) + "?limit=200&cursor=" + first.text("/next"));
    ASSERT_GE(rest.count(), 2u);
    EXPECT_TRUE(rest.is_null("/next"));
    EXPECT_EQ(admin.get(kAccounts, {{"Keyledger-Min-Position", "999999999"}}).problem(), "position-ahead");
}

TEST(ServiceAccounts, AreForThoseWhoHoldThePermission) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    ApiClient user = api().as(visitor(api()).tokens.access);
    ApiClient nobody = api();
    const auto ask_all = [&](ApiClient& client) {
        return std::vector<Answer>{client.get(kAccounts),
                                   client.post(kAccounts, definition(unique("Service"))),
                                   client.get(target(one.id)),
                                   client.put(target(one.id), definition(one.name, "disabled")),
                                   client.del(target(one.id)),
                                   client.send("POST", target(one.id, "/secrets")),
                                   client.del(target(one.id, "/secrets/" + one.secret_id)),
                                   client.post(target(one.id, "/keys"), kEdwardsKey),
                                   client.del(target(one.id, "/keys/x")),
                                   client.send("PUT", target(one.id, "/roles/" + std::string(kNobody))),
                                   client.del(target(one.id, "/roles/" + std::string(kNobody)))};
    };
    for (const Answer& answer : ask_all(user)) EXPECT_EQ(answer.problem(), "forbidden") << answer.body;
    for (const Answer& answer : ask_all(nobody)) EXPECT_EQ(answer.problem(), "invalid-token") << answer.body;
    ApiClient service = api().as(token_of(one.client));
    for (const Answer& answer : ask_all(service)) EXPECT_EQ(answer.problem(), "invalid-token") << answer.body;
}

TEST(ServiceAccounts, RefuseWhatIsUnknownTakenOrTooMuch) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Account two = account(admin);
    EXPECT_EQ(admin.post(kAccounts, definition(one.name)).problem(), "service-account-name-taken");
    EXPECT_EQ(admin.put(target(two.id), definition(one.name, "enabled")).problem(), "service-account-name-taken");
    EXPECT_EQ(admin.put(target(kNobody), definition(unique("x"), "enabled")).problem(), "service-account-unknown");
    EXPECT_EQ(admin.del(target(kNobody)).problem(), "service-account-unknown");
    EXPECT_EQ(admin.get(target("nonsense")).problem(), "service-account-unknown");
    EXPECT_EQ(admin.send("POST", target(kNobody, "/secrets")).problem(), "service-account-unknown");
    EXPECT_EQ(admin.del(target(kNobody, "/secrets/" + one.secret_id)).problem(), "service-account-unknown");
    EXPECT_EQ(admin.del(target(two.id, "/secrets/" + one.secret_id)).problem(), "credential-unknown");
    EXPECT_EQ(admin.post(target(kNobody, "/keys"), kEdwardsKey).problem(), "service-account-unknown");
    EXPECT_EQ(admin.del(target(kNobody, "/keys/x")).problem(), "service-account-unknown");
    EXPECT_EQ(admin.del(target(one.id, "/keys/x")).problem(), "credential-unknown");
    watch_secret(admin.send("POST", target(one.id, "/secrets")).text("/client_secret"));
    EXPECT_EQ(admin.send("POST", target(one.id, "/secrets")).problem(), "limit-reached");
    EXPECT_EQ(admin.post(target(one.id, "/keys"), kEdwardsKey).status, 201);
    EXPECT_EQ(admin.post(target(one.id, "/keys"), kEdwardsKey).problem(), "key-known");
    for (int more = 0; more < 3; ++more) {
        const auto key = security::SigningKey::generate(security::SigningAlgorithm::kEs256);
        const auto& members = key.public_members();
        const std::string jwk =
            json_object({{"crv", "P-256"}, {"kty", "EC"}, {"x", members[2].second}, {"y", members[3].second}});
        EXPECT_EQ(admin.post(target(one.id, "/keys"), jwk).status, 201) << jwk;
    }
    const auto key = security::SigningKey::generate(security::SigningAlgorithm::kEdDsa);
    const std::string jwk = json_object({{"crv", "Ed25519"}, {"kty", "OKP"}, {"x", key.public_members()[2].second}});
    EXPECT_EQ(admin.post(target(one.id, "/keys"), jwk).problem(), "limit-reached");
    EXPECT_EQ(admin.post(target(two.id, "/keys"), R"({"kty":"oct"})").problem(), "invalid-fields");
    EXPECT_EQ(admin.post(target(two.id, "/keys"), R"({"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"})").problem(),
              "invalid-fields")
        << "a private key";
}

std::string role_of(ApiClient& admin, const std::string& permissions) {
    const Answer defined =
        admin.post(kRoles, R"({"name":")" + unique("role") + R"(","permissions":[)" + permissions + "]}");
    EXPECT_EQ(defined.status, 201) << defined.body;
    return defined.text("/id");
}

TEST(ServiceAccounts, AreBeyondThoseWhoLackAPermissionOfTheirs) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::string cashier = role_of(admin, R"("payments:make")");
    EXPECT_EQ(admin.send("PUT", target(one.id, "/roles/" + cashier)).status, 204);
    const Visitor clerk = visitor(api());
    const std::string may = role_of(admin, R"("keyledger.clients:*","keyledger.roles:*")");
    EXPECT_EQ(admin.send("PUT", std::string(kUsers) + "/" + clerk.person.id + "/roles/" + may).status, 204);
    ApiClient client = api().as(clerk.tokens.access);
    const std::vector<Answer> answers{client.put(target(one.id), definition(one.name, "disabled")),
                                      client.del(target(one.id)),
                                      client.send("POST", target(one.id, "/secrets")),
                                      client.del(target(one.id, "/secrets/" + one.secret_id)),
                                      client.post(target(one.id, "/keys"), kEdwardsKey),
                                      client.del(target(one.id, "/keys/x")),
                                      client.send("PUT", target(one.id, "/roles/" + may)),
                                      client.del(target(one.id, "/roles/" + cashier))};
    for (const Answer& answer : answers) EXPECT_EQ(answer.problem(), "exceeds-authority") << answer.body;
    EXPECT_EQ(grant(one.client).status, 200);
}

TEST(ServiceAccounts, HoldWhatTheirRolesGrant) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const std::string clerk = role_of(admin, R"("invoices:*","orders:read")");
    const std::string watcher = role_of(admin, R"("keyledger.tokens:introspect","keyledger.access:evaluate")");
    const std::string at = target(one.id, "/roles/");
    EXPECT_EQ(admin.send("PUT", at + clerk).status, 204);
    EXPECT_EQ(admin.get(target(one.id)).count("/permissions"), 2u);
    const Answer all = grant(one.client);
    EXPECT_EQ(all.text("/scope"), "invoices:* orders:read");
    const Answer some = grant(one.client, "&scope=orders:read+invoices:read");
    EXPECT_EQ(some.text("/scope"), "invoices:read orders:read");
    EXPECT_EQ(error_of(grant(one.client, "&scope=orders:write")), "invalid_scope");
    const std::string token = watch_secret(some.text("/access_token"));
    EXPECT_EQ(introspect(api(), one.client, token).text("/scope"), "invoices:read orders:read");
    auto question = [](const std::string& type, const std::string& id, const std::string& action) {
        return R"({"subject":{"type":")" + type + R"(","id":")" + id +
               R"("},"resource":{"type":"orders","id":"1"},"action":{"name":")" + action + R"("}})";
    };
    ApiClient itself = api().as(watch_secret(all.text("/access_token")));
    EXPECT_TRUE(itself.post("/access/v1/evaluation", question("service_account", one.id, "read")).boolean("/decision"));
    EXPECT_FALSE(
        itself.post("/access/v1/evaluation", question("service_account", one.id, "write")).boolean("/decision"));
    const Visitor somebody = visitor(api());
    EXPECT_FALSE(introspect(api(), one.client, somebody.tokens.access).boolean("/active"));
    EXPECT_EQ(admin.send("PUT", at + watcher).status, 204);
    EXPECT_TRUE(introspect(api(), one.client, somebody.tokens.access).boolean("/active"));
    ApiClient watching = api().as(token_of(one.client, "&scope=keyledger.access:evaluate"));
    const std::string about = question("user", somebody.person.id, "read");
    EXPECT_EQ(watching.post("/access/v1/evaluation", about).status, 200);
    EXPECT_EQ(itself.post("/access/v1/evaluation", about).problem(), "forbidden") << "its token is of before";
    EXPECT_EQ(admin.del(at + clerk).status, 204);
    EXPECT_FALSE(introspect(api(), one.client, token).has("/scope")) << "it holds none of it any more";
    EXPECT_EQ(admin.send("PUT", at + kNobody).problem(), "role-unknown");
    EXPECT_EQ(admin.del(at + "nonsense").problem(), "role-unknown");
    EXPECT_EQ(admin.send("PUT", target(kNobody, "/roles/" + clerk)).problem(), "service-account-unknown");
    EXPECT_EQ(admin.del(target(kNobody, "/roles/" + clerk)).problem(), "service-account-unknown");
    EXPECT_EQ(admin.send("PUT", at + kAdministratorRoleId).problem(), "role-built-in");
    for (int more = 1; more < 24; ++more) EXPECT_EQ(admin.send("PUT", at + role_of(admin, "")).status, 204);
    EXPECT_EQ(admin.send("PUT", at + clerk).problem(), "limit-reached");
}

TEST(ServiceTokens, AreEarnedByASecretInEitherPlace) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Answer basic = grant(one.client);
    ASSERT_EQ(basic.status, 200) << basic.body;
    EXPECT_EQ(basic.text("/token_type"), "Bearer");
    EXPECT_EQ(basic.number("/expires_in"), 300);
    EXPECT_FALSE(basic.has("/refresh_token")) << "RFC 6749 section 4.4.3";
    EXPECT_TRUE(basic.header("Keyledger-Position"));
    EXPECT_EQ(basic.header("Cache-Control"), "no-store");
    const std::string body = form_body({{"grant_type", "client_credentials"},
                                        {"client_id", one.id},
                                        {"client_secret", one.client.secret},
                                        {"resource", kOrders}});
    ApiClient anybody = api();
    const Answer post = anybody.form(kToken, body);
    ASSERT_EQ(post.status, 200) << post.body;
    const std::string token = watch_secret(post.text("/access_token"));
    const Answer seen = introspect(api(), deployment().orders, token);
    EXPECT_TRUE(seen.boolean("/active")) << "it is meant for that resource server";
    EXPECT_EQ(seen.text("/sub"), one.id);
    EXPECT_EQ(seen.text("/client_id"), one.id);
    EXPECT_EQ(seen.text("/aud/0"), kOrders);
    EXPECT_FALSE(seen.has("/sid"));
    EXPECT_FALSE(introspect(api(), deployment().stranger, token).boolean("/active"));
    EXPECT_EQ(api().as(token).get(kMe).problem(), "invalid-token");
    EXPECT_EQ(api().as(token_of(one.client)).get(kMe).problem(), "invalid-token") << "a service is no user";
}

TEST(ServiceTokens, AreRefusedInTheWordsOfRfc6749) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    ApiClient anybody = api();
    ClientOfService wrong = one.client;
    wrong.secret = watch_secret("kls_" + std::string(64, 'A'));
    for (const ClientOfService& client : {wrong, ClientOfService{kNobody, wrong.secret}, ClientOfService{"nobody", "x"},
                                          ClientOfService{"keyledger", "x"}}) {
        const Answer answer = grant(client);
        EXPECT_EQ(answer.status, 401) << client.id;
        EXPECT_EQ(error_of(answer), "invalid_client") << client.id;
        EXPECT_TRUE(answer.header("WWW-Authenticate").value_or("").starts_with("Basic")) << client.id;
    }
    EXPECT_EQ(error_of(anybody.form(kToken, "grant_type=client_credentials")), "invalid_client");
    EXPECT_EQ(error_of(anybody.form(kToken, "grant_type=client_credentials&client_id=" + one.id)), "invalid_client");
    EXPECT_EQ(error_of(grant(deployment().gateway)), "unauthorized_client");
    EXPECT_EQ(error_of(grant(one.client, "&client_secret=x")), "invalid_request") << "in two ways";
    EXPECT_EQ(error_of(grant(one.client, std::string("&client_id=") + kNobody)), "invalid_request");
    EXPECT_EQ(grant(one.client, "&client_id=" + one.id).status, 200);
    EXPECT_EQ(error_of(grant(one.client, "&scope=invoices:read")), "invalid_scope");
    EXPECT_EQ(error_of(grant(one.client, "&resource=https://else.keyledger.test")), "invalid_target");
    EXPECT_EQ(error_of(grant(one.client, std::string("&resource=") + kOrders + "&resource=" + kIssuer)),
              "invalid_target");
    EXPECT_EQ(grant(one.client, std::string("&resource=") + kIssuer + "&resource=" + kIssuer).status, 200);
    const HttpHeaders basic{{"Authorization", one.client.basic()}};
    EXPECT_EQ(error_of(anybody.form(kToken, "grant_type=password", basic)), "unsupported_grant_type");
    for (const char* body :
         {"", "grant_type=", "grant_type=refresh_token", "grant_type=a&grant_type=b", "grant_type=%zz"})
        EXPECT_EQ(error_of(anybody.form(kToken, body, basic)), "invalid_request") << body;
    EXPECT_EQ(error_of(anybody.form(kToken, "grant_type=client_credentials&client_assertion=x")), "invalid_request");
}

TEST(ServiceTokens, EndAtOnceWithWhatEarnedThem) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Answer second = admin.send("POST", target(one.id, "/secrets"));
    ClientOfService rotated{one.id, watch_secret(second.text("/client_secret"))};
    const std::string by_first = token_of(one.client);
    const std::string by_second = token_of(rotated);
    EXPECT_EQ(admin.del(target(one.id, "/secrets/" + one.secret_id)).status, 204);
    EXPECT_FALSE(is_active(api(), by_first));
    EXPECT_TRUE(is_active(api(), by_second));
    EXPECT_EQ(error_of(grant(one.client)), "invalid_client");
    EXPECT_EQ(admin.put(target(one.id), definition(one.name, "disabled")).status, 204);
    EXPECT_FALSE(is_active(api(), by_second));
    EXPECT_EQ(error_of(grant(rotated)), "invalid_client");
    EXPECT_EQ(admin.put(target(one.id), definition(one.name, "enabled")).status, 204);
    EXPECT_FALSE(is_active(api(), by_second)) << "what ended stays ended";
    const std::string again = token_of(rotated);
    EXPECT_EQ(admin.del(target(one.id)).status, 204);
    EXPECT_FALSE(is_active(api(), again));
    EXPECT_EQ(error_of(grant(rotated)), "invalid_client");
}

TEST(ServiceTokens, AreAskedAboutAndRevokedByTheirOwn) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Account two = account(admin);
    const std::string token = token_of(one.client);
    EXPECT_TRUE(introspect(api(), one.client, token).boolean("/active"));
    EXPECT_EQ(introspect(api(), two.client, token).body, R"({"active":false})");
    const std::string for_orders = token_of(one.client, std::string("&resource=") + kOrders);
    EXPECT_TRUE(introspect(api(), two.client, for_orders).boolean("/active")) << "it is that resource server";
    ApiClient itself = api().as(token);
    EXPECT_TRUE(itself.form(kIntrospect, form_body({{"token", token}})).boolean("/active")) << "RFC 7662 section 2.1";
    auto revoke = [&](const ClientOfService& as) {
        return api().form(kRevoke, form_body({{"token", token}}), {{"Authorization", as.basic()}});
    };
    EXPECT_EQ(revoke(two.client).status, 200);
    EXPECT_TRUE(is_active(api(), token)) << "another's request changes nothing";
    EXPECT_TRUE(revoke(one.client).header("Keyledger-Position"));
    EXPECT_FALSE(is_active(api(), token));
    EXPECT_EQ(revoke(one.client).status, 200) << "again is no error";
    EXPECT_EQ(itself.form(kIntrospect, form_body({{"token", token}})).problem(), "invalid-token");
    ClientOfService wrong = one.client;
    wrong.secret = watch_secret("kls_" + std::string(64, 'B'));
    EXPECT_EQ(error_of(introspect(api(), wrong, token)), "invalid_client");
}

TEST(ServiceTokens, OpenEvaluationForThemselves) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    auto question = [](const std::string& type, const std::string& id) {
        return R"({"subject":{"type":")" + type + R"(","id":")" + id +
               R"("},"resource":{"type":"invoices","id":"1"},"action":{"name":"read"}})";
    };
    ApiClient itself = api().as(token_of(one.client));
    EXPECT_FALSE(itself.post("/access/v1/evaluation", question("service_account", one.id)).boolean("/decision"));
    EXPECT_EQ(itself.post("/access/v1/evaluation", question("service_account", kNobody)).problem(), "forbidden");
    EXPECT_EQ(itself.post("/access/v1/evaluation", question("user", one.id)).problem(), "forbidden");
    ApiClient by_secret = api().with("Authorization", one.client.basic());
    EXPECT_EQ(by_secret.post("/access/v1/evaluation", question("service_account", one.id)).status, 200);
    EXPECT_EQ(by_secret.post("/access/v1/evaluation", question("user", kNobody)).problem(), "forbidden");
    ApiClient gateway = api().with("Authorization", deployment().gateway.basic());
    EXPECT_EQ(gateway.post("/access/v1/evaluation", question("service_account", one.id)).status, 200);
}

TEST(TokenEndpoint, RefreshesForTheClientThatHoldsTheSession) {
    const Visitor one = visitor(api());
    ApiClient anybody = api();
    auto form = [](const std::string& token, const std::string& more = "") {
        return form_body({{"grant_type", "refresh_token"}, {"refresh_token", token}}) + more;
    };
    const Answer next = anybody.form(kToken, form(one.tokens.refresh, "&client_id=keyledger"));
    ASSERT_EQ(next.status, 200) << next.body;
    EXPECT_TRUE(is_active(api(), next.text("/access_token")));
    const std::string refresh = next.text("/refresh_token");
    EXPECT_EQ(error_of(anybody.form(kToken, form(refresh))), "invalid_client");
    const HttpHeaders gateway{{"Authorization", deployment().gateway.basic()}};
    EXPECT_EQ(error_of(anybody.form(kToken, form(refresh), gateway)), "invalid_grant") << "it is not the gateway's";
    EXPECT_EQ(error_of(anybody.form(kToken, form("nonsense", "&client_id=keyledger"))), "invalid_grant");
    EXPECT_EQ(error_of(anybody.form(kToken, form(refresh, "&client_id=keyledger&scope=a:b"))), "invalid_scope");
    EXPECT_EQ(anybody.form(kToken, form(refresh, "&client_id=keyledger")).status, 200);
}

TEST(OAuthMetadata, SaysWhatThereIs) {
    ApiClient client = api();
    const Answer answer = client.get("/.well-known/oauth-authorization-server");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.text("/issuer"), kIssuer);
    EXPECT_EQ(answer.text("/token_endpoint"), std::string(kIssuer) + kToken);
    EXPECT_EQ(answer.text("/introspection_endpoint"), std::string(kIssuer) + kIntrospect);
    EXPECT_EQ(answer.text("/revocation_endpoint"), std::string(kIssuer) + kRevoke);
    EXPECT_EQ(answer.text("/response_types_supported/0"), "code");
    EXPECT_EQ(answer.text("/introspection_signing_alg_values_supported/0"), "ES256");
}

TEST(ThrottleOfClients, IsForFailuresOnly) {
    const RunningService service(
        deployment(), {{"KEYLEDGER_LOGIN_NETWORK_BURST", "3"}, {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "1"}});
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const ClientOfService wrong{one.client.id, watch_secret("kls_" + std::string(64, 'C'))};
    ApiClient client(service.port());
    const std::string body = form_body({{"grant_type", "client_credentials"}, {"token", "x"}});
    for (int i = 0; i < 5; ++i) client.form(kToken, body, {{"Authorization", wrong.basic()}});
    for (const char* endpoint : {kToken, kIntrospect, kRevoke, kPar, kDeviceAuthorization}) {
        const Answer answer = client.form(endpoint, body, {{"Authorization", wrong.basic()}});
        EXPECT_TRUE(answer.status == 429 && answer.header("Retry-After")) << endpoint << answer.body;
    }
    ApiClient guessing = client.with("Authorization", wrong.basic());
    for (const std::string to : {"evaluation", "evaluations", "search/subject", "search/resource", "search/action"})
        EXPECT_EQ(guessing.post("/access/v1/" + to, "{}").problem(), "too-many-attempts") << to;
    int right = 429;  // until the memory that judges it is level with the log
    for (int i = 0; right == 429 && i < 20'000; ++i)
        right = client.form(kToken, body, {{"Authorization", one.client.basic()}}).status;
    EXPECT_EQ(right, 200);
}

}  // namespace
}  // namespace keyledger::test
