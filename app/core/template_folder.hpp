#pragma once
// Folders with texts that an operator puts in the place of the service's own.
#include <string>
#include <vector>

namespace keyledger::app {

// Whoever can write a text has it said in the service's name: each file and folder is of this process's user or of
// root, and nobody else's to write. Sentences that name the setting; none for an empty folder.
std::vector<std::string> untrusted_templates(const std::string& setting, const std::string& folder);

}  // namespace keyledger::app
