// `config check` finds what `serve` would refuse, names the setting, and looks into the files.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "tests/app/cli/command_line.hpp"

using namespace keyledger::app;
using keyledger::app::test::CommandLine;
using keyledger::app::test::CommandOutput;

namespace {

using Settings = std::map<std::string, std::string>;
struct Wrong {
    Settings settings;
    std::string named;  // the setting
    std::string said;   // of it
};

struct ConfigCheck : testing::Test {
    std::string file(const std::string& name, const std::string& text, int mode) {
        const std::string path = line.path(name);
        std::ofstream(path) << text;
        ::chmod(path.c_str(), static_cast<mode_t>(mode));
        return path;
    }
    // A key and its certificate, made by openssl as an operator makes them.
    std::string certificate(const std::string& name) {
        const std::string path = line.path(name);
        const std::string command =
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=a "
            "-keyout " +
            path + ".key -out " + path + ".crt 2>/dev/null && chmod 600 " + path + ".key";
        EXPECT_EQ(std::system(command.c_str()), 0);
        return path;
    }
    CommandOutput check(const std::map<std::string, std::string>& settings,
                        const std::vector<std::string>& names = {}) {
        for (const auto& [name, value] : settings) line.set(name, value);
        auto ran = line.run([&](const Environment& e) { return check_config(e, names); });
        for (const auto& [name, value] : settings)
            if (name != "KEYLEDGER_DATABASE_URL") line.set(name, "");
        line.set("KEYLEDGER_DATABASE_URL", line.database.service_url());
        return ran;
    }
    void expect_refused(const std::vector<Wrong>& cases) {
        const std::string keyring = line.path("keyring.json");
        for (const Wrong& one : cases) {
            line.set("KEYLEDGER_KEYRING_FILE", keyring);
            const auto ran = check(one.settings);
            EXPECT_EQ(ran.exit, Exit::kUsage) << one.named << ": " << one.said << '\n' << ran.err;
            const auto at = ran.err.find(one.named);
            ASSERT_NE(at, std::string::npos) << one.said << '\n' << ran.err;
            EXPECT_NE(ran.err.find(one.said, at), std::string::npos) << one.said << '\n' << ran.err;
            EXPECT_EQ(ran.err.find("hunter2"), std::string::npos) << ran.err;
        }
    }
    CommandLine line;
};

TEST_F(ConfigCheck, IsGoodAsItStands) {
    const auto ran = check({});
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_EQ(ran.err, "");
}

TEST_F(ConfigCheck, FindsWhatServeWouldRefuse) {
    const std::string one = certificate("one");
    const std::string other = certificate("other");
    expect_refused({
        {{{"KEYLEDGER_DATABASE_URL", "abc"}}, "KEYLEDGER_DATABASE_URL", "postgresql://"},
        {{{"KEYLEDGER_OWNER_DATABASE_URL", "postgresql://ann:hunter2@[::1"}},
         "KEYLEDGER_OWNER_DATABASE_URL",
         "postgresql://"},
        {{{"KEYLEDGER_LISTEN", "localhost:8080"}}, "KEYLEDGER_LISTEN", "IP address"},
        {{{"KEYLEDGER_MANAGEMENT_LISTEN", "metrics:9080"}}, "KEYLEDGER_MANAGEMENT_LISTEN", "IP address"},
        {{{"KEYLEDGER_MANAGEMENT_LISTEN", "127.0.0.1:8080"}}, "KEYLEDGER_MANAGEMENT_LISTEN", "another port"},
        {{{"KEYLEDGER_OUTGOING_ALLOW", "keys.internal,https://other"}}, "KEYLEDGER_OUTGOING_ALLOW", "'https://other'"},
        {{{"KEYLEDGER_PROVIDERS_FILE", "/nowhere.yaml"}}, "KEYLEDGER_PROVIDERS_FILE", "there is no file"},
        {{{"KEYLEDGER_OUTGOING_CA_FILE", "/nowhere.pem"}}, "KEYLEDGER_OUTGOING_CA_FILE", "can't read"},
        {{{"KEYLEDGER_TRUSTED_PROXIES", "10.0.0.0/8,proxy.local"}}, "KEYLEDGER_TRUSTED_PROXIES", "'proxy.local'"},
        {{{"KEYLEDGER_TRUSTED_PROXIES", "10.0.0.0/33"}}, "KEYLEDGER_TRUSTED_PROXIES", "network"},
        {{{"KEYLEDGER_CORS_ORIGINS", "https://app.example/"}}, "KEYLEDGER_CORS_ORIGINS", "origin"},
        {{{"KEYLEDGER_CORS_ORIGINS", "app.example"}}, "KEYLEDGER_CORS_ORIGINS", "origin"},
        {{{"KEYLEDGER_CORS_ORIGINS", "https://App.example"}}, "KEYLEDGER_CORS_ORIGINS", "small letters"},
        {{{"KEYLEDGER_ISSUER", "https://id.example?a=b"}}, "KEYLEDGER_ISSUER", "query"},
        {{{"KEYLEDGER_CLIENTS_FILE", line.path("none.json")}}, "KEYLEDGER_CLIENTS_FILE", "none.json"},
        {{{"KEYLEDGER_KEYRING_FILE", line.path("none.json")}}, "KEYLEDGER_KEYRING_FILE", "none.json"},
        {{{"KEYLEDGER_TREE_HEAD_FILE", line.path("")}}, "KEYLEDGER_TREE_HEAD_FILE", "can't be read"},
        {{{"KEYLEDGER_TREE_HEAD_FILE", line.path("none/heads")}}, "KEYLEDGER_TREE_HEAD_FILE", "no folder"},
        {{{"KEYLEDGER_TREE_HEAD_FILE", line.path("keyring.json/heads")}}, "KEYLEDGER_TREE_HEAD_FILE", "no folder"},
        {{{"KEYLEDGER_ACCESS_SNAPSHOT_FILE", line.path("none/access")}}, "KEYLEDGER_ACCESS_SNAPSHOT_FILE", "no folder"},
        {{{"KEYLEDGER_ACCESS_SNAPSHOT_FILE", line.path("")}}, "KEYLEDGER_ACCESS_SNAPSHOT_FILE", "is a folder"},
        {{{"KEYLEDGER_ADMIN_LOG_FILE", line.path("none/admin")}}, "KEYLEDGER_ADMIN_LOG_FILE", "no folder"},
        {{{"KEYLEDGER_LOG_FORMAT", "xml"}}, "KEYLEDGER_LOG_FORMAT", "auto"},
        {{{"KEYLEDGER_ACCESS_LOG", "some"}}, "KEYLEDGER_ACCESS_LOG", "share"},
        {{{"KEYLEDGER_ACCESS_LOG", "1.5"}}, "KEYLEDGER_ACCESS_LOG", "share"},
        {{{"KEYLEDGER_TRACES_ENDPOINT", "http://10.0.0.7:4318/v1/traces"}},
         "KEYLEDGER_TRACES_ENDPOINT",
         "on this machine"},
        {{{"KEYLEDGER_TRACES_ENDPOINT", "collector:4318"}}, "KEYLEDGER_TRACES_ENDPOINT", "whole URL"},
        {{{"KEYLEDGER_TRACES_ENDPOINT", "https://ann:hidden@collector/v1"}}, "KEYLEDGER_TRACES_ENDPOINT", "whole URL"},
        {{{"KEYLEDGER_TRACES_RATIO", "2"}}, "KEYLEDGER_TRACES_RATIO", "from 0 to 1"},
        {{{"KEYLEDGER_TRACES_HEADERS", "Host=elsewhere"}}, "KEYLEDGER_TRACES_HEADERS", "name=value"},
        {{{"KEYLEDGER_ROLES", ","}}, "KEYLEDGER_ROLES", "one of api"},
        {{{"KEYLEDGER_ROLES", " "}}, "KEYLEDGER_ROLES", "one of api"},
        {{{"KEYLEDGER_AUTHZEN_SUBJECTS", ","}}, "KEYLEDGER_AUTHZEN_SUBJECTS", "one of id"},
        {{{"KEYLEDGER_CLIENTS_FILE", file("clients.json", R"({"clients":[],"frist_party":[]})", 0600)}},
         "KEYLEDGER_CLIENTS_FILE",
         "'frist_party'"},
        {{{"KEYLEDGER_TLS_CERTIFICATE_FILE", line.path("none")}, {"KEYLEDGER_TLS_KEY_FILE", one + ".key"}},
         "KEYLEDGER_TLS_CERTIFICATE_FILE",
         "none"},
        {{{"KEYLEDGER_TLS_CERTIFICATE_FILE", one + ".crt"}, {"KEYLEDGER_TLS_KEY_FILE", other + ".key"}},
         "KEYLEDGER_TLS_KEY_FILE",
         "no private key for that certificate"},
    });
}

TEST_F(ConfigCheck, LooksIntoTheFilesForKafka) {
    const std::string pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const std::string one = certificate("one");
    const std::string other = certificate("other");
    const std::string brokers = "127.0.0.1:9092";
    const auto ssl = [&](Settings more) {
        more["KEYLEDGER_KAFKA_BROKERS"] = brokers;
        more["KEYLEDGER_KAFKA_SECURITY_PROTOCOL"] = "ssl";
        return more;
    };
    expect_refused({
        {{{"KEYLEDGER_KAFKA_BROKERS", "foo"}}, "KEYLEDGER_KAFKA_BROKERS", "'foo' is not host:port"},
        {{{"KEYLEDGER_KAFKA_BROKERS", "a:9092,b:0"}}, "KEYLEDGER_KAFKA_BROKERS", "'b:0'"},
        {{{"KEYLEDGER_KAFKA_BROKERS", brokers}, {"KEYLEDGER_KAFKA_TOPIC_PREFIX", "a b"}},
         "KEYLEDGER_KAFKA_TOPIC_PREFIX",
         "'a b'"},
        {{{"KEYLEDGER_KAFKA_BROKERS", brokers}, {"KEYLEDGER_KAFKA_TOPIC_PREFIX", "a/b"}},
         "KEYLEDGER_KAFKA_TOPIC_PREFIX",
         "letters, digits"},
        {{{"KEYLEDGER_KAFKA_BROKERS", brokers}, {"KEYLEDGER_KAFKA_TOPIC_PREFIX", "\xc3\xa4"}},
         "KEYLEDGER_KAFKA_TOPIC_PREFIX",
         "letters, digits"},
        {{{"KEYLEDGER_KAFKA_BROKERS", brokers}, {"KEYLEDGER_KAFKA_TOPIC_PREFIX", std::string(236, 'a')}},
         "KEYLEDGER_KAFKA_TOPIC_PREFIX",
         "235 characters"},
        {ssl({{"KEYLEDGER_KAFKA_SSL_CA_FILE", line.path("none")}}), "KEYLEDGER_KAFKA_SSL_CA_FILE", "can't read"},
        {ssl({{"KEYLEDGER_KAFKA_SSL_CA_FILE", file("text", "hello\n", 0644)}}), "KEYLEDGER_KAFKA_SSL_CA_FILE",
         "no PEM"},
        {ssl({{"KEYLEDGER_KAFKA_SSL_CA_FILE", file("bad", pem, 0644)}}), "KEYLEDGER_KAFKA_SSL_CA_FILE",
         "ssl.ca.location"},
        {ssl({{"KEYLEDGER_KAFKA_SSL_CERTIFICATE_FILE", one + ".crt"},
              {"KEYLEDGER_KAFKA_SSL_KEY_FILE", file("open.key", pem, 0644)}}),
         "KEYLEDGER_KAFKA_SSL_KEY_FILE", "chmod 600"},
        {ssl({{"KEYLEDGER_KAFKA_SSL_CERTIFICATE_FILE", one + ".crt"},
              {"KEYLEDGER_KAFKA_SSL_KEY_FILE", other + ".key"}}),
         "KEYLEDGER_KAFKA_SSL", "ssl"},
        {ssl({{"KEYLEDGER_KAFKA_SSL_CIPHER_SUITES", "NOPE"}}), "KEYLEDGER_KAFKA_SSL_CIPHER_SUITES",
         "ssl.cipher.suites"},
        {{{"KEYLEDGER_KAFKA_BROKERS", brokers},
          {"KEYLEDGER_KAFKA_SECURITY_PROTOCOL", "sasl_ssl"},
          {"KEYLEDGER_KAFKA_SASL_MECHANISM", "OAUTHBEARER"},
          {"KEYLEDGER_KAFKA_SASL_TOKEN_FILE", file("token", "a.b.c\n", 0644)}},
         "KEYLEDGER_KAFKA_SASL_TOKEN_FILE",
         "chmod 600"},
    });
}

TEST_F(ConfigCheck, PassesWhatIsFine) {
    const std::string one = certificate("one");
    for (const Settings& settings : {
             Settings{{"KEYLEDGER_LISTEN", "[::]:8080"}, {"KEYLEDGER_MANAGEMENT_LISTEN", "[::1]:8080"}},
             Settings{{"KEYLEDGER_TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8,192.0.2.1"}},
             Settings{
                 {"KEYLEDGER_CORS_ORIGINS", "https://app.example:8443,http://localhost:3000,capacitor://localhost"}},
             Settings{{"KEYLEDGER_CORS_ORIGINS", "*"}},
             Settings{{"KEYLEDGER_DATABASE_URL", "host=/nowhere/postgresql dbname=keyledger"}},
             Settings{{"KEYLEDGER_KAFKA_BROKERS", "127.0.0.1:9092"},
                      {"KEYLEDGER_KAFKA_TOPIC_PREFIX", std::string(235, 'a')}},
             Settings{{"KEYLEDGER_KAFKA_BROKERS", "127.0.0.1:9092"}, {"KEYLEDGER_KAFKA_TOPIC_PREFIX", "eu-1.Keys_2"}},
             Settings{{"KEYLEDGER_ACCESS_SNAPSHOT_FILE", line.path("access-to-come")}},
             Settings{{"KEYLEDGER_ACCESS_SNAPSHOT_FILE", "access-to-come"}},
             Settings{{"KEYLEDGER_TLS_CERTIFICATE_FILE", one + ".crt"}, {"KEYLEDGER_TLS_KEY_FILE", one + ".key"}},
             Settings{{"KEYLEDGER_TREE_HEAD_FILE", line.path("heads-to-come")}},
             Settings{{"KEYLEDGER_KAFKA_BROKERS", "a.example:9092, [::1]:9093"}},
             Settings{{"KEYLEDGER_KAFKA_BROKERS", "127.0.0.1:9092"},
                      {"KEYLEDGER_KAFKA_SECURITY_PROTOCOL", "ssl"},
                      {"KEYLEDGER_KAFKA_SSL_CA_FILE", one + ".crt"},
                      {"KEYLEDGER_KAFKA_SSL_CERTIFICATE_FILE", one + ".crt"},
                      {"KEYLEDGER_KAFKA_SSL_KEY_FILE", one + ".key"}},
         }) {
        const auto ran = check(settings);
        EXPECT_EQ(ran.exit, Exit::kGood) << settings.begin()->first << ran.err;
    }
}

TEST_F(ConfigCheck, TellsAllFaultsInOneRoundAndEachSettingsOnce) {
    const auto ran = check({{"KEYLEDGER_ISSUER", "id.example"},
                            {"KEYLEDGER_LISTEN", "8080"},
                            {"KEYLEDGER_POSITIONS", "plain"},
                            {"KEYLEDGER_TRUSTED_PROXIES", "proxy.local"},
                            {"KEYLEDGER_CORS_ORIGINS", "app.example"},
                            {"KEYLEDGER_CLIENTS_FILE", line.path("none.json")},
                            {"KEYLEDGER_TREE_HEAD_FILE", line.path("none/heads")},
                            {"KEYLEDGER_KAFKA_BROKERS", "foo"},
                            {"KEYLEDGER_DATABASE_URL", line.database.owner_url()}});
    EXPECT_EQ(ran.exit, Exit::kUsage);
    for (const char* named :
         {"KEYLEDGER_ISSUER:", "KEYLEDGER_LISTEN:", "KEYLEDGER_POSITIONS:", "KEYLEDGER_TRUSTED_PROXIES:",
          "KEYLEDGER_CORS_ORIGINS:", "KEYLEDGER_CLIENTS_FILE:", "KEYLEDGER_TREE_HEAD_FILE:", "KEYLEDGER_KAFKA_BROKERS:",
          "KEYLEDGER_DATABASE_URL is for the role that serves"}) {
        const std::string name = std::string("keyledger: ") + named;
        const auto at = ran.err.find(name);
        ASSERT_NE(at, std::string::npos) << name << '\n' << ran.err;
        EXPECT_EQ(ran.err.find(name, at + 1), std::string::npos) << name << '\n' << ran.err;
    }
}

TEST_F(ConfigCheck, SaysThatARoleWasNotLookedAtWhereNobodyAnswers) {
    const auto ran = check({{"KEYLEDGER_DATABASE_URL", "postgresql://ann:hunter2@127.0.0.1:1/keyledger"}});
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
    EXPECT_NE(ran.err.find("warning: KEYLEDGER_DATABASE_URL: no server answers"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find("hunter2"), std::string::npos);
}

TEST_F(ConfigCheck, WarnsOfNamesThatMeanNothing) {
    const auto ran = check({}, {"KEYLEDGER_KAFKA_SECURITY_PROTCOL", "KEYLEDGER_ISSUER", "HOME"});
    EXPECT_EQ(ran.exit, Exit::kGood);
    EXPECT_NE(ran.err.find("did you mean KEYLEDGER_KAFKA_SECURITY_PROTOCOL?"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find("ISSUER"), std::string::npos) << ran.err;
}

TEST_F(ConfigCheck, SaysWhereEachValueCameFrom) {
    const std::string path =
        file("keyledger.yaml",
             "KEYLEDGER_OWNER_DATABASE_URL: " + line.database.owner_url() +
                 "\nKEYLEDGER_LISTEN: localhost:8080\nKEYLEDGER_TRUSTED_PROXIES: [10.0.0.0/8, proxy]\n"
                 "KEYLEDGER_CLIENTS_FILE: " +
                 line.path("none.json") + "\n",
             0600);
    const auto ran = check({{"KEYLEDGER_CONFIG_FILE", path}});
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.out.find("KEYLEDGER_DATABASE_URL=********  # environment\n"), std::string::npos) << ran.out;
    EXPECT_NE(ran.out.find("KEYLEDGER_OWNER_DATABASE_URL=********  # line 1 of '" + path + "'\n"), std::string::npos)
        << ran.out;
    EXPECT_NE(ran.out.find("KEYLEDGER_TRUSTED_PROXIES=10.0.0.0/8,proxy  # line 3 of '" + path + "'\n"),
              std::string::npos)
        << ran.out;
    EXPECT_NE(ran.err.find("names such as 'localhost' are not looked up (line 2 of '" + path + "')\n"),
              std::string::npos)
        << ran.err;
    EXPECT_NE(ran.err.find("(line 3 of '" + path + "')\n"), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("none.json' (line 4 of '" + path + "')\n"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.out.find("postgresql://"), std::string::npos) << ran.out;
    EXPECT_EQ(ran.err.find("postgresql://"), std::string::npos) << ran.err;
}

// There are more than a hundred of them, and an operator set a few.
TEST_F(ConfigCheck, ShowsWhatHasItsDefaultToWhoeverAsksForIt) {
    const auto shown = [&](ShownSettings which) {
        return line.run([&](const Environment& e) { return check_config(e, {}, which); }).out;
    };
    const std::string given = shown(ShownSettings::kGiven);
    const std::string all = shown(ShownSettings::kAll);
    constexpr std::string_view kDefault = "KEYLEDGER_IO_THREADS=1  # default\n";
    EXPECT_EQ(given.find("# default"), std::string::npos) << given;
    EXPECT_NE(all.find(kDefault), std::string::npos) << all;
    EXPECT_NE(given.find("KEYLEDGER_DATABASE_URL=********  # environment\n"), std::string::npos) << given;
    EXPECT_NE(all.find("KEYLEDGER_DATABASE_URL=********  # environment\n"), std::string::npos);
    const auto lines = [](const std::string& text) { return std::ranges::count(text, '\n'); };
    EXPECT_TRUE(given.ends_with("\n# " + std::to_string(lines(all) - lines(given) + 1) +
                                " more have their default; --verbose shows them\n"))
        << given;
}

// What stands in it nobody knows: nothing else can be said.
TEST_F(ConfigCheck, SaysOfAFileThatCanNotBeReadThatAlone) {
    line.set("KEYLEDGER_KEYRING_FILE", "");
    const auto ran = check({{"KEYLEDGER_CONFIG_FILE", file("broken.yaml", "KEYLEDGER_LISTEN: [\n", 0600)}});
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.err.find("KEYLEDGER_CONFIG_FILE: '"), std::string::npos) << ran.err;
    EXPECT_EQ(ran.err.find("KEYRING_FILE"), std::string::npos) << ran.err;
}

TEST_F(ConfigCheck, TellsAllFaultsOfAClientsFileAtOnce) {
    const std::string path = file("clients.json", "{\"clients\": [\n{\"client_id\": \"\"},\n7]}\n", 0600);
    const auto ran = check({{"KEYLEDGER_CLIENTS_FILE", path}});
    EXPECT_EQ(ran.exit, Exit::kUsage);
    for (const char* said : {"line 2, client 1: has no 'client_id'", "line 3, client 2: is not an object"})
        EXPECT_NE(ran.err.find("KEYLEDGER_CLIENTS_FILE: '" + path + "', " + said), std::string::npos) << ran.err;
}

// ---- users, from the command line -------------------------------------------------------------------------
TEST_F(ConfigCheck, TheAdministratorsPasswordMayStandInAFile) {
    line.set("KEYLEDGER_ADMIN_PASSWORD_FILE", file("readable", "violet tractors hum at noon\r\n", 0644));
    auto ran = line.create_administrator();
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.err.find("both set"), std::string::npos) << ran.err;
    line.set("KEYLEDGER_ADMIN_PASSWORD", "");
    ran = line.create_administrator();
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.err.find("chmod 600"), std::string::npos) << ran.err;
    line.set("KEYLEDGER_ADMIN_PASSWORD_FILE", file("short", "short\r\n", 0600));
    ran = line.create_administrator();
    EXPECT_NE(ran.err.find("it takes 15 characters"), std::string::npos) << ran.err;
    line.set("KEYLEDGER_ADMIN_PASSWORD_FILE", file("closed", "fourteen lett\r\r\n", 0600));
    ran = line.create_administrator();
    EXPECT_EQ(ran.exit, Exit::kFailed) << "the line's end is no part of it";
    line.set("KEYLEDGER_ADMIN_PASSWORD_FILE", file("good", "violet tractors hum at noon\r\n", 0600));
    ran = line.create_administrator();
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
}

