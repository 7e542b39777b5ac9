#include "domain/devices/agent.hpp"

#include <gtest/gtest.h>

namespace keyledger {
namespace {

TEST(AgentName, IsWhatPeopleCallIt) {
    const std::string chrome = " AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36";
    const auto of = [](const std::string& rest) { return agent_name("Mozilla/5.0 " + rest); };
    EXPECT_EQ(of("(X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"), "Firefox on Linux");
    EXPECT_EQ(of("(Windows NT 10.0; Win64; x64)" + chrome), "Chrome on Windows");
    EXPECT_EQ(of("(Windows NT 10.0; Win64; x64)" + chrome + " Edg/126.0.0.0"), "Edge on Windows");
    EXPECT_EQ(of("(Linux; Android 14; Pixel 8)" + chrome), "Chrome on Android");
    EXPECT_EQ(of("(iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1"),
              "Safari on iOS");
    EXPECT_EQ(of("(Macintosh; Intel Mac OS X 10_15_7)" + chrome), "Chrome on macOS");
    EXPECT_EQ(agent_name("curl/8.4.0"), "curl");
    EXPECT_EQ(agent_name("python-requests/2.31 Linux"), "python-requests on Linux");
}

TEST(AgentName, StaysTheSameWhenVersionsChange) {
    EXPECT_EQ(agent_name("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
              agent_name("Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"));
    EXPECT_EQ(agent_name("curl/8.4.0"), agent_name("curl/8.9"));
}

TEST(AgentName, TellsNothingButWordsOfItsOwn) {
    EXPECT_EQ(agent_name(""), "");
    EXPECT_EQ(agent_name("<script>"), "");
    EXPECT_EQ(agent_name("\r\nBcc: all"), "");
    EXPECT_LE(agent_name(std::string(500, 'x')).size(), 64u);
}

}  // namespace
}  // namespace keyledger
