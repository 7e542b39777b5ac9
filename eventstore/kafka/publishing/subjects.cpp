#include "eventstore/kafka/publishing/subjects.hpp"

#include <optional>
#include <unordered_map>

#include "domain/sessions/session.hpp"
#include "eventstore/codec/jcs.hpp"

namespace keyledger::eventstore::kafka {
namespace {

// What an event says of its subject by itself; nullopt: the stream's first event says it.
using Said = std::optional<Uuid>;

Said said(const FollowedEvent& event) try {
    const About subject = about(*event.decoded());
    if (subject.what == About::What::kAsBegun) return std::nullopt;
    return subject.id.value_or(event.stream_id);
} catch (const CodecError& error) {
    throw CodecError("position " + std::to_string(event.position) + ": " + error.what());
}

}  // namespace

Result<std::vector<std::string>, ReadError> Subjects::of(const FollowedEvents& events) {
    std::vector<std::string> subjects(events.size());
    std::unordered_map<Uuid, std::vector<std::size_t>> unknown;  // session to events
    for (std::size_t i = 0; i < events.size(); ++i) {
        const FollowedEvent& event = *events[i];
        if (event.is_inert()) {
            subjects[i] = event.stream_id.to_string();
            continue;
        }
        const Said named = said(event);
        if (named && event.type == SessionStarted::kType) users_.put(event.stream_id, *named);
        const Uuid* subject = named ? &*named : users_.use(event.stream_id);
        subject ? void(subjects[i] = subject->to_string()) : void(unknown[event.stream_id].push_back(i));
    }
    if (unknown.empty()) return subjects;
    std::vector<Uuid> sessions;
    sessions.reserve(unknown.size());
    for (const auto& [session, _] : unknown) sessions.push_back(session);
    auto origins = origins_.first_events(sessions);
    if (!origins) return Unexpected(origins.error());
    for (const FollowedEventPtr& origin : as_followed(std::move(*origins))) {
        const FollowedEvent& first = *origin;
        const auto asked = unknown.find(first.stream_id);
        const Said user = first.is_inert() ? std::nullopt : said(first);
        if (asked == unknown.end() || !user) continue;
        users_.put(first.stream_id, *user);
        for (const std::size_t i : asked->second) subjects[i] = user->to_string();
        unknown.erase(asked);
    }
    if (!unknown.empty())
        throw CodecError("stream " + unknown.begin()->first.to_string() + " does not begin with session.started");
    return subjects;
}

}  // namespace keyledger::eventstore::kafka
