#pragma once
// Completions for shells, as scripts: commands, options, what an option's value may be, and files. Each keeps to its
// shell's own conventions; packages install them where the shell looks. Pure.
#include <string>
#include <vector>

#include "app/manual/command_tree.hpp"

namespace keyledger::app {

std::string bash_completion(const std::vector<CommandNode>& tree);
std::string zsh_completion(const std::vector<CommandNode>& tree);
std::string fish_completion(const std::vector<CommandNode>& tree);

}  // namespace keyledger::app
