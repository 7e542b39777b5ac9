#pragma once
// Groups, their members and their nesting. All take kWriteGroups and every permission that the change gives or takes.
// Only an actor who holds everything may give a group a denial or lift one: anybody else could restrict people over
// whom they have no authority. Roles are assigned to groups as to users (roles.hpp).
#include "commands/access/roles.hpp"
#include "domain/access/group.hpp"
#include "domain/access/subject.hpp"

namespace keyledger::commands {

// Named as roles are, or kInvalidGroupName; kGroupNameReserved. All below refuse kEveryone: kGroupBuiltIn.
Answer<DefinitionReceipt<Group>> define_group(Services& services, Bearer bearer, std::string name, Caller caller);
Answer<Receipt> rename_group(Services& services, Bearer bearer, GroupId group_id, std::string name, Caller caller);
// Its members, and those of the groups under it, lose what it granted at once.
Answer<Receipt> delete_group(Services& services, Bearer bearer, GroupId group_id, Caller caller);

// A member is a user or a service account. Adding one who is a member already, or removing one who is not, changes
// nothing and is no error.
Answer<Receipt> add_member(Services& services, Bearer bearer, Subject member, GroupId group_id, Caller caller);
Answer<Receipt> remove_member(Services& services, Bearer bearer, Subject member, GroupId group_id, Caller caller);

struct Nesting {
    GroupId parent_id;
    GroupId child_id;
};
// kGroupCycle, or a limit of domain/access/nestings.hpp.
Answer<Receipt> nest_group(Services& services, Bearer bearer, Nesting nesting, Caller caller);
Answer<Receipt> unnest_group(Services& services, Bearer bearer, Nesting nesting, Caller caller);

// Defines the group of all users if this is the first role that it is given. The attempt must have read its stream.
Result<void, CommandError> ensure_everyone_exists(Attempt& attempt, StreamOf<Group> everyone);

// Of a user who is erased or a service account that is deleted: appends that they leave all groups.
StepResult leave_all_groups(Attempt& attempt, Subject member);

}  // namespace keyledger::commands
