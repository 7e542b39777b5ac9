#pragma once
// A program of the operator's that prints secrets. No shell has a part in it. Thread-safe.
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"

namespace keyledger::app {

// Blanks part words; '…' and "…" hold one together. Nothing else is special: there are no variables, no '\' and no '|'.
// The first word is a program by its whole path. The error is a sentence.
Result<std::vector<std::string>, std::string> words_of_command(std::string_view line);

// Runs it to its end and returns what it prints on standard output, at most 256 KiB (kMaxSecretsBytes). It must be a
// file that nobody but root and the service's user can change. It gets the environment of this process without
// KEYLEDGER_*, an empty standard input, and a process group of its own; no other file of this process. What it says on
// standard error is shown where that is a terminal, and goes nowhere else: a script that traces itself would have
// secrets logged. All of it is killed when the time is over, or SIGTERM or SIGINT comes, which end this process only
// then, where it does not block them. The error is a sentence; it quotes nothing that was said.
Result<std::string, std::string> output_of_command(const std::vector<std::string>& words,
                                                   std::chrono::milliseconds patience);

}  // namespace keyledger::app
