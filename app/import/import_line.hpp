#pragma once
// A line of what `users import` reads (docs/import.md): one JSON object, one user. Pure; any thread.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "commands/accounts/import_user.hpp"
#include "domain/base/result.hpp"

namespace keyledger::app {

inline constexpr std::size_t kMaxImportLineBytes = 64 * 1024;
inline constexpr std::size_t kMaxImportRoles = 24;

struct ImportLine {
    commands::UserImport user;       // without the ids of their roles
    std::vector<std::string> roles;  // by name
    std::string cost;                // what trying the hash takes, in words; empty: they have none
    std::string decoy;               // a hash of nothing that costs as much
    bool has_metadata = false;       // which is ignored
};

// The error says what is wrong with which member, and holds no value of the line's.
Result<ImportLine, std::string> read_import_line(std::string_view line);

}  // namespace keyledger::app
