#include "app/serve/observation.hpp"

#include <gtest/gtest.h>

#include "api/routes/health/readiness.hpp"
#include "projections/hot/hot_access.hpp"

namespace keyledger::app {
namespace {

using namespace std::chrono_literals;
using projections::HotStatus;

HotStatus reading() {
    HotStatus status;
    status.position = 4711;
    return status;
}
HotStatus level() {
    HotStatus status = reading();
    status.caught_up = true;
    return status;
}

// As a load balancer sees it, where all else is good.
api::Response asked(const HotStatus& status, bool are_origins_known, std::chrono::steady_clock::duration since_start) {
    ServiceHealth health;
    health.set_serving(true);
    health.add([&] { return check_memory(status, are_origins_known, since_start); });
    return api::routes::readiness(health, api::routes::HealthDetail::kReasons);
}
bool says(const api::Response& answer, std::string_view words) { return answer.body.find(words) != std::string::npos; }

// A node that knows no application's origin refuses preflights that its sisters let in (ADR 42).
TEST(ReadinessOfMemory, WaitsForTheOriginsOfApplications) {
    const auto answer = asked(reading(), false, 1s);
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(says(answer, "reads the log, at position 4711, and does not know the origins of applications yet"))
        << answer.body;
}

// A start takes no longer than a second, whatever the length of the log.
TEST(ReadinessOfMemory, DoesNotWaitForTheLog) {
    const auto answer = asked(reading(), true, 1s);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_TRUE(says(answer, R"("detail":"reads the log, at position 4711")")) << answer.body;
    EXPECT_EQ(asked(level(), false, 0s).status, 200) << "memory knows them";
}

TEST(ReadinessOfMemory, WaitsNoLongerThanItsTime) {
    EXPECT_EQ(asked(reading(), false, kOriginsPatience - 1ms).status, 503);
    const auto answer = asked(reading(), false, kOriginsPatience);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_FALSE(says(answer, "yet")) << answer.body;
}

TEST(ReadinessOfMemory, TellsWhyTheLogIsNotRead) {
    HotStatus status = reading();
    status.trouble = "the log can't be read";
    const auto at_first = asked(status, false, 1s);
    EXPECT_EQ(at_first.status, 503);
    EXPECT_TRUE(says(at_first, "yet: the log can't be read")) << at_first.body;
    for (const auto& later : {asked(status, true, 1s), asked(status, false, kOriginsPatience)}) {
        EXPECT_EQ(later.status, 200) << "folds answer";
        EXPECT_TRUE(says(later, R"("good":false)")) << "and somebody should look: " << later.body;
    }
}

TEST(ReadinessOfMemory, IsOverForGoodWhereItStopped) {
    HotStatus status = level();
    status.stopped = true;
    status.trouble = "the log has a hole behind position 4711 (I1)";
    EXPECT_EQ(asked(status, true, 24h).status, 503);
}

}  // namespace
}  // namespace keyledger::app
