// What callers may send wrongly, on every route: each is told what is wrong, and nothing is done.
#include <gtest/gtest.h>

#include <functional>

#include "tests/e2e/clients/applications.hpp"
#include "tests/e2e/oauth/endpoints.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

using namespace std::string_literals;

constexpr const char* kAnyId = "01890a5d-ac96-774b-bcce-b302099a8057";

// One that takes JSON, with a field of it that is a string.
struct JsonRoute {
    std::string method;
    std::string target;
    std::string field;
    bool allow_unknown_members = false;  // another standard says what it is: what is not understood is let be
};
std::vector<JsonRoute> json_routes() {
    return {{"POST", kRegister, "email"},
            {"POST", kLogin, "password"},
            {"POST", kRefresh, "refresh_token"},
            {"POST", kChangePassword, "new_password"},
            {"POST", kForgotPassword, "email"},
            {"POST", kResetPassword, "new_password"},
            {"POST", kAskToUnlock, "email"},
            {"POST", kMagicLink, "email"},
            {"POST", kLogInCode, "email"},
            {"POST", kCompleteLogIn, "handle"},
            {"POST", "/api/v1/auth/change-email", "email"},
            {"POST", "/api/v1/auth/change-email/confirm", "code"},
            {"POST", "/api/v1/auth/undo", "token"},
            {"POST", "/api/v1/auth/not-me", "token"},
            {"POST", "/api/v1/auth/keep-account", "token"},
            {"POST", "/api/v1/auth/confirm-address", "token"},
            {"POST", "/api/v1/auth/unlock/confirm", "token"},
            {"POST", "/api/v1/auth/accept-invitation", "new_password"},
            {"POST", "/api/v1/auth/reauthenticate", "password"},
            {"POST", "/api/v1/auth/verify-email", "handle"},
            {"POST", "/api/v1/auth/resend-otp", "handle"},
            {"POST", "/api/v1/auth/replace-password", "password"},
            {"POST", "/api/v1/auth/verify-mfa", "mfa_token"},
            {"POST", "/api/v1/auth/enrol-mfa", "mfa_token"},
            {"POST", "/api/v1/auth/passkey/options", "mfa_token"},
            {"POST", "/api/v1/auth/passkey", "handle"},
            {"POST", "/api/v1/auth/mfa/passkeys/options", "current_password"},
            {"POST", "/api/v1/auth/mfa/passkeys", "handle"},
            {"POST", "/api/v1/auth/mfa/enable", "current_password"},
            {"POST", "/api/v1/auth/mfa/verify", "code"},
            {"POST", "/api/v1/auth/mfa/disable", "current_password"},
            {"POST", "/api/v1/auth/mfa/recovery-codes", "current_password"},
            {"PUT", "/api/v1/auth/mfa/factors/"s + kAnyId, "name"},
            {"DELETE", "/api/v1/auth/mfa/factors/"s + kAnyId, "current_password"},
            {"PUT", "/api/v1/auth/devices/"s + kAnyId, "name"},
            {"POST", "/api/v1/auth/identities", "provider"},
            {"POST", kUsers, "email"},
            {"POST", std::string(kUsers) + "/" + kAnyId + "/one-time-password", "one_time_password"},
            {"PUT", kMe, "name"},
            {"DELETE", kMe, "current_password"},
            {"POST", std::string(kUsers) + "/" + kAnyId + "/deactivate", "reason"},
            {"PUT", std::string(kUsers) + "/" + kAnyId, "name"},
            {"POST", "/api/v1/admin/roles", "name"},
            {"PUT", std::string("/api/v1/admin/roles/") + kAnyId, "name"},
            {"POST", "/api/v1/admin/groups", "name"},
            {"PUT", std::string("/api/v1/admin/groups/") + kAnyId, "name"},
            {"POST", kAccounts, "name"},
            {"PUT", kAccounts + ("/"s + kAnyId), "name"},
            {"POST", kAccounts + ("/"s + kAnyId) + "/keys", "kty", true},
            {"POST", kApplications, "name"},
            {"PUT", kApplications + ("/"s + kAnyId), "name"},
            {"POST", kApplications + ("/"s + kAnyId) + "/keys", "kty", true}};
}

