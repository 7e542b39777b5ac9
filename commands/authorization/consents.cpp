#include "commands/authorization/consents.hpp"

#include "commands/sessions/session_grounds.hpp"

namespace keyledger::commands {

Answer<std::vector<GivenConsent>> given_consents(Services& services, UserId user_id,
                                                 std::vector<ApplicationId> applications, Deadline deadline) {
    std::vector<GivenConsent> given;
    if (applications.empty()) co_return given;
    Streams streams;
    for (const ApplicationId& application_id : applications) {
        streams.read<Application>(application_id);
        streams.read<Consent>(consent_of(user_id, application_id));
    }
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    for (std::size_t i = 0; i < applications.size(); ++i) {
        const auto& application = state_of<Application>((*folds)[2 * i]);
        const auto& consent = state_of<Consent>((*folds)[2 * i + 1]);
        if (application.exists() && consent.status == Consent::Status::kGiven) given.push_back({application, consent});
    }
    co_return given;
}

}  // namespace keyledger::commands
