#include "commands/runtime/replay.hpp"

#include <algorithm>

#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"

namespace keyledger::commands {
namespace {

// FoldBuilder::event(), without a copy of the state.
void advance(Replay::Stream& stream, const eventstore::AnyEvent& event, std::int32_t version,
             const Recorded& recorded) {
    Fold& fold = stream.fold;
    if (version != fold.version + 1) throw eventstore::CodecError("a stream's versions have a hole");
    evolve(*stream.own_state, event, recorded);
    fold.version = version;
    fold.position = stream.last_position = recorded.position;
    fold.occurred_at = std::max(fold.occurred_at, recorded.occurred_at);
    stream.last_at = recorded.occurred_at;
}

}  // namespace

bool Replay::wants(const eventstore::RecordedEvent& event) const {
    if (!selection_ || streams_.contains(event.stream_id)) return true;
    const auto inert = inert_beginnings_.find(event.stream_id);
    const std::int32_t before = inert == inert_beginnings_.end() ? 0 : inert->second;
    return event.version == before + 1 && selection_(event);
}

// A stream of which there is nothing else has no state, and whatever type it says.
void Replay::pass_over_inert(const eventstore::RecordedEvent& event) {
    const auto known = streams_.find(event.stream_id);
    if (known == streams_.end()) inert_beginnings_[event.stream_id] = event.version;
    else known->second.fold = pass_over(known->second.fold, event.version, event.position);
}

Replay::Stream& Replay::stream_of(const eventstore::RecordedEvent& event) {
    auto [at, is_new] = streams_.try_emplace(event.stream_id);
    Stream& stream = at->second;
    if (!is_new) return stream;
    stream.own_state = eventstore::copy_of(*eventstore::empty_state(event.stream_type));
    stream.fold.state = stream.own_state;
    const auto begun = inert_beginnings_.find(event.stream_id);
    if (begun != inert_beginnings_.end()) stream.fold.version = begun->second;
    return stream;
}

void Replay::take(const eventstore::RecordedEvent& event) try {
    if (event.is_inert()) return pass_over_inert(event);
    if (!wants(event)) return;
    eventstore::NullFieldOpener opener;
    const auto decoded = eventstore::decode_any(event, opener);
    const auto metadata = eventstore::decode_metadata(event, opener);
    Stream& stream = stream_of(event);
    advance(stream, *decoded, event.version, {event.position, metadata.occurred_at});
    ++folded_;
} catch (const eventstore::CodecError& error) {
    throw eventstore::CodecError("position " + std::to_string(event.position) + " (" + event.type +
                                 "): " + error.what());
}

}  // namespace keyledger::commands
