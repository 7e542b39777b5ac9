// The process: health, metrics, restart, a kill, a second node, Kafka that is away, limits, and answers that
// take alike long.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>

#include "tests/e2e/world/evidence.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

TEST(Health, IsToldOnBothPortsWithReasonsToOperatorsOnly) {
    ApiClient client = api();
    for (const char* target : {"/health", "/health/ready"}) {
        const Answer open = client.get(target);
        EXPECT_EQ(open.status, 200);
        EXPECT_EQ(open.text("/status"), "ready");
        EXPECT_FALSE(open.has("/checks/0/detail"));
        const Answer inside{HttpClient(service().management_port()).get(target)};
        EXPECT_EQ(inside.status, 200);
        EXPECT_TRUE(inside.has("/checks/0/detail"));
    }
    EXPECT_EQ(client.get("/health/live").status, 200);
    EXPECT_EQ(HttpClient(service().management_port()).get("/health/live").status, 200);
}

TEST(Management, ShowsMetricsAndInformation) {
    visitor(api());
    HttpClient management(service().management_port());
    const HttpResponse metrics = management.get("/metrics");
    EXPECT_EQ(metrics.status, 200);
    EXPECT_TRUE(metrics.header("Content-Type").value_or("").starts_with("text/plain"));
    for (const char* name :
         {"keyledger_append_events_total", "keyledger_projection_lag_events", "keyledger_hash_duration_seconds",
          "keyledger_publisher_position", "keyledger_http_connections"})
        EXPECT_NE(metrics.body.find(name), std::string::npos) << name;
    const Answer information{management.get("/info")};
    EXPECT_EQ(information.text("/service"), "keyledger");
    EXPECT_FALSE(information.text("/version").empty());
    EXPECT_EQ(information.text("/log_id").size(), 36u);
    EXPECT_EQ(management.get(kMe).status, 404) << "the API is elsewhere";
    EXPECT_EQ(management.request("PUT", "/log-level", {}, "loud").status, 400);
    EXPECT_EQ(management.request("PUT", "/log-level", {}, "debug").status, 204);
}

// What `wget --spider`, proxies and old probes send.
TEST(Management, IsAskedAsTheApiMayBe) {
    RawSocket socket(service().management_port());
    for (const char* target : {"/health/live", "http://elsewhere.test/health/live", "/health/live?&"}) {
        socket.send("\r\nHEAD " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
        const HttpResponse head = socket.read_response(true);
        EXPECT_EQ(head.status, 200) << target;
        EXPECT_EQ(head.header("Content-Length"), "17") << target;
    }
    socket.send("GET /health/live HTTP/1.1\r\n\r\n");
    EXPECT_EQ(socket.read_response().status, 400) << "it lacks Host";
    RawSocket old(service().management_port());
    old.send("GET /metrics HTTP/1.0\r\n\r\n");
    EXPECT_EQ(old.read_response().header("Connection"), "close");
    old.await_close();
}

// Everything is in the log and in the keyring, so that a new process goes on where the old one was.
TEST(Restart, KeepsEverything) {
    auto first = std::make_unique<RunningService>(deployment());
    const Visitor one = visitor(ApiClient(first->port()));
    first->stop();
    RunningService second(deployment());
    const ApiClient client(second.port());
    EXPECT_EQ(client.as(one.tokens.access).get(kMe).text("/id"), one.person.id);
    EXPECT_TRUE(is_active(client, one.tokens.access));
    const Tokens next = tokens_of(refresh(client, one.tokens.refresh));
    EXPECT_EQ(next.session_id, one.tokens.session_id);
    EXPECT_EQ(log_in(client, one.person).session_id.size(), 36u);
}

// What was acknowledged is there though the process never got to say goodbye (I3).
TEST(Restart, AfterAKillKeepsWhatWasAcknowledged) {
    auto first = std::make_unique<RunningService>(deployment());
    const Visitor one = visitor(ApiClient(first->port()));
    const Visitor ended = visitor(ApiClient(first->port()));
    EXPECT_EQ(ApiClient(first->port()).as(ended.tokens.access).send("POST", kLogout).status, 204);
    first->kill();
    RunningService second(deployment());
    const ApiClient client(second.port());
    EXPECT_TRUE(is_active(client, one.tokens.access));
    EXPECT_FALSE(is_active(client, ended.tokens.access));
    EXPECT_EQ(refresh(client, one.tokens.refresh).status, 200);
}

// Two processes on one log: what one has answered, the other knows (I8).
TEST(SecondNode, KnowsAtOnceWhatTheFirstOneEnded) {
    RunningService other(deployment());
    const ApiClient there(other.port());
    for (int round = 0; round < 10; ++round) {
        const Visitor one = visitor(api());
        EXPECT_TRUE(is_active(there, one.tokens.access));
        EXPECT_EQ(there.as(one.tokens.access).get(kMe).status, 200);
        EXPECT_EQ(api().as(one.tokens.access).send("POST", kLogout).status, 204);
        EXPECT_FALSE(is_active(there, one.tokens.access));
        EXPECT_EQ(there.as(one.tokens.access).get(kMe).problem(), "invalid-token");
        EXPECT_EQ(refresh(there, one.tokens.refresh).problem(), "invalid-grant");
    }
}

// Nobody answers where Kafka should be. The service starts, serves and is ready; the log keeps what Kafka
// will get (I12). Once there is a broker, a consumer finds all of it there.
TEST(KafkaAway, HindersNobodyAndLosesNothing) {
    const Deployment apart;
    Visitor one;
    {
        RunningService cut_off(apart, {{"KEYLEDGER_KAFKA_BROKERS", "127.0.0.1:1"}});
        const ApiClient client(cut_off.port());
        one = visitor(client);
        EXPECT_EQ(client.as(one.tokens.access).put(kMe, json_object({{"name", "Ann"}})).status, 200);
        EXPECT_EQ(refresh(client, one.tokens.refresh).status, 200);
        EXPECT_EQ(HttpClient(cut_off.management_port()).get("/health/ready").status, 200);
    }
    RunningService whole(apart);
    EXPECT_EQ(ApiClient(whole.port()).as(one.tokens.access).get(kMe).text("/name"), "Ann");
    EXPECT_NE(published_records(apart).find(one.person.id), std::string::npos);
}

// A network gets a number of attempts at once, then as many as its rate allows; every attempt on passwords
// counts.
TEST(Throttle, TellsANetworkToWait) {
    const Visitor one = visitor(api());
    RunningService strict(deployment(),
                          {{"KEYLEDGER_LOGIN_NETWORK_BURST", "3"}, {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "1"}});
    ApiClient client(strict.port());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(try_log_in(client, one.person.email, "wrong").status, 401);
    const Answer refused = try_log_in(client, one.person.email, one.person.password);
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.problem(), "too-many-attempts");
    EXPECT_TRUE(refused.header("Retry-After"));
    const std::string body = json_object({{"current_password", "wrong"}, {"new_password", "does not matter here"}});
    EXPECT_EQ(client.as(one.tokens.access).post(kChangePassword, body).problem(), "too-many-attempts");
    EXPECT_EQ(refresh(client, one.tokens.refresh).status, 200) << "refreshing guesses no password";
}

