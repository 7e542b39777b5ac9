#include "eventstore/postgres/connection/connecting.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "eventstore/postgres/connection/session_counts.hpp"

using namespace keyledger::eventstore::postgres;
using namespace std::chrono_literals;

TEST(ConnectionText, AddsWhatNoticesAPeerThatVanished) {
    const std::string text = connection_text("postgresql://me@db:5433/keyledger");
    for (const char* part :
         {"user='me'", "host='db'", "port='5433'", "dbname='keyledger'", "connect_timeout='5'", "keepalives_idle='5'",
          "keepalives_interval='2'", "keepalives_count='3'", "tcp_user_timeout='10000'"})
        EXPECT_NE(text.find(part), std::string::npos) << part << " is not in " << text;
}

TEST(ConnectionText, LeavesWhatTheOperatorChose) {
    for (const char* url : {"postgresql://db/keyledger?tcp_user_timeout=77&connect_timeout=9",
                            "host=db dbname=keyledger tcp_user_timeout=77 connect_timeout=9"}) {
        const std::string text = connection_text(url);
        EXPECT_NE(text.find("tcp_user_timeout='77'"), std::string::npos) << text;
        EXPECT_NE(text.find("connect_timeout='9'"), std::string::npos) << text;
        EXPECT_EQ(text.find("10000"), std::string::npos) << text;
    }
}

TEST(ConnectionText, KeepsQuotesAndBackslashesOfAPassword) {
    const std::string text = connection_text(R"(postgresql://me:it's%20a%5Csecret@db/keyledger)");
    EXPECT_NE(text.find(R"(password='it\'s a\\secret')"), std::string::npos) << text;
}

TEST(ConnectionText, TakesThePrimaryOfSeveralHosts) {
    for (const char* url : {"postgresql://one:5432,other:5433/keyledger", "host=one,other dbname=keyledger",
                            "hostaddr=192.0.2.1,192.0.2.2 dbname=keyledger"}) {
        const std::string text = connection_text(url);
        EXPECT_NE(text.find("target_session_attrs='primary'"), std::string::npos) << text;
        EXPECT_EQ(host_problem(url), std::nullopt);
    }
    const std::string chosen = connection_text("postgresql://one,other/keyledger?target_session_attrs=read-write");
    EXPECT_NE(chosen.find("target_session_attrs='read-write'"), std::string::npos) << chosen;
    EXPECT_EQ(chosen.find("primary"), std::string::npos) << chosen;
    const std::string single = connection_text("postgresql://one/keyledger");
    EXPECT_EQ(single.find("target_session_attrs"), std::string::npos) << single;
}

TEST(ConnectionText, IsRefusedWhereItMayFindAStandby) {
    for (const char* which : {"standby", "read-only", "prefer-standby"}) {
        const auto problem = host_problem(std::string("postgresql://one/keyledger?target_session_attrs=") + which);
        ASSERT_TRUE(problem.has_value()) << which;
        EXPECT_NE(problem->find(which), std::string::npos) << *problem;
    }
    EXPECT_TRUE(host_problem("postgresql://one,other/keyledger?target_session_attrs=any").has_value());
    for (const char* good : {"", "postgresql://one/keyledger?target_session_attrs=any", "somewhere else",
                             "postgresql://one,other/keyledger?target_session_attrs=primary"})
        EXPECT_EQ(host_problem(good), std::nullopt) << good;
}

TEST(ConnectionText, PassesOnWhatIsNoUrl) { EXPECT_EQ(connection_text("somewhere else"), "somewhere else"); }

namespace {

struct Pair {
    Pair() {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) ends = {-1, -1};
    }
    ~Pair() {
        for (const int end : ends)
            if (end >= 0) close(end);
    }
    std::array<int, 2> ends{};
};

}  // namespace

TEST(AnswerWithin, EndsTheSessionOfWhoeverIsSilent) {
    const Pair pair;
    const AnswerWithin bound(pair.ends[0], 50ms);
    char byte = 0;
    EXPECT_EQ(recv(pair.ends[0], &byte, 1, 0), 0) << "whoever waits for an answer has to be woken";
}

TEST(AnswerWithin, LeavesTheSessionOfWhoeverAnsweredInTime) {
    const Pair pair;
    { const AnswerWithin bound(pair.ends[0], 50ms); }
    const Pair other;
    const AnswerWithin later(other.ends[0], 200ms);
    char byte = 0;
    EXPECT_EQ(recv(other.ends[0], &byte, 1, 0), 0);  // 150 ms after the first bound
    EXPECT_EQ(send(pair.ends[1], "x", 1, MSG_NOSIGNAL), 1);
    EXPECT_EQ(recv(pair.ends[0], &byte, 1, 0), 1);
}

TEST(AnswerWithin, EndsTheSoonerOneFirstThoughItBeganLater) {
    const Pair late;
    const Pair soon;
    const AnswerWithin patient(late.ends[0], 1h);
    const AnswerWithin bound(soon.ends[0], 50ms);
    char byte = 0;
    EXPECT_EQ(recv(soon.ends[0], &byte, 1, 0), 0);
    EXPECT_EQ(recv(late.ends[0], &byte, 1, MSG_DONTWAIT), -1);
}

// The number may be another connection's by the time that the answer is late.
TEST(AnswerWithin, NeverEndsAnotherSessionThatGotTheSameDescriptor) {
    const Pair pair;
    const int number = dup(pair.ends[0]);
    const AnswerWithin bound(number, 50ms);
    close(number);
    const Pair other;
    const int same = dup2(other.ends[0], number);
    char byte = 0;
    EXPECT_EQ(recv(pair.ends[0], &byte, 1, 0), 0);  // the first was ended
    EXPECT_EQ(recv(same, &byte, 1, MSG_DONTWAIT), -1);
    EXPECT_EQ(send(other.ends[1], "x", 1, MSG_NOSIGNAL), 1);
    EXPECT_EQ(recv(same, &byte, 1, 0), 1);
    close(same);
}

TEST(SessionCounts, KnowsASessionUntilItsSocketIsClosed) {
    const SessionCounts before = session_counts();
    {
        const Pair pair;
        SessionAttempt attempt;
        attempt.opened(pair.ends[0]);
        EXPECT_EQ(session_counts().open, before.open + 1);
        EXPECT_EQ(session_counts().opened, before.opened + 1);
        EXPECT_EQ(session_counts().opening_ns.count(), before.opening_ns.count() + 1);
    }
    EXPECT_EQ(session_counts().open, before.open);
    EXPECT_EQ(session_counts().failed, before.failed) << "it was open once";
}

TEST(SessionCounts, DoesNotTakeAnotherSocketOfTheSameNumberForIt) {
    const SessionCounts before = session_counts();
    auto pair = std::make_unique<Pair>();
    const int number = pair->ends[0];
    SessionAttempt().opened(number);
    const Pair other;
    ASSERT_EQ(dup2(other.ends[0], number), number);
    EXPECT_EQ(session_counts().open, before.open);
}

TEST(SessionCounts, CountsAnAttemptThatOpenedNothing) {
    const SessionCounts before = session_counts();
    { const SessionAttempt attempt; }
    EXPECT_EQ(session_counts().failed, before.failed + 1);
    EXPECT_EQ(session_counts().opened, before.opened);
}
