#include "eventstore/postgres/upkeep/backup.hpp"

#include <libpq-fe.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "eventstore/postgres/connection/pqxx_connection.hpp"

namespace keyledger::eventstore::postgres {
namespace {

// What the tools read from the environment instead of their arguments, which everybody on the machine can see.
std::optional<std::vector<std::string>> environment_for(const std::string& url) {
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(url.c_str(), nullptr),
                                                                               PQconninfoFree);
    if (!options) return std::nullopt;
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable)
        if (std::strncmp(*variable, "PG", 2) != 0) variables.emplace_back(*variable);
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option)
        if (option->envvar != nullptr && option->val != nullptr)
            variables.push_back(std::string(option->envvar) + "=" + option->val);
    return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::string database_of(const std::vector<std::string>& environment) {
    for (const std::string& variable : environment)
        if (variable.starts_with("PGDATABASE=")) return variable.substr(11);
    return {};
}

// The tool's own words go to standard error.
std::optional<std::string> run(std::vector<std::string> words, std::vector<std::string> environment) {
    auto arguments = pointers_to(words);
    auto variables = pointers_to(environment);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), variables.data());
    if (failed != 0) return words[0] + " can't be started: " + std::strerror(failed);
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return words[0] + " can't be waited for: " + std::strerror(errno);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
    return words[0] + " failed; its words are above";
}

constexpr const char* kBadUrl = "the database's URL is not one that PostgreSQL understands";

}  // namespace

std::optional<std::string> write_backup(const std::string& owner_url, const std::string& path) {
    auto environment = environment_for(owner_url);
    if (!environment) return kBadUrl;
    const mode_t before = umask(0077);
    auto problem = run({"pg_dump", "--format=custom", "--exclude-schema=read_models", "--no-unlogged-table-data",
                        "--exclude-table-data=keyledger.graveyard", "--file=" + path},
                       *environment);
    umask(before);
    return problem;
}

std::optional<std::string> read_backup(const std::string& owner_url, const std::string& path) try {
    auto environment = environment_for(owner_url);
    if (!environment) return kBadUrl;
    const auto connection = connect(owner_url);
    {
        pqxx::nontransaction session(*connection);
        if (!session.exec1("select to_regnamespace('keyledger')")[0].is_null())
            return "the database holds an event store already; restore into an empty one";
    }
    const std::string database = database_of(*environment);
    if (auto problem =
            run({"pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--dbname=" + database, path},
                *environment))
        return problem;
    pqxx::work work(*connection);
    work.exec("create schema read_models; grant usage, create on schema read_models to keyledger_service;"
              " delete from keyledger.checkpoints");
    work.commit();
    return std::nullopt;
} catch (const pqxx::failure& failure) {
    return failure.what();
}

}  // namespace keyledger::eventstore::postgres
