#include "commands/sessions/end_sessions.hpp"

#include "commands/access/administer.hpp"

namespace keyledger::commands {
namespace {

Result<void, CommandError> end(Attempt& attempt, const StreamOf<Session>& session, const User& user,
                               const Uuid& user_id, SessionEndReason reason) {
    const EndSession command{user_id, reason};
    return attempt.decide_and_append(session, session.id, user, command);
}

}  // namespace

Answer<Done> log_out(Services& services, Bearer bearer, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const Step step = [&](Attempt& attempt) -> Decided {
        co_return end(attempt, actor.session, attempt.state(actor.user), bearer.user_id, SessionEndReason::kLoggedOut);
    };
    Order order(must_be(services, actor, bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(order));
    co_return done(executed);
}

Answer<Done> revoke_session(Services& services, Bearer bearer, Uuid session_id, Caller caller) {
    if (session_id == bearer.session_id) {
        auto done = co_await log_out(services, bearer, std::move(caller));
        co_return done;
    }
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto session = streams.read<Session>(session_id);
    const Step step = [&](Attempt& attempt) -> Decided {
        co_return end(attempt, session, attempt.state(actor.user), bearer.user_id, SessionEndReason::kRevoked);
    };
    Order order(must_be(services, actor, bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(order));
    co_return done(executed);
}

Answer<Done> revoke_all_sessions(Services& services, Bearer bearer, Sparing sparing, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const Step step = [&](Attempt& attempt) -> Decided {
        RevokeAllSessions command;
        if (sparing == Sparing::kCurrentSession) command.kept_session = bearer.session_id;
        co_return attempt.decide_and_append(actor.user, command);
    };
    Order order(must_be(services, actor, bearer), step);
    auto executed = co_await services.executor.run(std::move(caller), streams, std::move(order));
    co_return done(executed);
}

Answer<Done> revoke_sessions_of(Services& services, Bearer bearer, Uuid user_id, Caller caller) {
    const Act act = [&](Administration& on) -> Decided {
        co_return on.attempt.decide_and_append(on.user, RevokeAllSessions{});
    };
    Errand errand{bearer, kWriteUsers, Subject::user(user_id)};
    auto done = co_await administer(services, std::move(errand), std::move(caller), act);
    co_return done;
}

Answer<Done> revoke_token(Services& services, Uuid session_id, Client client, Caller caller) {
    Streams lookup;
    lookup.read<Session>(session_id);
    KEYLEDGER_CO_TRY(folds,
                     co_await services.executor.folder().load(lookup.loads(), Freshness::kCached, caller.deadline));
    const Session known = state_of<Session>(folds->front());
    const bool may = known.client_id == client.client_id || client.revokes == Revokes::kAllTokens;
    if (known.status == Session::Status::kAbsent || !may) co_return Done{};
    Streams streams;
    const auto session = streams.read<Session>(session_id);
    const auto user = streams.read<User>(known.user_id);
    const Step step = [&](Attempt& attempt) -> Decided {
        co_return end(attempt, session, attempt.state(user), known.user_id, SessionEndReason::kRevoked);
    };
    caller.actor_type = eventstore::ActorType::kClient;
    caller.actor_id = client.client_id;
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands
