#include "app/observing/outage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace keyledger::app {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

struct OutageTest : testing::Test {
    std::vector<std::string> told;
    Outage::Time now{};
    Outage outage{"the database", 1s,
                  [this](const Outage::Told& one) { told.push_back((one.away ? "! " : "") + one.sentence); }};
    void see(std::string_view trouble, std::chrono::milliseconds later) {
        now += later;
        outage.see(trouble, now);
    }
};

TEST_F(OutageTest, IsToldOnceAndOnceThatItIsOver) {
    see("", 0s);
    for (int i = 0; i < 20; ++i) see(i < 10 ? "connection refused\nIs the server running?" : "timeout", 1s);
    EXPECT_THAT(told, ElementsAre("! the database is away: connection refused"));
    for (int i = 0; i < 3; ++i) see("", 250ms);
    EXPECT_THAT(told, ElementsAre(testing::_, "the database is back, after 19.2 s"));
    see("gone", 1s);
    see("gone", 1s);
    EXPECT_EQ(told.size(), 3U) << "another outage";
}

TEST_F(OutageTest, IsNotToldOfWhatPassesAtOnce) {
    for (int i = 0; i < 10; ++i) {
        see("connection reset", 250ms);
        see("connection reset", 500ms);
        see("", 250ms);
    }
    EXPECT_TRUE(told.empty());
}

TEST(OutageWatchTest, LooksAgainAndAgainUntilItIsStopped) {
    std::atomic<int> looks{0};
    OutageWatch watch;
    watch.add("what nobody knows of", [&] {
        ++looks;
        looks.notify_all();
        return std::optional<std::string>();
    });
    watch.start();
    for (int seen = looks; seen < 3; seen = looks) looks.wait(seen);
    watch.stop();
    const int at_the_end = looks;
    watch.stop();
    EXPECT_EQ(looks, at_the_end);
}

}  // namespace
}  // namespace keyledger::app
