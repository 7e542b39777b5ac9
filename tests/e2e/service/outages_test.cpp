// What the log tells of an outage to whoever reads it afterwards.
#include <gtest/gtest.h>

#include "tests/e2e/world/world.hpp"
#include "tests/support/postgres/tcp_proxy.hpp"

namespace keyledger::test {
namespace {

std::size_t times_logged(std::string_view sentence) {
    const std::string logs = deployment().logs();
    std::size_t times = 0;
    for (auto at = logs.find(sentence); at != std::string::npos; at = logs.find(sentence, at + 1)) ++times;
    return times;
}

TEST(Outages, AreToldOnceAndOnceThatTheyAreOver) {
    constexpr std::string_view kAway = "the database is away: ";
    constexpr std::string_view kBack = "the database is back, after ";
    const std::size_t away = times_logged(kAway);
    const std::size_t back = times_logged(kBack);
    TcpProxy proxy(port_of(deployment().database().service_url()));
    RunningService node(deployment(),
                        {{"KEYLEDGER_DATABASE_URL", through(proxy, deployment().database().service_url())},
                         {"KEYLEDGER_ROLES", "api,projector"}});
    node.await_ready();
    EXPECT_EQ(times_logged(kAway), away) << "a start is no outage";
    proxy.refuse();
    proxy.cut();
    await_that("the node says that the database is away", [&] { return times_logged(kAway) > away; });
    EXPECT_EQ(times_logged(kBack), back);
    proxy.accept_again();
    node.await_ready();
    await_that("the node says that the database is back", [&] { return times_logged(kBack) > back; });
    EXPECT_EQ(times_logged(kAway), away + 1) << "however often it was tried";
    EXPECT_EQ(times_logged(kBack), back + 1);
}

}  // namespace
}  // namespace keyledger::test
