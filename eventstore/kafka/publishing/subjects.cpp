#include "eventstore/kafka/publishing/subjects.hpp"

#include <optional>
#include <unordered_map>

#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"

namespace keyledger::eventstore::kafka {
namespace {

// What an event says of its subject by itself; nullopt: whoever its session belongs to. No catch-all: whoever
// adds an aggregate decides here whom its events are about.
using Said = std::optional<Uuid>;

Said said(const RecordedEvent& event, const UserEvent&) { return event.stream_id; }
Said said(const RecordedEvent&, const SessionStarted& started) { return started.user_id; }
Said said(const RecordedEvent&, const SessionRefreshed&) { return std::nullopt; }
Said said(const RecordedEvent&, const SessionRefreshRefused&) { return std::nullopt; }
Said said(const RecordedEvent&, const SessionEnded&) { return std::nullopt; }
Said said(const RecordedEvent& event, const LoginFailed& failed) { return failed.user_id.value_or(event.stream_id); }
Said said(const RecordedEvent&, const LoginFailuresCleared& cleared) { return cleared.user_id; }
Said said(const RecordedEvent&, const LoginNetworkSeen& seen) { return seen.user_id; }
Said said(const RecordedEvent&, const LoginUnlocked& unlocked) { return unlocked.user_id; }
Said said(const RecordedEvent& event, const LoginFailuresSummed&) { return event.stream_id; }
Said said(const RecordedEvent& event, const RoleEvent&) { return event.stream_id; }
Said said(const RecordedEvent&, const RoleAssigned& assigned) { return assigned.subject_id; }
Said said(const RecordedEvent&, const RoleWithdrawn& withdrawn) { return withdrawn.subject_id; }
Said said(const RecordedEvent&, const GroupMemberAdded& added) { return added.subject_id; }
Said said(const RecordedEvent&, const GroupMemberRemoved& removed) { return removed.subject_id; }
Said said(const RecordedEvent& event, const GroupEvent&) { return event.stream_id; }
Said said(const RecordedEvent&, const GroupNested& nested) { return nested.child_id; }
Said said(const RecordedEvent&, const GroupUnnested& unnested) { return unnested.child_id; }
Said said(const RecordedEvent& event, const NestingsEvent& nestings) {
    return std::visit([&](const auto& one) { return said(event, one); }, nestings);
}
Said said(const RecordedEvent&, const AdministratorsJoined& joined) { return joined.user_id; }
Said said(const RecordedEvent&, const AdministratorsLeft& left) { return left.user_id; }
Said said(const RecordedEvent&, const ServiceTokenIssued& issued) { return issued.service_account_id; }
Said said(const RecordedEvent&, const ServiceTokenRevoked& revoked) { return revoked.service_account_id; }
Said said(const RecordedEvent&, const AssertionUsed& used) { return used.service_account_id; }
Said said(const RecordedEvent& event, const ServiceAccountEvent&) { return event.stream_id; }
Said said(const RecordedEvent& event, const ServiceTokenEvent& token) {
    return std::visit([&](const auto& one) { return said(event, one); }, token);
}
Said said(const RecordedEvent& event, const AssignmentsEvent& assignments) {
    return std::visit([&](const auto& one) { return said(event, one); }, assignments);
}
Said said(const RecordedEvent& event, const AdministratorsEvent& administrators) {
    return std::visit([&](const auto& one) { return said(event, one); }, administrators);
}
Said said(const RecordedEvent& event, const SessionEvent& session) {
    return std::visit([&](const auto& one) { return said(event, one); }, session);
}
Said said(const RecordedEvent& event, const LoginAttemptsEvent& attempt) {
    return std::visit([&](const auto& one) { return said(event, one); }, attempt);
}
Said said(const RecordedEvent& event, const AnonymousCallersEvent&) { return event.stream_id; }
Said said(const RecordedEvent& event, const LogEvent&) { return event.stream_id; }
Said said(const RecordedEvent& event) try {
    OpensNothing opener;
    return std::visit([&](const auto& one) { return said(event, one); }, decode_any(event, opener));
} catch (const CodecError& error) {
    throw CodecError("position " + std::to_string(event.position) + ": " + error.what());
}

}  // namespace

Result<std::vector<std::string>, ReadError> Subjects::of(const std::vector<RecordedEvent>& events) {
    std::vector<std::string> subjects(events.size());
    std::unordered_map<Uuid, std::vector<std::size_t>> unknown;  // session to events
    for (std::size_t i = 0; i < events.size(); ++i) {
        const RecordedEvent& event = events[i];
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
    for (const RecordedEvent& first : *origins) {
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