Answer send_json(ApiClient& client, const JsonRoute& to, const std::string& body,
                 const std::string& type = "application/json") {
    return client.send(to.method, to.target, {{"Content-Type", type}}, body);
}

std::vector<std::string> malformed_bodies(const std::string& field) {
    const std::string open = R"({")" + field + R"(":)";
    return {"nonsense",
            "[]",
            "\"text\"",
            "null",
            "{}{}",
            R"({"a":1,})",
            open + R"("a",")" + field + R"(":"b"})",
            open + "\"a\0b\"}"s,
            open + R"("a\u0000b"})",
            open + R"("\ud800"})",
            open + R"("\udc00\ud800"})",
            open + "\"\xff\"}",
            "\xEF\xBB\xBF{}",
            open + "1.5}",
            open + "1e400}",
            open + std::string(50, '[') + std::string(50, ']') + "}"};
}

// ---- who asks --------------------------------------------------------------------------------------------------
TEST(Bearer, IsAskedForByEveryOperationThatSaysSo) {
    ApiClient nobody = api().as("nonsense");
    int refused = 0;
    for (const auto& [id, method, path] : api_document().operations()) {
        if (!api_document().documented().contains({id, "401", "invalid-token"}) || !path.starts_with("/api/")) continue;
        std::string target = path;
        for (auto at = target.find('{'); at != std::string::npos; at = target.find('{'))
            target.replace(at, target.find('}', at) - at + 1, kAnyId);
        const Answer answer = method == "GET" ? nobody.get(target) : nobody.send(method, target);
        EXPECT_EQ(answer.problem(), "invalid-token") << id << answer.body;
        ++refused;
    }
    EXPECT_GT(refused, 60);
}

TEST(JsonBody, ThatIsNoneIsRefusedOnEveryRoute) {
    ApiClient admin = administrator(api());
    for (const JsonRoute& route : json_routes())
        for (const std::string& body : malformed_bodies(route.field)) {
            const Answer answer = send_json(admin, route, body);
            EXPECT_EQ(answer.status, 400) << route.target << body;
            if (route.allow_unknown_members && answer.problem() == "invalid-fields")
                continue;  // a value that others may write
            EXPECT_EQ(answer.problem(), "malformed-json") << route.target << body;
        }
}

TEST(JsonBody, WithUnknownOrWrongFieldsIsRefusedOnEveryRoute) {
    ApiClient admin = administrator(api());
    for (const JsonRoute& route : json_routes()) {
        for (const char* value : {"1", "true", "[]", "{}"}) {
            const Answer answer = send_json(admin, route, R"({")" + route.field + R"(":)" + value + "}");
            EXPECT_EQ(answer.problem(), "invalid-fields") << route.target << value;
        }
        // Of a profile, address and status are known and read-only.
        const bool of_profile = route.method == std::string("PUT") &&
                                (route.target == kMe || route.target.find(kUsers) != std::string::npos);
        const bool of_code = route.target.find("mfa") != std::string::npos || route.target.ends_with("/confirm");
        const std::string good = std::string(of_code      ? R"({"mfa_token":"t","code":"c","email":"a@b.test",)"
                                             : of_profile ? "{"
                                                          : R"({"email":"a@b.test","status":"enabled",)") +
                                 R"("password":"p","refresh_token":"t","current_password":"p",)"
                                 R"("new_password":"p","token":"t","handle":"h",)"
                                 R"("credential":{"id":"i","response":{"clientDataJSON":"c","attestationObject":"o",)"
                                 R"("authenticatorData":"d","signature":"s"}},)"
                                 R"("name":"n","provider":"p","reason":"r","permissions":[],"audiences":[],"kty":"EC",)"
                                 R"("grant_types":[],"scopes":[],"redirect_uris":[],"post_logout_redirect_uris":[]})";
        const Answer answer = send_json(admin, route, good);
        // What is sent back of an account is held against it, so that it must be there.
        std::string refused = "unknown-field";
        if (route.target.starts_with(kAccounts + "/"s)) refused = "service-account-unknown";
        if (route.target.starts_with(kApplications + "/"s) && route.allow_unknown_members)
            refused = "application-unknown";
        EXPECT_EQ(answer.problem(), refused) << route.target;
    }
}

