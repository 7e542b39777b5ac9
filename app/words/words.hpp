#pragma once
// The words of the command line, and which command they choose. For main.cpp and the sources beside this one.
#include <CLI/CLI.hpp>

#include <cstdlib>
#include <functional>

#include "app/cli/cli.hpp"

namespace keyledger::app {

struct CommandChoice {
    std::function<Exit()> run;
};

inline const char* from_process(const char* name) { return std::getenv(name); }

// How many, or which; no log and no list is longer.
inline const CLI::Range kCount{std::int64_t{1}, std::int64_t{1'000'000'000'000}};

// The type of what names a file: --help shows it, and shells complete files for it.
inline constexpr const char* kFile = "FILE";

// Each adds a group of commands; `chosen` outlives the parsing.
void add_projections(CLI::App& app, CommandChoice& chosen);
void add_jobs(CLI::App& app, CommandChoice& chosen);
void add_applications(CLI::App& app, CommandChoice& chosen);
void add_health(CLI::App& app, CommandChoice& chosen);
// Manual pages and completions, of all that is added; `app` outlives the command.
void add_describing(CLI::App& app, CommandChoice& chosen);

}  // namespace keyledger::app
