// Limits that all nodes share, as an attacker meets them; and what an attacker can't take from others by them. Callers
// come from where X-Forwarded-For says, for the service trusts the tests as its proxy.
#include <gtest/gtest.h>

#include <atomic>
#include <pqxx/pqxx>
#include <thread>

#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

// Each test has a rate of its own: nodes that are set up differently count apart, and so do tests on one database.
Environment limits(const std::string& burst, const std::string& rate) {
    return {{"KEYLEDGER_LOGIN_NETWORK_BURST", burst},
            {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", rate},
            {"KEYLEDGER_TRUSTED_PROXIES", "127.0.0.1"}};
}
ApiClient from(const RunningService& service, const std::string& address) {
    return ApiClient(service.port()).with("X-Forwarded-For", address);
}
int wrong_login(const RunningService& service, const std::string& address, const std::string& name) {
    ApiClient client = from(service, address);
    return try_log_in(client, name, "wrong").status;
}

TEST(SharedLimits, AreOneLimitOnTwoNodes) {
    const RunningService first(deployment(), limits("4", "1"));
    const RunningService second(deployment(), limits("4", "1"));
    const std::string net = "198.51.100.10";
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(wrong_login(first, net, "nobody@keyledger.test"), 401);
        EXPECT_EQ(wrong_login(second, net, "nobody@keyledger.test"), 401);
    }
    for (const RunningService* node : {&first, &second}) {
        ApiClient client = from(*node, net);
        const Answer refused = try_log_in(client, "nobody@keyledger.test", "wrong");
        EXPECT_EQ(refused.status, 429);
        EXPECT_GE(std::stoi(refused.header("Retry-After").value_or("0")), 50);
        EXPECT_EQ(refused.header("RateLimit-Policy"), "\"network\";q=4;w=240");
        EXPECT_TRUE(refused.header("RateLimit").value_or("").starts_with("\"network\";r=0;t="));
    }
    EXPECT_EQ(wrong_login(first, "198.51.100.11", "nobody@keyledger.test"), 401) << "another network";
}

// Registering, logging in, changing the password, asking for erasure: one bucket for all of them, and before any work,
// so that the body is not even looked at.
TEST(SharedLimits, ComeBeforeAnyWorkWhereverAPasswordIsTaken) {
    const Visitor one = visitor(api());
    const RunningService strict(deployment(), limits("2", "2"));
    ApiClient client = from(strict, "198.51.100.20");
    EXPECT_EQ(client.post(kRegister, registration_of(somebody())).status, 201);
    EXPECT_EQ(client.post(kRegister, registration_of(somebody())).status, 201);
    const Answer third = client.post(kRegister, registration_of(somebody()));
    EXPECT_EQ(third.problem(), "too-many-attempts") << "registration was not throttled at all";
    EXPECT_TRUE(third.header("Retry-After"));
    ApiClient known = client.as(one.tokens.access);
    for (const char* page : {kResetPage,
                             "/account/invitation",
                             "/account/verify-email",
                             "/login",
                             "/login/factor",
                             "/register",
                             "/register/confirm",
                             "/forgot-password/code",
                             "/login/mail/code",
                             "/account/password",
                             "/account/factors",
                             "/account/factors/confirm",
                             "/account/passkeys",
                             "/account/passkeys/made",
                             "/login/passkey",
                             "/login/factor/passkey",
                             "/login/enrol",
                             "/login/enrol/confirm",
                             "/account/log-in",
                             "/account/factors/remove",
                             "/account/recovery-codes",
                             "/account/erase",
                             "/device",
                             "/account/email",
                             "/account/email/confirm",
                             "/account/providers/link",
                             "/account/providers/unlink",
                             "/register/provider",
                             "/register/provider/confirm"})
        EXPECT_EQ(known.form(page, "token=t&new_password=p", kAsksForJson).problem(), "too-many-attempts") << page;
    EXPECT_EQ(known.get("/login/providers/any/callback", kAsksForJson).problem(), "too-many-attempts");
    for (const char* target :
         {kRegister, kLogin, kChangePassword, kResetPassword, "/api/v1/auth/reauthenticate",
          "/api/v1/auth/accept-invitation", "/api/v1/auth/verify-email", "/api/v1/auth/replace-password",
          "/api/v1/auth/verify-mfa", "/api/v1/auth/enrol-mfa", "/api/v1/auth/passkey", "/api/v1/auth/mfa/passkeys",
          "/api/v1/auth/mfa/passkeys/options", kCompleteLogIn})
        EXPECT_EQ(known.post(target, "not even JSON").problem(), "too-many-attempts") << target;
    EXPECT_EQ(known.send("DELETE", kMe).problem(), "too-many-attempts");
    EXPECT_EQ(known.get(kMe).status, 200) << "what takes no password goes on";
    EXPECT_EQ(refresh(client, one.tokens.refresh).status, 200);
}