TEST(JsonBody, OfAnotherMediaTypeOrTooLargeIsRefusedOnEveryRoute) {
    ApiClient admin = administrator(api());
    for (const JsonRoute& route : json_routes()) {
        const std::string body = R"({")" + route.field + R"(":"text"})";
        for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "application/json; charset",
                                 "application/jsonx", "application/json, application/json"})
            EXPECT_EQ(send_json(admin, route, body, type).problem(), "unsupported-media-type") << route.target << type;
        for (const char* coding : {"gzip", "br, identity", "identity, deflate"}) {
            const Answer coded = admin.send(route.method, route.target,
                                            {{"Content-Type", "application/json"}, {"Content-Encoding", coding}}, body);
            EXPECT_EQ(coded.problem(), "unsupported-media-type") << route.target << coding;
            EXPECT_EQ(coded.header("Accept-Encoding"), "identity") << route.target << coding;
        }
        const Answer untyped = admin.send(route.method, route.target, {}, body);
        EXPECT_EQ(untyped.problem(), "unsupported-media-type") << route.target;
        const Answer large = send_json(admin, route, std::string(70'000, ' '));
        EXPECT_EQ(large.status, 413) << route.target;
        EXPECT_EQ(large.problem(), "payload-too-large") << route.target;
    }
}

// RFC 9110 section 8.3.1, RFC 8259 section 11: parameters have no meaning here, in whatever order and case
// they come.
TEST(JsonBody, IsTakenWhateverTheParametersOfItsMediaType) {
    ApiClient admin = administrator(api());
    for (const JsonRoute& route : json_routes())
        for (const char* type :
             {"application/json;", "Application/JSON ; charset=\"UTF-8\"", "application/json; v=1; charset=utf-8",
              "application/json; charset=latin1", "application/json;profile=\"a;b\";;"}) {
            const Answer answer =
                admin.send(route.method, route.target, {{"Content-Type", type}, {"Content-Encoding", "identity,"}},
                           R"({"no such field":1})");
            EXPECT_NE(answer.problem(), "unsupported-media-type") << route.target << type;
            EXPECT_NE(answer.problem(), "malformed-json") << route.target << type;
        }
}

TEST(Form, IsReadWhateverItsParametersAndEmptyPairs) {
    ApiClient client = api().with("Authorization", deployment().gateway.basic());
    for (const char* type :
         {"application/x-www-form-urlencoded; charset=ISO-8859-1", "application/x-www-form-urlencoded;",
          "Application/X-WWW-Form-URLencoded; charset=\"utf-8\"; v=1"})
        for (const char* body : {"token=a", "token=a&", "&token=a", "&&token=a&&&token_type_hint=x&", "=b&token=a"}) {
            const Answer answer = client.send("POST", kIntrospect, {{"Content-Type", type}}, body);
            EXPECT_EQ(answer.status, 200) << type << body << answer.body;
        }
    for (const char* target : {kToken, kIntrospect, kRevoke, kPar, kDeviceAuthorization}) {
        const Answer coded = client.send(
            "POST", target, {{"Content-Type", "application/x-www-form-urlencoded"}, {"Content-Encoding", "gzip"}},
            "token=a");
        EXPECT_EQ(coded.problem(), "unsupported-media-type") << target;
    }
}