double milliseconds(const std::function<void()>& work) {
    const auto start = Clock::now();
    work();
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> values) {
    std::ranges::sort(values);
    return values[values.size() / 2];
}

// Nobody learns from the answer to a log-in whether somebody has an account: neither from its words nor from
// its time, which ends with a step of 100 ms. That it is the same work before that, LogInTest asks. Tries alternate, so
// that a busy machine slows both alike; whoever is let in does not wait.
TEST(LogIn, RefusesUnknownUsersAndWrongPasswordsAlike) {
    constexpr int kTries = 15;
    constexpr double kStep = 100, kFactor = 1.6;
    const Environment costly{{"KEYLEDGER_ARGON2_MEMORY_KIB", "9728"}, {"KEYLEDGER_ARGON2_ITERATIONS", "2"}};
    RunningService strong(deployment(), costly);
    ApiClient client(strong.port());
    const Person person = register_somebody(client);
    const std::string nobody = watch_personal(unique("nobody") + "@people.keyledger.test");
    std::vector<double> known;
    std::vector<double> unknown;
    std::vector<double> right;
    Answer to_known;
    Answer to_unknown;
    for (int i = 0; i < kTries; ++i) {
        known.push_back(milliseconds([&] { to_known = try_log_in(client, person.email, "not the password"); }));
        unknown.push_back(milliseconds([&] { to_unknown = try_log_in(client, nobody, "not the password"); }));
        right.push_back(milliseconds([&] { try_log_in(client, person.email, person.password); }));
    }
    auto without_id = [](Answer answer) {
        const std::string id = answer.header("X-Request-Id").value_or("?");
        std::erase_if(answer.headers,
                      [](const auto& header) { return header.first == "X-Request-Id" || header.first == "Date"; });
        answer.body.replace(answer.body.find(id), id.size(), "");
        return std::make_tuple(answer.status, answer.headers, answer.body);
    };
    EXPECT_EQ(without_id(to_known), without_id(to_unknown));
    EXPECT_EQ(to_known.problem(), "invalid-credentials");
    const double factor = std::max(median(known), median(unknown)) / std::min(median(known), median(unknown));
    EXPECT_LT(factor, kFactor) << "known " << median(known) << " ms, unknown " << median(unknown) << " ms";
    for (const auto& refused : {known, unknown}) EXPECT_GE(std::ranges::min(refused), kStep);
    EXPECT_LT(median(right), median(known)) << "a good one takes " << median(right) << " ms";
}

}  // namespace
}  // namespace keyledger::test
