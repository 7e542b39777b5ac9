// Two nodes with a copy of the keyring each, of which one is not told that keys have ended. What it makes
// must either be good for everybody or be refused: never lost, never found missing later.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <pqxx/pqxx>
#include <thread>

#include "security/adapters/keyed_digests.hpp"
#include "tests/e2e/world.hpp"

namespace keyledger::test {
namespace {

using namespace std::chrono_literals;

std::string ready_text(const RunningService& node) {
    return HttpClient(node.management_port()).get("/health/ready").body;
}

void await(const char* what, const std::function<bool()>& condition) {
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (!condition()) {
        ASSERT_LT(std::chrono::steady_clock::now(), until) << what << " did not come";
        std::this_thread::sleep_for(50ms);  // between two looks at the condition
    }
}

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
        const Finished done = own.run(all);
        EXPECT_EQ(done.exit_code, 0) << done.output;
        return done.output;
    }
    std::string current(const std::string& purpose) {
        std::istringstream lines(keys({"list"}));
        for (std::string line; std::getline(lines, line);)
            if (line.find("  " + purpose + "  ") != std::string::npos &&
                line.find("  current  ") != std::string::npos)
                return line.substr(0, line.find(' '));
        return {};
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

    EXPECT_EQ(registered_at(*told, somebody()), 201)
        << "its file is the new one, and it reads that by itself";
    EXPECT_EQ(ApiClient(told->port()).get("/health/ready").status, 200);

    copy_keyring();  // without a SIGHUP
    await("a node that has read its keyring", [&] { return registered_at(*slow, later) == 201; });
    EXPECT_EQ(at_slow.get("/health/ready").status, 200) << ready_text(*slow);
    EXPECT_EQ(log_in(ApiClient(told->port()), later).session_id.size(), 36u);
    EXPECT_EQ(log_in(ApiClient(slow->port()), before).session_id.size(), 36u);
    const Finished verified = own.run({"projections", "verify"});
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
    await("a node that has read its keyring", [&] { return registered_at(*slow, person) == 409; });
    EXPECT_EQ(registered_at(*slow, somebody()), 201);
}

TEST_F(KeyringOfTwoNodes, AKeyIsNotChangedInOneStepWhileAServiceRuns) {
    const std::string old = current("key-encryption");
    const Finished refused = own.run({"keys", "rotate", "--kek"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.output.find("session(s) of the service"), std::string::npos) << refused.output;
    EXPECT_EQ(current("key-encryption"), old);
    keys({"rotate", "--kek", "--force"});
    EXPECT_EQ(registered_at(*slow, somebody()), 503);
    EXPECT_EQ(registered_at(*told, somebody()), 201);
    told->stop();
    slow->stop();
    await("the end of all sessions", [&] { return own.run({"keys", "rotate", "--kek"}).exit_code == 0; });
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
        std::int64_t now_ms() const override { return value_ms; }
        std::int64_t value_ms = 0;
    } clock;
    clock.value_ms = number("floor(extract(epoch from now()) * 1000)::bigint");
    const auto keyring = security::LiveKeyring::open((own.folder() / "keyring.json").string(), clock.value_ms).value();
    security::KeyringPseudonyms pseudonyms(*keyring, clock);
    for (const std::int64_t day_ms : {clock.value_ms, clock.value_ms + commands::kDayMs}) {
        pqxx::work work(owner);
        work.exec_params("insert into keyledger.subject_keys (subject, tenant, key_id, wrapped_key, "
                         "key_encryption_key_id) values ($1::uuid, 'default', gen_random_uuid(), '\\x00', 'made-up')",
                         pseudonyms.anonymous_subject_of(day_ms).to_string());
        work.commit();
    }

    const RunningService node(own);
    ApiClient client(node.port());
    const Person person = register_somebody(client);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(try_log_in(client, person.email, "not the password").status, 401);
    EXPECT_EQ(number("count(*) from keyledger.events where event_type = 'login.failed'"), 2);
    EXPECT_EQ(log_in(client, person).session_id.size(), 36u);
    EXPECT_EQ(client.get("/health/ready").status, 200) << ready_text(node);
    EXPECT_EQ(ready_text(node).find("made-up"), std::string::npos) << ready_text(node);
}

}  // namespace
}  // namespace keyledger::test
