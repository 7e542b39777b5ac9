#include "domain/applications/application.hpp"

#include <algorithm>

#include "domain/clients/client_uri.hpp"

namespace keyledger {
namespace {

using Events = std::vector<ApplicationEvent>;
using Status = Application::Status;

ApplicationDecision decide_on(const Application& application, const RegisterApplication& command) {
    if (application.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    return Events{ApplicationRegistered{command.definition}};
}

ApplicationDecision decide_on(const Application& application, const ChangeApplication& command) {
    if (!application.exists()) return Unexpected(refusals::kApplicationUnknown);
    Events events;
    if (application.definition != command.definition) events.emplace_back(ApplicationChanged{command.definition});
    const bool enabled = application.status == Status::kEnabled;
    if (enabled && command.status == ApplicationStatus::kDisabled) events.emplace_back(ApplicationDisabled{});
    if (!enabled && command.status == ApplicationStatus::kEnabled) events.emplace_back(ApplicationEnabled{});
    return events;
}

// On what it authenticates with. Of a way that it does not authenticate in now, it may be for a change to come.
template <class Event, class Command>
ApplicationDecision decide_on_credentials(const Application& application, const Command& command) {
    if (!application.exists()) return Unexpected(refusals::kApplicationUnknown);
    KEYLEDGER_TRY(decided, decide_on(static_cast<const ClientCredentials&>(application), command));
    return Events{Event{std::move(*decided)}};
}
ApplicationDecision decide_on(const Application& application, const AddClientSecret& command) {
    if (application.exists() && application.is_public()) return Unexpected(refusals::kProvesNothing);
    return decide_on_credentials<ApplicationSecretAdded>(application, command);
}
ApplicationDecision decide_on(const Application& application, const RemoveClientSecret& command) {
    return decide_on_credentials<ApplicationSecretRemoved>(application, command);
}
ApplicationDecision decide_on(const Application& application, const AddClientKey& command) {
    if (application.exists() && application.is_public()) return Unexpected(refusals::kProvesNothing);
    return decide_on_credentials<ApplicationKeyAdded>(application, command);
}
ApplicationDecision decide_on(const Application& application, const RemoveClientKey& command) {
    return decide_on_credentials<ApplicationKeyRemoved>(application, command);
}

ApplicationDecision decide_on(const Application& application, const DeleteApplication&) {
    if (!application.exists()) return Unexpected(refusals::kApplicationUnknown);
    return Events{ApplicationDeleted{}};
}

Application apply(Application application, const ApplicationRegistered& event, const Recorded& recorded) {
    application.status = Status::kEnabled;
    application.definition = event;
    application.registered_at = recorded.occurred_at;
    return application;
}
Application apply(Application application, const ApplicationChanged& event, const Recorded& recorded) {
    if (takes_away(application.definition, event)) application.tokens_ended_before = recorded.position;
    application.definition = event;
    return application;
}
// What it authenticates with.
template <class Event>
    requires requires(Application& application, const Event& event) { application.take(event); }
Application apply(Application application, const Event& event, const Recorded&) {
    application.take(event);
    return application;
}
Application apply(Application application, const ApplicationDisabled&, const Recorded& recorded) {
    application.status = Status::kDisabled;
    application.tokens_ended_before = recorded.position;
    return application;
}
Application apply(Application application, const ApplicationEnabled&, const Recorded&) {
    application.status = Status::kEnabled;
    return application;
}
Application apply(Application application, const ApplicationDeleted&, const Recorded& recorded) {
    application.status = Status::kDeleted;
    application.secrets.clear();
    application.keys.clear();
    application.tokens_ended_before = recorded.position;
    return application;
}

bool is_one_of(const std::vector<std::string>& registered, ApplicationType type, std::string_view uri) {
    return std::any_of(registered.begin(), registered.end(), [&](const std::string& one) {
        return one == uri || (type == ApplicationType::kNative && differ_in_loopback_port(one, uri));
    });
}

}  // namespace

ApplicationDecision decide(const Application& application, const ApplicationCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(application, c); }, command);
}

Application evolve(Application application, const ApplicationEvent& event, const Recorded& recorded) {
    return std::visit([&](const auto& e) { return apply(std::move(application), e, recorded); }, event);
}

bool redirect_uri_matches(const Application& application, std::string_view uri) {
    return is_one_of(application.definition.redirect_uris, application.definition.type, uri);
}

bool post_logout_redirect_uri_matches(const Application& application, std::string_view uri) {
    return is_one_of(application.definition.post_logout_redirect_uris, application.definition.type, uri);
}

std::vector<std::string> page_origins(const Application& application) {
    std::vector<std::string> origins;
    if (application.status != Status::kEnabled || application.definition.type != ApplicationType::kSpa) return origins;
    for (const std::string& uri : application.definition.redirect_uris) origins.push_back(web_origin_of(uri));
    std::sort(origins.begin(), origins.end());
    origins.erase(std::unique(origins.begin(), origins.end()), origins.end());
    std::erase(origins, "");
    return origins;
}

}  // namespace keyledger
