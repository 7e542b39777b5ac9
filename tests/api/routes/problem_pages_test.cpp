#include "api/routes/pages/problem_pages.hpp"

#include <gtest/gtest.h>

#include "api/openapi/document.hpp"
#include "api/requests/target.hpp"
#include "api/routes/refusals.hpp"
#include "api/routes/routes.hpp"
#include "api/wire/problem.hpp"
#include "tests/support/http/openapi.hpp"

namespace keyledger::api {
namespace {

const Pages& pages() {
    static const Pages kPages = *Pages::load({});
    return kPages;
}

struct Asked {
    std::string target = "/login?flow=f";
    std::string accept{};
    Method method = Method::kPost;
    std::string_view operation = "some";
    std::string language{};
};
Request request_of(const Asked& asked) {
    Request request;
    request.method = asked.method;
    request.operation = asked.operation;
    request.request_id = "b7a1c09d";
    if (auto target = parse_target(asked.target)) request.segments = std::move(target->segments);
    if (!asked.accept.empty()) request.headers.add("Accept", asked.accept);
    if (!asked.language.empty()) request.headers.add("Accept-Language", asked.language);
    return request;
}

Response dressed(const Asked& asked, Response response) {
    static ProblemPages all(pages());
    all.dress(request_of(asked), response);
    return response;
}
Response too_many(Duration wait = seconds(37)) {
    return refuse(request_of({}), commands::CommandError(refusals::kTooManyAttempts, wait));
}
bool is_page(const Response& response) { return response.content_type == "text/html; charset=utf-8"; }

constexpr const char* kOfBrowser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

TEST(ProblemPages, StandWherePagesStandUnlessJsonIsAskedFor) {
    for (const char* place : {"/login", "/login/factor", "/account/erase", "/register/confirm", "/oauth2/authorize",
                              "/oauth2/authorize/continue", "/oauth2/logout", "/logout", "/consent"}) {
        for (const char* accept : {"", "*/*", kOfBrowser, "application/json, text/html", "application/json;q=0"})
            EXPECT_TRUE(is_page(dressed({.target = place, .accept = accept}, too_many()))) << place << accept;
        for (const char* accept :
             {"application/json", "application/problem+json, */*;q=0.1", "application/json, text/html;q=0.9"})
            EXPECT_FALSE(is_page(dressed({.target = place, .accept = accept}, too_many()))) << place << accept;
    }
}

TEST(ProblemPages, AreNoneOfTheApiWhateverIsAskedFor) {
    for (const char* place : {"/api/v1/auth/login", "/oauth2/token", "/oauth2/userinfo", "/access/v1/evaluation",
                              "/.well-known/openid-configuration"})
        for (const std::string_view operation : {std::string_view("some"), kUnmatched})
            EXPECT_FALSE(is_page(dressed({.target = place, .accept = kOfBrowser, .operation = operation}, too_many())))
                << place;
}

TEST(ProblemPages, StandWhereNothingStandsIfHtmlIsAskedFor) {
    const Response nothing = problem(request_of({}), problems::kNotFound, "Nothing is served at this path.");
    const auto asks = [&](const char* accept) {
        return dressed({.target = "/nowhere/at/all", .accept = accept, .operation = kUnmatched}, nothing);
    };
    const Response page = asks(kOfBrowser);
    EXPECT_TRUE(is_page(page));
    EXPECT_NE(page.body.find("There is no such page"), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("href=\"../../assets/style-"), std::string::npos) << page.body;
    EXPECT_FALSE(is_page(asks("")));
    EXPECT_FALSE(is_page(asks("*/*")));
}

TEST(ProblemPages, SayWhenToTryAgain) {
    const auto says = [](Duration wait, const Asked& asked = {}) { return dressed(asked, too_many(wait)).body; };
    EXPECT_NE(says(seconds(1)).find("Try again in a moment."), std::string::npos);
    EXPECT_NE(says(seconds(37)).find("Try again in 40 seconds."), std::string::npos) << "never too early";
    EXPECT_NE(says(seconds(119)).find("Try again in 120 seconds."), std::string::npos);
    EXPECT_NE(says(seconds(121)).find("Try again in 3 minutes."), std::string::npos);
    EXPECT_NE(says(hours(3)).find("Try again in 3 hours."), std::string::npos);
    const std::string german = says(seconds(37), {.language = "de"});
    EXPECT_NE(german.find("Versuchen Sie es in 40 Sekunden noch einmal."), std::string::npos) << german;
    EXPECT_NE(says(seconds(37)).find("send the form once more"), std::string::npos);
    EXPECT_NE(says(seconds(37), {.method = Method::kGet}).find("Load this page once more"), std::string::npos);
}

TEST(ProblemPages, KeepStatusAndHeaders) {
    Response refused = too_many();
    refused.headers.add("RateLimit", "\"network\";r=0;t=37");
    const Response page = dressed({}, refused);
    EXPECT_EQ(page.status, 429);
    EXPECT_EQ(page.headers.find("Retry-After"), "37");
    EXPECT_TRUE(page.headers.contains("RateLimit"));
    EXPECT_EQ(page.headers.count("Content-Security-Policy"), 1U);
    EXPECT_EQ(page.body.find("urn:keyledger"), std::string::npos) << page.body;
}

// Else somebody may do twice what is done.
TEST(ProblemPages, TellWhatIsNotKnownFromWhatWasNotDone) {
    const auto away = [](const Refusal& refusal) {
        return dressed({}, refuse(request_of({}), commands::CommandError(refusal))).body;
    };
    EXPECT_NE(away(refusals::kOutcomeUnknown).find("Look whether it was done"), std::string::npos);
    EXPECT_NE(away(refusals::kUnavailable).find("Nothing was changed"), std::string::npos);
}

TEST(ProblemPages, TellTheNumberOfAFaultAndNothingElseOfIt) {
    const Response failed = problem(request_of({}), problems::kInternalError, "The server failed.");
    const std::string page = dressed({}, failed).body;
    EXPECT_NE(page.find("b7a1c09d"), std::string::npos) << page;
    EXPECT_EQ(page.find("The server failed"), std::string::npos) << page;
}

TEST(ProblemPages, HaveWordsForWhatTheListenerRefuses) {
    for (const ProblemType& type : kTransportProblems) {
        const Response page = dressed({}, problem(request_of({}), type, "x"));
        EXPECT_TRUE(is_page(page)) << type.slug;
        EXPECT_EQ(page.status, type.status) << type.slug;
    }
}

TEST(ProblemPages, LeaveWhatIsNoProblem) {
    Response answer = json(200, "{}");
    EXPECT_EQ(dressed({}, answer).content_type, "application/json");
    answer.status = 429;  // OAuth's errors, where a page stands
    EXPECT_TRUE(is_page(dressed({.target = "/oauth2/authorize"}, answer)));
    EXPECT_FALSE(is_page(dressed({.target = "/oauth2/token"}, answer)));
}

// Every operation that answers with pages is at a place of pages, and the document says so of its problems.
TEST(ProblemPages, AreWhatTheDocumentSays) {
    const test::OpenApi document(openapi_document());
    const auto documented = document.documented();
    for (const RouteRow& row : route_table()) {
        std::string path(row.path);
        std::erase_if(path, [](char c) { return c == '{' || c == '}'; });
        const auto target = parse_target(path);
        ASSERT_TRUE(target) << path;
        const bool is_place = is_place_of_pages(target->segments);
        for (const char* status : {"413", "429", "500", "503"}) {
            const std::string operation(row.operation);
            bool has_problems = false;
            for (const auto& one : documented)
                has_problems |= one.operation == operation && one.status == status && !one.problem.empty();
            if (!has_problems) continue;
            EXPECT_EQ(document.is_page_of_problem({operation, status, ""}), is_place)
                << operation << " " << status << ": use components/responses/Page…, where " << row.path
                << " is a page's";
        }
    }
}

}  // namespace
}  // namespace keyledger::api