// I14: what a limit says is of the caller's network, and the same whoever was asked for.
TEST(SharedLimits, TellNothingOfAccounts) {
    const Visitor one = visitor(api());
    const RunningService strict(deployment(), limits("9", "3"));
    ApiClient home = from(strict, "198.51.100.30");
    ApiClient elsewhere = from(strict, "198.51.100.31");
    for (int left = 8; left >= 6; --left) {
        const Answer known = try_log_in(home, one.person.email, "wrong");
        const Answer unknown = try_log_in(elsewhere, "nobody@keyledger.test", "wrong");
        for (const char* header : {"RateLimit", "RateLimit-Policy", "Retry-After"})
            EXPECT_EQ(known.header(header), unknown.header(header)) << header;
        EXPECT_TRUE(known.header("RateLimit").value_or("").starts_with("\"network\";r=" + std::to_string(left)));
    }
}

// Whoever has a /48 has 65,536 networks of /64.
TEST(SharedLimits, EndForASiteThatHopsThroughItsNetworks) {
    const RunningService strict(deployment(), limits("2", "1"));
    int passed = 0;
    for (int network = 0; network < 40; ++network)
        passed += wrong_login(strict, "2001:db8:1:" + std::to_string(network) + "::1", "nobody@keyledger.test") == 401;
    EXPECT_EQ(passed, 16) << "eight times as many as one network";
    EXPECT_EQ(wrong_login(strict, "2001:db8:2::1", "nobody@keyledger.test"), 401);
}

// Every other route: so many of one network on each node, and what is the same for everybody always.
TEST(OwnLimits, ShedAFloodFromOneNetwork) {
    Environment few = limits("1000000", "1000000");
    few["KEYLEDGER_REQUEST_NETWORK_RATE_PER_MINUTE"] = "60";
    const RunningService node(deployment(), few);
    ApiClient client = from(node, "198.51.100.50");
    int looked_at = 0;
    for (int i = 0; i < 70; ++i) looked_at += client.get(kMe).status == 401;
    EXPECT_GE(looked_at, 60);
    EXPECT_LT(looked_at, 70);
    const Answer refused = client.get(kMe);
    EXPECT_EQ(refused.problem(), "too-many-attempts");
    EXPECT_TRUE(refused.header("Retry-After"));
    EXPECT_EQ(client.get("/health").status, 200);
    EXPECT_EQ(from(node, "198.51.100.51").get(kMe).status, 401);
}

// Nobody knows how the limits stand: what they guard is closed, and everything else goes on.
TEST(SharedLimits, FailClosedWhileTheirStoreIsAway) {
    const Visitor one = visitor(api());
    const RunningService strict(deployment(), limits("50", "5"));
    ApiClient client = from(strict, "198.51.100.40");
    ASSERT_EQ(try_log_in(client, one.person.email, one.person.password).status, 200);
    pqxx::connection connection(deployment().database().owner_url());
    pqxx::work holds(connection);
    holds.exec("lock table keyledger.limits in access exclusive mode");
    const Answer refused = try_log_in(client, one.person.email, one.person.password);
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.header("Retry-After"));
    EXPECT_EQ(client.post(kRegister, registration_of(somebody())).status, 503);
    EXPECT_EQ(client.get("/login/providers/any/callback", kAsksForJson).problem(), "unavailable");
    const Answer page = client.form("/login", "identifier=a");
    EXPECT_EQ(page.status, 503);
    EXPECT_TRUE(page.header("Retry-After"));
    EXPECT_NE(page.body.find("<h1>Not available at the moment"), std::string::npos) << page.body;
    EXPECT_NE(page.body.find("Try again in a moment."), std::string::npos) << page.body;
    for (const char* form : {"/register/provider", "/register/provider/confirm"})
        EXPECT_EQ(client.form(form, "flow=f", kAsksForJson).problem(), "unavailable") << form;
    const ClientOfService& gateway = deployment().gateway;
    EXPECT_EQ(introspect(client, gateway, one.tokens.access).status, 200);
    EXPECT_EQ(refresh(client, one.tokens.refresh).status, 200);
    holds.abort();
}

