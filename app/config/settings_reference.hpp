#pragma once
// What documents say of settings: .env.example and the tables in docs/operate/settings.md, written from the
// declarations in settings.hpp. `make docs` writes both; a test fails when they are stale. Pure.
#include <string>
#include <string_view>
#include <vector>

namespace keyledger::app {

std::string env_example();

// Each setting as people read of it: in the order of the declarations.
struct SettingWords {
    std::string_view name;
    std::string_view fallback;  // empty: unset
    std::string values;         // what it may be
    std::string_view meaning;
    bool is_secret = false;
    bool is_reloaded = false;  // taken over at SIGHUP
};
std::vector<SettingWords> settings_in_words();

// Those that belong together, in the order in which their groups first come up.
struct SettingGroup {
    std::string_view title;  // also the heading in documents
    std::vector<SettingWords> settings;
};
std::vector<SettingGroup> settings_by_group();

// The page with the tables between its two marks written anew. Throws std::runtime_error where a mark is missing.
std::string with_settings_tables(const std::string& page);

}  // namespace keyledger::app
