#include "commands/access/authority.hpp"

#include "commands/access/step_up.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/nestings.hpp"
#include "domain/sessions/grounds.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {

ActorStreams read_actor(Streams& streams, const Bearer& bearer) {
    return {streams.read<Session>(bearer.session_id), streams.read<User>(bearer.user_id)};
}

bool token_holds(const Session& session, const User& user, const Bearer& bearer, const SessionLifetimes& lifetimes,
                 Instant now) {
    if (session.user_id != bearer.user_id) return false;
    if (!check_session(session, bearer.session_id, user, lifetimes, now)) return false;
    return bearer.security_stamp == user.security_stamp ||
           (bearer.security_stamp < user.security_stamp && user.kept_session == bearer.session_id);
}

Result<void, CommandError> authorise(const Attempt& attempt, const ActorStreams& actor, const Bearer& bearer,
                                     const Services& services) {
    const Session& session = attempt.state(actor.session);
    const bool holds =
        token_holds(session, attempt.state(actor.user), bearer, services.settings.lifetimes, services.clock.now());
    // An application is not its user: what it holds commands nothing here (ADR 36).
    if (!holds || application_of(session)) return Unexpected(refusals::kInvalidToken);
    return {};
}

Step require_actor(const Services& services, const ActorStreams& actor, const Bearer& bearer) {
    return [&services, actor, bearer](Attempt& attempt) -> StepResult {
        co_return authorise(attempt, actor, bearer, services);
    };
}

namespace {

// The groups that the subject is in, or those above it; nestings are not read where it is in none by itself.
Answer<std::vector<GroupId>> groups_of(Attempt& attempt, Subject subject) {
    std::vector<GroupId> own = attempt.state(StreamOf<Assignments>{assignments_of(subject.id)}).groups;
    if (subject.type == SubjectType::kGroup) own.assign(1, GroupId{subject.id});
    Streams more;
    if (!own.empty()) more.read<Nestings>(kNestingsStream);
    if (subject.type == SubjectType::kUser) more.read<Assignments>(assignments_of(kEveryone));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(more));
    const Nestings none;
    const Nestings& nestings = own.empty() ? none : attempt.state(StreamOf<Nestings>{kNestingsStream});
    std::vector<GroupId> groups;
    for_each_group(subject.type, own, nestings, [&](const GroupId& group_id) { groups.push_back(group_id); });
    Streams theirs;
    for (const GroupId& group_id : groups) theirs.read<Assignments>(assignments_of(group_id));
    read = co_await attempt.also_read(theirs);
    if (!read) co_return Unexpected(read.error());
    co_return groups;
}

void add_roles(Streams& roles, const Assignments& assignments) {
    for (const RoleId& role_id : assignments.roles) roles.read<Role>(role_id);
}

}  // namespace

HoldingsScope holdings_scope_for(const AccessRules& held) {
    return held.covers(AccessRules::everything()) ? HoldingsScope::kItself : HoldingsScope::kGroups;
}

Answer<Holdings> holdings_of(Attempt& attempt, Subject subject, HoldingsScope holdings_scope) {
    Streams first;
    const auto assignments = first.read<Assignments>(assignments_of(subject.id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(first));
    Holdings holdings;
    holdings.administrator = attempt.state(assignments).holds(kAdministratorRole);
    Streams roles;
    add_roles(roles, attempt.state(assignments));
    if (!holdings.administrator && holdings_scope == HoldingsScope::kGroups) {
        KEYLEDGER_CO_TRY(groups, co_await groups_of(attempt, subject));
        const bool as_everyone = std::erase(*groups, kEveryone) > 0;
        for (const GroupId& group_id : *groups)
            add_roles(roles, attempt.state(StreamOf<Assignments>{assignments_of(group_id)}));
        if (groups->size() + roles.loads().size() > kMaxHoldings) co_return Unexpected(refusals::kTooManyHoldings);
        if (as_everyone) add_roles(roles, attempt.state(StreamOf<Assignments>{assignments_of(kEveryone)}));
    }
    read = co_await attempt.also_read(roles);
    if (!read) co_return Unexpected(read.error());
    for (const LoadStream& load : roles.loads()) {
        const RoleId role_id{load.stream_id};
        const Role& role = attempt.state(StreamOf<Role>{role_id});
        holdings.rules.add(role.rules);
        const bool own = attempt.state(assignments).holds(role_id);
        if (own && role.status == Role::Status::kDeleted) holdings.deleted_roles.push_back(role_id);
    }
    co_return holdings;
}

Answer<std::vector<RoleId>> roles_of(Attempt& attempt, UserId user_id) {
    Streams first;
    const auto assignments = first.read<Assignments>(assignments_of(user_id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(first));
    std::vector<RoleId> roles = attempt.state(assignments).roles;
    KEYLEDGER_CO_TRY(groups, co_await groups_of(attempt, Subject::user(user_id)));
    for (const GroupId& group_id : *groups) {
        const Assignments& theirs = attempt.state(StreamOf<Assignments>{assignments_of(group_id)});
        roles.insert(roles.end(), theirs.roles.begin(), theirs.roles.end());
    }
    co_return roles;
}

Answer<AccessRules> authorise_with(Attempt& attempt, const Permission& needed, const Bearer& bearer,
                                   const Services& services) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(streams));
    KEYLEDGER_CO_TRY(known, authorise(attempt, actor, bearer, services));
    const Subject subject = Subject::user(bearer.user_id);
    KEYLEDGER_CO_TRY(holdings, co_await holdings_of(attempt, subject, HoldingsScope::kGroups));
    if (!holdings->rules.covers(needed)) co_return Unexpected(refusals::kForbidden);
    KEYLEDGER_CO_TRY(recent, require_step_up(attempt, actor, bearer, services, StepUpFor::kAdministration));
    co_return holdings->authority();
}

Step require_permission(const Services& services, const Bearer& bearer, const Permission& needed) {
    return [&services, bearer, needed](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(held, co_await authorise_with(attempt, needed, bearer, services));
        co_return Result<void, CommandError>{};
    };
}

}  // namespace keyledger::commands
