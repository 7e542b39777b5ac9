// Identifiers are read in either case (RFC 9562 section 4), wherever they are read: every route that has one
// in its path is called with it in capitals.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>
#include <regex>
#include <set>

#include "tests/e2e/clients/applications.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kRoles = "/api/v1/admin/roles";
constexpr const char* kGroups = "/api/v1/admin/groups";

std::string in_capitals(std::string text) {
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

// Calls routes by their templates, with ids in capitals, and remembers which.
struct Caller {
    ApiClient client;
    std::set<std::string> called = {};
    HttpHeaders seen = {};  // what a read must have, of what was done here

    Answer made(const std::string& target, const std::string& body) { return remembered(client.post(target, body)); }
    Answer operator()(const std::string& method, const std::string& path, std::vector<std::string> ids,
                      const std::string& body = "") {
        called.insert(method + " " + path);
        std::string target;
        auto id = ids.begin();
        for (std::size_t i = 0; i < path.size(); ++i) {
            if (path[i] != '{') {
                target.push_back(path[i]);
                continue;
            }
            target += in_capitals(*id++);
            i = path.find('}', i);
        }
        if (method == "GET") return client.get(target, seen);
        if (body.empty()) return remembered(client.send(method, target));
        return remembered(client.send(method, target, {{"Content-Type", "application/json"}}, body));
    }
    Answer remembered(Answer answer) {
        if (answer.header("Keyledger-Position")) seen = since(answer);
        return answer;
    }
    void expect_good(const std::string& method, const std::string& path, std::vector<std::string> ids,
                     const std::string& body = "") {
        const Answer answer = (*this)(method, path, std::move(ids), body);
        EXPECT_EQ(answer.status / 100, 2) << method << " " << path << ": " << answer.body;
    }
};

std::set<std::string> routes_with_ids() {
    rapidjson::Document document;
    document.Parse(api_document_text().c_str());
    std::set<std::string> routes;
    for (const auto& path : document["paths"].GetObject()) {
        const std::string text = path.name.GetString();
        if (text.find('{') == text.npos) continue;
        for (const auto& method : path.value.GetObject())
            if (std::string name = method.name.GetString(); name != "parameters")
                routes.insert(in_capitals(name) + " " + text);
    }
    return routes;
}

void call_those_of_users(Caller& call, const std::string& id, const std::string& role) {
    const std::string user = "/api/v1/admin/users/{id}";
    call.expect_good("GET", user, {id});
    call.expect_good("PUT", user, {id}, R"({"username":null,"name":"Somebody"})");
    for (const char* list : {"/sessions", "/roles", "/groups", "/permissions", "/lock-out", "/devices", "/identities"})
        call.expect_good("GET", user + list, {id});
    call.expect_good("PUT", user + "/roles/{role}", {id, role});
    call.expect_good("DELETE", user + "/roles/{role}", {id, role});
    for (const char* act : {"/deactivate", "/activate", "/unlock", "/reset-second-factor", "/send-verification"})
        call.expect_good("POST", user + act, {id});
    EXPECT_EQ(call("POST", user + "/invitation", {id}).problem(), "has-password");
    call.expect_good("POST", user + "/one-time-password", {id}, "{}");
    call.expect_good("DELETE", user + "/sessions", {id});
    const Answer nothing = call("DELETE", user + "/erasure", {id});
    EXPECT_EQ(nothing.status, call.client.del(std::string(kUsers) + "/" + id + "/erasure").status) << nothing.body;
    call.expect_good("DELETE", user, {id});
}

void call_those_of_roles_and_groups(Caller& call, const std::string& role, const std::string& member) {
    const std::string group = "/api/v1/admin/groups/{id}";
    const std::string upper = call.made(kGroups, R"({"name":")" + unique("group") + R"("})").text("/id");
    const std::string lower = call.made(kGroups, R"({"name":")" + unique("group") + R"("})").text("/id");
    call.expect_good("GET", group, {upper});
    call.expect_good("PUT", group, {upper}, R"({"name":")" + unique("group") + R"("})");
    call.expect_good("PUT", group + "/members/{user}", {upper, member});
    call.expect_good("GET", group + "/members", {upper});
    call.expect_good("DELETE", group + "/members/{user}", {upper, member});
    call.expect_good("PUT", group + "/groups/{child}", {upper, lower});
    call.expect_good("DELETE", group + "/groups/{child}", {upper, lower});
    call.expect_good("PUT", group + "/roles/{role}", {upper, role});
    call.expect_good("GET", group + "/roles", {upper});
    call.expect_good("DELETE", group + "/roles/{role}", {upper, role});
    call.expect_good("DELETE", group, {upper});
    call.expect_good("GET", "/api/v1/admin/roles/{id}", {role});
    call.expect_good("PUT", "/api/v1/admin/roles/{id}", {role},
                     R"({"name":")" + unique("role") + R"(","permissions":[]})");
    call.expect_good("DELETE", "/api/v1/admin/roles/{id}", {role});
}

void call_those_of_service_accounts(Caller& call, const std::string& role) {
    const std::string account = "/api/v1/admin/service-accounts/{id}";
    const std::string body = R"({"name":")" + unique("Service") + R"(","audiences":[")" + kOrders + R"("]})";
    const std::string id = call.made(kAccounts, body).text("/id");
    call.expect_good("GET", account, {id});
    call.expect_good("PUT", account, {id}, body.substr(0, body.size() - 1) + R"(,"status":"enabled"})");
    const Answer secret = call("POST", account + "/secrets", {id});
    ASSERT_EQ(secret.status, 201) << secret.body;
    const ClientOfService capitals{in_capitals(id), secret.text("/client_secret")};
    const ClientOfService small{id, capitals.secret};
    for (const ClientOfService& client : {capitals, small}) {
        EXPECT_EQ(api().form(kToken, "grant_type=client_credentials", {{"Authorization", client.basic()}}).status, 200);
        EXPECT_EQ(api()
                      .form(kToken,
                            "grant_type=client_credentials&client_id=" + client.id + "&client_secret=" + client.secret)
                      .status,
                  200);
    }
    const Answer key = call("POST", account + "/keys", {id},
                            R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
    ASSERT_EQ(key.status, 201) << key.body;
    call.called.insert("DELETE " + account + "/keys/{key}");
    EXPECT_EQ(call.client.del(std::string(kAccounts) + "/" + in_capitals(id) + "/keys/" + key.text("/id")).status, 204)
        << "a thumbprint is no UUID, and its case counts";
    for (const char* list : {"/groups", "/permissions"}) call.expect_good("GET", account + list, {id});
    const std::string group = call.made(kGroups, R"({"name":")" + unique("group") + R"("})").text("/id");
    const std::string membership = "/api/v1/admin/groups/{id}/service-accounts/{account}";
    call.expect_good("PUT", membership, {group, id});
    call.expect_good("DELETE", membership, {group, id});
    call.expect_good("DELETE", account + "/secrets/{secret}", {id, secret.text("/id")});
    call.expect_good("PUT", account + "/roles/{role}", {id, role});
    call.expect_good("DELETE", account + "/roles/{role}", {id, role});
    call.expect_good("DELETE", account, {id});
}

void call_those_of_applications(Caller& call) {
    const std::string application = "/api/v1/admin/applications/{id}";
    const std::string id = call.made(kApplications, application_body(unique("Application"))).text("/id");
    call.expect_good("GET", application, {id});
    call.expect_good("PUT", application, {id}, application_body("x", R"(,"status":"enabled")"));
    const Answer secret = call("POST", application + "/secrets", {id});
    ASSERT_EQ(secret.status, 201) << secret.body;
    watch_secret(secret.text("/client_secret"));
    const Answer key = call("POST", application + "/keys", {id},
                            R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
    ASSERT_EQ(key.status, 201) << key.body;
    call.called.insert("DELETE " + application + "/keys/{key}");
    EXPECT_EQ(call.client.del(application_target(in_capitals(id), "/keys/" + key.text("/id"))).status, 204);
    call.expect_good("DELETE", application + "/secrets/{secret}", {id, secret.text("/id")});
    call.expect_good("DELETE", application, {id});
}

TEST(Identifiers, AreReadInEitherCaseInEveryPath) {
    Caller call{administrator(api())};
    const Visitor one = visitor(api());
    const Visitor member = visitor(api());
    const std::string role =
        call.made(kRoles, R"({"name":")" + unique("role") + R"(","permissions":["a:b"]})").text("/id");
    const Tokens other = log_in(api(), one.person);
    Caller themselves{api().as(one.tokens.access)};
    themselves.expect_good("DELETE", "/api/v1/auth/sessions/{id}", {other.session_id});
    const std::string device = themselves.client.get("/api/v1/auth/devices").text("/items/0/id");
    themselves.expect_good("PUT", "/api/v1/auth/devices/{id}", {device}, R"({"name":"Telephone"})");
    EXPECT_EQ(themselves("DELETE", "/api/v1/auth/consents/{id}", {one.person.id}).problem(), "consent-unknown");
    EXPECT_EQ(themselves("DELETE", "/api/v1/auth/identities/{id}", {one.person.id}).problem(), "identity-unknown");
    const std::string factor = "/api/v1/auth/mfa/factors/{id}";  // none is there: read all the same
    EXPECT_EQ(themselves("PUT", factor, {one.person.id}, R"({"name":"Telephone"})").problem(), "factor-unknown");
    EXPECT_EQ(themselves("DELETE", factor, {one.person.id}, json_object({{"current_password", one.person.password}}))
                  .problem(),
              "factor-unknown");
    themselves.expect_good("DELETE", "/api/v1/auth/devices/{id}", {device});
    call.called.merge(themselves.called);
    call_those_of_service_accounts(call, role);
    call_those_of_applications(call);
    call_those_of_users(call, one.person.id, role);
    call_those_of_roles_and_groups(call, role, member.person.id);
    for (const char* of_names : {"GET /login/providers/{name}", "GET /login/providers/{name}/callback",
                                 "GET /assets/{name}", "GET /docs/{tag}/{name}"})
        call.called.insert(of_names);
    EXPECT_EQ(call.called, routes_with_ids()) << "every route that has an id in its path is in this table";
}

TEST(Identifiers, AreReadInEitherCaseInQueriesAndBodies) {
    ApiClient admin = administrator(api());
    const Visitor one = visitor(api());
    const std::string user = std::string(kUsers) + "/" + one.person.id;
    ASSERT_EQ(admin.send("POST", user + "/deactivate").status, 204);
    const Answer last = admin.send("POST", user + "/activate");
    const std::string capitals = in_capitals(one.person.id);
    for (const std::string name : {"user", "actor"}) {
        const Answer small = admin.get(std::string(kAudit) + "?" + name + "=" + one.person.id, since(last));
        const Answer large = admin.get(std::string(kAudit) + "?" + name + "=" + capitals, since(last));
        ASSERT_GT(small.count(), 0U) << name;
        EXPECT_EQ(large.count(), small.count()) << name;
    }
    EXPECT_EQ(admin.get(std::string(kAuditExport) + "?user=" + capitals).body,
              admin.get(std::string(kAuditExport) + "?user=" + one.person.id).body);
    const Visitor two = visitor(api());
    const std::string role =
        admin.post(kRoles, R"({"name":")" + unique("role") + R"(","permissions":["notes:read@own"]})").text("/id");
    ASSERT_EQ(admin.send("PUT", std::string(kUsers) + "/" + two.person.id + "/roles/" + role).status, 204);
    ApiClient gateway = api().with("Authorization", deployment().gateway.basic());
    const auto decision = [&](const std::string& type, const std::string& id) {
        return gateway
            .post("/access/v1/evaluation", R"({"subject":{"type":")" + type + R"(","id":")" + in_capitals(id) +
                                               R"("},"action":{"name":"read"},"resource":{"type":"notes","id":"1",)" +
                                               R"("properties":{"owner":")" + in_capitals(two.person.id) + R"("}}})")
            .boolean("/decision");
    };
    EXPECT_TRUE(decision("user", two.person.id));
    EXPECT_TRUE(decision("session", two.tokens.session_id));
}

// RFC 3339 section 5.6, in what a query gives.
TEST(Times, AreReadWithAnyOffset) {
    ApiClient admin = administrator(api());
    for (const char* time : {"2026-01-31T12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31T12:00:00.123456789Z",
                             "2026-01-31T14:00:00%2B02:00", "2026-01-31T14:00:00+02:00", "2026-01-31T04:00:00-08:00"})
        EXPECT_EQ(admin.get(std::string(kAudit) + "?from=" + time).status, 200) << time;
    for (const char* time :
         {"2026-01-31", "2026-01-31T12:00:00", "2026-02-30T12:00:00Z", "2026-01-31T12:00:00%2B24:00", "now"})
        EXPECT_EQ(admin.get(std::string(kAudit) + "?from=" + time).problem(), "invalid-fields") << time;
}

}  // namespace
}  // namespace keyledger::test
