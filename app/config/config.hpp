#pragma once
// Configuration: the settings of settings.hpp, from the environment and from a file. Everything is read and checked
// once, before anything starts; all faults are reported together (I12).
//
// A setting's value is, of these, the first that is not empty:
//   1. the variable NAME of the environment, or the text of the file that NAME_FILE names (without its last line end);
//   2. NAME or NAME_FILE in the YAML file that KEYLEDGER_CONFIG_FILE names (config_file.hpp);
//   3. its default.
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config/settings.hpp"
#include "domain/base/result.hpp"

namespace keyledger::app {

// Reads one variable of the environment; nullptr when it is not set.
using Environment = std::function<const char*(const char*)>;

// The parts of the configuration that a command needs. Others may be missing.
enum class ConfigPart { kDatabase, kOwnerDatabase, kKeyring, kServing };

struct ConfigFaults {
    std::vector<std::string> sentences;  // each names its variable and says what to do
};
Result<Config, ConfigFaults> read_config(const Environment& environment, const std::vector<ConfigPart>& needs);

// The same with what could be read beside the faults, for whoever looks further and tells all of it at once.
struct LenientConfig {
    Config config;
    ConfigFaults faults;
    std::vector<std::pair<const Setting*, Value>> values;  // of what was needed, in the order of the declarations
    bool is_file_readable = true;  // the configuration file; if not, what else would be wrong nobody knows
    std::map<std::string, std::string, std::less<>> places;  // of what stands in it: "line 3 of '/etc/keyledger.yaml'"
};
LenientConfig read_config_leniently(const Environment& environment, const std::vector<ConfigPart>& needs);

// Which setting a sentence is about: they begin with its name.
std::string_view setting_named_in(std::string_view sentence);
// The sentence and, if its setting stands in the configuration file, where.
std::string with_place(const LenientConfig& read, std::string sentence);

// Of names of variables those that begin with KEYLEDGER_ and mean nothing: a sentence each, with the setting
// that may have been meant. No faults, for scripts have variables of their own.
std::vector<std::string> unknown_settings(const std::vector<std::string>& names);
// The setting, or variable of a command, that somebody may have meant who wrote `name`; empty: none is near.
std::string nearest_setting(std::string_view name);

// "NAME=value  # where it came from" for every setting in effect, secrets masked.
std::vector<std::string> describe_config(const Environment& environment);

}  // namespace keyledger::app
