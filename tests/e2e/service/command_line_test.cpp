// The words of the command line as people get them wrong, and the start of a service whose database is not
// there yet.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <future>
#include <thread>

#include "tests/e2e/world/world.hpp"
#include "tests/support/postgres/tcp_proxy.hpp"

namespace keyledger::test {
namespace {

using namespace std::chrono_literals;

TEST(CommandLine, SaysWhatIsWrongWithAWord) {
    const struct {
        std::vector<std::string> words;
        std::string said;
    } cases[] = {
        {{"serv"}, "no command 'serv'; did you mean 'serve'?"},
        {{"foo"}, "no command 'foo'; --help lists them"},
        {{"keys", "rotat", "claims"}, "no command 'rotat' of 'keys'; did you mean 'rotate'?"},
        {{"keys", "--file", "x", "lst"}, "no command 'lst' of 'keys'; did you mean 'list'?"},
        {{"audit", "replays"}, "did you mean 'replay'?"},
        {{"projection", "status"}, "did you mean 'projections'?"},
        {{"keys"}, "subcommand is required"},
        {{"events", "tail", "--limit", "-1"}, "1 to 1000000000000"},
        {{"events", "tail", "--from", "0"}, "1 to 1000000000000"},
        {{"events", "show", "0"}, "1 to 1000000000000"},
        {{"audit", "export", "x", "--to", "-4"}, "1 to 1000000000000"},
        {{"migrate", "down", "--steps", "0"}, "1 to 1000"},
        {{"keys", "rotate", "claims", "--lead-seconds", "-5"}, "0 to 2592000"},
        {{"keys", "rotate", "claims", "--lead-seconds", "2592001"}, "0 to 2592000"},
    };
    for (const auto& one : cases) {
        const ProcessResult done = deployment().run(one.words);
        EXPECT_EQ(done.exit_code, 2) << one.said;
        EXPECT_NE(done.output.find(one.said), std::string::npos) << done.output;
        const auto lines = std::count(done.output.begin(), done.output.end(), '\n');
        EXPECT_LE(lines, 3) << done.output;
        EXPECT_LT(done.output.size(), 400U) << done.output;
    }
}

TEST(CommandLine, HelpSaysWhoMayDoItAndWhatThereIs) {
    for (const char* command : {"reclaim", "rewrap", "close", "undestroy", "revoke"})
        EXPECT_NE(deployment().run({"keys", command, "--help"}).output.find("KEYLEDGER_OWNER_DATABASE_URL"),
                  std::string::npos)
            << command;
    const std::string rotate = deployment().run({"keys", "rotate", "--help"}).output;
    for (const char* word :
         {"token-signing", "sealing-root", "key-encryption", "claims", "tree-heads", "event-macs", "ES256"})
        EXPECT_NE(rotate.find(word), std::string::npos) << rotate;
}

TEST(StartOfAService, WaitsForADatabaseThatComes) {
    TcpProxy proxy(port_of(deployment().database().service_url()));
    proxy.refuse();
    const auto comes = std::async(std::launch::async, [&] {
        const auto until = std::chrono::steady_clock::now() + 30s;
        while (deployment().logs().find("the database server does not answer; waiting") == std::string::npos &&
               std::chrono::steady_clock::now() < until)
            std::this_thread::sleep_for(20ms);  // between two looks at the log
        proxy.accept_again();
    });
    RunningService service(deployment(),
                           {{"KEYLEDGER_DATABASE_URL", through(proxy, deployment().database().service_url())}});
    EXPECT_EQ(ApiClient(service.port()).get("/health/ready").status, 200);
}

TEST(StartOfAService, GivesUpWhenTheTimeIsOverAndSaysWhatToDo) {
    TcpProxy proxy(port_of(deployment().database().service_url()));
    proxy.refuse();
    const ProcessResult done =
        deployment().run({"serve"}, {{"KEYLEDGER_DATABASE_URL", through(proxy, deployment().database().service_url())},
                                     {"KEYLEDGER_START_PATIENCE_SECONDS", "1"}});
    EXPECT_EQ(done.exit_code, 1);
    EXPECT_NE(done.output.find("KEYLEDGER_START_PATIENCE_SECONDS"), std::string::npos) << done.output;
}

TEST(StartOfAService, RefusesAllThatIsWrongAtOnce) {
    const ProcessResult done = deployment().run({"serve"}, {{"KEYLEDGER_LISTEN", "localhost:8080"},
                                                            {"KEYLEDGER_TRUSTED_PROXIES", "proxy"},
                                                            {"KEYLEDGER_KAFKA_BROKERS", "foo"}});
    EXPECT_EQ(done.exit_code, 2);
    for (const char* name : {"KEYLEDGER_LISTEN", "KEYLEDGER_TRUSTED_PROXIES", "KEYLEDGER_KAFKA_BROKERS"})
        EXPECT_NE(done.output.find(name), std::string::npos) << done.output;
}

TEST(StartOfAService, TakesAllItsSettingsFromAFile) {
    RunningService service(deployment(), {}, SettingsIn::kFile);
    EXPECT_EQ(ApiClient(service.port()).get("/health/ready").status, 200);
}

TEST(StartOfAService, RefusesAConfigurationFileThatIsWrong) {
    const std::string path = (deployment().folder() / "wrong.yaml").string();
    std::ofstream(path) << "KEYLEDGER_LISTN: 127.0.0.1:0\nKEYLEDGER_IO_THREADS: many\n";
    for (const auto& words : std::vector<std::vector<std::string>>{{"serve"}, {"config", "check"}, {"keys", "list"}}) {
        const ProcessResult done = deployment().run(words, {{"KEYLEDGER_CONFIG_FILE", path}});
        EXPECT_EQ(done.exit_code, 2) << done.output;
        EXPECT_NE(done.output.find("line 1: there is no setting 'KEYLEDGER_LISTN'; did you mean KEYLEDGER_LISTEN?"),
                  std::string::npos)
            << done.output;
        if (words.front() == "keys") continue;  // asks for no threads that serve
        EXPECT_NE(done.output.find("KEYLEDGER_IO_THREADS: give a whole number"), std::string::npos) << done.output;
        EXPECT_NE(done.output.find("(line 2 of '" + path + "')"), std::string::npos) << done.output;
    }
    EXPECT_NE(deployment().run({"--help"}).output.find("KEYLEDGER_CONFIG_FILE"), std::string::npos);
}

}  // namespace
}  // namespace keyledger::test
