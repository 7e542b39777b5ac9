#pragma once
// Commands of the command line, run in this process against a database and a keyring of their own.
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "app/cli/cli.hpp"
#include "app/config/config.hpp"
#include "app/core/log_reading.hpp"
#include "eventstore/log_facts.hpp"
#include "tests/support/postgres/postgres.hpp"

namespace keyledger::app::test {

struct CommandOutput {
    Exit exit = Exit::kFailed;
    std::string out;
    std::string err;
};

class CommandLine {
public:
    CommandLine() {
        std::string pattern = testing::TempDir() + "/keyledger-cli-XXXXXX";
        directory_ = ::mkdtemp(pattern.data());
        set("KEYLEDGER_DATABASE_URL", database.service_url());
        set("KEYLEDGER_KEYRING_FILE", path("keyring.json"));
        set("KEYLEDGER_LOG_LEVEL", "error");
        set("KEYLEDGER_EMAIL_VERIFICATION", "off");
        set("KEYLEDGER_ARGON2_MEMORY_KIB", "8");
        set("KEYLEDGER_ARGON2_ITERATIONS", "1");
        set("KEYLEDGER_ADMIN_PASSWORD", "violet tractors hum at noon");
        run([](const Environment& environment) { return generate_keys(environment, {}); });
        sign_origin();
    }
    ~CommandLine() { std::filesystem::remove_all(directory_); }

    template <class Command>
    CommandOutput run(const Command& command) {
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        CommandOutput ran;
        const Environment environment = [this](const char* name) -> const char* {
            const auto at = variables_.find(name);
            return at == variables_.end() ? nullptr : at->second.c_str();
        };
        try {
            ran.exit = command(environment);
        } catch (const std::exception& error) {  // as main() does
            ran.err = error.what();
        }
        ran.out = testing::internal::GetCapturedStdout();
        ran.err += testing::internal::GetCapturedStderr();
        return ran;
    }
    // As 'migrate up' does; the database is a copy of one that was migrated with the keys of tests.
    void sign_origin() {
        Config config;
        config.keyring_file = path("keyring.json");
        const auto macs = configured_macs(config);
        const auto log_id = Uuid::parse(database.execute("select log_id from keyledger.log")).value();
        const eventstore::LogOrigin origin{log_id, macs->writing_keys().front(), {}};
        const std::string note = macs->sign(eventstore::origin_note_name(log_id), eventstore::origin_text(origin));
        database.execute("update keyledger.origins set note = '" + note + "'");
    }
    // Four events or so.
    CommandOutput create_administrator() {
        return run([](const Environment& environment) {
            return create_admin(environment, {"root@example.com", "root", "Root"});
        });
    }
    void set(const std::string& name, const std::string& value) { variables_[name] = value; }
    std::string path(const std::string& name) const { return directory_ + "/" + name; }

    keyledger::test::Database database;

private:
    std::string directory_;
    std::map<std::string, std::string> variables_;
};

}  // namespace keyledger::app::test
