// Values of settings from a secrets manager: what a command may print, what it may be, what comes before it, and that
// nobody is told a value.
#include "app/config/secrets/secrets.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "app/config/config.hpp"
#include "app/config/secrets/command.hpp"

using namespace keyledger::app;
using namespace std::chrono_literals;

namespace {

using Variables = std::map<std::string, std::string>;

constexpr const char* kUrl = R"({"KEYLEDGER_DATABASE_URL": "postgresql://ann:hunter2@db/keyledger"})";

struct Secrets : testing::Test {
    Secrets() {
        std::string pattern = testing::TempDir() + "/keyledger-secrets-XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }
    ~Secrets() override { std::filesystem::remove_all(folder); }

    std::string file(const std::string& name, const std::string& text, mode_t mode) const {
        const std::string path = folder + "/" + name;
        std::ofstream(path, std::ios::binary) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }
    std::string program(const std::string& lines, mode_t mode = 0700) const {
        return file("secrets", "#!/bin/sh\n" + lines + "\n", mode);
    }
    // A program that prints that.
    std::string printing(const std::string& text) const { return program("cat " + file("printed", text, 0600)); }
    LenientConfig read(Variables variables) const {
        variables.emplace("KEYLEDGER_EMAIL_VERIFICATION", "off");
        variables.emplace("KEYLEDGER_KEYRING_FILE", "/etc/keyledger/keyring.json");
        return read_config_leniently(of(variables),
                                     {ConfigPart::kDatabase, ConfigPart::kKeyring, ConfigPart::kServing});
    }
    static Environment of(const Variables& variables) {
        return [&variables](const char* name) {
            const auto at = variables.find(name);
            return at == variables.end() ? nullptr : at->second.c_str();
        };
    }
    static std::string all_of(const std::vector<std::string>& sentences) {
        std::string all;
        for (const std::string& sentence : sentences) all += sentence + '\n';
        return all;
    }
    static std::string faults_of(const LenientConfig& read) { return all_of(read.faults.sentences); }
    // Why a program is refused, which is never run for longer.
    std::string refusal(const std::string& command, const char* seconds = "10") const {
        return faults_of(
            read({{"KEYLEDGER_SECRETS_COMMAND", command}, {"KEYLEDGER_SECRETS_TIMEOUT_SECONDS", seconds}}));
    }
    std::string folder;
};

TEST_F(Secrets, GiveWhatNothingElseGives) {
    const std::string command = printing(R"({"KEYLEDGER_DATABASE_URL": "postgresql://ann:hunter2@db/keyledger\n",
        "KEYLEDGER_SMTP_PASSWORD": "caf\u00e9", "KEYLEDGER_LISTEN": "127.0.0.1:1", "KEYLEDGER_IO_THREADS": "",
        "KEYLEDGER_MANAGEMENT_LISTEN": "127.0.0.1:2"})");
    const std::string yaml = file("keyledger.yaml",
                                  "KEYLEDGER_LISTEN: 127.0.0.1:3\n"
                                  "KEYLEDGER_MANAGEMENT_LISTEN: 127.0.0.1:4\n"
                                  "KEYLEDGER_SECRETS_COMMAND: " +
                                      command + "\n",
                                  0600);
    const auto got = read({{"KEYLEDGER_CONFIG_FILE", yaml}, {"KEYLEDGER_LISTEN", "127.0.0.1:5"}});
    ASSERT_EQ(faults_of(got), "");
    EXPECT_EQ(got.config.database_url, "postgresql://ann:hunter2@db/keyledger") << "without the last line end";
    EXPECT_EQ(got.config.mail.smtp_password, "caf\xc3\xa9");
    EXPECT_EQ(got.config.listen.port, 5) << "the environment is first";
    EXPECT_EQ(got.config.management_listen.port, 4) << "then the file";
    EXPECT_EQ(got.config.io_threads, 1U) << "an empty text is none";
}

TEST_F(Secrets, AreToldByTheirPlaceAlone) {
    const Variables variables{
        {"KEYLEDGER_SECRETS_COMMAND", printing(R"({"KEYLEDGER_DATABASE_URL": "postgresql://ann:hunter2@db/k",
                                            "KEYLEDGER_ISSUER": "https://hunter2.example.com"})")}};
    const auto lines = describe_config(of(variables));
    const auto has = [&](const std::string& line) { return std::ranges::find(lines, line) != lines.end(); };
    EXPECT_TRUE(has("KEYLEDGER_DATABASE_URL=********  # KEYLEDGER_SECRETS_COMMAND")) << all_of(lines);
    EXPECT_TRUE(has("KEYLEDGER_ISSUER=********  # KEYLEDGER_SECRETS_COMMAND")) << all_of(lines);
    EXPECT_EQ(all_of(lines).find("hunter2"), std::string::npos);
}

// What is no secret elsewhere is one if somebody keeps it with those.
TEST_F(Secrets, AreNotQuotedWhereTheyAreWrong) {
    const auto got = read({{"KEYLEDGER_SECRETS_COMMAND",
                            printing(R"({"KEYLEDGER_DATABASE_URL": "postgresql://db/k", "KEYLEDGER_LISTEN": "hunter2",
                                         "KEYLEDGER_IO_THREADS": "hunter2", "KEYLEDGER_POSITIONS": "hunter2",
                                         "KEYLEDGER_ROLES": "api,hunter2", "KEYLEDGER_SECOND_FACTOR_ROLES": "hunter2",
                                         "KEYLEDGER_TLS_KEY_FILE": "/hunter2"})")}});
    const std::string told = faults_of(got);
    for (const char* name : {"KEYLEDGER_LISTEN: ", "KEYLEDGER_IO_THREADS: ", "KEYLEDGER_POSITIONS: ",
                             "KEYLEDGER_ROLES: ", "KEYLEDGER_SECOND_FACTOR_ROLES: ", "KEYLEDGER_TLS_KEY_FILE: "})
        EXPECT_NE(told.find(name), std::string::npos) << name << told;
    EXPECT_NE(told.find("(KEYLEDGER_SECRETS_COMMAND)"), std::string::npos) << told;
    EXPECT_EQ(told.find("hunter2"), std::string::npos) << told;
}

TEST_F(Secrets, AreOneObjectOfNamesAndTexts) {
    struct Case {
        const char* printed;
        const char* said;
    };
    for (const auto& [printed, said] : {
             Case{"", "no JSON"},
             Case{"hunter2", "no JSON"},
             Case{"[\"hunter2\"]", "not one JSON object"},
             Case{"{} {\"a\": \"hunter2\"}", "no JSON"},
             Case{R"({"KEYLEDGER_DATABASE_URL": "hunter2",})", "no JSON"},
             Case{"{\"KEYLEDGER_DATABASE_URL\": \"hunter2\xff\"}", "no JSON"},
             Case{"{\n\"KEYLEDGER_IO_THREADS\": 2}", "line 2: the value of 'KEYLEDGER_IO_THREADS' is not a text"},
             Case{R"({"KEYLEDGER_DATABASE_URL": null})", "is not a text"},
             Case{R"({"KEYLEDGER_DATABASE_URL": ["hunter2"]})", "is not a text"},
             Case{R"({"data": {"KEYLEDGER_DATABASE_URL": "hunter2"}})", "the value of 'data' is not a text"},
             Case{R"({"KEYLEDGER_DATABASE_URI": "hunter2"})", "did you mean KEYLEDGER_DATABASE_URL?"},
             Case{R"({"hunter2=postgresql://": "x"})", "no name of a setting"},
             Case{R"({"KEYLEDGER_DATABASE_URL": "a", "KEYLEDGER_DATABASE_URL": "hunter2"})", "given twice"},
             Case{R"({"KEYLEDGER_DATABASE_URL": "a\u0000hunter2"})", "NUL"},
             Case{R"({"KEYLEDGER_DATABASE_URL_FILE": "/etc/shadow"})", "give the value itself"},
             Case{R"({"KEYLEDGER_CONFIG_FILE": "/hunter2"})", "needed before"},
             Case{R"({"KEYLEDGER_CORE_DUMPS": "on"})", "needed before"},
             Case{R"({"KEYLEDGER_SECRETS_COMMAND": "/hunter2"})", "needed before"},
             Case{R"({"KEYLEDGER_SSM_PREFIX": "/hunter2"})", "needed before"},
         }) {
        const auto given = read_secrets(printed, "KEYLEDGER_SECRETS_COMMAND");
        const std::string told = all_of(given.faults);
        EXPECT_TRUE(told.starts_with("KEYLEDGER_SECRETS_COMMAND: ")) << told;
        EXPECT_NE(told.find(said), std::string::npos) << printed << '\n' << told;
        EXPECT_EQ(told.find("hunter2"), std::string::npos) << told;
    }
    EXPECT_TRUE(read_secrets("{}", "KEYLEDGER_SECRETS_COMMAND").faults.empty());
}

// Then nobody knows what else is wrong, for instance that a URL is lacking.
TEST_F(Secrets, AreAllThatIsToldWhereTheyCouldNotBeRead) {
    const auto got = read({{"KEYLEDGER_SECRETS_COMMAND", program("exit 3")}});
    EXPECT_FALSE(got.are_sources_read);
    EXPECT_EQ(got.faults.sentences.size(), 1U) << faults_of(got);
    EXPECT_NE(faults_of(got).find("' ended with 3; what it says is not logged"), std::string::npos) << faults_of(got);
}

TEST_F(Secrets, ComeFromOnePlace) {
    const auto got = read({{"KEYLEDGER_SECRETS_COMMAND", printing(kUrl)}, {"KEYLEDGER_SSM_PREFIX", "/keyledger"}});
    EXPECT_NE(faults_of(got).find("set one"), std::string::npos) << faults_of(got);
}

TEST_F(Secrets, OfAwsTakeARegion) {
    EXPECT_NE(faults_of(read({{"KEYLEDGER_SSM_PREFIX", "/keyledger"}})).find("KEYLEDGER_SSM_REGION: is not set"),
              std::string::npos);
    EXPECT_NE(faults_of(read({{"KEYLEDGER_SSM_PREFIX", "keyledger"}, {"AWS_REGION", "eu-central-1"}}))
                  .find("KEYLEDGER_SSM_PREFIX: give a path"),
              std::string::npos);
    EXPECT_NE(faults_of(read({{"KEYLEDGER_SSM_PREFIX", "/keyledger"},
                              {"AWS_REGION", "eu-central-1"},
                              {"KEYLEDGER_SSM_ENDPOINT", "http://example.com"}}))
                  .find("KEYLEDGER_SSM_ENDPOINT: give an https URL"),
              std::string::npos);
}

TEST(SecretsCommand, IsWordsAndNoShell) {
    using Words = std::vector<std::string>;
    const auto words = [](const char* line) {
        const auto read = words_of_command(line);
        return read ? *read : Words{"refused"};
    };
    EXPECT_EQ(words("/usr/bin/vault kv get  -field=data\tsecret/keyledger "),
              (Words{"/usr/bin/vault", "kv", "get", "-field=data", "secret/keyledger"}));
    EXPECT_EQ(words(R"(/a 'two words' "it's" pre'fi x'ed '')"), (Words{"/a", "two words", "it's", "prefi xed", ""}));
    EXPECT_EQ(words("/a $HOME `id` ; | > b \\n"), (Words{"/a", "$HOME", "`id`", ";", "|", ">", "b", "\\n"}));
    for (const char* wrong : {"", "  ", "/a 'open", "/a \"open"}) EXPECT_EQ(words(wrong), Words{"refused"}) << wrong;
    std::string many = "/a";
    for (int i = 0; i < 64; ++i) many += " b";
    EXPECT_EQ(words(many.c_str()), Words{"refused"});
}

TEST_F(Secrets, ComeFromAProgramThatNobodyElseCanChange) {
    EXPECT_NE(refusal("secrets").find("not the whole path"), std::string::npos);
    EXPECT_NE(refusal("/nowhere/secrets").find("there is no program"), std::string::npos);
    EXPECT_NE(refusal(folder).find("not a regular file"), std::string::npos);
    EXPECT_NE(refusal(program("true", 0722)).find("can be changed by others"), std::string::npos);
    EXPECT_NE(refusal(program("true", 0600)).find("can't be run"), std::string::npos);
    EXPECT_NE(refusal(file("odd", "#!/nowhere/interpreter\n", 0700)).find("could not be started"), std::string::npos);
}

TEST_F(Secrets, ComeInTimeAndOfAnEndedProgram) {
    const auto begun = std::chrono::steady_clock::now();
    const std::string pids = folder + "/pids";
    const std::string told = refusal(program("sleep 60 & echo $! > " + pids + "; wait"), "1");
    EXPECT_NE(told.find("did not end within 1 s (KEYLEDGER_SECRETS_TIMEOUT_SECONDS)"), std::string::npos) << told;
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s);
    pid_t left = 0;
    std::ifstream(pids) >> left;
    ASSERT_GT(left, 0);
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (::kill(left, 0) == 0 && std::chrono::steady_clock::now() < until) {
        std::string state;  // a zombie has ended, and waits for whoever adopted it
        std::ifstream status("/proc/" + std::to_string(left) + "/stat");
        std::getline(status, state);
        if (state.find(") Z ") != state.npos) break;
    }
    EXPECT_LT(std::chrono::steady_clock::now(), until) << "what it started goes with it";
    EXPECT_NE(refusal(program("kill -9 $$")).find("was ended by signal 9"), std::string::npos);
}

// One that stays, as an agent does, does not hold up the service.
TEST_F(Secrets, ComeAlthoughSomethingIsLeftBehind) {
    const auto begun = std::chrono::steady_clock::now();
    const auto got = read({{"KEYLEDGER_SECRETS_COMMAND", program("sleep 60 &\ncat " + file("printed", kUrl, 0600))},
                           {"KEYLEDGER_SECRETS_TIMEOUT_SECONDS", "30"}});
    EXPECT_EQ(faults_of(got), "");
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 20s);
}

TEST_F(Secrets, AreNotTooMany) {
    EXPECT_NE(refusal(program("yes hunter2")).find("prints more than 256 KiB"), std::string::npos);
}

TEST_F(Secrets, ComeFromAProgramThatGetsLittleOfTheService) {
    ASSERT_EQ(::setenv("KEYLEDGER_SMTP_PASSWORD", "hunter2", 1), 0);
    ASSERT_EQ(::setenv("VAULT_ADDR", "https://vault.example.com", 1), 0);
    const int held = ::open("/dev/null", O_RDONLY);  // as a socket of the service's that is not closed by itself
    ASSERT_GE(held, 0);
    const auto printed = output_of_command(
        {program("env; ls /proc/self/fd | tr '\\n' ' '; read line || echo no input; trap '' TERM; echo")}, 10s);
    ::close(held);
    ::unsetenv("KEYLEDGER_SMTP_PASSWORD");
    ::unsetenv("VAULT_ADDR");
    ASSERT_TRUE(printed) << printed.error();
    EXPECT_EQ(printed->find("KEYLEDGER_"), std::string::npos) << *printed;
    EXPECT_NE(printed->find("VAULT_ADDR=https://vault.example.com"), std::string::npos) << *printed;
    EXPECT_NE(printed->find("0 1 2 3 "), std::string::npos) << *printed;  // 3 is the folder that ls reads
    EXPECT_EQ(printed->find("3 4"), std::string::npos) << *printed;
    EXPECT_NE(printed->find("no input"), std::string::npos) << *printed;
}

// A service that runs blocks these for itself.
TEST_F(Secrets, ComeFromAProgramThatSignalsEnd) {
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
    const auto printed = output_of_command({program("kill -TERM $$; echo hunter2")}, 10s);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ASSERT_FALSE(printed);
    EXPECT_NE(printed.error().find("signal 15"), std::string::npos) << printed.error();
}

// Whoever stops a service that reads its secrets again does not wait for the manager.
TEST_F(Secrets, AreNotWaitedForByAServiceThatIsToldToStop) {
    sigset_t blocked;
    sigset_t before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
    ::pthread_kill(::pthread_self(), SIGTERM);
    const auto from = std::chrono::steady_clock::now();
    const auto printed = output_of_command({program("sleep 1000")}, 120s);
    const timespec none{};
    EXPECT_EQ(::sigtimedwait(&blocked, nullptr, &none), SIGTERM) << "whoever waits for it still gets it";
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    ASSERT_FALSE(printed);
    EXPECT_NE(printed.error().find("told to stop"), std::string::npos) << printed.error();
    EXPECT_LT(std::chrono::steady_clock::now() - from, 60s);
}

// As of a command that was started by nohup, or in the background of a script.
TEST_F(Secrets, ComeFromAProgramAlthoughSignalsCameThatAreIgnored) {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        const auto before = ::signal(signal, SIG_IGN);
        const auto printed =
            output_of_command({program("kill -" + std::to_string(signal) + " $PPID; sleep 0.3; echo hunter2")}, 10s);
        ::signal(signal, before);
        ASSERT_TRUE(printed) << printed.error();
        EXPECT_EQ(*printed, "hunter2\n");
    }
}

bool is_gone(pid_t process) {
    std::ifstream in("/proc/" + std::to_string(process) + "/stat");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const auto after_name = text.rfind(')');
    return after_name == text.npos || text.compare(after_name + 2, 1, "Z") == 0;  // one that nobody has waited for yet
}

// At its first start nothing blocks signals yet, and they end it; the program must not stay behind, nor what it began.
TEST_F(Secrets, LeaveNoProgramBehindWhereASignalEndsWhoeverReadsThem) {
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
        const std::string name = std::to_string(signal);
        const std::string left = folder + "/left" + name;
        const std::vector<std::string> command{file("never" + name,
                                                    "#!/bin/sh\ntrap '' TERM INT HUP\nsleep 1000 &\necho $$ $! >" +
                                                        left + "\nkill -" + name + " $PPID\nsleep 1000\n",
                                                    0700)};
        EXPECT_EXIT((void)output_of_command(command, signal == SIGHUP ? 1s : 60s), testing::KilledBySignal(signal), "");
        std::ifstream in(left);
        for (pid_t process = 0; in >> process;) {
            const auto until = std::chrono::steady_clock::now() + 20s;
            while (!is_gone(process) && std::chrono::steady_clock::now() < until) std::this_thread::yield();
            EXPECT_TRUE(is_gone(process)) << process << " lives on after signal " << name;
        }
        in.clear();
        EXPECT_TRUE(std::filesystem::exists(left)) << "the program did not run";
    }
}

// As whoever starts the service may have it: then nobody is told how the program ended, and half of what it would have
// printed is not taken for all.
TEST_F(Secrets, AreRefusedWhereNobodyIsToldHowTheProgramEnded) {
    const auto before = ::signal(SIGCHLD, SIG_IGN);
    const auto printed = output_of_command({program("echo '{}'; sleep 0.3; exit 1")}, 10s);
    ::signal(SIGCHLD, before);
    ASSERT_FALSE(printed) << *printed;
    EXPECT_NE(printed.error().find("ended with 255"), std::string::npos) << printed.error();
}

}  // namespace