// One network registers as fast as it can. Others log in meanwhile, each from a network of its own: none is refused for
// want of a place in the queue of the hashing pool.
TEST(HashingQueue, KeepsAFloodOfRegistrationsFromTakingLogInAway) {
    Environment busy = limits("1000000", "1000000");
    busy["KEYLEDGER_HASH_THREADS"] = "1";
    busy["KEYLEDGER_HASH_QUEUE"] = "4";
    busy["KEYLEDGER_ARGON2_MEMORY_KIB"] = "16384";
    const Visitor one = visitor(api());
    const RunningService service(deployment(), busy);
    std::atomic<bool> ended = false;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> flood;
    for (int i = 0; i < 8; ++i)
        flood.emplace_back([&] {
            HttpClient client(service.port());
            while (!ended) {
                const auto answer = client.request(
                    "POST", kRegister, {{"Content-Type", "application/json"}, {"X-Forwarded-For", "203.0.113.1"}},
                    registration_of(somebody()));
                refused += answer.status == 503;
            }
        });
    while (refused == 0) std::this_thread::yield();
    int let_in = 0;
    for (int i = 0; i < 20; ++i) {
        ApiClient client = from(service, "203.0.113." + std::to_string(10 + i));
        let_in += try_log_in(client, one.person.email, one.person.password).status == 200;
    }
    ended = true;
    EXPECT_EQ(let_in, 20);
}

class LockOut : public testing::Test {
protected:
    static Environment strict() {
        Environment environment = limits("1000000", "1000000");
        environment["KEYLEDGER_LOGIN_NAME_BURST"] = "3";
        environment["KEYLEDGER_LOGIN_FAILURES_IN_A_ROW"] = "6";
        environment["KEYLEDGER_LOGIN_KNOWN_NETWORK_DAYS"] = "90";
        return environment;
    }
    bool gets_in(const std::string& address) {
        ApiClient client = from(service_, address);
        const Answer answer = try_log_in(client, one_.email, one_.password);
        EXPECT_TRUE(answer.status == 200 || answer.problem() == "invalid-credentials") << answer.body;
        return answer.status == 200;
    }
    void attack(int times) {
        for (int i = 0; i < times; ++i)
            EXPECT_EQ(wrong_login(service_, "203.0.113." + std::to_string(100 + i), one_.email), 401);
    }

    RunningService service_{deployment(), strict()};
    Person one_ = register_somebody(api());
};

TEST_F(LockOut, IsOfTheNetworkThatGuessesAndNotOfTheOwner) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(wrong_login(service_, "203.0.113.9", one_.email), 401);
    EXPECT_FALSE(gets_in("203.0.113.9"));
    EXPECT_TRUE(gets_in("192.0.2.50"));
}

TEST_F(LockOut, LeavesTheNetworksOpenThatTheOwnerLoggedInFrom) {
    ASSERT_TRUE(gets_in("192.0.2.50"));
    attack(8);
    EXPECT_FALSE(gets_in("192.0.2.51"));
    EXPECT_TRUE(gets_in("192.0.2.50"));
    EXPECT_TRUE(gets_in("192.0.2.51"));
}

TEST_F(LockOut, IsLiftedByAnAdministratorOrAtTheMachine) {
    ApiClient admin = administrator(api());
    const std::string lock_out = std::string(kUsers) + "/" + one_.id + "/lock-out";
    EXPECT_FALSE(admin.get(lock_out).boolean("/locked"));
    EXPECT_TRUE(admin.get(lock_out).is_null("/last_failed_at"));
    attack(6);
    EXPECT_FALSE(gets_in("192.0.2.60"));
    const Answer seen = administrator(ApiClient(service_.port())).get(lock_out);
    EXPECT_TRUE(seen.boolean("/locked")) << "the caller is told no more than of a wrong password: " << seen.body;
    EXPECT_EQ(seen.number("/failures_in_a_row"), 6) << seen.body;
    const std::string target = std::string(kUsers) + "/" + one_.id + "/unlock";
    EXPECT_EQ(api().as(visitor(api()).tokens.access).send("POST", target).problem(), "forbidden");
    const Answer unlocked = admin.send("POST", target);
    EXPECT_EQ(unlocked.status, 204) << unlocked.body;
    const Answer audit = admin.get(std::string(kAudit) + "?type=login.unlocked&user=" + one_.id, since(unlocked));
    EXPECT_EQ(audit.count(), 1u) << audit.body;
    EXPECT_TRUE(gets_in("192.0.2.60"));
    EXPECT_EQ(admin.send("POST", target).status, 204) << "nothing to do is no error";
    attack(6);
    EXPECT_FALSE(gets_in("192.0.2.61"));
    const ProcessResult done = deployment().run({"users", "unlock", "--email", one_.email});
    EXPECT_EQ(done.exit_code, 0) << done.output;
    EXPECT_TRUE(done.output.starts_with("Unlocked the user " + one_.id)) << done.output;
    EXPECT_TRUE(gets_in("192.0.2.61"));
    EXPECT_NE(deployment().run({"users", "unlock", "--email", "nobody@keyledger.test"}).exit_code, 0);
}

}  // namespace
}  // namespace keyledger::test
