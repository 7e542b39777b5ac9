// Two nodes with a copy of the keyring each, of which one is not told that keys have ended. What it makes
// must either be good for everybody or be refused: never lost, never found missing later.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <pqxx/pqxx>

#include "security/adapters/keyed_digests.hpp"
#include "tests/e2e/world/world.hpp"

namespace keyledger::test {
namespace {

using namespace std::chrono_literals;

// A node that is not ready, and answers nevertheless.
class LateNode {
public:
    LateNode(const Deployment& own, const std::string& keyring) {
        Environment environment = own.environment();
        environment["KEYLEDGER_KEYRING_FILE"] = keyring;
        environment["KEYLEDGER_LISTEN"] = "127.0.0.1:0";
        environment["KEYLEDGER_MANAGEMENT_LISTEN"] = "127.0.0.1:" + std::to_string(port_);
        process_ = std::make_unique<Process>(std::vector<std::string>{std::getenv("KEYLEDGER_TEST_BINARY"), "serve"},
                                             environment, own.folder() / ("late-" + std::to_string(port_) + ".log"));
    }
    ~LateNode() {
        process_->signal(SIGTERM);
        process_->wait(30s);
    }
    // Of its check of readiness, as soon as it listens for requests.
    std::string first_answer() const {
        std::string answer;
        await_that("an answer", [&] {
            try {
                answer = HttpClient(port_).get("/health/ready").body;
            } catch (const ClientError&) {
                return false;
            }
            return answer.find(R"({"name":"serving","good":true)") != std::string::npos;
        });
        return answer;
    }

private:
    static std::uint16_t free_port() {
        boost::asio::io_context context;
        boost::asio::ip::tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), 0});
        return acceptor.local_endpoint().port();
    }
    const std::uint16_t port_ = free_port();
    std::unique_ptr<Process> process_;
};

struct KeyringOfTwoNodes : testing::Test {
    KeyringOfTwoNodes() {
        copy_keyring();
        told = std::make_unique<RunningService>(own);
        slow = std::make_unique<RunningService>(own, Environment{{"KEYLEDGER_KEYRING_FILE", slow_keyring()}});
    }
    std::string slow_keyring() const { return (own.folder() / "slow-keyring.json").string(); }
    void copy_keyring() {
        std::filesystem::copy_file(own.folder() / "keyring.json", slow_keyring(),
                                   std::filesystem::copy_options::overwrite_existing);
    }
    std::string keys(const std::vector<std::string>& words) {
        std::vector<std::string> all{"keys"};
        all.insert(all.end(), words.begin(), words.end());
        const ProcessResult done = own.run(all);
        EXPECT_EQ(done.exit_code, 0) << done.output;
        return done.output;
    }
    std::string current(const std::string& purpose) {
        std::istringstream lines(keys({"list"}));
        for (std::string line; std::getline(lines, line);)
            if (line.find("  " + purpose + "  ") != std::string::npos && line.find("  current  ") != std::string::npos)
                return line.substr(0, line.find(' '));
        return {};
    }
    // It reads its keyring at its start.
    void restart_told() {
        told.reset();
        told = std::make_unique<RunningService>(own);
    }
    // A key of that purpose that one node has and the other one lacks, in use from now on.
    std::string rotate_for_one(const std::string& purpose) {
        keys({"rotate", purpose});
        restart_told();
        std::string made = current(purpose);
        await_that("the news of it", [&] { return ready_text(*slow).find("lacks key " + made) != std::string::npos; });
        return made;
    }
    // Neither good nor bad, but to be asked again; and never what a client would throw a good token away for.
    static void expect_later(const Answer& answer, const std::string& what) {
        EXPECT_EQ(answer.status, 503) << what << answer.body;
        EXPECT_TRUE(answer.header("Retry-After")) << what;
        for (const char* word : {"invalid", "wrong", "does not answer", "Log in"})
            EXPECT_EQ(answer.body.find(word), std::string::npos) << what << answer.body;
    }
    Answer form_at(const RunningService& node, const std::string& path, const std::string& form) {
        return ApiClient(node.port()).with("Authorization", own.gateway.basic()).form(path, form);
    }
    int registered_at(const RunningService& node, const Person& person) {
        return ApiClient(node.port()).post(kRegister, registration_of(person)).status;
    }
    Deployment own;
    std::unique_ptr<RunningService> told;
    std::unique_ptr<RunningService> slow;
};