TEST(Form, ThatIsMalformedIsRefused) {
    ApiClient client = api().with("Authorization", deployment().gateway.basic());
    for (const char* target : {kToken, kIntrospect, kRevoke, kPar, kDeviceAuthorization}) {
        EXPECT_EQ(client.post(target, R"({"token":"a"})").problem(), "unsupported-media-type") << target;
        EXPECT_EQ(client.form(target, std::string(70'000, 'a')).problem(), "payload-too-large") << target;
    }
    for (const char* target : {kIntrospect, kRevoke}) {
        for (const char* body : {"token=%zz", "token=a&token=b", "token=%00", "token=%ff", "=a"})
            EXPECT_EQ(client.form(target, body).text("/error"), "invalid_request") << target << body;
        for (const char* body : {"", "token=", "token_type_hint=access_token"})
            EXPECT_EQ(client.form(target, body).text("/error"), "invalid_request") << target << body;
        EXPECT_EQ(client.form(target, "token=a&more=b").status, 200)
            << "RFC 6749 section 3.2: unknown ones are ignored";
    }
}

TEST(Query, ThatIsWrongIsRefused) {
    ApiClient admin = administrator(api());
    const std::string id = admin.get(kMe).text("/id");
    const std::string user_sessions = std::string(kUsers) + "/" + id + "/sessions";
    for (const std::string& list : {std::string(kSessions), std::string(kUsers), std::string(kAudit), user_sessions,
                                    std::string("/api/v1/admin/roles"), std::string("/api/v1/admin/groups"),
                                    std::string(kAccounts), std::string(kApplications)}) {
        for (const char* bad :
             {"limit=0", "limit=201", "limit=x", "limit=1.5", "limit=", "cursor=", "cursor=x", "cursor=AAAA"})
            EXPECT_EQ(admin.get(list + "?" + bad).problem(), "invalid-fields") << list << bad;
        for (const char* unknown : {"color=red", "=red", "limit=1&&=", "&&color"})
            EXPECT_EQ(admin.get(list + "?" + unknown).problem(), "unknown-field") << list << unknown;
        for (const char* good : {"", "&", "&&", "limit=1&", "&limit=1", "&&limit=1&&"})
            EXPECT_EQ(admin.get(list + "?" + good).status, 200) << list << good;
        for (const char* bad : {"limit=1&limit=2", "limit=%00", "limit=%zz"})
            EXPECT_EQ(admin.get(list + "?" + bad).problem(), "bad-request") << list << bad;
    }
    for (const char* bad : {"user=x", "user=", "from=yesterday", "to=2026-13-01T00:00:00Z", "from=2026-01-01",
                            "from=2026-01-01T00:00:00%2B25:00", "to=2026-02-30T00:00:00Z", "from=2026-01-01T25:00:00Z"})
        EXPECT_EQ(admin.get(std::string(kAudit) + "?" + bad).problem(), "invalid-fields") << bad;
    EXPECT_EQ(admin.get(std::string(kUsers) + "?search=" + std::string(300, 'a')).problem(), "invalid-fields");
    EXPECT_EQ(admin.del(std::string(kSessions) + "?include_current=maybe").problem(), "invalid-fields");
    EXPECT_EQ(admin.del(std::string(kSessions) + "?all=true").problem(), "unknown-field");
}

TEST(Cursor, OfAnotherListOrUserIsRefused) {
    ApiClient admin = administrator(api());
    for (int i = 0; i < 2; ++i) register_somebody(api());
    const Answer now = admin.put(kMe, json_object({{"name", unique("Mark")}}));
    const Answer page = admin.get(std::string(kAudit) + "?limit=1", since(now));
    const std::string cursor = "?cursor=" + page.text("/next");
    EXPECT_EQ(admin.get(kAudit + cursor).status, 200);
    EXPECT_EQ(admin.get(kUsers + cursor).problem(), "invalid-fields");
    EXPECT_EQ(admin.get(kSessions + cursor).problem(), "invalid-fields");
}

// Whatever the operation is, the listener refuses the same.
TEST(Listener, RefusesBadRequestsToEveryOperation) {
    ApiClient client = api().with("Accept", "application/problem+json");
    for (const OpenApi::Operation& operation : api_document().operations()) {
        std::string target = operation.path;
        for (auto at = target.find('{'); at != std::string::npos; at = target.find('{'))
            target.replace(at, target.find('}') - at + 1, kAnyId);
        const Answer expecting = client.send(operation.method, target, {{"Expect", "a miracle"}});
        EXPECT_EQ(expecting.status, 417) << operation.id;
        EXPECT_EQ(expecting.problem(), "expectation-failed") << operation.id;
        EXPECT_EQ(client.send(operation.method, target + "?a=1&a=2").problem(), "bad-request") << operation.id;
        const Answer long_target = client.send(operation.method, target + "?a=" + std::string(9'000, 'a'));
        EXPECT_EQ(long_target.status, 414) << operation.id;
        const Answer long_header = client.send(operation.method, target, {{"X-Much", std::string(20'000, 'a')}});
        EXPECT_EQ(long_header.status, 431) << operation.id;
        const Answer long_body = client.send(operation.method, target, {}, std::string(70'000, ' '));
        EXPECT_EQ(long_body.status, 413) << operation.id;
    }
}

TEST(Listener, AnswersWhatItDoesNotServe) {
    ApiClient client = api();
    for (const char* target : {"/index.html", "/nowhere", "/api/v1/auth/me/", "/metrics", "/api/v1/admin/users/a/b"}) {
        EXPECT_EQ(client.get(target).problem(), "not-found") << target;
    }
    const Answer method = client.send("PATCH", kMe);
    EXPECT_EQ(method.problem(), "method-not-allowed");
    EXPECT_EQ(method.header("Allow"), "GET, HEAD, PUT, DELETE, OPTIONS");
    const Answer head = client.send("HEAD", "/health/live");
    EXPECT_EQ(head.status, 200);
    EXPECT_EQ(head.body, "");
    RawSocket old(client.port());
    old.send("GET / HTTP/3.0\r\nHost: a\r\n\r\n");
    const Answer version = ApiClient::judged("GET", "/", "", old.read_response());
    EXPECT_EQ(version.problem(), "http-version-not-supported");
}

// The rest of the kinds is in tests/api/, on the listener alone; this is the running binary.
TEST(Listener, ReadsWhatTheStandardSaysToAccept) {
    RawSocket socket(api().port());
    const std::string end = " HTTP/1.1\r\nHost: elsewhere.test\r\n";
    for (const std::string& request :
         {"\r\nGET /health/live" + end, "\r\n\r\nGET https://auth.keyledger.test/health/live?&" + end,
          "GET /health/live" + end + "Connection: , keep-alive,\r\nExpect: ,\r\n"}) {
        socket.send(request + "\r\n");
        EXPECT_EQ(socket.read_response().status, 200) << request;
    }
    socket.send("GET /health/live" + end + "Connection: ,close\r\n\r\n");
    EXPECT_EQ(socket.read_response().header("Connection"), "close");
    socket.await_close();
}

TEST(RequestId, IsGivenBackOrMade) {
    ApiClient client = api();
    EXPECT_EQ(client.get(kMe, {{"X-Request-Id", "mine.1"}}).header("X-Request-Id"), "mine.1");
    EXPECT_EQ(client.get(kMe, {{"X-Request-Id", "req:1/2"}}).header("X-Request-Id"), "req:1/2");
    EXPECT_NE(client.get(kMe).header("X-Request-Id"), client.get(kMe).header("X-Request-Id"));
}

}  // namespace
}  // namespace keyledger::test
