#include "commands/sessions/begin_session.hpp"

#include "commands/account_services.hpp"
#include "domain/sessions/admitted_sessions.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {
namespace {

constexpr int kMaxAttemptsUnderALimit = 16;

// Of the sessions that were admitted, those that are over by their own streams and their user's.
Answer<std::vector<SessionId>> sessions_over(Services& services, Attempt& attempt, StreamOf<AdmittedSessions> admitted,
                                             StreamOf<User> user) {
    const std::vector<SessionId> known = attempt.state(admitted).sessions;
    Streams theirs;
    for (const SessionId& session_id : known) theirs.read<Session>(session_id);
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(theirs));
    const Instant now = services.clock.now();
    std::vector<SessionId> over;
    for (const SessionId& session_id : known) {
        const Session& session = attempt.state(StreamOf<Session>{session_id});
        if (!check_session(session, session_id, attempt.state(user), services.settings.lifetimes, now))
            over.push_back(session_id);
    }
    co_return over;
}

StepResult admit(Services& services, Attempt& attempt, const SessionId& session_id, StreamOf<User> user) {
    Streams one;
    const auto admitted = one.read<AdmittedSessions>(admitted_sessions_of(user.id));
    KEYLEDGER_CO_TRY(read, co_await attempt.also_read(one));
    KEYLEDGER_CO_TRY(over, co_await sessions_over(services, attempt, admitted, user));
    const AdmitSession command{user.id, session_id, std::move(*over), services.accounts.session_limit};
    KEYLEDGER_CO_TRY(events, decide(attempt.state(admitted), command));
    attempt.append(admitted, *events);
    for (const AdmittedSessionsEvent& event : *events)
        for (const SessionId& displaced : std::get<SessionAdmitted>(event).displaced)
            attempt.append(StreamOf<Session>{displaced}, {SessionEnded{SessionEndReason::kDisplaced}});
    co_return Result<void, CommandError>{};
}

}  // namespace

int attempts_to_begin(const Services& services) {
    return services.accounts.session_limit.most == 0 ? kMaxAttempts : kMaxAttemptsUnderALimit;
}

StepResult start_session(Services& services, Attempt& attempt, StreamOf<Session> session, StreamOf<User> user,
                         const StartSession& command) {
    KEYLEDGER_CO_TRY(started, attempt.decide_and_append(session, session.id, attempt.state(user), command));
    if (services.accounts.session_limit.most == 0) co_return Result<void, CommandError>{};
    auto admitted = co_await admit(services, attempt, session.id, user);
    co_return admitted;
}

}  // namespace keyledger::commands
