#include "domain/sessions/grounds.hpp"

#include "domain/applications/application.hpp"
#include "domain/consents/consent.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger {

std::optional<ApplicationId> application_of(const Session& session) { return ApplicationId::parse(session.client_id); }

std::optional<SessionEndReason> what_ended(const Session& session, const SessionGrounds& grounds) {
    const Application& application = grounds.application;
    const bool is_served = application.status == Application::Status::kEnabled;
    if (!is_served || session.first_position <= application.tokens_ended_before)
        return SessionEndReason::kApplicationEnded;
    if (session.first_position <= grounds.consent.sessions_ended_before) return SessionEndReason::kConsentWithdrawn;
    if (grounds.browser_session.status == Session::Status::kEnded) return SessionEndReason::kBrowserSessionEnded;
    return std::nullopt;
}

bool holds(const Session& session, const SessionGrounds& grounds) { return !what_ended(session, grounds); }

}  // namespace keyledger
