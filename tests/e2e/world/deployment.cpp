#include "tests/e2e/world/deployment.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>
#include <tuple>
#include <utility>

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/primitives/hex.hpp"
#include "security/primitives/random.hpp"
#include "tests/e2e/world/ports.hpp"
#include "tests/e2e/world/watch.hpp"
#include "tests/support/http/http_client.hpp"

namespace keyledger::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kCommandPatience = 60s;
constexpr auto kStartPatience = 60s;
constexpr auto kStopPatience = 30s;
constexpr auto kPoll = 10ms;

std::string read_file(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string binary() {
    const char* path = std::getenv("KEYLEDGER_TEST_BINARY");
    if (path == nullptr || *path == '\0')
        throw std::runtime_error("KEYLEDGER_TEST_BINARY is not set: run this through scripts/test, which builds one");
    return path;
}

// The test's own environment without what configures Keyledger, and `more`.
std::vector<std::string> merged(const Environment& more) {
    std::vector<std::string> all;
    for (char** each = environ; *each != nullptr; ++each)
        if (!std::string_view(*each).starts_with("KEYLEDGER_")) all.emplace_back(*each);
    for (const auto& [name, value] : more) all.push_back(name + "=" + value);
    return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

// What is left for the environment when all of `settings` stand in a file at `path`.
Environment in_file(const Environment& settings, const std::filesystem::path& path) {
    std::ofstream file(path);
    for (const auto& [name, value] : settings) file << name << ": '" << value << "'\n";
    file.close();
    ::chmod(path.c_str(), 0600);
    return {{"KEYLEDGER_CONFIG_FILE", path.string()}};
}

std::string random_secret() {
    const auto bytes = security::random_bytes(32);
    return watch_secret(security::hex_encode(std::string_view(bytes)));
}

std::string base64(std::string_view text) {
    static constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    unsigned bits = 0;
    int held = 0;
    for (const unsigned char c : text) {
        bits = (bits << 8) | c;
        for (held += 8; held >= 6; held -= 6) out += kAlphabet[(bits >> (held - 6)) & 63];
    }
    if (held > 0) out += kAlphabet[(bits << (6 - held)) & 63];
    while (out.size() % 4 != 0) out += '=';
    return out;
}

}  // namespace

// ---- Process ----------------------------------------------------------------------------------------------
Process::Process(const std::vector<std::string>& words, const Environment& environment,
                 const std::filesystem::path& log)
    : log_(log) {
    std::vector<std::string> arguments = words;
    std::vector<std::string> settings = merged(environment);
    const std::vector<char*> argv = pointers(arguments);
    const std::vector<char*> envp = pointers(settings);
    const int input = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_ = ::fork();
    if (pid_ == 0) {
        // Only what is safe after a fork among threads. Not even a crash of the tests leaves a service
        // behind.
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(input, STDIN_FILENO);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        ::execve(argv[0], argv.data(), envp.data());
        ::_exit(127);
    }
    const int error = errno;
    ::close(input);
    ::close(output);
    if (pid_ < 0) throw std::runtime_error("can't start " + words.front() + ": " + std::strerror(error));
}

Process::~Process() {
    if (!runs()) return;
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

bool Process::runs() {
    if (exit_code_) return false;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return false;
}

void Process::signal(int number) {
    if (runs()) ::kill(pid_, number);
}

int Process::wait(std::chrono::seconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (runs()) {
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error("a process did not end in time; its output:\n" + output());
        std::this_thread::sleep_for(kPoll);  // waitpid can't be given a deadline
    }
    return *exit_code_;
}

std::string Process::output() const { return read_file(log_); }

std::string ClientOfService::basic() const { return "Basic " + base64(id + ":" + secret); }

// ---- Deployment -------------------------------------------------------------------------------------------
Deployment::Deployment(const Environment& more) : database_(std::make_unique<EmptyDatabase>()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "keyledger-e2e.XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("can't make a folder like " + pattern);
    folder_ = pattern;
    environment_ = {
        {"KEYLEDGER_DATABASE_URL", database_->service_url()},
        {"KEYLEDGER_OWNER_DATABASE_URL", database_->owner_url()},
        {"KEYLEDGER_KAFKA_BROKERS", kafka_brokers()},
        {"KEYLEDGER_KAFKA_TOPIC_PREFIX", prefix_.text()},
        {"KEYLEDGER_KAFKA_PARTITIONS", "2"},
        {"KEYLEDGER_KEYRING_FILE", (folder_ / "keyring.json").string()},
        {"KEYLEDGER_CLIENTS_FILE", (folder_ / "clients.json").string()},
        {"KEYLEDGER_ISSUER", kIssuer},
        {"KEYLEDGER_LOG_IN_BY_MAIL", "both"},
        {"KEYLEDGER_LOG_LEVEL", "debug"},
        {"KEYLEDGER_EMAIL_VERIFICATION", "off"},
        {"KEYLEDGER_CLIENT_REGISTRATION", "1000000"},
        {"KEYLEDGER_OWN_ERASURE_GRACE_HOURS", "0"},
        // Hashes that cost nothing, and no limit that a test of something else could meet.
        {"KEYLEDGER_ARGON2_MEMORY_KIB", "64"},
        {"KEYLEDGER_ARGON2_ITERATIONS", "1"},
        {"KEYLEDGER_LOGIN_NETWORK_RATE_PER_MINUTE", "1000000"},
        {"KEYLEDGER_LOGIN_NETWORK_BURST", "1000000"},
        {"KEYLEDGER_LOGIN_NAME_BURST", "1000000"},
        {"KEYLEDGER_LOGIN_KNOWN_NETWORK_DAYS", "0"},
        {"KEYLEDGER_WRITE_RATE_PER_MINUTE", "1000000"},
        {"KEYLEDGER_WRITE_BURST", "1000000"},
        {"KEYLEDGER_ACCESS_LOG", "all"},  // secrets are looked for in it, too
    };
    for (const auto& [name, value] : more) environment_[name] = value;
    write_clients();
    watch_secret(kAdminPassword);
    watch_personal(kAdminEmail);
    const std::vector<std::vector<std::string>> commands{
        {"keys", "generate"}, {"migrate", "up"}, {"users", "create-admin", "--email", kAdminEmail}};
    for (const auto& words : commands) {
        const ProcessResult done = run(words, {{"KEYLEDGER_ADMIN_PASSWORD", kAdminPassword}});
        if (done.exit_code != 0)
            throw std::runtime_error("keyledger " + words[0] + " " + words[1] + " failed: " + done.output);
    }
}

Deployment::~Deployment() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

void Deployment::write_clients() {
    std::ostringstream json;
    auto digest = [](const std::string& secret) {
        const auto hash = security::sha256(secret);
        return security::hex_encode(security::view_of(hash));
    };
    auto client = [&](ClientOfService& of, const std::string& audiences, const char* introspects, const char* revokes) {
        of.secret = random_secret();
        json << R"({"client_id":")" << of.id << R"(","client_secret_sha256":")" << digest(of.secret)
             << R"(","audiences":[)" << audiences << R"(],"introspect":")" << introspects << R"(","revoke":")"
             << revokes << R"(","evaluate":")" << (&of == &gateway ? "all" : "none") << R"("})";
    };
    const std::string of_orders = "\"" + std::string(kOrders) + "\"";
    json << R"({"clients":[)";
    client(gateway, "", "all", "all");
    json << ',';
    client(watcher, "", "all", "own");
    json << ',';
    client(orders, of_orders, "own", "own");
    json << ',';
    client(stranger, "", "own", "own");
    json << R"(],"first_party_audiences":[)" << of_orders << "]}";
    const std::filesystem::path path = folder_ / "clients.json";
    std::ofstream(path) << json.str();
    ::chmod(path.c_str(), 0600);
}

