#pragma once
// Values of settings from a secrets manager: as the program prints them that KEYLEDGER_SECRETS_COMMAND names
// (command.hpp), or as parameters below KEYLEDGER_SSM_PREFIX in AWS Systems Manager. Only settings by their own
// names: paths of files that hold values (NAME_FILE) are no secrets, and what is needed to ask stands elsewhere.
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/settings.hpp"

namespace keyledger::app {

// Reads one variable of the environment; nullptr when it is not set.
using Environment = std::function<const char*(const char*)>;

inline constexpr std::size_t kMaxSecretsBytes = 256 * 1024;  // of what a command prints

struct GivenSecrets {
    std::map<std::string, std::string, std::less<>> texts;  // by name; without the last line end
    std::string origin;                                     // in words; empty: nobody is asked
    std::vector<std::string> faults;                        // sentences with the setting; none quotes a value
};

// Blocks for settings.timeout at most, and a moment.
GivenSecrets fetch_secrets(const SecretsSettings& settings, const Environment& environment);

// Of one JSON object of names and texts. Pure.
GivenSecrets read_secrets(std::string_view json, std::string_view told_by);

}  // namespace keyledger::app
