// Users of another service: imported at the machine, logged in with the passwords that they have.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>

#include "app/core/core.hpp"
#include "commands/sessions/log_in.hpp"
#include "tests/app/cli/command_line.hpp"

using namespace keyledger;
using namespace keyledger::app;
using namespace std::chrono_literals;
using keyledger::app::test::CommandLine;
using keyledger::app::test::CommandOutput;

namespace {

constexpr char kTheirPassword[] = "correct horse battery staple";
constexpr char kBcrypt[] = "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG";

struct ImportCommand : testing::Test {
    CommandLine line;

    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(line.path(name)) << text;
        ::chmod(line.path(name).c_str(), 0600);
        return line.path(name);
    }
    std::string read(const std::string& name) const {
        std::ifstream file(line.path(name));
        return {std::istreambuf_iterator<char>(file), {}};
    }
    CommandOutput import(const std::string& file) {
        return line.run([&](const Environment& environment) { return import_users(environment, {file, ""}); });
    }
    std::string value(const std::string& query) const { return line.database.execute(query); }
    std::string imported_users() const {
        return value("select count(*) || ' ' || count(distinct stream_id) from keyledger.events where event_type = "
                     "'user.imported'");
    }
    // So many users, a line each.
    static std::string many(int users) {
        std::string text;
        for (int i = 0; i < users; ++i) {
            const std::string name = "user" + std::to_string(i);
            text +=
                R"({"email":")" + name + R"(@example.com","username":")" + name + R"(","hash":")" + kBcrypt + "\"}\n";
        }
        return text;
    }
    // As a node does it.
    bool logs_in(const std::string& email, const std::string& password) {
        bool is_in = false;
        line.run([&](const Environment& environment) {
            const auto config = require_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring});
            Core core(*config);
            commands::LogIn request;
            request.email = email;
            request.password = Secret(password);
            request.client.client_id = "app";
            commands::Caller caller;
            caller.deadline = std::chrono::steady_clock::now() + 30s;
            auto grant = core.run(commands::log_in(core.services, std::move(request), caller));
            is_in = grant.has_value();
            return Exit::kGood;
        });
        return is_in;
    }
};

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

// What other services export goes through the script and the import, and the people log in with what they always typed:
// the second time by our own hash.
TEST_F(ImportCommand, LetsPeopleInWithTheirOldPasswords) {
    for (const std::string words :
         {"keycloak tests/scripts/exports/keycloak.json",
          "auth0 tests/scripts/exports/auth0.ndjson tests/scripts/exports/auth0-hashes.ndjson"}) {
        const std::string service = words.substr(0, words.find(' '));
        const std::string convert = "python3 -B scripts/convert-users " + service + " " + line.path(service) +
                                    words.substr(service.size()) + " 2> /dev/null";
        ASSERT_EQ(std::system(convert.c_str()), 0) << convert;
    }
    CommandOutput ran = import(line.path("keycloak"));
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_TRUE(holds(ran.out, "Imported 5 users; 0 were there, 0 lines were refused")) << ran.out;
    EXPECT_TRUE(holds(ran.out, "KEYLEDGER_IMPORTED_HASH")) << ran.out;
    EXPECT_TRUE(holds(ran.out, "\n  $argon2id$v=19$m=65536,t=2,p=1$AAAA")) << "and a hash of nothing: " << ran.out;
    ran = import(line.path("auth0"));  // the same addresses
    EXPECT_TRUE(holds(ran.out, "Imported 0 users; 3 were there")) << ran.out;

    for (int i = 0; i < 2; ++i) {
        EXPECT_TRUE(logs_in("ann@example.com", kTheirPassword));
        EXPECT_TRUE(logs_in("carl@example.com", kTheirPassword));
        EXPECT_FALSE(logs_in("ann@example.com", "correct horse battery stable"));
        EXPECT_FALSE(logs_in("bob@example.com", "password")) << "disabled there, disabled here";
        EXPECT_FALSE(logs_in("eve@example.com", kTheirPassword)) << "without a password";
    }
    EXPECT_EQ(value("select count(*) from keyledger.events where event_type = 'user.password_hash_renewed'"), "2")
        << "once each";
}

