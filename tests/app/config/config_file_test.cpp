// The configuration file: what it says, what the environment says before it, and every fault with its line.
#include "app/config/config_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>

#include "app/config/config.hpp"

using namespace keyledger::app;

namespace {

using Variables = std::map<std::string, std::string>;

struct ConfigFiles : testing::Test {
    ConfigFiles() {
        std::string pattern = testing::TempDir() + "/keyledger-config-XXXXXX";
        folder = ::mkdtemp(pattern.data());
    }
    std::string file(const std::string& name, const std::string& text, mode_t mode = 0600) const {
        const std::string path = folder + "/" + name;
        std::ofstream(path, std::ios::binary) << text;
        ::chmod(path.c_str(), mode);
        return path;
    }
    LenientConfig read(const std::string& path, Variables variables = {}) const {
        variables["KEYLEDGER_CONFIG_FILE"] = path;
        variables.emplace("KEYLEDGER_EMAIL_VERIFICATION", "off");
        const Environment environment = of(variables);
        return read_config_leniently(environment, {ConfigPart::kDatabase, ConfigPart::kKeyring, ConfigPart::kServing});
    }
    static Environment of(const Variables& variables) {
        return [&variables](const char* name) {
            const auto at = variables.find(name);
            return at == variables.end() ? nullptr : at->second.c_str();
        };
    }
    // A file of what is required, and `more`.
    std::string enough(const std::string& more, mode_t mode = 0600) const {
        return file("keyledger.yaml",
                    "KEYLEDGER_DATABASE_URL: postgresql://ann:hunter2@db/keyledger\n"
                    "KEYLEDGER_KEYRING_FILE: /etc/keyledger/keyring.json\n" +
                        more,
                    mode);
    }
    static std::string all_of(const LenientConfig& read) {
        std::string all;
        for (const std::string& sentence : read.faults.sentences) all += sentence + '\n';
        return all;
    }
    std::string folder;
};

// What a newcomer copies, and changes to be theirs.
TEST_F(ConfigFiles, AreTakenAsTheDocumentShowsThem) {
    std::ifstream in("docs/operate/settings.md", std::ios::binary);
    const std::string page{std::istreambuf_iterator<char>(in), {}};
    const std::string mark = "```yaml\n";
    const std::size_t begin = page.find(mark);
    ASSERT_NE(begin, page.npos);
    const std::string text = page.substr(begin + mark.size(), page.find("```\n", begin + 1) - begin - mark.size());
    const auto path = file("first.yaml", text);
    const auto got = read(path, {{"KEYLEDGER_EMAIL_VERIFICATION", "required"}});
    EXPECT_EQ(all_of(got), "");
    const ConfigFile shown = read_config_file(path);
    EXPECT_EQ(shown.entries.size(), 10U) << "the ten that the page tells of";
    for (const auto& [name, entry] : shown.entries)
        EXPECT_LT(page.find("| `" + name + "` |"), page.find("## Where they may stand")) << name;
}

TEST_F(ConfigFiles, GiveAllThatVariablesGive) {
    const auto got = read(enough(R"(# A comment
KEYLEDGER_LISTEN: 0.0.0.0:8443
KEYLEDGER_MANAGEMENT_LISTEN: "[::1]:9443"
KEYLEDGER_IO_THREADS: 4
KEYLEDGER_HASH_QUEUE: "7"
KEYLEDGER_ROLES: [api, projector]
KEYLEDGER_TRUSTED_PROXIES:
  - 10.0.0.0/8
  - 192.0.2.1
KEYLEDGER_CORS_ORIGINS: https://a.example, https://b.example
KEYLEDGER_KAFKA_STATE_TOPICS: on
KEYLEDGER_POSITIONS: clear
KEYLEDGER_SESSION_IDLE_SECONDS: 60
)"));
    ASSERT_EQ(all_of(got), "");
    const Config& config = got.config;
    EXPECT_EQ(config.database_url, "postgresql://ann:hunter2@db/keyledger");
    EXPECT_EQ(config.listen.address, "0.0.0.0");
    EXPECT_EQ(config.management_listen.address, "::1");
    EXPECT_EQ(config.management_listen.port, 9443);
    EXPECT_EQ(config.io_threads, 4U);
    EXPECT_EQ(config.hash_queue, 7U);
    EXPECT_TRUE(config.serves_api && config.serves_projector && !config.serves_publisher);
    EXPECT_EQ(config.trusted_proxies, (std::vector<std::string>{"10.0.0.0/8", "192.0.2.1"}));
    EXPECT_EQ(config.cors_origins, (std::vector<std::string>{"https://a.example", "https://b.example"}));
    EXPECT_TRUE(config.kafka_state_topics && config.clear_positions);
    EXPECT_EQ(config.lifetimes.idle, keyledger::minutes(1));
    EXPECT_EQ(config.append_batch, 256U) << "the default";
}

TEST_F(ConfigFiles, GiveWayToTheEnvironment) {
    const std::string path = enough("KEYLEDGER_LISTEN: 127.0.0.1:1\nKEYLEDGER_IO_THREADS: 2\n");
    const std::string listen = file("listen", "127.0.0.1:3\n");
    EXPECT_EQ(read(path, {{"KEYLEDGER_LISTEN", "127.0.0.1:2"}}).config.listen.port, 2);
    EXPECT_EQ(read(path, {{"KEYLEDGER_LISTEN_FILE", listen}}).config.listen.port, 3);
    const auto same = read(path, {{"KEYLEDGER_LISTEN", ""}});
    EXPECT_EQ(same.config.listen.port, 1) << "an empty variable is none";
    EXPECT_EQ(same.config.io_threads, 2U);
    const auto wrong = read(path, {{"KEYLEDGER_LISTEN", "8080"}});
    EXPECT_EQ(all_of(wrong).find("line"), std::string::npos) << "that is not the file's fault: " << all_of(wrong);
}

TEST_F(ConfigFiles, MayNameFilesOfValues) {
    const std::string url = file("url", "postgresql://from-file/\n");
    const std::string text = "KEYLEDGER_KEYRING_FILE: /k\nKEYLEDGER_DATABASE_URL_FILE: " + url + "\n";
    const auto got = read(file("a.yaml", text, 0644));
    ASSERT_EQ(all_of(got), "") << "no secret stands in it";
    EXPECT_EQ(got.config.database_url, "postgresql://from-file/");
    EXPECT_EQ(read(file("a.yaml", text), {{"KEYLEDGER_DATABASE_URL", "postgresql://mine/"}}).config.database_url,
              "postgresql://mine/");
    ::chmod(url.c_str(), 0644);
    EXPECT_NE(all_of(read(file("a.yaml", text))).find("KEYLEDGER_DATABASE_URL_FILE: '" + url + "' is open to others"),
              std::string::npos);
}

// YAML's "\n" and "\e" are as good as letters; a log has a line for what the service says, and no other.
TEST_F(ConfigFiles, WriteNothingOfTheirOwnToATerminalOrLog) {
    const std::string bad = R"(KEYLEDGER_LISTEN: "a\e[31m\nlistens on 0.0.0.0"
KEYLEDGER_ROLES: ["api", "a\nb"]
KEYLEDGER_IO_THREADS: "1\n2"
KEYLEDGER_LOG_LEVEL: "loud\e[2J"
KEYLEDGER_ISSUER: "http://a\nKEYLEDGER_POSITIONS=clear"
)";
    const std::string path = enough(bad);
    const auto is_one_line = [](const std::string& text) {
        return std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
    };
    const auto got = read(path);
    EXPECT_GE(got.faults.sentences.size(), 5U) << all_of(got);
    for (const std::string& sentence : got.faults.sentences) EXPECT_TRUE(is_one_line(sentence)) << sentence;
    const Variables variables{{"KEYLEDGER_CONFIG_FILE", path}};
    for (const std::string& line : describe_config(of(variables))) EXPECT_TRUE(is_one_line(line)) << line;
}

TEST_F(ConfigFiles, TellAHundredFaultsAtOnce) {
    std::string text;
    for (int i = 0; i < 40'000; ++i) text += "KEYLEDGER_LOG_" + std::to_string(i) + ": 1\n";
    const std::string path = file("endless", text);
    const auto got = read(path);
    ASSERT_EQ(got.faults.sentences.size(), 101U);
    EXPECT_EQ(got.faults.sentences.back(), "KEYLEDGER_CONFIG_FILE: '" + path + "' has more faults than these 100");
}

// One round tells all, each with its line, and no value that might be a secret.
TEST_F(ConfigFiles, TellEveryFaultWithItsLine) {
    const struct {
        std::string text;  // from line 3 on
        std::string said;
    } cases[] = {
        {"KEYLEDGER_LISTN: 127.0.0.1:1",
         "line 3: there is no setting 'KEYLEDGER_LISTN'; did you mean KEYLEDGER_LISTEN?"},
        {"listen: 127.0.0.1:1", "line 3: there is no setting 'listen'; did you mean KEYLEDGER_LISTEN?"},
        {"io-threads: 2", "line 3: there is no setting 'io-threads'; did you mean KEYLEDGER_IO_THREADS?"},
        {"KEYLEDGER_KEYRING: /k",
         "line 3: there is no setting 'KEYLEDGER_KEYRING'; did you mean KEYLEDGER_KEYRING_FILE?"},
        {"kafka: {brokers: a}", "line 3: there is no setting 'kafka'\n"},
        {"KEYLEDGER_ADMIN_PASSWORD: hunter2", "line 3: there is no setting 'KEYLEDGER_ADMIN_PASSWORD'\n"},
        {"KEYLEDGER_TLS_KEY_FILE_FILE: /k", "line 3: there is no setting 'KEYLEDGER_TLS_KEY_FILE_FILE'"},
        {"'KEYLEDGER_DATABASE_URL=postgresql://ann:hunter2@db/': x",
         "line 3: there is no such setting; write NAME: value"},
        {"<<: {KEYLEDGER_LISTEN: a}", "line 3: there is no such setting"},
        {"KEYLEDGER_CONFIG_FILE: /other", "line 3: KEYLEDGER_CONFIG_FILE is taken from the environment alone"},
        {"KEYLEDGER_CORE_DUMPS: on", "line 3: KEYLEDGER_CORE_DUMPS is taken from the environment alone"},
        {"KEYLEDGER_LISTEN:", "line 3: KEYLEDGER_LISTEN has no value"},
        {"KEYLEDGER_LISTEN: ~", "line 3: KEYLEDGER_LISTEN has no value"},
        {"KEYLEDGER_LISTEN: {address: a}", "line 3: KEYLEDGER_LISTEN is not a text or number"},
        {"KEYLEDGER_IO_THREADS: [1]", "line 3: KEYLEDGER_IO_THREADS is not a text or number"},
        {"KEYLEDGER_OWNER_DATABASE_URL: [hunter2]", "line 3: KEYLEDGER_OWNER_DATABASE_URL is not a text or number"},
        {"KEYLEDGER_ROLES: {api: on}", "line 3: KEYLEDGER_ROLES is neither a text nor a list of texts"},
        {"KEYLEDGER_ROLES: []", "line 3: KEYLEDGER_ROLES is an empty list"},
        {"KEYLEDGER_CORS_ORIGINS:\n- a\n- [b]", "line 5: an item of KEYLEDGER_CORS_ORIGINS is not a text"},
        {"KEYLEDGER_ROLES: ['api,projector']", "line 3: an item of KEYLEDGER_ROLES is not a text without ','"},
        {"KEYLEDGER_LISTEN: a\nKEYLEDGER_LISTEN: b", "line 4: 'KEYLEDGER_LISTEN' is given twice"},
        {"hunter2 is mine: a\nhunter2 is mine: b", "line 4: a name is given twice"},
        {"KEYLEDGER_LISTEN: &a b", "line 3: anchors are not read"},
        {"KEYLEDGER_LISTEN: *a", "line 3: aliases are not read"},
        {"KEYLEDGER_LISTEN: !!str a", "line 3: tags are not read"},
        {"KEYLEDGER_LISTEN: [::]:8080", "line 3: "},
        {"\tKEYLEDGER_LISTEN: a", "line 3: "},
        {"KEYLEDGER_LISTEN: \"\\0\"", "line 3: a text holds U+0000"},
        {"---\nKEYLEDGER_LISTEN: a", "one document"},
        {"# \xff", "line 3: "},
        {"KEYLEDGER_ISSUER: " + std::string(20, '[') + std::string(20, ']'), "line 3: nested more than 16 deep"},
    };
    for (const auto& one : cases) {
        const std::string path = enough(one.text + "\n");
        const auto got = all_of(read(path));
        EXPECT_NE(got.find("KEYLEDGER_CONFIG_FILE: '" + path + "', line "), std::string::npos) << one.text << '\n'
                                                                                               << got;
        EXPECT_NE(got.find(one.said), std::string::npos) << one.text << '\n' << got;
        EXPECT_EQ(got.find("hunter2"), std::string::npos) << got;
        EXPECT_EQ(got.find("is not set"), std::string::npos) << got;
    }
}

TEST_F(ConfigFiles, TellAllThatIsWrongAtOnce) {
    const std::string path =
        enough("KEYLEDGER_LISTEN: 8080\nKEYLEDGER_IO_THREADS: many\nKEYLEDGER_ISUER: a\nKEYLEDGER_LOG_LEVEL: loud\n");
    const std::string got = all_of(read(path));
    for (const std::string& said : std::vector<std::string>{
             "KEYLEDGER_LISTEN: give address:port, such as 127.0.0.1:8080, not '8080' (line 3 of '" + path + "')",
             "KEYLEDGER_IO_THREADS: give a whole number from 1 to 256, not 'many' (line 4 of '" + path + "')",
             "line 5: there is no setting 'KEYLEDGER_ISUER'; did you mean KEYLEDGER_ISSUER?",
             "KEYLEDGER_LOG_LEVEL: give trace, debug, info, warn or error, not 'loud' (line 6 of '" + path + "')"})
        EXPECT_NE(got.find(said), std::string::npos) << said << '\n' << got;
    const std::string both = all_of(read(enough("KEYLEDGER_ISSUER: https://a\nKEYLEDGER_ISSUER_FILE: /a\n")));
    EXPECT_NE(both.find("KEYLEDGER_ISSUER and KEYLEDGER_ISSUER_FILE are both set"), std::string::npos) << both;
}

TEST_F(ConfigFiles, AreRefusedWhereTheyCanNotBeRead) {
    const std::string pipe = folder + "/pipe";
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    const struct {
        std::string path;
        std::string said;
    } cases[] = {
        {"/nowhere/keyledger.yaml", "can't read '/nowhere/keyledger.yaml': No such file"},
        {folder, "is not a regular file"},
        {pipe, "is not a regular file"},
        {file("env", "KEYLEDGER_DATABASE_URL=postgresql://ann:hunter2@db/\nKEYLEDGER_LISTEN=a\n"),
         "line 1: this is not a map"},
        {file("list", "\n- KEYLEDGER_LISTEN\n"), "line 2: this is not a map"},
        {file("large", "# " + std::string(1024 * 1024, 'a')), "line 1: the file is larger than 1048576 bytes"},
        {file("quote", "a: b\nKEYLEDGER_ISSUER: \"https://"), "line 2: "},
    };
    for (const auto& one : cases) {
        const auto got = read(one.path);
        ASSERT_EQ(got.faults.sentences.size(), 1U) << all_of(got);
        EXPECT_FALSE(got.are_sources_read);
        EXPECT_TRUE(got.faults.sentences.front().starts_with("KEYLEDGER_CONFIG_FILE: ")) << all_of(got);
        EXPECT_NE(all_of(got).find(one.said), std::string::npos) << all_of(got);
        EXPECT_EQ(all_of(got).find("hunter2"), std::string::npos) << all_of(got);
    }
}

TEST_F(ConfigFiles, MayBeEmpty) {
    const Variables required{{"KEYLEDGER_DATABASE_URL", "postgresql:///a"}, {"KEYLEDGER_KEYRING_FILE", "/k"}};
    for (const char* text : {"", "\n", "# nothing\n", "{}\n", "---\n"})
        EXPECT_EQ(all_of(read(file("empty", text), required)), "") << text;
}

TEST_F(ConfigFiles, WithASecretMustNotBeOpenToOthers) {
    const std::string path = enough("", 0644);
    EXPECT_EQ(all_of(read(path)), "KEYLEDGER_CONFIG_FILE: '" + path +
                                      "' is open to others: chmod 600 it (it holds KEYLEDGER_DATABASE_URL)\n");
    const Variables required{{"KEYLEDGER_DATABASE_URL", "postgresql:///a"}, {"KEYLEDGER_KEYRING_FILE", "/k"}};
    EXPECT_EQ(all_of(read(file("plain", "KEYLEDGER_LISTEN: 127.0.0.1:1\n", 0644), required)), "");
    for (const mode_t mode : {0646, 0664}) {
        const std::string open = file("open", "KEYLEDGER_LISTEN: 127.0.0.1:1\n", mode);
        EXPECT_EQ(all_of(read(open, required)),
                  "KEYLEDGER_CONFIG_FILE: '" + open + "' can be changed by others: chmod go-w it\n");
    }
}

TEST_F(ConfigFiles, AreNamedWhereValuesAreDescribed) {
    const std::string topics = file("topics", "mine\n");
    const Variables variables{{"KEYLEDGER_CONFIG_FILE",
                               enough("KEYLEDGER_LISTEN: 127.0.0.1:1\nKEYLEDGER_KAFKA_TOPIC_PREFIX_FILE: " + topics)},
                              {"KEYLEDGER_ROLES", "api"}};
    const std::string path = variables.at("KEYLEDGER_CONFIG_FILE");
    const Environment environment = of(variables);
    const auto lines = describe_config(environment);
    for (const std::string& line : {
             "KEYLEDGER_CONFIG_FILE=" + path + "  # environment",
             "KEYLEDGER_DATABASE_URL=********  # line 1 of '" + path + "'",
             std::string("KEYLEDGER_OWNER_DATABASE_URL=  # default"),
             "KEYLEDGER_KAFKA_TOPIC_PREFIX=mine  # '" + topics + "' (line 4 of '" + path + "')",
             "KEYLEDGER_LISTEN=127.0.0.1:1  # line 3 of '" + path + "'",
             std::string("KEYLEDGER_ROLES=api  # environment"),
         })
        EXPECT_NE(std::find(lines.begin(), lines.end(), line), lines.end()) << line;
}

}  // namespace
