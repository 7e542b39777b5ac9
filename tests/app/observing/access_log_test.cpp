// What stands in a line of an access, and whose name.
#include "app/observing/access_log.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <algorithm>

#include "app/config/telling.hpp"
#include "security/primitives/base64url.hpp"
#include "tests/support/world/stand_ins.hpp"

using namespace keyledger;

namespace {

constexpr const char* kTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";

api::Request request_to(std::string_view operation) {
    api::Request request;
    request.method = api::Method::kGet;
    request.target = "/api/v1/admin/users/hidden-id?code=hidden-code";
    request.operation = operation;
    request.request_id = "r1";
    request.traceparent = kTrace;
    request.client_address = "203.0.113.7";
    request.user_agent = "Quillbrowser";
    return request;
}
std::string written(const api::Request& request, const api::SentAnswer& answer, app::AccessLogRule rule,
                    bool with_address = false) {
    const test::FixedClock clock(Instant::at_ms(1'796'032'800'123));
    testing::internal::CaptureStderr();
    {
        app::AccessLog log(rule, with_address, app::LogFormat::kJson, clock);
        log.on_sent(request, answer);
    }
    return testing::internal::GetCapturedStderr();
}

std::string token_of(const std::string& claims) {
    return "eyJhbGciOiJFUzI1NiJ9." + security::base64url_encode(claims) + ".c2ln";
}

}  // namespace

TEST(AccessLog, TellsTheRouteAndNeverWhatWasSent) {
    const std::string line = written(request_to("showUser"), {200, 345, 1'234'567}, {true, 1});
    EXPECT_EQ(line, "{\"time\":\"2026-11-30T10:00:00.123Z\",\"level\":\"info\",\"log\":\"access\","
                    "\"message\":\"GET /api/v1/admin/users/{id} 200\",\"method\":\"GET\","
                    "\"route\":\"/api/v1/admin/users/{id}\",\"operation\":\"showUser\",\"status\":200,"
                    "\"duration_us\":1234,\"bytes\":345,\"request_id\":\"r1\","
                    "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"00f067aa0ba902b7\"}\n");
    for (const bool with_address : {false, true}) {
        const std::string other = written(request_to("unmatched"), {404, 0, 0}, {true, 1}, with_address);
        EXPECT_NE(other.find("GET unmatched 404"), std::string::npos) << other;
        EXPECT_EQ(other.find("hidden"), std::string::npos) << other;
        EXPECT_EQ(other.find("Quillbrowser"), std::string::npos) << other;
        EXPECT_EQ(other.find("203.0.113.7") != std::string::npos, with_address) << other;
    }
}

TEST(AccessLog, LeavesNoErrorOut) {
    EXPECT_TRUE(written(request_to("showUser"), {200, 0, 0}, {true, 0}).empty());
    EXPECT_TRUE(written(request_to("showUser"), {404, 0, 0}, {true, 0}).empty());
    const std::string line = written(request_to("showUser"), {503, 0, 0}, {true, 0});
    EXPECT_NE(line.find("\"level\":\"error\""), std::string::npos) << line;
    EXPECT_NE(line.find("\"status\":503"), std::string::npos) << line;
}

TEST(AccessLog, IsTurnedOnAndOffWhileItIsKept) {
    const test::FixedClock clock(Instant::at_ms(1'796'032'800'123));
    testing::internal::CaptureStderr();
    {
        app::AccessLog log({false, 0}, false, app::LogFormat::kJson, clock);
        log.on_sent(request_to("showUser"), {501, 0, 0});
        log.use({true, 1});
        log.on_sent(request_to("showUser"), {202, 0, 0});
        log.use({true, 0});
        log.on_sent(request_to("showUser"), {203, 0, 0});
        log.on_sent(request_to("showUser"), {503, 0, 0});
        log.use({false, 0});
        log.on_sent(request_to("showUser"), {504, 0, 0});
    }
    const std::string lines = testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::ranges::count(lines, '\n'), 2) << lines;
    EXPECT_NE(lines.find("\"status\":202"), std::string::npos) << lines;
    EXPECT_NE(lines.find("\"status\":503"), std::string::npos) << lines;
}

