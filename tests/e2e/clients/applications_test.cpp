// Applications over HTTP: made by administrators, authenticated in the one way that each is registered with.
#include "tests/e2e/clients/applications.hpp"

#include <gtest/gtest.h>

#include "security/keys/signing_key.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kNobody = "01890a5d-ac96-774b-bcce-b302099a8057";
constexpr const char* kEdwardsKey =
    R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
constexpr const char* kFirstParty = R"(,"consent":"first_party")";
constexpr const char* kDisabled = R"(,"status":"disabled")";

ClientOfService with_secret(ApiClient& admin, const std::string& id) {
    const Answer made = admin.send("POST", application_target(id, "/secrets"));
    EXPECT_EQ(made.status, 201) << made.body;
    return {id, watch_secret(made.text("/client_secret"))};
}
// Revocation is for every client; of a token that is none it says nothing.
Answer revoke_nothing(const std::string& more, const HttpHeaders& headers = {}) {
    return api().form(kRevoke, "token=none" + more, headers);
}

TEST(Applications, AreRegisteredShownChangedAndDeleted) {
    ApiClient admin = administrator(api());
    const std::string name = unique("Application");
    const std::string rest = R"(,"authentication":"private_key_jwt","id_token_algorithm":"ES256",)"
                             R"("userinfo_algorithm":"ES256","pushed_requests":"required","token_binding":"dpop",)"
                             R"("access_token_lifetime":120,"logo_uri":"https://orders.example/logo.png",)"
                             R"("accent_color":"#0b57d0","accent_color_dark":"#8ab4f8")";
    const Answer registered = admin.post(kApplications, application_body(name, rest));
    ASSERT_EQ(registered.status, 201) << registered.body;
    const std::string target = application_target(registered.text("/id"));
    EXPECT_EQ(registered.header("Location"), target);
    const Answer shown = admin.get(target);
    ASSERT_EQ(shown.status, 200) << shown.body;
    EXPECT_EQ(shown.body, registered.body);
    for (const auto& [member, value] :
         {std::pair{"/name", name.c_str()}, std::pair{"/application_type", "web"}, std::pair{"/consent", "required"},
          std::pair{"/authentication", "private_key_jwt"}, std::pair{"/userinfo_algorithm", "ES256"},
          std::pair{"/redirect_uris/0", "https://orders.example/callback"}, std::pair{"/status", "enabled"}})
        EXPECT_EQ(shown.text(member), value) << member;
    EXPECT_EQ(shown.number("/access_token_lifetime"), 120);
    EXPECT_FALSE(shown.has("/session_lifetime"));
    std::string as_read = shown.body;
    as_read.replace(as_read.find(R"("enabled")"), 9, R"("disabled")");
    EXPECT_EQ(admin.put(target, as_read).status, 204);
    EXPECT_EQ(admin.get(target).text("/status"), "disabled");
    EXPECT_EQ(admin.get(target, {{"If-None-Match", admin.get(target).header("ETag").value_or("")}}).status, 304);
    EXPECT_EQ(admin.del(target).status, 204);
    EXPECT_EQ(admin.get(target).problem(), "application-unknown");
}

// They would be signed with another one.
TEST(Applications, TakeNoAlgorithmThatTheServiceHasNoKeyFor) {
    ApiClient admin = administrator(api());
    const std::string target = application_target(admin.post(kApplications, application_body("x")).text("/id"));
    for (const char* member : {"id_token_algorithm", "userinfo_algorithm"}) {
        const std::string wish = std::string(",\"") + member + R"(":"EdDSA")";
        for (const Answer& refused : {admin.post(kApplications, application_body("x", wish)),
                                      admin.put(target, application_body("x", R"(,"status":"enabled")" + wish))}) {
            EXPECT_EQ(refused.problem(), "invalid-fields") << refused.body;
            EXPECT_EQ(refused.text("/errors/0/field"), member);
            EXPECT_NE(refused.text("/errors/0/detail").find("RS256, ES256"), std::string::npos) << refused.body;
        }
    }
}

TEST(Applications, ComeInPages) {
    ApiClient admin = administrator(api());
    (void)register_application(admin);
    (void)register_application(admin);
    const Answer last = admin.post(kApplications, application_body(unique("Application"), kFirstParty));
    const Answer first = admin.get(std::string(kApplications) + "?limit=1", since(last));
    ASSERT_EQ(first.status, 200) << first.body;
    EXPECT_EQ(first.count(), 1u);
    const Answer rest = admin.get(std::string(kApplications) + "?limit=200&cursor=" + first.text("/next"));
    ASSERT_GE(rest.count(), 2u);
    EXPECT_TRUE(rest.is_null("/next"));
    const std::string last_one = "/items/" + std::to_string(rest.count() - 1) + "/consent";
    EXPECT_EQ(rest.text(last_one.c_str()), "first_party");
    EXPECT_EQ(admin.get(kApplications, {{"If-None-Match", rest.header("ETag").value_or("")}}).status, 200);
    EXPECT_EQ(admin
                  .get(std::string(kApplications) + "?limit=200&cursor=" + first.text("/next"),
                       {{"If-None-Match", rest.header("ETag").value_or("")}})
                  .status,
              304);
    EXPECT_EQ(admin.get(kApplications, {{"Keyledger-Min-Position", "999999999"}}).problem(), "position-ahead");
}

