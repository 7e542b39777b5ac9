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

Result<void, CommandError> authorise_administrator(const Attempt& attempt, const ActorStreams& actor,
                                                   const Bearer& bearer, const Services& services) {
    auto known = authorise(attempt, actor, bearer, services);
    if (!known) return known;
    if (attempt.state(actor.user).standing != Standing::kAdministrator)
        return Unexpected(CommandError(Refusal::kForbidden));
    return {};
}

}  // namespace keyledger::commands
