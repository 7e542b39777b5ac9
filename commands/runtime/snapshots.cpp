#include "commands/runtime/snapshots.hpp"

#include <charconv>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/codec/states_codec.hpp"
#include "eventstore/declarations.hpp"

namespace keyledger::commands {
namespace {

// Of what is sealed: the position of the last event, the latest time, each with a line's end, and the state.
constexpr std::string_view kForm = "/3";

eventstore::SnapshotContext context_of(const eventstore::Snapshot& snapshot) {
    return {snapshot.stream_id, snapshot.version, snapshot.event_id, snapshot.fold};
}

// Somebody of whom nothing is known: erased, or folded by a process that could not open their key. Only the former is
// so for good.
bool may_be_kept(const SnapshotCandidate& kept) {
    return !eventstore::is_personal(stream_type_of(*kept.fold.state)) || is_erased(*kept.fold.state) ||
           kept.key_is_gone;
}

// The number of the first line, which is taken away.
std::optional<std::int64_t> take_number(std::string_view& text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto at = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || at == text.size() || text[at] != '\n') return std::nullopt;
    text.remove_prefix(at + 1);
    return number;
}

std::optional<Fold> decoded(std::string_view text, std::string_view stream_type, std::int32_t version) try {
    const auto position = take_number(text);
    const auto occurred_at = take_number(text);
    if (!position || !occurred_at) return std::nullopt;
    return Fold{version, eventstore::decode_state(stream_type, text), *position, Instant::at_ms(*occurred_at)};
} catch (const eventstore::CodecError&) {
    return std::nullopt;
}

}  // namespace

std::string fold_name_of(std::string_view stream_type) {
    const int fold = eventstore::aggregate_info(stream_type).fold;
    return fold == 0 ? std::string() : std::string(stream_type) + '.' + std::to_string(fold) + std::string(kForm);
}

// What was kept of somebody before the erasure can't be opened any more, so another takes its place at once.
bool is_snapshot_due(const SnapshotCandidate& kept) {
    if (kept.fold.version == kept.before) return false;
    if (is_erased(*kept.fold.state)) return kept.fold.version >= kSnapshotEvery;
    return kept.fold.version / kSnapshotEvery > kept.before / kSnapshotEvery;
}

void keep_snapshot(eventstore::Store& store, eventstore::SubjectCipher& cipher, const eventstore::SubjectKeyPtr& key,
                   const SnapshotCandidate& kept) {
    if (!is_snapshot_due(kept)) return;
    const std::string state = eventstore::encode_state(*kept.fold.state);
    if (state.empty() || state.size() > kMaxStateBytes) return;
    const bool personal = tells_of_a_person(*kept.fold.state);
    if (personal ? !key : !may_be_kept(kept)) return;
    eventstore::Snapshot snapshot;
    snapshot.stream_id = kept.stream_id;
    snapshot.version = kept.fold.version;
    snapshot.event_id = kept.event_id;
    snapshot.fold = fold_name_of(stream_type_of(*kept.fold.state));
    snapshot.replaces = kept.replaces;
    const std::string clear =
        std::to_string(kept.fold.position) + '\n' + std::to_string(kept.fold.occurred_at.ms()) + '\n' + state;
    const auto context = context_of(snapshot);
    snapshot.sealed = personal ? cipher.seal_snapshot(*key, context, clear) : cipher.seal_snapshot(context, clear);
    store.keep_snapshot(std::move(snapshot));
}

std::optional<Fold> open_snapshot(eventstore::SubjectCipher& cipher, const eventstore::SubjectKeyPtr& key,
                                  std::string_view stream_type, const eventstore::Snapshot& snapshot) {
    const auto context = context_of(snapshot);
    std::optional<std::string> text;
    if (key) text = cipher.open_snapshot(*key, context, snapshot.sealed);
    if (!text) text = cipher.open_snapshot(context, snapshot.sealed);
    return text ? decoded(*text, stream_type, snapshot.version) : std::nullopt;
}

}  // namespace keyledger::commands
