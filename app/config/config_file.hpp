#pragma once
// The configuration file: YAML, a map of settings by the names that their variables have.
//
//     KEYLEDGER_DATABASE_URL_FILE: /run/secrets/database-url
//     KEYLEDGER_LISTEN: 0.0.0.0:8080
//     KEYLEDGER_ROLES: [api, projector]      # the same as "api,projector"
//
// Nothing else may stand in it: what is misspelt would leave a default in effect, in silence. A file that holds a
// secret must be one that nobody else can read (security/primitives/secret_file.hpp); none may be open to be changed by
// anybody, for it says which database and which keyring are the service's.
#include <map>
#include <string>
#include <vector>

namespace keyledger::app {

struct ConfigFile {
    struct Entry {
        std::string text;
        std::size_t line = 0;
    };
    std::string path;
    std::map<std::string, Entry, std::less<>> entries;  // by NAME or NAME_FILE
    std::vector<std::string> faults;                    // sentences with file and line; none quotes a value
    bool is_readable = true;                            // as YAML
};

// At most 1 MiB (kMaxYamlBytes). Blocks for the disk alone: pipes and devices are refused.
ConfigFile read_config_file(const std::string& path);

}  // namespace keyledger::app
