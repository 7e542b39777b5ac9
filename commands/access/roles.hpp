#pragma once
// Roles, and who has them. All take kWriteRoles; nobody grants a permission that he lacks.
#include "commands/services.hpp"

namespace keyledger::commands {

// Of the grammar of domain/access/permission.hpp, or kInvalidRoleName, kInvalidPermission,
// kReservedPermission, kTooManyPermissions.
struct RoleDefinition {
    std::string name;
    std::vector<std::string> permissions;
    std::vector<std::string> deny = {};
};
struct Defined {
    Uuid id;
    Position position = 0;
    bool repeated = false;  // as in Done
};
Answer<Defined> define_role(Services& services, Bearer bearer, RoleDefinition definition, Caller caller);
Answer<Done> change_role(Services& services, Bearer bearer, Uuid role_id, RoleDefinition definition, Caller caller);
// Whoever was assigned to it loses what it granted in this moment.
Answer<Done> delete_role(Services& services, Bearer bearer, Uuid role_id, Caller caller);

// To a subject that has it already, or from one that has it not: no error, and nothing is changed.
// What kEveryone is given, all users have: kNotForEveryone for what administers Keyledger (of change_role,
// too), and kEveryoneNameTaken.
Answer<Done> assign_role(Services& services, Bearer bearer, Subject subject, Uuid role_id, Caller caller);
Answer<Done> withdraw_role(Services& services, Bearer bearer, Subject subject, Uuid role_id, Caller caller);

// Who has the role that is to have these rules; read, and so guarded, only where it matters.
void read_default_roles(Streams& streams, const AccessRules& rules);
HeldBy held_by(const Attempt& attempt, const Uuid& role_id, const AccessRules& rules);

// The built-in role comes into being with its first holder, who is registered by the same append.
Result<void, CommandError> found_administration(Attempt& attempt, const Uuid& user_id);
// The streams that it writes.
void read_administration(Streams& streams, const Uuid& user_id);
// A log of before there were roles has an administrator without one: gives it to him, once. Run before serving.
Answer<Done> adopt_first_administrator(Services& services, Caller caller);

}  // namespace keyledger::commands
