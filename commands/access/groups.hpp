#pragma once
// Groups, who is in them, and which stands under which. All take kWriteGroups; nobody brings anybody to a
// permission that they lack, nor takes one from anybody. A denial comes upon a group, or is lifted from it, by those
// alone who hold everything: whoever else would reach people upon whom they may do nothing.
// Roles are given to a group as to anybody (roles.hpp).
#include "commands/access/roles.hpp"

namespace keyledger::commands {

// Named as roles are, or kInvalidGroupName; kGroupNameKept. All below refuse kEveryone: kGroupBuiltIn.
Answer<Defined> define_group(Services& services, Bearer bearer, std::string name, Caller caller);
Answer<Done> rename_group(Services& services, Bearer bearer, Uuid group_id, std::string name, Caller caller);
// Whatever it granted, its members and those of the groups under it lose in this moment.
Answer<Done> delete_group(Services& services, Bearer bearer, Uuid group_id, Caller caller);

// A member is a user or a service account. One who is in it already, or is not: no error, and nothing is
// changed.
Answer<Done> add_member(Services& services, Bearer bearer, Subject member, Uuid group_id, Caller caller);
Answer<Done> remove_member(Services& services, Bearer bearer, Subject member, Uuid group_id, Caller caller);

struct Nesting {
    Uuid parent_id;
    Uuid child_id;
};
// kGroupCycle, or a limit of domain/access/nestings.hpp.
Answer<Done> nest_group(Services& services, Bearer bearer, Nesting nesting, Caller caller);
Answer<Done> unnest_group(Services& services, Bearer bearer, Nesting nesting, Caller caller);

// The group of all users comes into being with the first role that it is given. The attempt has read it.
Result<void, CommandError> found_everyone(Attempt& attempt, StreamOf<Group> everyone);

// Of a user who is erased or a service account that is deleted: appends that they leave all groups.
Decided leave_all_groups(Attempt& attempt, Subject member);

}  // namespace keyledger::commands
