// What a browser sees instead of JSON where it is sent away: too many attempts, a body that is too long, what there is
// not; and that programs get what they got.
#include <gtest/gtest.h>

#include "tests/e2e/oauth/browser.hpp"

namespace keyledger::test {
namespace {

// As browsers ask for pages.
const HttpHeaders kAsksForPages{{"Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}};

bool is_page(const Answer& answer) {
    return answer.header("Content-Type") == "text/html; charset=utf-8" && answer.body.find("<h1>") != std::string::npos;
}

TEST(ProblemPages, SayWhenToTryAgain) {
    const RunningService strict(
        deployment(), {{"KEYLEDGER_LOGIN_NETWORK_BURST", "1"}, {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "1"}});
    ApiClient client(strict.port());
    EXPECT_EQ(client.form("/login", "identifier=a").status, 400);
    const Answer page = client.form("/login", "identifier=a", kAsksForPages);
    ASSERT_EQ(page.status, 429);
    EXPECT_TRUE(is_page(page)) << page.body;
    EXPECT_NE(page.body.find("Try again in 60 seconds."), std::string::npos) << page.body;
    EXPECT_TRUE(page.header("Retry-After"));
    EXPECT_TRUE(page.header("RateLimit"));
    EXPECT_NE(page.header("Content-Security-Policy").value_or("").find("form-action 'self'"), std::string::npos);
    EXPECT_NE(client.with("Accept-Language", "de").form("/login", "identifier=a").body.find("Versuchen Sie es in"),
              std::string::npos);
    EXPECT_EQ(client.form("/login", "identifier=a", kAsksForJson).problem(), "too-many-attempts");
    const Answer of_api = client.post(kLogin, "{}", kAsksForPages);
    EXPECT_EQ(of_api.problem(), "too-many-attempts") << "a program's route, whatever it asks for";
}

TEST(ProblemPages, AreOfWhatTheListenerRefuses) {
    ApiClient client = api();
    const Answer large = client.form("/register", std::string(70'000, 'a'), kAsksForPages);
    EXPECT_EQ(large.status, 413);
    EXPECT_TRUE(is_page(large)) << large.body;
    const Answer reloaded = client.get("/register/confirm", kAsksForPages);
    EXPECT_EQ(reloaded.status, 405);
    EXPECT_EQ(reloaded.header("Allow"), "POST, OPTIONS");
    EXPECT_NE(reloaded.body.find("be opened by its address"), std::string::npos) << reloaded.body;
    const Answer nowhere = client.get("/nowhere/at/all", kAsksForPages);
    EXPECT_EQ(nowhere.status, 404);
    EXPECT_NE(nowhere.body.find("There is no such page"), std::string::npos) << nowhere.body;
    const Answer long_target = client.get("/oauth2/authorize?state=" + std::string(9'000, 'a'), kAsksForPages);
    EXPECT_EQ(long_target.status, 414);
    EXPECT_TRUE(is_page(long_target)) << long_target.body;
    for (const char* target : {"/api/v1/nowhere", "/oauth2/nowhere"})
        EXPECT_EQ(client.get(target, kAsksForPages).problem(), "not-found") << target;
    EXPECT_EQ(client.get("/nowhere").problem(), "not-found") << "who asks for nothing in particular";
}

// What somebody puts into an address stands on no page.
TEST(ProblemPages, RepeatNothingOfTheRequest) {
    const Answer page = api().get("/nowhere%3Cscript%3E/x?y=%22%3E%3Cimg", kAsksForPages);
    EXPECT_EQ(page.status, 404);
    EXPECT_EQ(page.body.find("script"), std::string::npos) << page.body;
    EXPECT_EQ(page.body.find("<img"), std::string::npos) << page.body;
}

}  // namespace
}  // namespace keyledger::test
