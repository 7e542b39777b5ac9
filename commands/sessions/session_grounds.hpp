#pragma once
// The streams of what a session that an application holds rests on (domain/sessions/grounds.hpp).
#include <optional>

#include "commands/services.hpp"
#include "domain/applications/application.hpp"
#include "domain/consents/consent.hpp"
#include "domain/sessions/grounds.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::commands {

// Of the one stream that a user and an application have together.
Id<Consent> consent_of(const UserId& user_id, const ApplicationId& application_id);

struct GroundStreams {
    StreamOf<Application> application;
    StreamOf<Consent> consent;
    std::optional<StreamOf<Session>> browser_session;
};
// Adds them; nullopt, and nothing to read, where no application holds the session.
std::optional<GroundStreams> read_grounds(Streams& streams, const Session& session);

// Whether they hold, by whatever knows states of streams: `state(stream)` is one by reference.
template <class StateOf>
bool grounds_hold(const Session& session, const std::optional<GroundStreams>& grounds, const StateOf& state) {
    if (!grounds) return true;
    const Session none;
    const Session& browser_session = grounds->browser_session ? state(*grounds->browser_session) : none;
    return holds(session, {state(grounds->application), state(grounds->consent), browser_session});
}

}  // namespace keyledger::commands
