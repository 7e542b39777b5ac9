#pragma once
// Pages, as KEYLEDGER_PAGE_TEMPLATES says, called as mail calls the service and in its language.
#include <string>
#include <vector>

#include "api/pages/pages.hpp"
#include "app/config/settings.hpp"

namespace keyledger::app {

// Sentences that name the setting, and the file. Reads files.
std::vector<std::string> page_faults(const Config& config);

// Settings with faults throw std::invalid_argument.
api::Pages load_pages(const Config& config);

}  // namespace keyledger::app
