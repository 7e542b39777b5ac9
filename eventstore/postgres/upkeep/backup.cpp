#include "eventstore/postgres/upkeep/backup.hpp"

#include <libpq-fe.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "eventstore/postgres/connection/pqxx_connection.hpp"
#include "eventstore/postgres/upkeep/tools.hpp"

namespace keyledger::eventstore::postgres {
namespace {

// What the tools read from the environment instead of their arguments, which everybody on the machine can see.
std::optional<std::vector<std::string>> environment_for(const std::string& url) {
    // Of several hosts, the tools too have to take the primary.
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
        PQconninfoParse(connection_text(url).c_str(), nullptr), PQconninfoFree);
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
    const int failed = posix_spawn(&child, arguments[0], nullptr, nullptr, arguments.data(), variables.data());
    if (failed != 0) return words[0] + " can't be started: " + std::strerror(failed);
    int status = 0;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return words[0] + " can't be waited for: " + std::strerror(errno);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::nullopt;
    return words[0] + " failed; its words are above";
}

constexpr const char* kBadUrl = "the database's URL is not one that PostgreSQL understands";

int major_of(pqxx::connection& connection) { return connection.server_version() / 10'000; }

std::string postgres_of(int major) { return "PostgreSQL " + std::to_string(major); }

// Of what the file's head says, or what is wrong with it.
Result<Archive, std::string> archive_at(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string head(kArchiveHeadBytes, '\0');
    if (!in) return Unexpected("can't read " + path);
    in.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(in.gcount()));
    if (auto archive = archive_in(head)) return *archive;
    return Unexpected(path + " is no backup in PostgreSQL's custom format, as 'keyledger backup' writes it");
}

// The oldest that reads the file: a newer one may say to the server what it does not know yet.
Result<Tool, std::string> restorer_of(const std::string& path, int server, const std::string& tools,
                                      const std::vector<std::string>& environment) {
    const auto archive = archive_at(path);
    if (!archive) return Unexpected(archive.error());
    if (archive->database_major > server)
        return Unexpected(path + " is of " + postgres_of(archive->database_major) + " and this server is " +
                          postgres_of(server) + ": a backup goes into the same release or a newer one");
    const Releases releases = releases_for(server, archive->tool_major);
    if (releases.most < releases.least)
        return Unexpected(path + " was written by pg_dump of " + postgres_of(archive->tool_major) +
                          ", and what reads that does not work with a server of " + std::to_string(server) +
                          ": restore into a newer one");
    return find_tool("pg_restore", releases, path + " was written by pg_dump of " + postgres_of(archive->tool_major),
                     tools, environment);
}

}  // namespace

std::optional<std::string> write_backup(const std::string& owner_url, const std::string& path,
                                        const std::string& tools) try {
    auto environment = environment_for(owner_url);
    if (!environment) return kBadUrl;
    const int server = major_of(*connect(owner_url));
    const auto tool =
        find_tool("pg_dump", releases_for(server, server), "the server is " + postgres_of(server), tools, *environment);
    if (!tool) return tool.error();
    const mode_t before = umask(0077);
    auto problem = run({tool->path, "--format=custom", "--exclude-schema=read_models", "--no-unlogged-table-data",
                        "--exclude-table-data=keyledger.graveyard", "--file=" + path},
                       *environment);
    umask(before);
    return problem;
} catch (const pqxx::failure& failure) {
    return failure.what();
}

std::optional<std::string> read_backup(const std::string& owner_url, const std::string& path,
                                       const std::string& tools) try {
    auto environment = environment_for(owner_url);
    if (!environment) return kBadUrl;
    const auto connection = connect(owner_url);
    {
        pqxx::nontransaction session(*connection);
        if (!session.exec1("select to_regnamespace('keyledger')")[0].is_null())
            return "the database holds an event store already; restore into an empty one";
    }
    const auto tool = restorer_of(path, major_of(*connection), tools, *environment);
    if (!tool) return tool.error();
    const std::string database = database_of(*environment);
    if (auto problem =
            run({tool->path, "--exit-on-error", "--single-transaction", "--no-owner", "--dbname=" + database, path},
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