TEST(Applications, AreForThoseWhoHoldThePermissionAndFirstPartyOnesForThoseWhoHoldAll) {
    ApiClient admin = administrator(api());
    const std::string others = register_application(admin), own = register_application(admin, kFirstParty);
    const ClientOfService secret = with_secret(admin, others);
    const auto ask_all = [&](ApiClient& client, const std::string& id) {
        return std::vector<Answer>{client.put(application_target(id), application_body("x", kDisabled)),
                                   client.del(application_target(id)),
                                   client.send("POST", application_target(id, "/secrets")),
                                   client.del(application_target(id, "/secrets/" + std::string(kNobody))),
                                   client.post(application_target(id, "/keys"), kEdwardsKey),
                                   client.del(application_target(id, "/keys/x")),
                                   client.post(kApplications, application_body("x", kFirstParty))};
    };
    const Visitor one = visitor(api());
    ApiClient clerk = api().as(one.tokens.access);
    for (const Answer& answer : ask_all(clerk, others)) EXPECT_EQ(answer.problem(), "forbidden") << answer.body;
    for (const std::string& target : {std::string(kApplications), application_target(others)})
        EXPECT_EQ(clerk.get(target).problem(), "forbidden");
    const Answer role = admin.post("/api/v1/admin/roles",
                                   R"({"name":")" + unique("role") + R"(","permissions":["keyledger.clients:write"]})");
    ASSERT_EQ(admin.send("PUT", kUsers + ("/" + one.person.id) + "/roles/" + role.text("/id")).status, 204);
    for (const Answer& answer : ask_all(clerk, own)) EXPECT_EQ(answer.problem(), "exceeds-authority") << answer.body;
    EXPECT_EQ(clerk.send("POST", application_target(others, "/secrets")).status, 201);
}

