#include "domain/sessions/admitted_sessions.hpp"

#include <algorithm>

namespace keyledger {
namespace {

bool is_among(const std::vector<SessionId>& sessions, const SessionId& session_id) {
    return std::ranges::find(sessions, session_id) != sessions.end();
}

AdmittedSessions apply(AdmittedSessions admitted, const SessionAdmitted& event) {
    std::erase_if(admitted.sessions, [&](const SessionId& session_id) {
        return is_among(event.displaced, session_id) || is_among(event.over, session_id);
    });
    admitted.sessions.push_back(event.session_id);
    return admitted;
}

}  // namespace

Result<std::vector<AdmittedSessionsEvent>, RefusalRef> decide(const AdmittedSessions& admitted,
                                                              const AdmitSession& command) {
    std::vector<SessionId> live;
    for (const SessionId& session_id : admitted.sessions)
        if (!is_among(command.over, session_id)) live.push_back(session_id);
    const std::size_t others = std::max<std::size_t>(command.limit.most, 1) - 1;  // that may live beside the new one
    std::vector<SessionId> displaced;
    if (live.size() > others) {
        if (command.limit.when_reached == SessionLimit::WhenReached::kNewIsRefused)
            return Unexpected(refusals::kTooManySessions);
        displaced.assign(live.begin(), live.end() - static_cast<std::ptrdiff_t>(others));
    }
    return std::vector<AdmittedSessionsEvent>{
        SessionAdmitted{command.user_id, command.session_id, std::move(displaced), command.over}};
}

AdmittedSessions evolve(AdmittedSessions admitted, const AdmittedSessionsEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(admitted), e); }, event);
}

}  // namespace keyledger
