#include "domain/sessions/grounds.hpp"

#include "domain/applications/application.hpp"
#include "domain/consents/consent.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger {

std::optional<ApplicationId> application_of(const Session& session) { return ApplicationId::parse(session.client_id); }

bool holds(const Session& session, const SessionGrounds& grounds) {
    const Application& application = grounds.application;
    if (application.status != Application::Status::kEnabled) return false;
    if (session.first_position <= application.tokens_ended_before) return false;
    if (session.first_position <= grounds.consent.sessions_ended_before) return false;
    return grounds.browser_session.status != Session::Status::kEnded;
}

}  // namespace keyledger
