// What stands in logs is read for ever: the words of today's browsers are written here once more.
#include "eventstore/codec/agent_words.hpp"

#include <gtest/gtest.h>

#include <random>

using namespace keyledger::eventstore;

namespace {

struct Told {
    const char* agent;
    const char* words;
};
constexpr Told kTold[] = {
    {"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
     "!+#131$"},
    {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
     " Edg/131.0.0.0",
     "!&#131$}131.0.0.0"},
    {"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
     "!]10; K#131%"},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1"
     " Safari/605.1.15",
     "!*>18.1@"},
    {"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1"
     " Mobile/15E148 Safari/604.1",
     "!<18_1=18.1?"},
    {"Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "!+~133.0[133.0"},
    {"Shop/7 CFNetwork/1568.200.51 Darwin/24.1.0", "Shop/7{1568.200.51|24.1.0"},
    {"Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)", "^14; Pixel 8)"},
    {"okhttp/4.12.0", "`4.12.0"},
};

}  // namespace

TEST(AgentWords, AreWhatTheyWere) {
    for (const auto& [agent, words] : kTold) {
        EXPECT_EQ(abbreviated_agent(agent), words);
        EXPECT_EQ(full_agent(words), agent);
    }
}

TEST(AgentWords, LeaveAloneWhatTheyCanNotTellOrShorten) {
    for (const char* agent : {"", "curl/7.88.1", "Mozilla", "okhttp", "Mozilla/5.0 (a!b)", "okhttp/1 ~", "[", "`"})
        EXPECT_EQ(abbreviated_agent(agent), std::nullopt) << agent;
}

// Whatever somebody sends: it comes back, or is not told in words.
TEST(AgentWords, LoseNothing) {
    std::mt19937 random(1);
    for (int round = 0; round < 20'000; ++round) {
        std::string agent;
        for (int parts = static_cast<int>(random() % 6); parts >= 0; --parts) {
            const std::string_view whole = kTold[random() % std::size(kTold)].agent;
            const std::size_t at = random() % whole.size();
            agent += whole.substr(at, random() % 60);
            if (random() % 8 == 0) agent += static_cast<char>(random() % 256);
        }
        const auto words = abbreviated_agent(agent);
        if (!words) continue;
        EXPECT_LT(words->size(), agent.size());
        ASSERT_EQ(full_agent(*words), agent);
    }
}
