#include "commands/authority.hpp"

namespace keyledger::commands {

ActorStreams read_actor(Streams& streams, const Bearer& bearer) {
    return {streams.read<Session>(bearer.session_id), streams.read<User>(bearer.user_id)};
}

bool token_holds(const Session& session, const User& user, const Bearer& bearer, const SessionLifetimes& lifetimes,
                 std::int64_t now_ms) {
    if (session.user_id != bearer.user_id) return false;
    if (!standing(session, bearer.session_id, user, lifetimes, now_ms)) return false;
    return bearer.security_stamp == user.security_stamp ||
           (bearer.security_stamp < user.security_stamp && user.kept_session == bearer.session_id);
}

Result<void, CommandError> authorise(const Attempt& attempt, const ActorStreams& actor, const Bearer& bearer,
                                     const Services& services) {
    const bool holds = token_holds(attempt.state(actor.session), attempt.state(actor.user), bearer,
                                   services.settings.lifetimes, services.clock.now_ms());
    if (!holds) return Unexpected(CommandError(Refusal::kInvalidToken));
    return {};
}

Answer<Holdings> holdings_of(Attempt& attempt, Uuid subject_id) {
    Streams first;
    const auto assignments = first.read<Assignments>(assignments_of(subject_id));
    auto read = co_await attempt.also_read(first);
    if (!read) co_return Unexpected(read.error());
    Streams roles;
    for (const Uuid& role_id : attempt.state(assignments).roles) roles.read<Role>(role_id);
    read = co_await attempt.also_read(roles);
    if (!read) co_return Unexpected(read.error());
    Holdings holdings;
    for (const Uuid& role_id : attempt.state(assignments).roles) {
        const Role& role = attempt.state(StreamOf<Role>{role_id});
        holdings.rules.add(role.rules);
        if (role.status == Role::Status::kDeleted) holdings.deleted_roles.push_back(role_id);
        if (role_id == kAdministratorRole) holdings.administrator = true;
    }
    co_return holdings;
}

Answer<AccessRules> authorise_with(Attempt& attempt, const Permission& needed, const Bearer& bearer,
                                   const Services& services) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    auto read = co_await attempt.also_read(streams);
    if (!read) co_return Unexpected(read.error());
    auto known = authorise(attempt, actor, bearer, services);
    if (!known) co_return Unexpected(known.error());
    auto holdings = co_await holdings_of(attempt, bearer.user_id);
    if (!holdings) co_return Unexpected(holdings.error());
    if (!holdings->rules.covers(needed)) co_return Unexpected(CommandError(Refusal::kForbidden));
    co_return holdings->authority();
}

}  // namespace keyledger::commands