TEST_F(ConfigCheck, AnIdThatIsNoneIsNobodys) {
    const auto ran = line.run([](const Environment& e) { return unlock_user(e, {"", "", "xx"}); });
    EXPECT_EQ(ran.exit, Exit::kUsage);
    EXPECT_NE(ran.err.find("not a UUID"), std::string::npos) << ran.err;
}

// ---- files that commands write ----------------------------------------------------------------------------
TEST_F(ConfigCheck, AFileIsWrittenOverOnlyWhenTold) {
    ASSERT_EQ(line.create_administrator().exit, Exit::kGood);
    const std::string path = file("export.ndjson", "mine\n", 0600);
    const auto exported = [&](const std::string& out, bool force) {
        ExportAudit options;
        options.out = out;
        options.force = force;
        return line.run([&](const Environment& e) { return export_audit(e, options); });
    };
    EXPECT_EQ(exported(path, false).exit, Exit::kUsage);
    EXPECT_EQ(exported("-", true).exit, Exit::kUsage);
    line.set("KEYLEDGER_OWNER_DATABASE_URL", line.database.owner_url());
    EXPECT_EQ(line.run([&](const Environment& e) { return backup(e, path, false); }).exit, Exit::kUsage);
    std::string text;
    std::getline(std::ifstream(path), text);
    EXPECT_EQ(text, "mine");
    const auto ran = exported(path, true);
    EXPECT_EQ(ran.exit, Exit::kGood) << ran.err;
}

}  // namespace
