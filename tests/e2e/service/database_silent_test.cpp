// Sessions of the database that neither answer nor end: a proxy swallows what they say and hear, as a network does that
// drops packets, or a server process that is stopped. New sessions work. A node that waited for the old ones would
// answer 503 for ever, and be called ready (I8 and I12 hold, and nobody would be let in).
#include <gtest/gtest.h>

#include <chrono>
#include <iostream>
#include <thread>

#include "tests/e2e/world/world.hpp"
#include "tests/support/postgres/tcp_proxy.hpp"

namespace keyledger::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A head is waited for 2.5 s, the memory's feed 3.5 s, each with a new session behind it.
constexpr auto kRecovery = 8s;
// An append is in flight for 5 s before anybody looks whether the server is at work on it.
constexpr auto kWriterRecovery = 20s;

class DatabaseSilent : public testing::Test {
protected:
    // How long until the answer is the one that is wanted; fails the test when it takes too long.
    template <class Ask>
    Clock::duration until(int wanted, std::chrono::seconds at_most, const Ask& ask) {
        const auto start = Clock::now();
        int status = 0;
        do {
            status = ask();
            if (Clock::now() - start > at_most) {
                ADD_FAILURE() << "still " << status << " after " << at_most.count() << " s, not " << wanted;
                break;
            }
        } while (status != wanted);
        return Clock::now() - start;
    }
    int introspection() { return introspect(client_, deployment().gateway, one_.tokens.access).status; }
    Answer renamed() { return client_.as(one_.tokens.access).put(kMe, json_object({{"name", unique("Name")}})); }
    int readiness() { return client_.get("/health/ready").status; }

    TcpProxy proxy_{port_of(deployment().database().service_url())};
    RunningService service_{deployment(),
                            {{"KEYLEDGER_DATABASE_URL", through(proxy_, deployment().database().service_url())},
                             {"KEYLEDGER_REQUEST_TIMEOUT_MS", "3000"},
                             {"KEYLEDGER_ROLES", "api,projector"}}};
    ApiClient client_{service_.port()};
    Visitor one_ = visitor(client_);
};

TEST_F(DatabaseSilent, BlindsNoNodeForLong) {
    ASSERT_EQ(introspection(), 200);
    proxy_.silence();
    const auto took = until(200, kRecovery, [this] { return introspection(); });
    std::cout << "introspection came back after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
              << " ms\n";
    for (int i = 0; i < 8; ++i) EXPECT_EQ(introspection(), 200);
    EXPECT_TRUE(is_active(client_, one_.tokens.access));
}

TEST_F(DatabaseSilent, IsNotCalledReadyWhileRequestsAreNotAnswered) {
    proxy_.hold_answers();  // and new sessions are mute, too
    until(503, kRecovery, [this] { return readiness(); });
    EXPECT_EQ(introspection(), 503);
    EXPECT_EQ(client_.get("/health/live").status, 200);
    proxy_.pass_answers();
    until(200, kRecovery, [this] { return readiness(); });
    EXPECT_EQ(introspection(), 200);
}

// The append is not cancelled: the server is asked whether it is at work on it, and only then it is sent once more.
TEST_F(DatabaseSilent, AppendsAgainOnANewSession) {
    proxy_.silence();
    const auto took = until(200, kWriterRecovery, [this] { return renamed().status; });
    std::cout << "appends came back after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count()
              << " ms\n";
    until(200, kRecovery, [this] { return readiness(); });
    EXPECT_EQ(introspection(), 200);
}

// Every pool has several sessions, and all fell silent: nobody is answered late, and all are replaced.
TEST_F(DatabaseSilent, ReplacesTheSessionsOfQueriesAndOfTheProjector) {
    proxy_.silence();
    Answer changed;
    until(200, kWriterRecovery, [&] { return (changed = renamed()).status; });
    ApiClient me = client_.as(one_.tokens.access);
    until(200, 40s, [&] { return me.get(kSessions, since(changed)).status; });
    for (int i = 0; i < 8; ++i) EXPECT_EQ(me.get(kSessions, since(changed)).status, 200);
}

}  // namespace
}  // namespace keyledger::test
