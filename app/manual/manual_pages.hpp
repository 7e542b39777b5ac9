#pragma once
// Manual pages, in the macros of man(7): keyledger(1) from the command line's definition, keyledger.yaml(5) from the
// settings'. Pure.
#include <string>
#include <vector>

#include "app/manual/command_tree.hpp"

namespace keyledger::app {

std::string commands_manual(const std::vector<CommandNode>& tree);
std::string settings_manual();

}  // namespace keyledger::app