ProcessResult Deployment::run(const std::vector<std::string>& words, const Environment& more) const {
    static std::atomic<int> count{0};
    std::vector<std::string> all{binary()};
    all.insert(all.end(), words.begin(), words.end());
    Environment environment = environment_;
    for (const auto& [name, value] : more) environment[name] = value;
    Process process(all, environment, folder_ / ("command-" + std::to_string(++count) + ".log"));
    const int exit_code = process.wait(kCommandPatience);
    return {exit_code, process.output()};
}

std::string Deployment::logs() const {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_))
        if (entry.path().extension() == ".log") all += read_file(entry.path());
    return all;
}

// ---- RunningService ---------------------------------------------------------------------------------------
RunningService::RunningService(const Deployment& deployment, const Environment& more, SettingsIn where) {
    static std::atomic<int> count{0};
    constexpr int kTries = 3;
    for (int attempt = 1;; ++attempt) {
        Environment environment = deployment.environment();
        for (const auto& [name, value] : more) environment[name] = value;
        std::tie(port_, management_port_) = free_ports();
        environment["KEYLEDGER_LISTEN"] = "127.0.0.1:" + std::to_string(port_);
        environment["KEYLEDGER_MANAGEMENT_LISTEN"] = "127.0.0.1:" + std::to_string(management_port_);
        const auto log = deployment.folder() / ("serve-" + std::to_string(++count) + ".log");
        if (where == SettingsIn::kFile) environment = in_file(environment, log.string() + ".yaml");
        process_ = std::make_unique<Process>(std::vector<std::string>{binary(), "serve"}, environment, log);
        if (started()) return;
        const std::string output = process_->output();
        if (attempt == kTries || output.find("in use") == std::string::npos)
            throw std::runtime_error("keyledger serve did not start:\n" + output);
    }
}

// False: it ended.
bool RunningService::started() {
    const auto until = std::chrono::steady_clock::now() + kStartPatience;
    while (process_->runs()) {
        try {
            if (HttpClient(port_).get("/health/ready").status == 200) return true;
        } catch (const ClientError&) {
            // Nobody listens yet.
        }
        if (std::chrono::steady_clock::now() > until)
            throw std::runtime_error("keyledger serve is not ready:\n" + process_->output());
        std::this_thread::sleep_for(kPoll);  // it tells nobody when it is ready: one has to ask
    }
    return false;
}

void RunningService::await_ready() {
    if (!started()) throw std::runtime_error("keyledger serve ended:\n" + process_->output());
}

void RunningService::stop() {
    if (!process_) return;
    process_->signal(SIGTERM);
    EXPECT_EQ(process_->wait(kStopPatience), 0) << process_->output();
    process_.reset();
}

void RunningService::kill() {
    process_->signal(SIGKILL);
    process_->wait(kStopPatience);
    process_.reset();
}

RunningService::~RunningService() {
    try {
        stop();
    } catch (const std::exception& failure) {
        ADD_FAILURE() << failure.what();
    }
}

}  // namespace keyledger::test
