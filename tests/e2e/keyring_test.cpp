// Two nodes with a copy of the keyring each, of which one is not told that keys have ended. What it makes
// must either be good for everybody or be refused: never lost, never found missing later.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <thread>

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

}  // namespace
}  // namespace keyledger::test
