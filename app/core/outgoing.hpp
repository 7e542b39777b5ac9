#pragma once
// Requests to other services, as the settings KEYLEDGER_OUTGOING_* say.
#include <string>
#include <vector>

#include "app/config/settings.hpp"
#include "integrations/outgoing/outgoing_options.hpp"

namespace keyledger::app {

// Sentences that name the setting.
std::vector<std::string> outgoing_faults(const Config& config);

// Settings with faults throw std::invalid_argument.
integrations::OutgoingOptions outgoing_options(const Config& config);

}  // namespace keyledger::app
