#pragma once
// What all commands on somebody else's account have in common: the actor needs a permission, and can do nothing to
// somebody who holds a permission that the actor lacks. Actors may do to their own account what they may do to
// others'.
#include "commands/access/authority.hpp"
#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {

// One attempt at such a command, after the actor was authorised.
struct Administration {
    Attempt& attempt;
    AccessRules held;  // by the actor
    Subject subject;
    StreamOf<User> user;         // read of a user only
    StreamOf<Group> group;       // and this of a group only
    AccessRules affected_rules;  // what the command gives or takes
    StreamOf<Assignments> assignments;
    StreamOf<Administrators> administrators;
    std::vector<RoleId> deleted_roles;  // that the subject is still assigned to
};
using AdministrationStep = std::function<StepResult(Administration&)>;

// Reads the rules that a command gives to its subject or takes from it. The actor must hold all of them, or
// everything if they deny something to a group. Empty if the role or group does not exist: the step reports that.
using ReadAffectedRules = std::function<Answer<AccessRules>(Attempt&, const AccessRules& held)>;

struct RequiredAuthority {
    Bearer bearer;
    Permission needed;
    Subject subject;
    ReadAffectedRules read_affected_rules = {};  // empty: nothing
};
// kForbidden, kUserUnknown, kAccountUnknown, kGroupUnknown, kExceedsAuthority, or what the act refuses.
Answer<Receipt> administer(Services& services, RequiredAuthority required, Caller caller, AdministrationStep step);
// The same, with all that is known of what was appended.
asio::awaitable<Outcome> run_administration(Services& services, RequiredAuthority required, Caller caller,
                                            AdministrationStep step);

// The set of administrators is one stream, which every command that changes the set writes: kLastAdministrator,
// kTooManyAdministrators. Both do nothing if the set is as it should be already. The attempt must have read
// kAdministratorsStream.
Result<void, CommandError> join_administrators(Attempt& attempt, const UserId& user_id, JoinReason join_reason);
Result<void, CommandError> leave_administrators(Attempt& attempt, const UserId& user_id);

}  // namespace keyledger::commands
