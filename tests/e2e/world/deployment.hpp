#pragma once
// Keyledger as an operator runs it: a database, a keyring, a file of clients and a topic prefix of its own,
// prepared by the real binary's commands, and processes that serve it.
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/kafka/kafka.hpp"
#include "tests/support/postgres/postgres.hpp"

namespace keyledger::test {

using Environment = std::map<std::string, std::string>;

struct ProcessResult {
    int exit_code = -1;  // 128 + signal when it was killed
    std::string output;  // standard output, then standard error
};

// A program that runs; it ends with the thread that started it at the latest. Its standard output and error
// go to one file.
class Process {
public:
    Process(const std::vector<std::string>& words, const Environment& environment, const std::filesystem::path& log);
    ~Process();  // kills what still runs
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    bool runs();
    void signal(int number);
    // Throws std::runtime_error when it takes longer than `patience`.
    int wait(std::chrono::seconds patience);
    std::string output() const;

private:
    int pid_ = -1;
    std::optional<int> exit_code_;
    std::filesystem::path log_;
};

struct ClientOfService {
    std::string id;
    std::string secret;
    std::string basic() const;  // the value of Authorization
};

inline constexpr const char* kIssuer = "https://auth.keyledger.test";
inline constexpr const char* kOrders = "https://orders.keyledger.test";
inline constexpr const char* kAdminEmail = "root.of.all@keyledger.test";
inline constexpr const char* kAdminPassword = "nineteen marble owls keep the gate";

class Deployment {
public:
    // Migrates, makes keys, writes clients, creates the administrator. Throws std::runtime_error that says
    // what to do when there is no binary, database or broker to test with. `more` is for every process of it.
    explicit Deployment(const Environment& more = {});
    ~Deployment();
    Deployment(const Deployment&) = delete;
    Deployment& operator=(const Deployment&) = delete;

    // `keyledger WORDS...` to its end.
    ProcessResult run(const std::vector<std::string>& words, const Environment& more = {}) const;

    const Environment& environment() const { return environment_; }
    const EmptyDatabase& database() const { return *database_; }
    const std::string& topic_prefix() const { return prefix_.text(); }
    const std::filesystem::path& folder() const { return folder_; }
    // Logs of every process that served this deployment.
    std::string logs() const;

    ClientOfService gateway{"gateway", {}};    // may introspect and revoke every token, and ask what anybody may do
    ClientOfService watcher{"watcher", {}};    // may introspect every token, and revoke its own alone
    ClientOfService orders{"orders", {}};      // is the resource server kOrders
    ClientOfService stranger{"stranger", {}};  // is nothing

private:
    void write_clients();

    std::filesystem::path folder_;
    std::unique_ptr<EmptyDatabase> database_;
    TopicPrefix prefix_;
    Environment environment_;
};

// Where a service is given its settings: one variable each, or all in a YAML file that one variable names.
enum class SettingsIn { kEnvironment, kFile };

// `keyledger serve` on free ports; ready when the constructor returns.
class RunningService {
public:
    explicit RunningService(const Deployment& deployment, const Environment& more = {},
                            SettingsIn where = SettingsIn::kEnvironment);
    // As an operator stops it: SIGTERM; the exit code must be 0, or the running test fails.
    ~RunningService();
    RunningService(const RunningService&) = delete;
    RunningService& operator=(const RunningService&) = delete;

    std::uint16_t port() const { return port_; }
    std::uint16_t management_port() const { return management_port_; }
    void stop();
    // As a power cut does.
    void kill();
    void await_ready();

private:
    bool started();

    std::unique_ptr<Process> process_;
    std::uint16_t port_ = 0;
    std::uint16_t management_port_ = 0;
};

}  // namespace keyledger::test