TEST(Applications, RefuseWhatIsUnknownOrTooMuch) {
    ApiClient admin = administrator(api());
    const std::string id = register_application(admin);
    const auto target = [](const std::string& of, const std::string& rest = "") {
        return application_target(of, rest);
    };
    EXPECT_EQ(admin.put(target(kNobody), application_body("x", kDisabled)).problem(), "application-unknown");
    EXPECT_EQ(admin.del(target(kNobody)).problem(), "application-unknown");
    EXPECT_EQ(admin.get(target("nonsense")).problem(), "application-unknown");
    EXPECT_EQ(admin.send("POST", target(kNobody, "/secrets")).problem(), "application-unknown");
    EXPECT_EQ(admin.del(target(kNobody, "/secrets/" + std::string(kNobody))).problem(), "application-unknown");
    EXPECT_EQ(admin.del(target(id, "/secrets/" + std::string(kNobody))).problem(), "credential-unknown");
    EXPECT_EQ(admin.post(target(kNobody, "/keys"), kEdwardsKey).problem(), "application-unknown");
    EXPECT_EQ(admin.del(target(kNobody, "/keys/x")).problem(), "application-unknown");
    EXPECT_EQ(admin.del(target(id, "/keys/x")).problem(), "credential-unknown");
    for (int count = 0; count < 2; ++count) (void)with_secret(admin, id);
    EXPECT_EQ(admin.send("POST", target(id, "/secrets")).problem(), "limit-reached");
    EXPECT_EQ(admin.post(target(id, "/keys"), kEdwardsKey).status, 201);
    EXPECT_EQ(admin.post(target(id, "/keys"), kEdwardsKey).problem(), "key-known");
    EXPECT_EQ(admin.post(target(id, "/keys"), R"({"kty":"oct"})").problem(), "invalid-fields");
    const std::string spa = register_application(admin, R"(,"application_type":"spa","authentication":"none")");
    EXPECT_EQ(admin.post(target(spa, "/keys"), kEdwardsKey).problem(), "limit-reached") << "it has none";
    for (const char* wrong :
         {R"(,"application_type":"spa")", R"(,"application_type":"desktop")", R"(,"authentication":"none")",
          R"(,"access_token_lifetime":59)", R"(,"logo_uri":"http://orders.example")",
          R"(,"logo_uri":"data:image/svg+xml,<svg>")", R"(,"logo_uri":"https://orders.example/ ;script-src *")",
          R"(,"accent_color":"red")", R"(,"accent_color":"#000;}*{display:none")", R"(,"accent_color":"#777777")",
          R"(,"accent_color_dark":"#8ab4f8")", R"(,"accent_color":"#0b57d0","accent_color_dark":"#0b57d0")"}) {
        const Answer refused = admin.post(kApplications, application_body("x", wrong));
        EXPECT_EQ(refused.problem(), "invalid-fields") << wrong << refused.body;
    }
}

TEST(Applications, RepeatARequestUnderItsKeyAndNoOtherOne) {
    ApiClient admin = administrator(api());
    const auto key = [](const std::string& once) { return HttpHeaders{{"Idempotency-Key", once}}; };
    const auto expect_mismatch = [](const Answer& answer) {
        EXPECT_EQ(answer.problem(), "idempotency-mismatch") << answer.body;
    };
    std::string once = unique("key");
    const std::string body = application_body(unique("Application"));
    const Answer registered = admin.post(kApplications, body, key(once));
    ASSERT_EQ(registered.status, 201) << registered.body;
    const std::string id = registered.text("/id"), other = register_application(admin);
    EXPECT_EQ(admin.post(kApplications, body, key(once)).body, R"({"id":")" + id + R"("})");
    expect_mismatch(admin.post(kApplications, application_body("x"), key(once)));
    once = unique("key");
    EXPECT_EQ(admin.put(application_target(id), application_body("x", kDisabled), key(once)).status, 204);
    expect_mismatch(admin.put(application_target(id), application_body("y", kDisabled), key(once)));
    once = unique("key");
    const Answer made = admin.send("POST", application_target(id, "/secrets"), key(once));
    ASSERT_EQ(made.status, 201) << made.body;
    watch_secret(made.text("/client_secret"));
    const Answer again = admin.send("POST", application_target(id, "/secrets"), key(once));
    EXPECT_EQ(again.text("/id"), made.text("/id"));
    EXPECT_FALSE(again.has("/client_secret")) << "shown once";
    expect_mismatch(admin.send("POST", application_target(other, "/secrets"), key(once)));
    once = unique("key");
    EXPECT_EQ(admin.del(application_target(id, "/secrets/" + made.text("/id")), key(once)).status, 204);
    expect_mismatch(admin.del(application_target(other, "/secrets/" + made.text("/id")), key(once)));
    once = unique("key");
    const Answer added = admin.post(application_target(id, "/keys"), kEdwardsKey, key(once));
    ASSERT_EQ(added.status, 201) << added.body;
    expect_mismatch(admin.post(application_target(other, "/keys"), kEdwardsKey, key(once)));
    once = unique("key");
    EXPECT_EQ(admin.del(application_target(id, "/keys/" + added.text("/id")), key(once)).status, 204);
    expect_mismatch(admin.del(application_target(other, "/keys/" + added.text("/id")), key(once)));
    once = unique("key");
    EXPECT_EQ(admin.del(application_target(id), key(once)).status, 204);
    expect_mismatch(admin.del(application_target(other), key(once)));
}

TEST(Applications, AuthenticateInTheOneWayThatTheyAreRegisteredWith) {
    ApiClient admin = administrator(api());
    const ClientOfService basic = with_secret(admin, register_application(admin));
    const ClientOfService post =
        with_secret(admin, register_application(admin, R"(,"authentication":"client_secret_post")"));
    const auto in_form = [](const ClientOfService& as) {
        return "&client_id=" + as.id + "&client_secret=" + as.secret;
    };
    EXPECT_EQ(revoke_nothing("", {{"Authorization", basic.basic()}}).status, 200);
    EXPECT_EQ(revoke_nothing(in_form(basic)).text("/error"), "invalid_client");
    EXPECT_EQ(revoke_nothing(in_form(post)).status, 200);
    EXPECT_EQ(revoke_nothing("", {{"Authorization", post.basic()}}).text("/error"), "invalid_client");
    EXPECT_EQ(revoke_nothing("&client_id=" + basic.id).text("/error"), "invalid_client");
    const std::string spa = register_application(admin, R"(,"application_type":"spa","authentication":"none")");
    EXPECT_EQ(revoke_nothing("&client_id=" + spa).status, 200);
    EXPECT_EQ(api().form(kIntrospect, "token=none&client_id=" + spa).text("/error"), "invalid_client")
        << "whoever proves nothing asks nothing";
    EXPECT_EQ(api().form(kToken, "grant_type=client_credentials", {{"Authorization", basic.basic()}}).text("/error"),
              "invalid_client")
        << "an application gets no token for itself";
    ASSERT_EQ(admin.put(application_target(basic.id), application_body("x", kDisabled)).status, 204);
    EXPECT_EQ(revoke_nothing("", {{"Authorization", basic.basic()}}).text("/error"), "invalid_client");
}

}  // namespace
}  // namespace keyledger::test
