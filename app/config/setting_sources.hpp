#pragma once
// Where the values of settings come from, gathered once: the environment, the configuration file, and what a secrets
// manager gives (secrets/secrets.hpp). A setting's value is, of these, the first that is not empty:
//   1. the variable NAME of the environment, or the text of the file that NAME_FILE names (without its last line end);
//   2. NAME or NAME_FILE in the YAML file that KEYLEDGER_CONFIG_FILE names (config_file.hpp);
//   3. NAME as the secrets manager gives it;
//   4. its default.
#include <functional>

#include "app/config/config_file.hpp"
#include "app/config/secrets/secrets.hpp"

namespace keyledger::app {

struct SettingSources {
    Environment environment;
    ConfigFile file;
    GivenSecrets secrets;
};

// Reads the file, and runs the command or asks AWS if told to: blocks for KEYLEDGER_SECRETS_TIMEOUT_SECONDS at most.
// What went wrong is told by whoever reads settings from it.
SettingSources gather_sources(const Environment& environment);

}  // namespace keyledger::app
