#pragma once
// What all commands upon somebody else's account have in common: the actor needs a permission, and upon somebody who
// holds a permission that he lacks he does nothing at all. Upon himself he may do what he may upon others.
#include "commands/access/authority.hpp"
#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"

namespace keyledger::commands {

// One attempt at such a command, after its actor was found to be allowed.
struct Administration {
    Attempt& attempt;
    AccessRules held;  // by the actor
    Subject subject;
    StreamOf<User> user;    // read of a user only
    StreamOf<Group> group;  // and this of a group only
    AccessRules moved;      // what the errand gives or takes
    StreamOf<Assignments> assignments;
    StreamOf<Administrators> administrators;
    std::vector<Uuid> deleted_roles;  // that the subject is still assigned to
};
using Act = std::function<Decided(Administration&)>;

// What a command gives its subject or takes from it: the actor must hold all of it, and everything where it denies
// something to a group. Of what is not there it is nothing; that it is not there the act finds.
using Moves = std::function<Answer<AccessRules>(Attempt&, const AccessRules& held)>;

struct Errand {
    Bearer bearer;
    Permission needed;
    Subject subject;
    Moves moves = {};  // empty: nothing
};
// kForbidden, kUserUnknown, kAccountUnknown, kGroupUnknown, kExceedsAuthority, or what the act refuses.
Answer<Done> administer(Services& services, Errand errand, Caller caller, Act act);
// The same, with all that is known of what was appended.
asio::awaitable<Outcome> run_errand(Services& services, Errand errand, Caller caller, Act act);

// The set of administrators has one stream, which everybody writes who adds to it or takes from it: kLastAdministrator,
// kTooManyAdministrators. Leaving is nothing for whoever is none, joining nothing for whoever is one. The attempt must
// have read kAdministratorsStream.
Result<void, CommandError> join_administrators(Attempt& attempt, const Uuid& user_id, Joining joining);
Result<void, CommandError> leave_administrators(Attempt& attempt, const Uuid& user_id);

}  // namespace keyledger::commands