TEST_F(KeyringOfTwoNodes, NothingIsWrappedUnderAKeyThatHasEnded) {
    const std::string old = current("key-encryption");
    const Person before = register_somebody(ApiClient(told->port()));
    keys({"rotate", "key-encryption"});
    keys({"rewrap", "--revoke-old"});

    const Person later = somebody();
    EXPECT_EQ(registered_at(*slow, later), 503) << "it would be wrapped under a key that nobody else has";
    EXPECT_NE(ready_text(*slow).find("key " + old + " has ended"), std::string::npos) << ready_text(*slow);
    ApiClient at_slow(slow->port());
    EXPECT_EQ(at_slow.get("/health/ready").status, 503);
    EXPECT_EQ(try_log_in(at_slow, before.email, before.password).status, 503)
        << "who is wrapped by a key that it lacks must not look erased, nor as if the password were wrong";

    EXPECT_EQ(registered_at(*told, somebody()), 201) << "its file is the new one, and it reads that by itself";
    EXPECT_EQ(ApiClient(told->port()).get("/health/ready").status, 200);

    copy_keyring();  // without a SIGHUP
    await_that("a node that has read its keyring", [&] { return registered_at(*slow, later) == 201; });
    EXPECT_EQ(at_slow.get("/health/ready").status, 200) << ready_text(*slow);
    EXPECT_EQ(log_in(ApiClient(told->port()), later).session_id.size(), 36u);
    EXPECT_EQ(log_in(ApiClient(slow->port()), before).session_id.size(), 36u);
    const ProcessResult verified = own.run({"projections", "verify"});
    EXPECT_EQ(verified.exit_code, 0) << verified.output;
}

TEST_F(KeyringOfTwoNodes, NothingIsClaimedUnderAKeyThatHasEndedAlone) {
    const std::string old = current("claims");
    keys({"rotate", "claims"});
    keys({"reclaim"});
    keys({"revoke", old});

    const Person person = somebody();
    EXPECT_EQ(registered_at(*slow, person), 503) << "others could take the address";
    EXPECT_NE(ready_text(*slow).find("key " + old + " has ended"), std::string::npos) << ready_text(*slow);
    EXPECT_EQ(registered_at(*told, person), 201);
    copy_keyring();
    await_that("a node that has read its keyring", [&] { return registered_at(*slow, person) == 409; });
    EXPECT_EQ(registered_at(*slow, somebody()), 201);
}

TEST_F(KeyringOfTwoNodes, NobodyIsCalledUnknownUnderAKeyThatHasEnded) {
    const std::string old = current("claims");
    const Person before = register_somebody(ApiClient(told->port()));
    keys({"rotate", "claims"});
    keys({"reclaim"});
    keys({"revoke", old});
    restart_told();
    const Person later = somebody();
    await_that("a node that has the new key", [&] { return registered_at(*told, later) != 503; });
    keys({"reclaim"});

    ApiClient at_slow(slow->port());
    expect_later(try_log_in(at_slow, later.email, later.password), "a right password");
    expect_later(try_log_in(at_slow, before.email, before.password), "whose claim is under the new key alone by now");
    expect_later(try_log_in(at_slow, somebody().email, later.password), "a name that nobody has");
    EXPECT_NE(ready_text(*slow).find("key " + old + " has ended"), std::string::npos) << ready_text(*slow);
    copy_keyring();  // without a SIGHUP
    await_that("a node that has read its keyring",
               [&] { return try_log_in(at_slow, later.email, later.password).status == 200; });
    EXPECT_EQ(try_log_in(at_slow, before.email, before.password).status, 200);
    EXPECT_EQ(try_log_in(at_slow, before.email, later.password).status, 401);
    EXPECT_EQ(at_slow.get("/health/ready").status, 200) << ready_text(*slow);
}

TEST_F(KeyringOfTwoNodes, WhatIsSealedUnderAKeyThatIsLackingIsNotCalledBad) {
    const Person person = register_somebody(ApiClient(told->port()));
    register_somebody(ApiClient(told->port()));
    rotate_for_one("sealing-root");
    const Tokens tokens = log_in(ApiClient(told->port()), person);
    const Answer page = administrator(ApiClient(told->port())).get(std::string(kUsers) + "?limit=1");
    const std::string cursor = page.text("/next");
    ASSERT_NE(cursor, "") << page.body;
    const Answer changed = ApiClient(told->port()).as(tokens.access).put(kMe, json_object({{"name", unique("Name")}}));

    ApiClient at_slow(slow->port());
    expect_later(refresh(at_slow, tokens.refresh), "a refresh");
    expect_later(at_slow.form(kToken, "grant_type=refresh_token&client_id=keyledger&refresh_token=" + tokens.refresh),
                 "a refresh by OAuth");
    expect_later(form_at(*slow, kIntrospect, "token=" + tokens.refresh), "an introspection");
    expect_later(form_at(*slow, kRevoke, "token=" + tokens.refresh), "a revocation");
    const ApiClient admin = administrator(at_slow);
    expect_later(ApiClient(admin).get(std::string(kUsers) + "?limit=1&cursor=" + cursor), "a page");
    expect_later(ApiClient(admin).get(kUsers, since(changed)), "a position");

    const std::string made_up = "klr_AQdub2JvZHk1" + std::string(120, 'A');  // its key: "nobody5"
    const Answer stranger = refresh(at_slow, made_up);
    EXPECT_EQ(stranger.problem(), "invalid-grant") << "nobody has such a key" << stranger.body;

    copy_keyring();  // without a SIGHUP
    await_that("a node that has read its keyring", [&] { return refresh(at_slow, tokens.refresh).status == 200; });
    await_that("a node that is ready", [&] { return at_slow.get("/health/ready").status == 200; });
}

