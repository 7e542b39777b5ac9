#include "commands/sessions/reauthenticate.hpp"

#include "commands/access/authority.hpp"
#include "commands/credentials/passwords.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {

Answer<Grant> reauthenticate(Services& services, Reauthentication request, Caller caller) {
    caller.idempotency.reset();
    KEYLEDGER_CO_TRY(audiences, audiences_for(request.client, services.settings.issuer, request.resource));
    const Bearer bearer = request.bearer;
    KEYLEDGER_CO_TRY(verified, co_await check_own_proof(services, bearer, request.proof, caller));
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto factors = streams.read<Factors>(factors_of(bearer.user_id));
    const std::vector<ProofMethod> methods = methods_of(request.proof);
    Session session;
    std::int64_t security_stamp = 0;
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(holds, authorise(attempt, actor, bearer, services));
        KEYLEDGER_CO_TRY(
            used, co_await use_own_proof(services, attempt, actor.user, factors, *verified, request.proof, caller));
        session = attempt.state(actor.session);
        security_stamp = attempt.state(actor.user).security_stamp;
        const ReauthenticateSession command{methods, services.clock.now(), services.settings.lifetimes};
        const User& user = attempt.state(actor.user);
        co_return attempt.decide_and_append(actor.session, actor.session.id, user, command);
    };
    auto executed = co_await services.executor.run(caller, streams, step, kMaxFactorRuns);
    if (!executed) {
        report_tampering(services, bearer.user_id, executed.error());
        co_return Unexpected(executed.error());
    }
    const SessionEvent reauthenticated = SessionReauthenticated{methods};
    session = evolve(std::move(session), reauthenticated, {executed->position, executed->occurred_at});
    Grant grant{bearer.user_id,    bearer.session_id, session.client_id,  *audiences,
                session.audiences, security_stamp,    session.generation, session.refreshed_at};
    grant.position = executed->position;
    grant.proofs = std::move(session.proofs);
    co_return grant;
}

}  // namespace keyledger::commands