// Connections that are turned away cost a stranger nothing: what they are answered fills no disk.
TEST(AccessLog, TellsOfAFloodOfErrorsABoundedPart) {
    const test::FixedClock clock(Instant::at_ms(1'796'032'800'123));
    testing::internal::CaptureStderr();
    std::int64_t dropped = 0;
    {
        app::AccessLog log({true, 0}, false, app::LogFormat::kJson, clock);
        for (int i = 0; i < 1'000; ++i) log.on_sent(request_to("unmatched"), {503, 0, 0});
        dropped = log.dropped();
    }
    const std::string lines = testing::internal::GetCapturedStderr();
    EXPECT_EQ(std::ranges::count(lines, '\n'), 100);
    EXPECT_EQ(dropped, 900);
}

TEST(AccessLog, SaysThatAnAnswerIsNotWhole) {
    EXPECT_NE(written(request_to("showUser"), {200, 5, 0, false}, {true, 1}).find("\"incomplete\""), std::string::npos);
}

TEST(AccessLog, NamesTheClientWhoseTokenWasBelieved) {
    api::Request request = request_to("showUser");
    request.headers.add("Authorization", "Bearer " + token_of(R"({"client_id":"shop-1","sub":"ann"})"));
    EXPECT_EQ(app::client_of(request, 200), "shop-1");
    EXPECT_EQ(app::client_of(request, 403), "shop-1");
    for (const int status : {400, 401, 404, 405, 413, 415, 429, 431, 500, 503})
        EXPECT_EQ(app::client_of(request, status), "") << status << " comes before the token is looked at, too";
    request.operation = "unmatched";
    EXPECT_EQ(app::client_of(request, 200), "") << "nobody looked at the token";
}

TEST(AccessLog, NamesTheClientThatAuthenticated) {
    api::Request basic = request_to("token");
    basic.headers.add("Authorization", "Basic c2hvcC0xOnNlY3JldA==");  // shop-1:secret
    EXPECT_EQ(app::client_of(basic, 200), "shop-1");
    EXPECT_EQ(app::client_of(basic, 401), "");
    api::Request form = request_to("token");
    form.method = api::Method::kPost;
    form.headers.add("Content-Type", "application/x-www-form-urlencoded");
    form.body = "grant_type=authorization_code&client_id=shop-2&client_secret=hidden";
    EXPECT_EQ(app::client_of(form, 200), "shop-2");
    EXPECT_EQ(app::client_of(form, 400), "");
}

// Nothing that somebody chose gets into the log as a client's id but what an id may be.
TEST(AccessLog, NamesNobodyByAnOddText) {
    for (const char* claims :
         {R"({"client_id":"a b"})", R"({"client_id":"\u0000"})", R"({"client_id":7})", "[]", "{", "",
          R"({"client_id":"ann@example.com"})",
          R"({"client_id":"0123456789012345678901234567890123456789012345678901234567890123456789"})"}) {
        api::Request request = request_to("showUser");
        request.headers.add("Authorization", "Bearer " + token_of(claims));
        EXPECT_EQ(app::client_of(request, 200), "") << claims;
    }
    for (const char* field : {"Bearer a", "Bearer a.b", "Bearer a.%%%.c", "Bearer", "DPoP a.b.c", "Digest x"}) {
        api::Request request = request_to("showUser");
        request.headers.add("Authorization", field);
        EXPECT_EQ(app::client_of(request, 200), "") << field;
    }
}

TEST(AccessLogRule, IsAWordOrAShare) {
    EXPECT_FALSE(app::parse_access_log_rule("off")->is_on);
    EXPECT_EQ(app::parse_access_log_rule("errors")->share, 0);
    EXPECT_TRUE(app::parse_access_log_rule("errors")->is_on);
    EXPECT_EQ(app::parse_access_log_rule("all")->share, 1);
    EXPECT_EQ(app::parse_access_log_rule("0.25")->share, 0.25);
    for (const char* bad : {"", "on", "-0.1", "1.1", "nan", "inf", "0.5x", "50%"})
        EXPECT_FALSE(app::parse_access_log_rule(bad)) << bad;
}
