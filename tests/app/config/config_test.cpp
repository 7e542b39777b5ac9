#include "app/config/config.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <iterator>
#include <map>

#include "app/config/core_dumps.hpp"

using namespace keyledger::app;

namespace {

class SettingSource {
public:
    explicit SettingSource(std::map<std::string, std::string> values) : values_(std::move(values)) {}
    Environment environment() const {
        return [this](const char* name) {
            const auto at = values_.find(name);
            return at == values_.end() ? nullptr : at->second.c_str();
        };
    }

private:
    std::map<std::string, std::string> values_;
};

std::map<std::string, std::string> enough() {
    return {{"KEYLEDGER_DATABASE_URL", "postgresql://secret@db/keyledger"},
            {"KEYLEDGER_KEYRING_FILE", "/etc/keyledger/keyring.json"},
            {"KEYLEDGER_EMAIL_VERIFICATION", "off"}};
}

keyledger::Result<Config, ConfigFaults> read_all(std::map<std::string, std::string> more) {
    auto values = enough();
    for (const auto& [name, value] : more) values[name] = value;
    const SettingSource given(std::move(values));
    const Environment environment = given.environment();
    return read_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring, ConfigPart::kServing});
}

std::string faults_of(const keyledger::Result<Config, ConfigFaults>& config) {
    std::string all;
    if (!config)
        for (const std::string& sentence : config.error().sentences) all += sentence + '\n';
    return all;
}

}  // namespace

TEST(Config, HasDefaultsForAllThatIsNotRequired) {
    const auto config = read_all({});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->listen.port, 8080);
    EXPECT_EQ(config->management_listen.address, "127.0.0.1");
    EXPECT_TRUE(config->serves_api && config->serves_projector && config->serves_publisher && config->serves_reactor);
    EXPECT_EQ(config->password_min_length, 15u);
    EXPECT_EQ(config->argon2_memory_kib, 19456u);
    EXPECT_TRUE(config->records_service_tokens) << "an auditor sees each log-in";
    EXPECT_FALSE(read_all({{"KEYLEDGER_SERVICE_TOKEN_RECORDS", "none"}})->records_service_tokens);
    EXPECT_FALSE(read_all({{"KEYLEDGER_SERVICE_TOKEN_RECORDS", "some"}}));
}

TEST(Config, NamesEveryFaultAtOnce) {
    const SettingSource nothing(
        {{"KEYLEDGER_LISTEN", "8080"}, {"KEYLEDGER_ACCESS_TOKEN_SECONDS", "5m"}, {"KEYLEDGER_ROLES", "api,cook"}});
    const Environment environment = nothing.environment();
    const auto config = read_config(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring, ConfigPart::kServing});
    ASSERT_FALSE(config);
    std::string all;
    for (const std::string& sentence : config.error().sentences) all += sentence + "\n";
    for (const char* name : {"KEYLEDGER_DATABASE_URL", "KEYLEDGER_KEYRING_FILE", "KEYLEDGER_LISTEN",
                             "KEYLEDGER_ACCESS_TOKEN_SECONDS", "cook"})
        EXPECT_NE(all.find(name), std::string::npos) << name << " is not in:\n" << all;
}

TEST(Config, RefusesWhatWouldWeakenTheService) {
    EXPECT_FALSE(read_all({{"KEYLEDGER_PASSWORD_MIN_LENGTH", "7"}}));
    EXPECT_FALSE(read_all({{"KEYLEDGER_REFRESH_GRACE_SECONDS", "11"}}));
    EXPECT_FALSE(read_all({{"KEYLEDGER_LOGIN_FAILURES_IN_A_ROW", "101"}}));
    EXPECT_FALSE(read_all({{"KEYLEDGER_ACCESS_TOKEN_SECONDS", "3601"}}));
    EXPECT_FALSE(read_all({{"KEYLEDGER_TLS_CERTIFICATE_FILE", "/a.pem"}}));
    EXPECT_FALSE(read_all({{"KEYLEDGER_ISSUER", "keyledger"}}));
}

TEST(Config, RefusesMoreCopiesInSyncThanThereAre) {
    const std::string factor = "KEYLEDGER_KAFKA_REPLICATION_FACTOR";
    const std::string in_sync = "KEYLEDGER_KAFKA_MIN_INSYNC_REPLICAS";
    EXPECT_TRUE(read_all({{factor, "3"}, {in_sync, "2"}}));
    EXPECT_TRUE(read_all({{in_sync, "2"}}));
    EXPECT_NE(faults_of(read_all({{factor, "2"}, {in_sync, "3"}})).find(in_sync), std::string::npos);
}

TEST(Config, ReadsASecretFromAFileAndRefusesBoth) {
    const std::string path = testing::TempDir() + "database_url";
    std::ofstream(path) << "postgresql://from-file/\n";
    ::chmod(path.c_str(), 0600);
    auto values = enough();
    values.erase("KEYLEDGER_DATABASE_URL");
    values["KEYLEDGER_DATABASE_URL_FILE"] = path;
    const SettingSource from_file(values);
    const Environment environment = from_file.environment();
    const auto config = read_config(environment, {ConfigPart::kDatabase});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->database_url, "postgresql://from-file/");
    EXPECT_FALSE(read_all({{"KEYLEDGER_DATABASE_URL_FILE", path}}));
}

