// What the service shows whoever looks: the status page, what it can do, its API for programs and for people; and that
// nothing but files is ever compressed.
#include <gtest/gtest.h>

#include <vector>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

constexpr const char* kForGood = "public, max-age=31536000, immutable";

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// The values of these attributes.
std::vector<std::string> references(const std::string& page, const std::string& attribute) {
    std::vector<std::string> found;
    const std::string begin = " " + attribute + "=\"";
    for (auto at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
        const auto from = at + begin.size();
        found.push_back(page.substr(from, page.find('"', from) - from));
    }
    return found;
}

TEST(Document, IsServedAsItStandsInTheRepository) {
    ApiClient client = api();
    const Answer answer = client.get("/openapi.json");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, api_document_text());
    EXPECT_EQ(client.get("/openapi.json", {{"If-None-Match", answer.header("ETag").value_or("")}}).status, 304);
    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "*");
}

// RFC 9110 section 12.5.3. Not by the tests' client, which would have to take it apart.
TEST(Document, IsSentInGzipToWhoeverWishesSo) {
    HttpClient client(service().port());
    const HttpResponse packed = client.get("/openapi.json", {{"Accept-Encoding", "br, gzip"}});
    EXPECT_EQ(packed.status, 200);
    EXPECT_EQ(packed.header("Content-Encoding"), "gzip");
    EXPECT_EQ(packed.header("Vary"), "Accept-Encoding");
    EXPECT_TRUE(packed.body.starts_with("\x1f\x8b")) << packed.body.substr(0, 20);
    EXPECT_LT(packed.body.size() * 4, api_document_text().size());
    EXPECT_EQ(packed.header("Content-Length"), std::to_string(packed.body.size()));
    for (const char* accepted : {"gzip;q=0", "identity;q=0", "*;q=0", "br"}) {
        const HttpResponse plain = client.get("/openapi.json", {{"Accept-Encoding", accepted}});
        EXPECT_EQ(plain.body, api_document_text()) << accepted;
        EXPECT_FALSE(plain.header("Content-Encoding")) << accepted;
        EXPECT_NE(plain.header("ETag"), packed.header("ETag")) << accepted;
    }
}

// What has a secret in it beside something that somebody else may choose would tell the secret by its length (BREACH).
TEST(Answers, ThatAreNoFilesAreNeverCompressed) {
    const Visitor one = visitor(api());
    ApiClient client = api().with("Accept-Encoding", "gzip, identity;q=0");
    for (const char* target :
         {"/", "/info", "/login", "/device", "/health", "/.well-known/jwks.json", "/.well-known/openid-configuration"})
        EXPECT_FALSE(client.get(target).header("Content-Encoding")) << target;
    EXPECT_FALSE(client.as(one.tokens.access).get(kMe).header("Content-Encoding"));
    EXPECT_FALSE(client.as(one.tokens.access).get(kSessions).header("Content-Encoding"));
    EXPECT_FALSE(try_log_in(client, one.person.email, one.person.password).header("Content-Encoding"));
}

TEST(Home, TellsSomebodyWithABrowserWhetherItIsUp) {
    ApiClient client = api();
    const Answer page = client.get("/");
    EXPECT_EQ(page.status, 200);
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_TRUE(has(page.header("Content-Security-Policy").value_or(""), "default-src 'none'; style-src 'self'"));
    EXPECT_TRUE(has(page.body, "<h1>The service is up</h1>")) << page.body;
    EXPECT_TRUE(has(page.body, "Version " + client.get("/info").text("/version"))) << page.body;
    const Answer german = client.get("/", {{"Accept-Language", "de"}});
    EXPECT_TRUE(has(german.body, "<h1>Der Dienst läuft</h1>")) << german.body;
    std::size_t links = 0;
    for (const std::string& target : references(page.body, "href")) {
        if (!target.starts_with('/')) continue;  // what the page itself loads
        // The account's page leads whoever is not logged in to the log-in.
        EXPECT_EQ(client.get(target).status, target == "/account" ? 303 : 200) << target;
        ++links;
    }
    EXPECT_GE(links, 5U);
}

TEST(Information, TellsWhatIsTurnedOnToWhoeverAsks) {
    ApiClient client = api();
    const Answer told = client.get("/info", {{"Origin", "https://app.example"}});
    ASSERT_EQ(told.status, 200) << told.body;
    EXPECT_EQ(told.text("/service"), "keyledger");
    EXPECT_EQ(told.text("/issuer"), kIssuer);
    EXPECT_TRUE(told.boolean("/capabilities/registration"));
    EXPECT_FALSE(told.boolean("/capabilities/email_verification"));
    EXPECT_EQ(told.text("/capabilities/log_in_by_mail/0"), "link");
    EXPECT_EQ(told.text("/capabilities/log_in_by_mail/1"), "code");
    EXPECT_TRUE(told.boolean("/capabilities/passkeys"));
    EXPECT_TRUE(told.boolean("/capabilities/device_grant"));
    EXPECT_TRUE(told.boolean("/capabilities/client_registration"));
    EXPECT_EQ(told.count("/capabilities/providers"), client.get("/api/v1/auth/providers").count());
    EXPECT_EQ(told.header("Access-Control-Allow-Origin"), "*");
    EXPECT_FALSE(has(told.body, "log_id")) << "that is for operators";
}