// A file with mistakes. What is right is imported; the report says what is wrong in which line, and never
// what stood there.
TEST_F(ImportCommand, RefusesLinesOneByOneAndSaysWhy) {
    ASSERT_EQ(line.create_administrator().exit, Exit::kGood);
    const std::string file = write(
        "users.ndjson",
        R"({"email":"ann@example.com","email_verified":true,"username":"ann","name":"Ann","locale":"de-AT",)"
        R"("created_at":"2020-01-02T03:04:05Z","metadata":{"plan":"gold"},"hash":")" +
            std::string(kBcrypt) + "\"}\n" + "\n" + R"({"email":"no address"})" + "\n" +          // 3
            R"({"email":"bob@example.com","password":"secret word"})" + "\n" +                    // 4
            R"({"email":"carl@example.com","hash":"5f4dcc3b5aa765d61d8327deb882cf99"})" + "\n" +  // 5
            R"({"email":"dora@example.com","hash":"$2b$31$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG"})" +
            "\n" +                                                                                // 6
            R"({"email":"eve@example.com","roles":["no such role"]})" + "\n" +                    // 7
            R"({"email":"fred@example.com","created_at":"2999-01-01T00:00:00Z"})" + "\n" +        // 8
            R"({"email":"ANN@example.com"})" + "\n" +                                             // 9
            R"({"email":"gina@example.com","username":"Ann"})" + "\n" +                           // 10
            R"({"email":"root@example.com"})" + "\n" +                                            // 11
            R"({"email":"hal@example.com","locale":"d"})" + "\n" +                                // 12
            "not json\n" +                                                                        // 13
            std::string(70'000, 'x') + "\n" +                                                     // 14
            R"({"email":"ines@example.com","roles":["administrator"],"disabled":true})" + "\n");  // 15
    CommandOutput ran = import(file);
    EXPECT_EQ(ran.exit, Exit::kFoundBad) << ran.err;
    EXPECT_TRUE(holds(ran.out, "Imported 2 users; 0 were there, 12 lines were refused")) << ran.out;
    EXPECT_TRUE(holds(ran.out, "the metadata of 1 was ignored")) << ran.out;
    const std::string report = read("users.ndjson.refused.ndjson");
    EXPECT_EQ(std::count(report.begin(), report.end(), '\n'), 12) << report;
    const std::pair<int, const char*> reasons[] = {
        {3, "email"},          {4, "password"},     {5, "in no form that is known"},
        {6, "takes too long"}, {7, "roles: "},      {8, "created_at"},
        {9, "line 1"},         {10, "line 1"},      {11, "Somebody"},
        {12, "locale"},        {13, "JSON object"}, {14, "too long"}};
    for (const auto& [line, reason] : reasons) {
        const auto at = report.find("{\"line\":" + std::to_string(line) + ",");
        ASSERT_NE(at, std::string::npos) << line << ": " << report;
        EXPECT_NE(report.substr(at, report.find('\n', at) - at).find(reason), std::string::npos)
            << report.substr(at, report.find('\n', at) - at);
    }
    for (const char* never : {"secret word", "5f4dcc3b", "$2b$", "no such role", "gina@"})
        EXPECT_EQ(report.find(never), std::string::npos) << never;

    ran = import(file);
    EXPECT_TRUE(holds(ran.out, "Imported 0 users; 2 were there, 12 lines were refused")) << ran.out;
    EXPECT_EQ(imported_users(), "2 2");
}

// Killed again and again, each time when some more are there, in the end everybody is there, once.
TEST_F(ImportCommand, LosesAndDoublesNobodyWhereverItIsKilled) {
    const std::string file = write("users.ndjson", many(2'000));
    const auto are_there = [&] {
        return std::stoi(value("select count(*) from keyledger.claims where kind = 'username'"));
    };
    int kills = 0;
    for (bool is_done = false; !is_done; ++kills) {
        ASSERT_LT(kills, 200);
        const int more = are_there() + 200;
        const pid_t child = ::fork();
        if (child == 0) ::_exit(import(file).exit == Exit::kGood ? 0 : 1);
        int status = 0;
        while (!is_done && are_there() < more) is_done = ::waitpid(child, &status, WNOHANG) == child;
        if (is_done) {
            EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
            break;
        }
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
    }
    RecordProperty("kills", kills);
    EXPECT_GE(kills, 2);
    EXPECT_EQ(imported_users(), "2000 2000");
    EXPECT_EQ(value("select count(*) from keyledger.credentials where kind = 'password'"), "2000");
    EXPECT_EQ(value("select count(*) from keyledger.claims where kind = 'username'"), "2000");
    EXPECT_TRUE(holds(import(file).out, "Imported 0 users; 2000 were there"));
    const auto claims = line.run([](const Environment& e) { return verify_claims(e, Format::kText); });
    EXPECT_EQ(claims.exit, Exit::kGood) << claims.out << claims.err;
}

TEST_F(ImportCommand, TakesTenThousandInWellUnderAMinute) {
    const std::string file = write("users.ndjson", many(10'000));
    const auto from = std::chrono::steady_clock::now();
    const CommandOutput ran = import(file);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_TRUE(holds(ran.out, "Imported 10000 users")) << ran.out;
    RecordProperty("seconds", std::to_string(seconds));
    EXPECT_LT(seconds, 60.0);
    EXPECT_EQ(imported_users(), "10000 10000");
}
