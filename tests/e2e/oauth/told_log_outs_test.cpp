// An application's server hears of its sessions that are over (OpenID Connect Back-Channel Logout 1.0).
#include <mutex>

#include "tests/e2e/oauth/browser.hpp"
#include "tests/support/raw_server/http_exchange.hpp"

namespace keyledger::test {
namespace {

// Writes down what it is told.
class ToldApplication {
public:
    std::string uri() const { return "https://localhost:" + server_.port() + "/backchannel"; }
    std::vector<HttpRequest> requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    void serve(RawConnection& connection) {
        HttpRequest request;
        if (!next_request(connection, request)) return;
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
        }
        connection.send(http_answer("200 OK", "text/plain", ""));
    }

    std::mutex mutex_;
    std::vector<HttpRequest> requests_;
    RawServer server_{[this](RawConnection& connection) { serve(connection); }, &certificate_of_applications()};
};

std::string told_token(const HttpRequest& request) { return form_fields(request.body)["logout_token"]; }
std::string header_of(const std::string& jwt) {
    return security::base64url_decode(jwt.substr(0, jwt.find('.'))).value_or("");
}
bool says(const std::string& json, const std::string& part) { return json.find(part) != std::string::npos; }

TEST(AuthorizationLogOut, IsToldToTheApplicationsServer) {
    service();
    ToldApplication shop_server;
    const std::string shop = application("required", R"(,"backchannel_logout_uri":")" + shop_server.uri() + R"(")");
    const Person person = register_somebody(api());
    Browser browser;
    const Answer tokens = redeem(shop, parameter(Browser::location(authorized(browser, shop, person)), "code"));
    ASSERT_EQ(tokens.status, 200) << tokens.body;
    const Answer asks = browser.get("/oauth2/logout?client_id=" + shop);
    const Answer done = browser.post("/logout", "client_id=" + shop + "&csrf=" + hidden(asks, "csrf"));
    ASSERT_EQ(done.status, 200) << done.body;
    await_that("the application is told", [&] { return !shop_server.requests().empty(); });

    const HttpRequest told = shop_server.requests()[0];
    EXPECT_EQ(told.method, "POST");
    EXPECT_EQ(told.target, "/backchannel");
    EXPECT_EQ(told.fields.at("content-type"), "application/x-www-form-urlencoded");
    const std::string token = told_token(told);
    EXPECT_TRUE(says(header_of(token), R"("typ":"logout+jwt")")) << header_of(token);
    EXPECT_TRUE(says(header_of(token), R"("alg":"RS256")")) << header_of(token);
    const std::string claims = claims_of(token);
    const std::string of_id_token = claims_of(tokens.text("/id_token"));
    for (const std::string name : {"iss", "sub", "aud", "sid"}) {
        const std::regex member('"' + name + R"(":"[^"]*")");
        std::smatch in_id_token;
        ASSERT_TRUE(std::regex_search(of_id_token, in_id_token, member)) << name;
        EXPECT_TRUE(says(claims, in_id_token[0])) << claims;
    }
    EXPECT_TRUE(says(claims, R"("events":{"http://schemas.openid.net/event/backchannel-logout":{}})")) << claims;
    EXPECT_FALSE(says(claims, "nonce")) << "so that nobody takes it for an ID token";

    // And the log says it in the session's own stream.
    const std::string sessions = std::string(kUsers) + "/" + person.id + "/sessions";
    await_that("the session's end is in the list",
               [&] { return says(administrator(api()).get(sessions).body, "browser_session_ended"); });
}

}  // namespace
}  // namespace keyledger::test