TEST(Config, RefusesSecretsInFilesThatOthersMayRead) {
    const std::string path = testing::TempDir() + "open_to_others";
    std::ofstream(path) << "postgresql://from-file/\n";
    ::chmod(path.c_str(), 0644);
    auto values = enough();
    values.erase("KEYLEDGER_DATABASE_URL");
    values["KEYLEDGER_DATABASE_URL_FILE"] = path;
    const SettingSource from_file(values);
    const Environment environment = from_file.environment();
    const std::string of_url = faults_of(read_config(environment, {ConfigPart::kDatabase}));
    EXPECT_NE(of_url.find("KEYLEDGER_DATABASE_URL_FILE: '" + path + "' is open to others: chmod 600 it"),
              std::string::npos)
        << of_url;
    const std::string of_tls =
        faults_of(read_all({{"KEYLEDGER_TLS_CERTIFICATE_FILE", path}, {"KEYLEDGER_TLS_KEY_FILE", path}}));
    EXPECT_NE(of_tls.find("KEYLEDGER_TLS_KEY_FILE: '" + path + "' is open to others: chmod 600 it"), std::string::npos)
        << of_tls;
    ::chmod(path.c_str(), 0600);
    EXPECT_TRUE(read_config(environment, {ConfigPart::kDatabase}));
    EXPECT_TRUE(read_all({{"KEYLEDGER_TLS_CERTIFICATE_FILE", path}, {"KEYLEDGER_TLS_KEY_FILE", path}}));
}

TEST(Config, AFileOfWhatIsNoSecretMayBeReadByAll) {
    const std::string path = testing::TempDir() + "no_secret";
    std::ofstream(path) << "https://id.example\n";
    ::chmod(path.c_str(), 0644);
    EXPECT_TRUE(read_all({{"KEYLEDGER_ISSUER_FILE", path}}));
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// In a process of its own: what is forbidden can't be allowed again.
int dumps_allowed(const char* setting) {
    const std::map<std::string, std::string> values{{"KEYLEDGER_CORE_DUMPS", setting}};
    const SettingSource given(values);
    const Environment environment = given.environment();
    forbid_core_dumps(environment);
    rlimit cores{};
    ::getrlimit(RLIMIT_CORE, &cores);
    return ::prctl(PR_GET_DUMPABLE) != 0 || cores.rlim_max != 0 ? 1 : 0;
}

TEST(CoreDumps, AreForbiddenUnlessTheyAreAskedFor) {
    EXPECT_EXIT(std::exit(dumps_allowed("off")), testing::ExitedWithCode(0), "");
    EXPECT_EXIT(std::exit(dumps_allowed("on")), testing::ExitedWithCode(1), "");
}
#endif

TEST(Config, DescriptionMasksSecrets) {
    const SettingSource given(enough());
    const Environment environment = given.environment();
    for (const std::string& line : describe_config(environment))
        EXPECT_EQ(line.find("secret@"), std::string::npos) << line;
}

TEST(Config, DescriptionListsEverySettingWithWhatIsInEffect) {
    const std::map<std::string, std::string> values{{"KEYLEDGER_LISTEN", "[::1]:1"}};
    const SettingSource given(values);
    const Environment environment = given.environment();
    const auto lines = describe_config(environment);
    ASSERT_EQ(lines.size(), std::size(kSettings));
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const Setting& setting = kSettings[i];
        const bool is_given = setting.name == "KEYLEDGER_LISTEN";
        EXPECT_EQ(lines[i], std::string(setting.name) + "=" +
                                (is_given ? "[::1]:1  # environment" : std::string(setting.fallback) + "  # default"));
    }
}

// The forms of the declarations hold for their own defaults.
TEST(Config, EveryDefaultIsOneThatIsTaken) {
    const auto config = read_all({});
    ASSERT_TRUE(config) << faults_of(config);
    for (const Setting& setting : kSettings)
        EXPECT_TRUE(setting.name.starts_with("KEYLEDGER_") && !setting.meaning.empty()) << setting.name;
}

// A misspelt name would leave the default in effect, in silence.
TEST(UnknownSettings, AreToldWithTheNearestOne) {
    const struct {
        const char* name;
        const char* meant;  // nullptr: nothing is said; empty: nothing is near
    } cases[] = {
        {"KEYLEDGER_KAFKA_SECURITY_PROTCOL", "KEYLEDGER_KAFKA_SECURITY_PROTOCOL"},
        {"KEYLEDGER_ISUER", "KEYLEDGER_ISSUER"},
        {"KEYLEDGER_DATABASE_ULR_FILE", "KEYLEDGER_DATABASE_URL"},
        {"KEYLEDGER_KEYRING", "KEYLEDGER_KEYRING_FILE"},
        {"KEYLEDGER_XYZ_PQR_STU_VWX_QQQ_ZZZ_YYY_JJJ", ""},
        {"KEYLEDGER_DATABASE_URL", nullptr},
        {"KEYLEDGER_DATABASE_URL_FILE", nullptr},
        {"KEYLEDGER_TLS_KEY_FILE", nullptr},
        {"KEYLEDGER_ADMIN_PASSWORD", nullptr},
        {"KEYLEDGER_ADMIN_PASSWORD_FILE", nullptr},
        {"KEYLEDGER_TEST_DATABASE_URL", nullptr},
        {"KEYLEDGER_URL", nullptr},
        {"KEYLEDGER_MANAGEMENT_URL", nullptr},
        {"KEYLEDGER_INTROSPECTION_CLIENT_ID", nullptr},
        {"KEYLEDGER_ULR", ""},
        {"KEYLEDGER_PORT", ""},
        {"KEYLEDGER_ADMIN_PASWORD", "KEYLEDGER_ADMIN_PASSWORD"},
        {"PATH", nullptr},
        {"KEYLEDGERS", nullptr},
    };
    for (const auto& one : cases) {
        const auto told = unknown_settings({one.name});
        ASSERT_EQ(told.size(), one.meant == nullptr ? 0U : 1U) << one.name;
        if (one.meant == nullptr) continue;
        EXPECT_NE(told.front().find(one.name), std::string::npos) << told.front();
        EXPECT_NE(told.front().find(one.meant), std::string::npos) << told.front();
        EXPECT_EQ(told.front().find("did you mean") != std::string::npos, *one.meant != '\0') << told.front();
    }
    for (const Setting& setting : kSettings) EXPECT_TRUE(unknown_settings({std::string(setting.name)}).empty());
}

TEST(Config, TakesIssuersAsTheirStandardHasThem) {
    for (const char* good :
         {"https://id.example", "http://127.0.0.1:8080", "https://id.example/tenant", "https://[::1]:8443"})
        EXPECT_TRUE(read_all({{"KEYLEDGER_ISSUER", good}})) << good;
    for (const char* bad :
         {"https://", "https:///a", "https://id.example?x", "https://id.example#x", "https://ann@id.example",
          "https://id example", "https://:443", "ftp://id.example", "https://id.example/"})
        EXPECT_FALSE(read_all({{"KEYLEDGER_ISSUER", bad}})) << bad;
}

TEST(Config, AlertsOneAddressThroughAServer) {
    const std::pair<const char*, const char*> server{"KEYLEDGER_SMTP_URL", "smtp://mail.example.com:587"};
    const auto read = [&](const char* to, bool with_server) {
        std::map<std::string, std::string> more{{"KEYLEDGER_ALERTS_TO", to}};
        if (with_server) more.insert(server);
        return read_all(std::move(more));
    };
    ASSERT_TRUE(read("operators@example.com", true));
    EXPECT_EQ(read("operators@example.com", true)->mail.alerts_to, "operators@example.com");
    for (const auto& config :
         {read("operators@example.com", false), read("operators", true), read("a@x.example,b", true)})
        EXPECT_NE(faults_of(config).find("KEYLEDGER_ALERTS_TO"), std::string::npos);
}

TEST(Config, TellsAFaultOnceHoweverOftenASettingIsRead) {
    const std::string path = testing::TempDir() + "twice";
    std::ofstream(path) << "secret\n";
    ::chmod(path.c_str(), 0644);
    const std::string all = faults_of(read_all({{"KEYLEDGER_KAFKA_SECURITY_PROTOCOL", "sasl_ssl"},
                                                {"KEYLEDGER_KAFKA_SASL_MECHANISM", "PLAIN"},
                                                {"KEYLEDGER_KAFKA_SASL_USERNAME", "ann"},
                                                {"KEYLEDGER_KAFKA_SASL_PASSWORD_FILE", path}}));
    const auto first = all.find("KEYLEDGER_KAFKA_SASL_PASSWORD_FILE");
    ASSERT_NE(first, std::string::npos) << all;
    EXPECT_EQ(all.find("KEYLEDGER_KAFKA_SASL_PASSWORD_FILE", first + 1), std::string::npos) << all;
}

TEST(ReadSetting, LooksAtThatOneAlone) {
    const SettingSource given({{"KEYLEDGER_ROLES", "dancer"},
                               {"KEYLEDGER_SMTP_PASSWORD_FILE", "/nowhere"},
                               {"KEYLEDGER_MANAGEMENT_LISTEN", "[::1]:9181"}});
    const auto listener = read_setting(given.environment(), "KEYLEDGER_MANAGEMENT_LISTEN");
    ASSERT_TRUE(listener);
    EXPECT_EQ(listener->endpoint.address, "::1");
    EXPECT_EQ(listener->endpoint.port, 9181);
    const auto roles = read_setting(given.environment(), "KEYLEDGER_ROLES");
    ASSERT_FALSE(roles);
    EXPECT_NE(roles.error().sentences.front().find("dancer"), std::string::npos);
    const SettingSource unreadable(std::map<std::string, std::string>{{"KEYLEDGER_CONFIG_FILE", "/nowhere"}});
    EXPECT_FALSE(read_setting(unreadable.environment(), "KEYLEDGER_MANAGEMENT_LISTEN"));
}
