#pragma once
// Configuration: the settings of settings.hpp, from their sources (setting_sources.hpp). Everything is read and checked
// once, before anything starts, and again where a service is told to; all faults are reported together (I12).
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/config/setting_sources.hpp"
#include "app/config/settings.hpp"
#include "domain/base/result.hpp"

namespace keyledger::app {

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
    std::vector<std::pair<const Setting*, Value>> values;    // of what was needed, in the order of the declarations
    bool are_sources_read = true;                            // if not, what else would be wrong nobody knows
    std::map<std::string, std::string, std::less<>> places;  // of what a file says: "line 3 of '/etc/keyledger.yaml'"
    std::set<std::string, std::less<>> hidden;  // settings whose values a secrets manager gave: nobody quotes them
};
LenientConfig read_config_leniently(const SettingSources& sources, const std::vector<ConfigPart>& needs);
LenientConfig read_config_leniently(const Environment& environment, const std::vector<ConfigPart>& needs);

// One setting alone, whatever is wrong with others: no other is read, and none is asked for.
Result<Value, ConfigFaults> read_setting(const Environment& environment, std::string_view name);

// Which setting a sentence is about: they begin with its name.
std::string_view setting_named_in(std::string_view sentence);
// The sentence and, if its setting does not come from the environment, where it stands. Of one that a secrets manager
// gave, what the sentence quotes is masked.
std::string with_place(const LenientConfig& read, std::string sentence);

// Of names of variables those that begin with KEYLEDGER_ and mean nothing: a sentence each, with the setting
// that may have been meant. No faults, for scripts have variables of their own.
std::vector<std::string> unknown_settings(const std::vector<std::string>& names);
// The setting, or variable of a command, that somebody may have meant who wrote `name`; empty: none is near.
std::string nearest_setting(std::string_view name);

// "NAME=value  # where it came from" for every setting in effect; secrets are masked, and all that a secrets manager
// gave. kGiven leaves out those that have their default.
enum class ShownSettings { kGiven, kAll };
std::vector<std::string> describe_config(const SettingSources& sources, ShownSettings shown = ShownSettings::kAll);
std::vector<std::string> describe_config(const Environment& environment);

}  // namespace keyledger::app
