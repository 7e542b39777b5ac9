#include "commands/sessions/record_ends.hpp"

#include "commands/sessions/session_grounds.hpp"
#include "domain/users/user.hpp"

namespace keyledger::commands {
namespace {

struct Rests {
    StreamOf<Session> session;
    StreamOf<User> user;
    std::optional<GroundStreams> on;
};

std::optional<SessionEndReason> what_ended(const Attempt& attempt, const Rests& rests) {
    const Session& session = attempt.state(rests.session);
    const User& user = attempt.state(rests.user);
    if (user.ended_session(rests.session.id, session.first_position)) return SessionEndReason::kUserSessionsEnded;
    const Session none;
    const Session& browser = rests.on->browser_session ? attempt.state(*rests.on->browser_session) : none;
    return keyledger::what_ended(session,
                                 {attempt.state(rests.on->application), attempt.state(rests.on->consent), browser});
}

}  // namespace

Answer<Receipt> record_end_of_session(Services& services, SessionId session_id, Caller caller) {
    Streams lookup;
    lookup.read<Session>(session_id);
    KEYLEDGER_CO_TRY(folds,
                     co_await services.executor.folder().load(lookup.loads(), Freshness::kCached, caller.deadline));
    const Session known = state_of<Session>(folds->front());
    Streams streams;
    const auto session = streams.read<Session>(session_id);
    const Rests rests{session, streams.read<User>(known.user_id), read_grounds(streams, known)};
    if (!rests.on) co_return Receipt{};
    const Step step = [&](Attempt& attempt) -> StepResult {
        const auto reason = what_ended(attempt, rests);
        if (!reason) co_return Result<void, CommandError>{};
        co_return attempt.decide_and_append(session, session_id, attempt.state(rests.user),
                                            RecordEndOfSession{*reason});
    };
    auto executed = co_await services.executor.run(std::move(caller), streams, step);
    co_return done(executed);
}

}  // namespace keyledger::commands