TEST_F(KeyringOfTwoNodes, WhatIsSignedByAKeyThatIsLackingIsNotCalledBad) {
    const Person person = register_somebody(ApiClient(told->port()));
    const Tokens before = log_in(ApiClient(told->port()), person);
    rotate_for_one("token-signing");
    const Tokens tokens = log_in(ApiClient(told->port()), person);

    ApiClient at_slow(slow->port());
    expect_later(at_slow.as(tokens.access).get(kMe), "a user's own request");
    expect_later(form_at(*slow, kIntrospect, "token=" + tokens.access), "an introspection");
    expect_later(form_at(*slow, kRevoke, "token=" + tokens.access), "a revocation");
    // Where nobody has to be known the token says nothing, and is in nobody's way.
    EXPECT_EQ(at_slow.as(tokens.access).post(kRegister, registration_of(somebody())).status, 201);
    EXPECT_EQ(at_slow.as(before.access).get(kMe).status, 200);
    // {"alg":"ES256","kid":"nobody5","typ":"at+jwt"}
    const std::string made_up = "eyJhbGciOiJFUzI1NiIsImtpZCI6Im5vYm9keTUiLCJ0eXAiOiJhdCtqd3QifQ.e30.AAAA";
    EXPECT_EQ(at_slow.as(made_up).get(kMe).status, 401) << "nobody has such a key";
    EXPECT_NE(form_at(*slow, kIntrospect, "token=" + made_up).body.find(R"("active":false)"), std::string::npos);

    copy_keyring();  // without a SIGHUP
    await_that("a node that has read its keyring", [&] { return at_slow.as(tokens.access).get(kMe).status == 200; });
}

TEST_F(KeyringOfTwoNodes, ANodeThatStartsWithAKeyThatHasEndedSaysSoAtOnce) {
    for (const char* purpose : {"claims", "key-encryption"}) {
        copy_keyring();
        const std::string old = current(purpose);
        keys({"rotate", purpose});
        if (purpose == std::string("claims")) {
            keys({"reclaim"});
            keys({"revoke", old});
            keys({"reclaim"});
        } else {
            keys({"rewrap", "--revoke-old"});
        }
        const LateNode late(own, slow_keyring());
        const std::string ready = late.first_answer();
        EXPECT_NE(ready.find(R"("name":"keyring","good":false,"detail":"key )" + old + " has ended"), std::string::npos)
            << purpose << ready;
        EXPECT_NE(ready.find("not-ready"), std::string::npos) << ready;
    }
}

TEST_F(KeyringOfTwoNodes, AKeyIsNotChangedInOneStepWhileAServiceRuns) {
    const std::string old = current("key-encryption");
    const ProcessResult refused = own.run({"keys", "rotate", "--kek"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.output.find("session(s) of the service"), std::string::npos) << refused.output;
    EXPECT_EQ(current("key-encryption"), old);
    keys({"rotate", "--kek", "--force"});
    EXPECT_EQ(registered_at(*slow, somebody()), 503);
    EXPECT_EQ(registered_at(*told, somebody()), 201);
    told->stop();
    slow->stop();
    await_that("the end of all sessions", [&] { return own.run({"keys", "rotate", "--kek"}).exit_code == 0; });
}

// The id of a day's anonymous callers is public: whoever has the service's database role can make a key for it, wrapped
// by one that never was. No keyring is too old for that, and no wrong password goes uncounted.
TEST(KeyOfTheDay, MadeUpByAnybodyIsNoReasonToLookForANewerKeyring) {
    Deployment own;
    pqxx::connection owner(own.database().owner_url());
    const auto number = [&](const std::string& what) {
        pqxx::nontransaction work(owner);
        return work.exec1("select " + what)[0].as<std::int64_t>();
    };
    struct Fixed : commands::Clock {
        Instant now() const override { return value; }
        Instant value;
    } clock;
    clock.value = Instant::at_ms(number("floor(extract(epoch from now()) * 1000)::bigint"));
    const auto keyring = security::LiveKeyring::open((own.folder() / "keyring.json").string(), clock.value).value();
    security::KeyringPseudonyms pseudonyms(*keyring, clock);
    for (const Instant day : {clock.value, clock.value + days(1)}) {
        pqxx::work work(owner);
        work.exec_params("insert into keyledger.subject_keys (subject, tenant, key_id, wrapped_key, "
                         "key_encryption_key_id) values ($1::uuid, 'default', gen_random_uuid(), '\\x00', 'made-up')",
                         pseudonyms.anonymous_subject_of(day).to_string());
        work.commit();
    }

    const RunningService node(own);
    ApiClient client(node.port());
    const Person person = register_somebody(client);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(try_log_in(client, person.email, "not the password").status, 401);
    await_that("two recorded failures",
               [&] { return number("count(*) from keyledger.events where event_type = 'login.failed'") == 2; });
    EXPECT_EQ(log_in(client, person).session_id.size(), 36u);
    EXPECT_EQ(client.get("/health/ready").status, 200) << ready_text(node);
    EXPECT_EQ(ready_text(node).find("made-up"), std::string::npos) << ready_text(node);
}

}  // namespace
}  // namespace keyledger::test
