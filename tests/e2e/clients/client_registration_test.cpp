// Dynamic client registration (RFC 7591) over HTTP: what is registered, and what nobody gets by it.
#include <gtest/gtest.h>

#include <set>

#include "tests/e2e/clients/registrars.hpp"
#include "tests/e2e/oauth/browser.hpp"

namespace keyledger::test {
namespace {

ApiClient registrar() {
    static const std::string kToken = registrar_token(administrator(api()));
    return api().as(kToken);
}
Answer registered(const std::string& rest = "") {
    Answer answer = registrar().post(kRegisterClient, client_metadata(rest));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer;
}
void expect_refused(const std::string& body, const std::string& error, const std::string& about) {
    const Answer answer = registrar().post(kRegisterClient, body);
    EXPECT_EQ(answer.status, 400) << body << answer.body;
    EXPECT_EQ(error_of(answer), error) << body;
    EXPECT_NE(answer.text("/error_description").find("'" + about), std::string::npos) << answer.body;
}

TEST(ClientRegistration, MakesAnApplicationThatPeopleLogInWithAndAreAskedAbout) {
    const Answer made = registered(
        R"(,"client_name":"Shop","token_endpoint_auth_method":"none",)"
        R"("grant_types":["authorization_code","refresh_token"],)"
        R"("scope":"openid email offline_access","post_logout_redirect_uris":["https://shop.example/bye"],)"
        R"("client_name#de":"Laden","software_id":"x","contacts":["a@shop.example"],"initiate_login_uri":null)");
    const std::string shop = made.text("/client_id");
    EXPECT_GT(made.number("/client_id_issued_at"), 1'700'000'000);
    EXPECT_FALSE(made.has("/client_secret"));
    EXPECT_EQ(made.text("/client_name"), "Shop");
    EXPECT_EQ(made.text("/application_type"), "web");
    EXPECT_EQ(made.text("/scope"), "email offline_access openid");
    EXPECT_FALSE(made.has("/software_id"));
    EXPECT_EQ(made.header("Cache-Control"), "no-store");
    const Person person = register_somebody(api());
    Browser browser;
    const Answer page = browser.follow(browser.get(request(shop)));
    const Answer consent = browser.follow(log_in(browser, page, person, person.password));
    EXPECT_TRUE(Browser::location(consent).starts_with("/consent")) << "nobody's own: people are asked";
    const Answer asked = browser.follow(consent);
    const Answer back = browser.follow(browser.post("/consent", filled(asked, {})));
    EXPECT_EQ(redeem(shop, parameter(Browser::location(back), "code")).status, 200);
    ApiClient admin = administrator(api());
    const Answer shown = admin.get(application_target(shop));
    EXPECT_EQ(shown.text("/consent"), "required");
    EXPECT_EQ(shown.text("/application_type"), "spa");
    EXPECT_EQ(shown.count("/audiences"), 0U);
}

TEST(ClientRegistration, ShowsASecretOnceAndTakesItInTheWayThatWasChosen) {
    const Answer made = registered();
    const std::string id = made.text("/client_id");
    const std::string secret = watch_secret(made.text("/client_secret"));
    EXPECT_EQ(made.number("/client_secret_expires_at"), 0);
    EXPECT_EQ(made.text("/token_endpoint_auth_method"), "client_secret_basic") << "RFC 7591 section 2";
    EXPECT_EQ(made.text("/grant_types/0"), "authorization_code");
    EXPECT_EQ(made.text("/client_name"), "https://shop.example") << "people are shown something";
    EXPECT_EQ(made.text("/scope"), "email openid phone profile");
    const ClientOfService client{id, secret};
    EXPECT_EQ(introspect(api(), client, "no token").status, 200) << "it authenticates";
    EXPECT_EQ(introspect(api(), {id, secret + "x"}, "no token").status, 401);
    const Answer form = registered(R"(,"token_endpoint_auth_method":"client_secret_post")");
    watch_secret(form.text("/client_secret"));
    EXPECT_EQ(form.text("/token_endpoint_auth_method"), "client_secret_post");
    ApiClient admin = administrator(api());
    EXPECT_EQ(admin.get(application_target(id)).body.find("kls_"), std::string::npos);
}

TEST(ClientRegistration, TakesKeysOfWhatSigns) {
    const std::string key = R"({"kty":"OKP","crv":"Ed25519","kid":"one","key_ops":["verify"],)"
                            R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
    const std::string way = R"(,"token_endpoint_auth_method":"private_key_jwt")";
    const Answer made = registered(way + R"(,"jwks":{"keys":[)" + key + R"(]},"dpop_bound_access_tokens":true,)" +
                                   R"("require_pushed_authorization_requests":true,)"
                                   R"("id_token_signed_response_alg":"RS256","userinfo_signed_response_alg":"RS256",)"
                                   R"("backchannel_logout_uri":"https://shop.example/out")");
    EXPECT_FALSE(made.has("/client_secret"));
    EXPECT_EQ(made.text("/jwks/keys/0/kid"), "one");
    EXPECT_EQ(made.text("/jwks/keys/0/crv"), "Ed25519");
    EXPECT_TRUE(made.boolean("/dpop_bound_access_tokens"));
    EXPECT_TRUE(made.boolean("/require_pushed_authorization_requests"));
    EXPECT_EQ(made.text("/id_token_signed_response_alg"), "RS256");
    EXPECT_EQ(made.text("/userinfo_signed_response_alg"), "RS256");
    EXPECT_EQ(made.text("/backchannel_logout_uri"), "https://shop.example/out");
    for (const char* keys : {"", R"(,"jwks":{"keys":[]})", R"(,"jwks":{"keys":[{"kty":"EC"}]})",
                             R"(,"jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","d":"AA","x":"AA"}]})", R"(,"jwks":[])",
                             R"(,"jwks":{"keys":[{},{},{},{},{}]})"})
        expect_refused(client_metadata(way + keys), "invalid_client_metadata", "jwks");
    expect_refused(client_metadata(way + R"(,"jwks":{"keys":[)" + key + "," + key + "]}"), "invalid_client_metadata",
                   "jwks");
    expect_refused(client_metadata(way + R"(,"jwks_uri":"https://shop.example/keys")"), "invalid_client_metadata",
                   "jwks_uri");
    expect_refused(client_metadata(way + R"(,"jwks":{"keys":[{"kty":"OKP","crv":"Ed25519","key_ops":["encrypt"],)" +
                                   R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})"),
                   "invalid_client_metadata", "jwks");
}

TEST(ClientRegistration, KnowsWhatIsOnADevice) {
    const auto on_device = [](const std::string& uri, const std::string& rest) {
        return registrar().post(kRegisterClient, R"({"redirect_uris":[")" + uri + "\"]" + rest + "}");
    };
    const std::string none = R"(,"token_endpoint_auth_method":"none")";
    EXPECT_EQ(on_device("http://127.0.0.1/callback", none).text("/application_type"), "native");
    EXPECT_EQ(on_device("com.example.shop:/callback", none).text("/application_type"), "native");
    const Answer said = on_device("com.example.shop:/callback", R"(,"application_type":"native")");
    EXPECT_EQ(said.status, 201) << said.body;
    EXPECT_EQ(said.text("/token_endpoint_auth_method"), "none") << "replaced, and told: it keeps no secret";
    expect_refused(R"({"redirect_uris":["http://localhost:4711/callback"],"application_type":"web")" + none + "}",
                   "invalid_redirect_uri", "redirect_uris");
    expect_refused(client_metadata(R"(,"application_type":"native","token_endpoint_auth_method":"client_secret_post")"),
                   "invalid_client_metadata", "token_endpoint_auth_method");
}

TEST(ClientRegistration, TakesDevicesThatHaveNoBrowser) {
    const std::string grant = R"({"grant_types":["urn:ietf:params:oauth:grant-type:device_code"],)"
                              R"("token_endpoint_auth_method":"none")";
    const Answer made = registrar().post(kRegisterClient, grant + R"(,"client_name":"TV"})");
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.text("/grant_types/0"), "urn:ietf:params:oauth:grant-type:device_code");
    EXPECT_EQ(made.count("/response_types"), 0U);
    expect_refused(grant + "}", "invalid_client_metadata", "client_name");
}

// What a stranger would like to have answers sent to.
TEST(ClientRegistration, RefusesRedirectUrisThatLeadAstray) {
    const auto expect_astray = [](const std::string& uris) {
        expect_refused(R"({"redirect_uris":[)" + uris + "]}", "invalid_redirect_uri", "redirect_uris");
    };
    const std::string good = "https://shop.example/";
    for (const std::string& uri :
         {std::string("javascript:alert%281%29"), std::string("http://shop.example/callback"), good + "#x",
          std::string("https://*.example/callback"), std::string("https://me@shop.example/callback"),
          std::string("com.example.shop:/callback"), std::string("data:text/html,x"), good + "\\u0000",
          good + std::string(600, 'x')})
        expect_astray("\"" + uri + "\"");
    std::string many = "\"" + good + "\"";
    for (int i = 0; i < 20; ++i) many += ",\"" + good + std::to_string(i) + "\"";
    expect_astray(many);
    expect_astray("7");
    expect_astray("");
    expect_refused("{}", "invalid_redirect_uri", "redirect_uris");
    expect_refused(R"({"redirect_uris":"https://shop.example/callback"})", "invalid_redirect_uri", "redirect_uris");
}

TEST(ClientRegistration, RefusesWhatCantBeHad) {
    const std::vector<std::pair<std::string, std::string>> faults{
        {"scope", R"("openid keyledger:admin")"},
        {"scope", R"("keyledger:account")"},
        {"scope", R"("address")"},
        {"token_endpoint_auth_method", R"("client_secret_jwt")"},
        {"application_type", R"("browser")"},
        {"grant_types", R"(["client_credentials"])"},
        {"grant_types", R"(["refresh_token"])"},
        {"grant_types", R"(["authorization_code","urn:ietf:params:oauth:grant-type:jwt-bearer"])"},
        {"response_types", R"(["code","token"])"},
        {"client_name", R"("")"},
        {"client_name", R"("a\u202Eb")"},
        {"client_name", "\"" + std::string(129, 'x') + "\""},
        {"logo_uri", R"("javascript:alert%281%29")"},
        {"logo_uri", R"("https://bank.example/logo.png")"},
        {"policy_uri", R"("http://shop.example/policy")"},
        {"tos_uri", R"("data:text/html,x")"},
        {"backchannel_logout_uri", R"("http://127.0.0.1/out")"},
        {"post_logout_redirect_uris", R"(["https://shop.example/bye#x"])"},
        {"id_token_signed_response_alg", R"("none")"},
        {"userinfo_signed_response_alg", R"("HS256")"},
        {"id_token_encrypted_response_alg", R"("RSA-OAEP")"},
        {"subject_type", R"("pairwise")"},
        {"default_max_age", "60"},
        {"require_signed_request_object", "true"},
        {"tls_client_certificate_bound_access_tokens", "true"},
        {"dpop_bound_access_tokens", R"("yes")"},
    };
    for (const auto& [name, value] : faults)
        expect_refused(client_metadata(",\"" + name + "\":" + value), "invalid_client_metadata", name);
    EXPECT_EQ(registrar().post(kRegisterClient, "[]").problem(), "malformed-json");
    EXPECT_EQ(registrar().post(kRegisterClient, std::string(70'000, ' ')).problem(), "payload-too-large");
    EXPECT_EQ(registrar().form(kRegisterClient, "redirect_uris=x").problem(), "unsupported-media-type");
}

// An administrator of the log reads who made what, and each call makes another.
TEST(ClientRegistration, MakesAnotherApplicationEachTime) {
    std::set<std::string> ids;
    for (int i = 0; i < 3; ++i) {
        const Answer made = registered(R"(,"first_party":true,"consent":"first_party","client_id":"mine",)"
                                       R"("audiences":["https://stock.example"],"client_secret":"mine")");
        watch_secret(made.text("/client_secret"));
        ids.insert(made.text("/client_id"));
        ApiClient admin = administrator(api());
        EXPECT_EQ(admin.get(application_target(made.text("/client_id"))).text("/consent"), "required");
    }
    EXPECT_EQ(ids.size(), 3U);
    EXPECT_FALSE(ids.contains("mine"));
}

TEST(ClientRegistration, IsForATokenOfAServiceAccountThatMay) {
    ApiClient admin = administrator(api());
    const auto ask = [](const std::string& token) { return api().as(token).post(kRegisterClient, client_metadata()); };
    EXPECT_EQ(api().post(kRegisterClient, client_metadata()).problem(), "invalid-token");
    EXPECT_EQ(ask("nonsense").problem(), "invalid-token");
    EXPECT_EQ(ask(log_in(api(), {"", kAdminEmail, "", kAdminPassword}).access).problem(), "invalid-token")
        << "an administrator's own opens the API for administrators";
    const Account other = account_with(admin, "keyledger.clients:write");
    EXPECT_EQ(ask(token_of(other.client)).problem(), "forbidden");
    const Account one = account_with(admin, kRegisterPermission);
    const std::string token = token_of(one.client);
    const Answer made = ask(token);
    EXPECT_EQ(made.status, 201) << made.body;
    watch_secret(made.text("/client_secret"));
    EXPECT_EQ(ask(token_of(one.client, "&resource=" + std::string("https%3A%2F%2Forders.keyledger.test"))).problem(),
              "invalid-token")
        << "for another resource server";
    ASSERT_EQ(api().form(kRevoke, form_body({{"token", token}}), {{"Authorization", one.client.basic()}}).status, 200);
    EXPECT_EQ(ask(token).problem(), "invalid-token") << "revoked";
    const std::string later = token_of(one.client);
    ASSERT_EQ(admin.put(target(one.id), definition(one.name, "disabled")).status, 204);
    EXPECT_EQ(ask(later).problem(), "invalid-token");
}

TEST(ClientRegistration, EndsWithTheRole) {
    ApiClient admin = administrator(api());
    const Account one = account(admin);
    const Answer role = admin.post("/api/v1/admin/roles", R"({"name":")" + unique("role") + R"(","permissions":[")" +
                                                              kRegisterPermission + "\",\"invoices:read\"]}");
    const std::string place = target(one.id, "/roles/" + role.text("/id"));
    ASSERT_EQ(admin.send("PUT", place).status, 204);
    const std::string token = token_of(one.client);
    ApiClient narrow = api().as(token_of(one.client, "&scope=invoices%3Aread"));
    const Answer lacks = narrow.post(kRegisterClient, client_metadata());
    EXPECT_EQ(lacks.problem(), "forbidden") << "not in the token's scope";
    EXPECT_NE(lacks.text("/detail").find("keyledger.clients:register"), std::string::npos) << lacks.body;
    EXPECT_EQ(lacks.header("WWW-Authenticate"), R"(Bearer realm="keyledger", error="insufficient_scope")");
    ASSERT_EQ(admin.del(place).status, 204);
    EXPECT_EQ(api().as(token).post(kRegisterClient, client_metadata()).problem(), "forbidden");
}

TEST(ClientRegistration, IsOffUnlessTheOperatorWantsIt) {
    const char* const kMetadata = "/.well-known/openid-configuration";
    EXPECT_EQ(api().get(kMetadata).text("/registration_endpoint"), std::string(kIssuer) + kRegisterClient);
    const RunningService off(deployment(), {{"KEYLEDGER_CLIENT_REGISTRATION", "0"}});
    ApiClient there(off.port());
    EXPECT_FALSE(there.get(kMetadata).has("/registration_endpoint"));
    const std::string token = registrar_token(administrator(api()));
    EXPECT_EQ(there.as(token).post(kRegisterClient, client_metadata()).problem(), "not-found");
    EXPECT_EQ(there.post(kRegisterClient, client_metadata()).problem(), "not-found") << "and so for anybody";
}

TEST(ClientRegistration, IsBoundedInNumberAndPace) {
    const Answer made = registered(R"(,"token_endpoint_auth_method":"none")");
    ApiClient admin = administrator(api());
    ASSERT_EQ(admin.get(kApplications, since(made)).status, 200) << "the read model has it";
    const std::string token = registrar_token(administrator(api()));
    const RunningService full(deployment(), {{"KEYLEDGER_CLIENT_REGISTRATION", "1"}});
    EXPECT_EQ(ApiClient(full.port()).as(token).post(kRegisterClient, client_metadata()).problem(), "limit-reached");
    const RunningService slow(deployment(), {{"KEYLEDGER_WRITE_RATE_PER_MINUTE", "1"}, {"KEYLEDGER_WRITE_BURST", "2"}});
    ApiClient client = ApiClient(slow.port()).as(token);
    for (int i = 0; i < 2; ++i)
        EXPECT_EQ(client.post(kRegisterClient, "{}").status, 400) << "what is refused counts as well";
    const Answer refused = client.post(kRegisterClient, client_metadata());
    EXPECT_EQ(refused.status, 429) << refused.body;
    EXPECT_EQ(error_of(refused), "temporarily_unavailable");
    EXPECT_TRUE(refused.header("Retry-After"));
}

}  // namespace
}  // namespace keyledger::test
