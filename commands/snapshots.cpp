#include "commands/snapshots.hpp"

#include "eventstore/codec/jcs.hpp"
#include "eventstore/codec/states_codec.hpp"

namespace keyledger::commands {
namespace {

template <class Aggregate>
constexpr bool kHasSnapshots = requires { Aggregate::kFold; };

eventstore::SnapshotContext context_of(const eventstore::Snapshot& snapshot) {
    return {snapshot.stream_id, snapshot.version, snapshot.event_id, snapshot.fold};
}

}  // namespace

std::string fold_name_of(const AnyState& state) {
    auto name = []<class Aggregate>(const Aggregate&) {
        if constexpr (kHasSnapshots<Aggregate>)
            return std::string(Aggregate::kStreamType) + '.' + std::to_string(Aggregate::kFold);
        else
            return std::string();
    };
    return std::visit(name, state);
}

void keep_snapshot(eventstore::Store& store, eventstore::SubjectCipher& cipher, const Uuid& stream_id,
                   const Fold& before, const Fold& after, const Uuid& event_id) {
    if (after.version / kSnapshotEvery <= before.version / kSnapshotEvery) return;
    auto encode = []<class Aggregate>(const Aggregate& state) {
        if constexpr (kHasSnapshots<Aggregate>)
            return eventstore::encode_state(state);
        else
            return std::string();
    };
    const std::string state = std::visit(encode, *after.state);
    if (state.empty() || state.size() > kMaxStateBytes) return;
    eventstore::Snapshot snapshot{stream_id, after.version, event_id, fold_name_of(*after.state), {}};
    snapshot.sealed = cipher.seal_snapshot(context_of(snapshot), state);
    store.keep_snapshot(std::move(snapshot));
}

std::optional<Fold> open_snapshot(eventstore::SubjectCipher& cipher, const AnyState& empty,
                                  const eventstore::Snapshot& snapshot) {
    const auto text = cipher.open_snapshot(context_of(snapshot), snapshot.sealed);
    if (!text) return std::nullopt;
    auto state = std::make_shared<AnyState>(empty);
    auto decode = [&]<class Aggregate>(Aggregate& aggregate) {
        if constexpr (kHasSnapshots<Aggregate>) eventstore::decode_state(*text, aggregate);
    };
    try {
        std::visit(decode, *state);
    } catch (const eventstore::CodecError&) {
        return std::nullopt;
    }
    return Fold{snapshot.version, std::move(state)};
}

}  // namespace keyledger::commands
