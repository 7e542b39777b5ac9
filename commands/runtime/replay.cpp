#include "commands/runtime/replay.hpp"

#include "domain/access/assignments.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"

namespace keyledger::commands {
bool Replay::wants(const eventstore::RecordedEvent& event) const {
    if (!selection_.user && !selection_.session) return true;
    if (event.stream_id == selection_.user || event.stream_id == selection_.session) return true;
    if (selection_.user && event.stream_id == assignments_of(*selection_.user)) return true;
    if (selection_.session) return event.stream_type == User::kStreamType;
    if (event.stream_type != Session::kStreamType) return false;
    return streams_.contains(event.stream_id) ||
           (event.version == 1 && event.payload.find(selection_.user->to_string()) != std::string::npos);
}

// A stream of which there is nothing else has no state, and whatever type it says.
void Replay::pass_over_inert(const eventstore::RecordedEvent& event) {
    const auto known = streams_.find(event.stream_id);
    if (known == streams_.end()) inert_beginnings_[event.stream_id] = event.version;
    else known->second.fold = pass_over(known->second.fold, event.version, event.position);
}

void Replay::take(const eventstore::RecordedEvent& event) try {
    if (event.is_inert()) return pass_over_inert(event);
    if (!wants(event)) return;
    eventstore::NullFieldOpener opener;
    const auto decoded = eventstore::decode_any(event, opener);
    const auto metadata = eventstore::decode_metadata(event, opener);
    auto [at, is_new] = streams_.try_emplace(event.stream_id);
    Stream& stream = at->second;
    if (is_new) {
        stream.fold = empty_fold(event.stream_type);
        const auto begun = inert_beginnings_.find(event.stream_id);
        if (begun != inert_beginnings_.end()) stream.fold.version = begun->second;
    }
    stream.fold = advance(stream.fold, *decoded, event.version, {event.position, metadata.occurred_at_ms});
    stream.last_position = event.position;
    stream.last_at_ms = metadata.occurred_at_ms;
    ++folded_;
} catch (const eventstore::CodecError& error) {
    throw eventstore::CodecError("position " + std::to_string(event.position) + " (" + event.type +
                                 "): " + error.what());
}

}  // namespace keyledger::commands
