#pragma once
// What an access file says, one role, group or service account at a time, by the operator at the machine: operators
// hold everything, because they can read the keyring. The command line alone comes here; no route does.
#include <map>

#include "commands/access/roles.hpp"
#include "domain/access/nestings.hpp"

namespace keyledger::commands {

// A dry run: what the file would have made so far, on which the rest of it is decided. Nothing is appended. Used by
// one coroutine.
struct DryRun {
    std::map<std::string, RoleId> roles;  // by the keys of their names, under ids that nobody has
    std::map<std::string, GroupId> groups;
    std::map<RoleId, AccessRules> rules;  // of roles that are made or changed
    std::optional<Nestings> nestings;
};

enum class Change { kNone, kMade, kChanged, kRemoved };

struct AppliedRole {
    Change change = Change::kNone;
    AccessRules before;
    AccessRules after;
    Position position = 0;
};
// The role of this name, without regard to case, becomes as it is defined, or there is none where `definition` is not
// given. kRoleBuiltIn for the administrator's; of its grammar is what app/config/access_file.hpp has read.
// `trial`, here and below: null where it is for good.
Answer<AppliedRole> apply_role(Services& services, std::string name, std::optional<RoleDefinition> definition,
                               DryRun* dry_run, Caller caller);

// By name.
struct GroupDefinition {
    std::vector<std::string> roles;
    std::vector<std::string> groups;  // nested in it: their members are in it, too
};
struct AppliedGroup {
    Change change = Change::kNone;
    std::vector<std::string> added;  // "role editor", "group interns"
    std::vector<std::string> removed;
    Position position = 0;
};
// The group of this name has these roles and these groups nested in it and no others, or there is none. Its
// members stay. kRoleUnknown, kGroupUnknown for a name that nobody has, kGroupNameReserved for everyone's,
// kGroupCycle, or a limit of nestings.
Answer<AppliedGroup> apply_group(Services& services, std::string name, std::optional<GroupDefinition> definition,
                                 DryRun* dry_run, Caller caller);

// The service account of this name is itself in these groups and in no others. kAccountUnknown, kGroupUnknown for a
// name that nobody has, kGroupBuiltIn for everyone's, kTooManyGroups.
Answer<AppliedGroup> apply_account_groups(Services& services, std::string account, std::vector<std::string> groups,
                                          DryRun* dry_run, Caller caller);

// The roles that all users have are these and no others. kNotForEveryone, kEveryoneNameTaken, and as above.
Answer<AppliedGroup> apply_default_roles(Services& services, std::vector<std::string> roles, DryRun* dry_run,
                                         Caller caller);

}  // namespace keyledger::commands
