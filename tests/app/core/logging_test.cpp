// Each entry of the log is one line, whoever chose its words.
#include "app/core/logging.hpp"

#include <gtest/gtest.h>
#include <rapidjson/document.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "commands/runtime/log_fields.hpp"

using namespace keyledger;

namespace {

std::string logged(const std::string& word, app::LogFormat format = app::LogFormat::kText) {
    testing::internal::CaptureStderr();
    app::start_logging("info", format);
    spdlog::info("a key: {}", word);
    spdlog::default_logger()->flush();
    return testing::internal::GetCapturedStderr();
}

rapidjson::Document parsed(const std::string& line) {
    rapidjson::Document json;
    json.Parse<rapidjson::kParseValidateEncodingFlag>(line.data(), line.size());
    EXPECT_FALSE(json.HasParseError()) << line;
    EXPECT_TRUE(json.IsObject()) << line;
    return json;
}
std::string text_of(const rapidjson::Document& json, const char* name) {
    return json.HasMember(name) && json[name].IsString() ? json[name].GetString() : "";
}

}  // namespace

TEST(Log, SaysOthersTextInOneLineThatSteersNothing) {
    const std::pair<std::string, std::string> cases[] = {
        {"plain, and ü", "plain, and ü"},
        {"one\n2026-11-29T06:00:00.000Z error forged", "one?2026-11-29T06:00:00.000Z error forged"},
        {"one\rtwo", "one?two"},
        {"one\x1b[31mred", "one?[31mred"},
        {"one\u202etwo", "one?two"},
        {"one\u2028two\u0085three", "one?two?three"},
        {"one\xFF", "one?"},
        {"ERROR:  as PostgreSQL ends it\n", "ERROR:  as PostgreSQL ends it"},
    };
    for (const auto& [word, said] : cases) {
        const std::string line = logged(word);
        EXPECT_TRUE(line.ends_with("Z info a key: " + said + "\n")) << line;
        EXPECT_EQ(std::ranges::count(line, '\n'), 1) << line;
    }
}

TEST(Log, IsOneObjectALineWhateverIsInIt) {
    for (const std::string word :
         {"plain, and \u00fc", "\"quoted\", \\ and {\"level\":\"fatal\"}", "one\n{\"forged\":true}",
          "bad \xFF\xC3 \xED\xA0\x80 bytes", "a\x01\x1f\x7f\u2028 b"}) {
        const std::string line = logged(word, app::LogFormat::kJson);
        EXPECT_EQ(std::ranges::count(line, '\n'), 1) << line;
        const auto json = parsed(line);
        EXPECT_EQ(text_of(json, "level"), "info");
        EXPECT_EQ(text_of(json, "log"), "service");
        EXPECT_TRUE(text_of(json, "message").starts_with("a key: ")) << line;
        const std::string time = text_of(json, "time");
        EXPECT_EQ(time.size(), std::string("2026-11-29T06:00:00.000Z").size()) << time;
        EXPECT_TRUE(time.ends_with('Z')) << time;
    }
    const auto zero = parsed(logged(std::string("a\0b", 3), app::LogFormat::kJson));
    EXPECT_EQ(text_of(zero, "message"), "a key: a?b");
}

TEST(Log, HasWhatALineIsAboutAsMembersOfItsOwn) {
    const LogFields outer{{"job_id", "j1"}, {"empty", ""}};
    {
        const LogFields inner{{"request_id", "r1\n"}};
        const auto json = parsed(logged("x", app::LogFormat::kJson));
        EXPECT_EQ(text_of(json, "job_id"), "j1");
        EXPECT_EQ(text_of(json, "request_id"), "r1?");
        EXPECT_FALSE(json.HasMember("empty"));
        EXPECT_TRUE(logged("x").ends_with(" info a key: x job_id=j1 request_id=r1?\n"));
    }
    EXPECT_FALSE(parsed(logged("x", app::LogFormat::kJson)).HasMember("request_id")) << "it is over";
}

TEST(Log, IsJsonWhereNoTerminalIs) {
    testing::internal::CaptureStderr();  // into a file
    EXPECT_EQ(app::log_format_of("auto"), app::LogFormat::kJson);
    EXPECT_EQ(app::log_format_of("json"), app::LogFormat::kJson);
    EXPECT_EQ(app::log_format_of("text"), app::LogFormat::kText);
    testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOtherLogsInEitherFormat) {
    app::LogEntry entry;
    entry.at = Instant::at_ms(1'796'032'800'123);
    entry.log = "access";
    entry.message = "GET /\n";
    entry.members = {{"route", "/a\"b"}, {"status", std::int64_t{200}}, {"none", ""}};
    const std::string json = app::line_of(entry, app::LogFormat::kJson);
    EXPECT_EQ(json,
              "{\"time\":\"2026-11-30T10:00:00.123Z\",\"level\":\"info\",\"log\":\"access\",\"message\":\"GET /?\","
              "\"route\":\"/a\\\"b\",\"status\":200}\n");
    EXPECT_EQ(app::line_of(entry, app::LogFormat::kText),
              "2026-11-30T10:00:00.123Z info access: GET /? route=\"/a\\\"b\" status=200\n");
    // What somebody else chose says nothing of what happened.
    entry.members = {{"reason", "x outcome=appended"}, {"id", "a=b"}, {"path", "a\\b"}, {"plain", "a-b/c:d"}};
    EXPECT_EQ(app::line_of(entry, app::LogFormat::kText),
              "2026-11-30T10:00:00.123Z info access: GET /? reason=\"x outcome=appended\" id=\"a=b\" path=\"a\\\\b\" "
              "plain=a-b/c:d\n");
}
