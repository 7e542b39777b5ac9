#pragma once
// Who may command: decided in the command, from streams that it guards, never in the route alone.
#include "commands/access/permissions.hpp"
#include "commands/services.hpp"
#include "domain/access/permission.hpp"
#include "domain/access/subject.hpp"
#include "domain/base/time.hpp"
#include "domain/sessions/lifetime.hpp"

namespace keyledger::refusals {

// Of somebody, for one command to look at.
inline constexpr Refusal kTooManyHoldings{
    RefusalKind::kForbidden, "exceeds-authority", "Permission not held",
    "More than 96 roles and groups come together in somebody whom this concerns. Put fewer and wider roles into "
    "groups, or let an administrator do it."};

}  // namespace keyledger::refusals

namespace keyledger {
struct Session;
struct User;
}  // namespace keyledger

namespace keyledger::commands {

// The streams of the actor; every command of theirs guards both.
struct ActorStreams {
    StreamOf<Session> session;
    StreamOf<User> user;
};
ActorStreams read_actor(Streams& streams, const Bearer& bearer);

// The token still holds: session live, user active, and no security stamp that ended the session since.
Result<void, CommandError> authorise(const Attempt& attempt, const ActorStreams& actor, const Bearer& bearer,
                                     const Services& services);

// A step that requires this and nothing else, for commands on one's own account. The services outlive the step.
Step require_actor(const Services& services, const ActorStreams& actor, const Bearer& bearer);

// The same rule on folds, for answers that append nothing.
bool token_holds(const Session& session, const User& user, const Bearer& bearer, const SessionLifetimes& lifetimes,
                 Instant now);

// ---- permissions ------------------------------------------------------------------------------------------
// What a subject's roles grant it, whatever its own status is.
struct Holdings {
    AccessRules rules;
    std::vector<RoleId> deleted_roles;  // that it is still assigned to itself
    bool administrator = false;         // nothing but its own roles was looked at then: they grant everything

    // What it may give to others and take from them. Denials do not limit administrators here: otherwise nobody could
    // lift a denial of the last one.
    AccessRules authority() const { return administrator ? AccessRules::everything() : rules; }
};
inline constexpr std::size_t kMaxHoldings =
    96;  // groups and roles of one subject beside what everyone has: an append guards those of two

// Reads its assignments, the groups that it is in by those or by nesting, and each role of all of them; they
// are guarded from then on. A group's are its own and those of all above it. kTooManyHoldings. kItself:
// nobody asks for what comes through groups, for the actor holds everything.
enum class HoldingsScope { kItself, kGroups };
Answer<Holdings> holdings_of(Attempt& attempt, Subject subject, HoldingsScope holdings_scope);
// Which holdings of another subject decide what the actor may do to it.
HoldingsScope holdings_scope_for(const AccessRules& held);

// The roles of a user, by groups and by default too; those of groups are read, and guarded from then on.
Answer<std::vector<RoleId>> roles_of(Attempt& attempt, UserId user_id);

// The actor holds `needed`, or kForbidden, and authenticated lately (commands/access/step_up.hpp); the answer is their
// Holdings::authority(). Guards their session, user, assignments and roles.
Answer<AccessRules> authorise_with(Attempt& attempt, const Permission& needed, const Bearer& bearer,
                                   const Services& services);
// A step that requires this and nothing else. The services outlive the step.
Step require_permission(const Services& services, const Bearer& bearer, const Permission& needed);

}  // namespace keyledger::commands
