#pragma once
// Roles, and who has them. All take kWriteRoles; people only grant permissions that they hold.
#include "commands/services.hpp"
#include "domain/access/role.hpp"
#include "domain/access/subject.hpp"

namespace keyledger::commands {

// Of the grammar of domain/access/permission.hpp, or kInvalidRoleName, kInvalidPermission,
// kReservedPermission, kTooManyPermissions.
struct RoleDefinition {
    std::string name;
    std::vector<std::string> permissions;
    std::vector<std::string> deny = {};
};
template <class Of>
struct DefinitionReceipt {
    Id<Of> id;
    Position position = 0;
    bool repeated = false;  // as in Done
};
Answer<DefinitionReceipt<Role>> define_role(Services& services, Bearer bearer, RoleDefinition definition,
                                            Caller caller);
Answer<Receipt> change_role(Services& services, Bearer bearer, RoleId role_id, RoleDefinition definition,
                            Caller caller);
// Everybody who has the role loses what it granted at once.
Answer<Receipt> delete_role(Services& services, Bearer bearer, RoleId role_id, Caller caller);

// Assigning a role that the subject has, or withdrawing one that it lacks, changes nothing and is no error. What
// kEveryone is given, all users have: kNotForEveryone for what administers Keyledger (of change_role, too), and
// kEveryoneNameTaken.
Answer<Receipt> assign_role(Services& services, Bearer bearer, Subject subject, RoleId role_id, Caller caller);
Answer<Receipt> withdraw_role(Services& services, Bearer bearer, Subject subject, RoleId role_id, Caller caller);

// Who has the role that is to have these rules; read, and so guarded, only where it matters.
void read_default_roles(Streams& streams, const AccessRules& rules);
RoleHolders role_holders(const Attempt& attempt, const RoleId& role_id, const AccessRules& rules);

// Defines the built-in role with its first holder, who is registered by the same append.
Result<void, CommandError> define_administrator_role(Attempt& attempt, const UserId& user_id);
// The streams that it writes.
void read_administrator_streams(Streams& streams, const UserId& user_id);
// In a log from before there were roles, the administrator has none: assigns the role, once. Run before serving.
Answer<Receipt> assign_role_to_first_administrator(Services& services, Caller caller);

}  // namespace keyledger::commands