TEST(Docs, LoadAllThatTheyNeedFromHereToBeKept) {
    ApiClient client = api();
    const Answer page = client.get("/docs");
    ASSERT_EQ(page.status, 200) << "built without swagger-ui; run scripts/install docs\n" << page.body;
    EXPECT_EQ(page.header("Content-Security-Policy"),
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
              "form-action 'none'; frame-ancestors 'none'; base-uri 'none'");
    EXPECT_FALSE(has(page.body, "://")) << page.body;
    EXPECT_FALSE(has(page.body, "style=")) << page.body;
    auto loaded = references(page.body, "href");
    const auto scripts = references(page.body, "src");
    EXPECT_EQ(scripts.size(), 2U);
    loaded.insert(loaded.end(), scripts.begin(), scripts.end());
    std::size_t files = 0;
    for (const std::string& path : loaded) {
        const Answer file = client.get("/" + path);
        EXPECT_EQ(file.status, 200) << path;
        if (!path.starts_with("docs/")) continue;
        ++files;
        EXPECT_EQ(file.header("Cache-Control"), kForGood) << path;
        EXPECT_EQ(client.get("/" + path, {{"If-None-Match", file.header("ETag").value_or("")}}).status, 304) << path;
        const std::string name = path.substr(path.rfind('/'));
        const Answer of_another_version = client.get("/docs/0123456789abcdef" + name);
        EXPECT_EQ(of_another_version.body, file.body) << path;
        EXPECT_EQ(of_another_version.header("Cache-Control"), "public, max-age=0") << path;
    }
    EXPECT_EQ(files, 6U);
    for (const char* target : {"/docs/0123456789abcdef/nothing.js", "/docs/0123456789abcdef/..%2Finit.js"})
        EXPECT_EQ(client.get(target).problem(), "not-found") << target;
}

TEST(Docs, AreFoundWithASlashBehindThem) {
    ApiClient client = api();
    const Answer way = client.get("/docs/?a=b");
    EXPECT_EQ(way.status, 308);
    EXPECT_EQ(way.header("Location"), "../docs?a=b") << "also behind a proxy that puts something before it";
    EXPECT_TRUE(has(way.body, "<a href=\"../docs\">")) << way.body;
    EXPECT_FALSE(has(way.body, "a=b")) << way.body;
    for (const char* page : {"/login", "/register", "/account", "/device", "/forgot-password"}) {
        const Answer led = client.get(page + std::string("/"));
        EXPECT_EQ(led.status, 308) << page;
        EXPECT_EQ(led.header("Location"), std::string("..") + page);
        EXPECT_NE(client.get(page).status, 404) << page;
    }
    for (const char* target : {"/api/v1/auth/me/", "/oauth2/authorize/", "/openapi.json/", "/health/", "/docs//"})
        EXPECT_EQ(client.get(target).status, 404) << target << ": programs are told";
    EXPECT_EQ(client.post("/login/", "{}").status, 404) << "what was sent is not sent on";
}

TEST(Docs, CanBeTurnedOff) {
    RunningService without(deployment(), {{"KEYLEDGER_DOCS", "off"}});
    ApiClient client(without.port());
    EXPECT_EQ(client.get("/docs").problem(), "not-found");
    EXPECT_EQ(client.get("/docs/0123456789abcdef/init.js").problem(), "not-found");
    EXPECT_FALSE(has(client.get("/").body, "\"/docs\""));
    EXPECT_FALSE(client.get("/info").boolean("/capabilities/docs"));
    EXPECT_EQ(client.get("/openapi.json").status, 200) << "programs go on reading it";
}

// What browser applications do before they ask for tokens, over the real service.
TEST(Cors, LetsAnyOriginReadDiscoveryAndOnlyNamedOnesCall) {
    RunningService named(deployment(), {{"KEYLEDGER_CORS_ORIGINS", "https://app.example"}});
    const auto asked = [&](const char* method, const char* target, const char* origin) {
        HttpHeaders headers{{"Origin", origin}};
        if (std::string_view(method) == "OPTIONS") headers.emplace_back("Access-Control-Request-Method", "POST");
        return HttpClient(named.port()).request(method, target, headers).header("Access-Control-Allow-Origin");
    };
    for (const char* target : {"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server",
                               "/.well-known/jwks.json", "/.well-known/authzen-configuration", "/info"})
        EXPECT_EQ(asked("GET", target, "https://any.example"), "*") << target;
    for (const char* target : {"/oauth2/token", "/oauth2/revoke", "/oauth2/par", kLogin}) {
        EXPECT_EQ(asked("OPTIONS", target, "https://app.example"), "https://app.example") << target;
        EXPECT_EQ(asked("POST", target, "https://app.example"), "https://app.example") << target;
        EXPECT_FALSE(asked("OPTIONS", target, "https://any.example")) << target;
        EXPECT_FALSE(asked("POST", target, "https://any.example")) << target;
    }
    EXPECT_EQ(asked("GET", "/oauth2/userinfo", "https://app.example"), "https://app.example");
    EXPECT_FALSE(asked("GET", "/oauth2/userinfo", "https://any.example"));
}

TEST(Connections, EndAfterAsManyRequestsAsTheOperatorSays) {
    RunningService brief(deployment(), {{"KEYLEDGER_KEEP_ALIVE_REQUESTS", "3"}});
    RawSocket socket(brief.port());
    for (int i = 1; i <= 3; ++i) {
        socket.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_EQ(socket.read_response().header("Connection"),
                  i == 3 ? std::optional<std::string>("close") : std::nullopt);
    }
    socket.await_close();
}

// The operator's number, and nobody else's: it waits for a second, not for the minute that it is by default.
TEST(Connections, EndWhenTheyAreIdleForAsLongAsTheOperatorSays) {
    RunningService brief(deployment(), {{"KEYLEDGER_KEEP_ALIVE_SECONDS", "1"}});
    RawSocket socket(brief.port());
    socket.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(socket.read_response().status, 200);
    socket.await_close();
}

}  // namespace
}  // namespace keyledger::test
