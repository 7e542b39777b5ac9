// Each entry of the log is one line, whoever chose its words.
#include "app/core/logging.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <algorithm>

using namespace keyledger;

namespace {

std::string logged(const std::string& word) {
    testing::internal::CaptureStderr();
    app::start_logging("info");
    spdlog::info("a key: {}", word);
    spdlog::default_logger()->flush();
    return testing::internal::GetCapturedStderr();
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
