#include "commands/sessions/session_grounds.hpp"

#include "eventstore/limits.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::commands {

Id<Consent> consent_of(const UserId& user_id, const ApplicationId& application_id) {
    const auto name = security::length_prefixed(
        {"consent", eventstore::kDefaultTenant, security::view_of(user_id), security::view_of(application_id)});
    return Id<Consent>{security::uuid_of(security::sha256(std::string_view(name)))};
}

std::optional<GroundStreams> read_grounds(Streams& streams, const Session& session) {
    const auto application_id = application_of(session);
    if (!application_id) return std::nullopt;
    GroundStreams grounds{streams.read<Application>(*application_id),
                          streams.read<Consent>(consent_of(session.user_id, *application_id)), std::nullopt};
    if (session.browser_session_id) grounds.browser_session = streams.read<Session>(*session.browser_session_id);
    return grounds;
}

}  // namespace keyledger::commands
