#pragma once
// An access file: the roles and groups that an application has, and its services' groups, in YAML or JSON.
//
//     roles:
//       editor:
//         permissions: [todos:create, todos:read, "todos:update@own"]
//         deny: [todos/1:read]      # wins over whatever grants it
//       guest: null                 # there must be no such role; {state: absent} says the same
//     groups:
//       staff:
//         roles: [editor]
//         groups: [interns]         # are members of staff, too
//     default_roles: [guest]        # those of all users; [] for none
//     service_accounts:
//       billing:                    # there is one of this name: no file makes or deletes it
//         groups: [staff]           # those that it is in itself; [] for none
//
// What is named becomes as it is written; what is not named stays as it is. A name without a value is refused. Pure;
// any thread.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands/access/apply_access.hpp"
#include "domain/base/result.hpp"

namespace keyledger::app {

struct RoleEntry {
    std::string name;
    std::optional<commands::RoleDefinition> definition;  // nullopt: not wanted
};
struct GroupEntry {
    std::string name;
    std::optional<commands::GroupDefinition> definition;  // nullopt: not wanted
};
struct MembershipEntry {
    std::string account;
    std::vector<std::string> groups;
};
inline constexpr std::size_t kMaxGroupsOfAFile = 2'000;
inline constexpr std::size_t kMaxAccountsOfAFile = 2'000;
struct AccessFile {
    std::vector<RoleEntry> roles;                           // those that are not wanted last
    std::optional<std::vector<std::string>> default_roles;  // nullopt: they stay as they are
    std::vector<MembershipEntry> accounts;
    std::vector<GroupEntry> groups;  // each behind those that are nested in it, and those that are not wanted last
};

// Every name and permission is of its grammar. The error is a sentence that begins with the number of the line.
Result<AccessFile, std::string> read_access_file(std::string_view text);

}  // namespace keyledger::app
