#include "commands/sessions/end_sessions.hpp"

#include "commands/access/administer.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

Result<void, CommandError> end(Attempt& attempt, const StreamOf<Session>& session, const User& user,
                               const UserId& user_id, SessionEndReason reason) {
    const EndSession command{user_id, reason};
    return attempt.decide_and_append(session, session.id, user, command);
}

}  // namespace

Answer<Receipt> log_out(Services& services, Bearer bearer, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const Step step = [&](Attempt& attempt) -> StepResult {
        co_return end(attempt, actor.session, attempt.state(actor.user), bearer.user_id, SessionEndReason::kLoggedOut);
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return done(executed);
}

Answer<Receipt> revoke_session(Services& services, Bearer bearer, SessionId session_id, Caller caller) {
    if (session_id == bearer.session_id) {
        auto done = co_await log_out(services, bearer, std::move(caller));
        co_return done;
    }
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto session = streams.read<Session>(session_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        co_return end(attempt, session, attempt.state(actor.user), bearer.user_id, SessionEndReason::kRevoked);
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return done(executed);
}

Answer<Receipt> revoke_all_sessions(Services& services, Bearer bearer, SessionsToKeep sessions_to_keep, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const Step step = [&](Attempt& attempt) -> StepResult {
        RevokeAllSessions command;
        if (sessions_to_keep == SessionsToKeep::kCurrentSession) command.kept_session = bearer.session_id;
        co_return attempt.decide_and_append(actor.user, command);
    };
    CommandSteps steps(require_actor(services, actor, bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(steps));
    co_return done(executed);
}

Answer<Receipt> revoke_sessions_of(Services& services, Bearer bearer, UserId user_id, Caller caller) {
    const AdministrationStep step = [&](Administration& on) -> StepResult {
        co_return on.attempt.decide_and_append(on.user, RevokeAllSessions{});
    };
    RequiredAuthority required{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(required), std::move(caller), step);
    co_return done;
}

Answer<Receipt> revoke_token(Services& services, SessionId session_id, Client client, Caller caller) {
    Streams lookup;
    lookup.read<Session>(session_id);
    KEYLEDGER_CO_TRY(folds,
                     co_await services.executor.folder().load(lookup.loads(), Freshness::kCached, caller.deadline));
    const Session known = state_of<Session>(folds->front());
    const bool may = known.client_id == client.client_id || client.revocation_right == RevocationRight::kAllTokens;
    if (known.status == Session::Status::kAbsent || !may) co_return Receipt{};
    Streams streams;
    const auto session = streams.read<Session>(session_id);
    const auto user = streams.read<User>(known.user_id);
    const Step step = [&](Attempt& attempt) -> StepResult {
        co_return end(attempt, session, attempt.state(user), known.user_id, SessionEndReason::kRevoked);
    };
    caller.actor_type = eventstore::ActorType::kClient;
    caller.actor_id = client.client_id;
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands
