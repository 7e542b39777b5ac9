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

// Each adds a group of commands; `chosen` outlives the parsing.
void add_projections(CLI::App& app, CommandChoice& chosen);
void add_jobs(CLI::App& app, CommandChoice& chosen);
void add_applications(CLI::App& app, CommandChoice& chosen);

}  // namespace keyledger::app
