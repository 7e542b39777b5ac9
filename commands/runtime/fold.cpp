#include "commands/runtime/fold.hpp"

#include <algorithm>

#include "eventstore/codec/jcs.hpp"

namespace keyledger::commands {

Fold empty_fold(std::string_view stream_type) { return {0, eventstore::empty_state(stream_type)}; }

void FoldBuilder::event(const eventstore::AnyEvent& event, std::int32_t version, const Recorded& recorded) {
    if (version != version_ + 1) throw eventstore::CodecError("a stream's versions have a hole");
    evolve(*state_, event, recorded);
    version_ = version;
    position_ = recorded.position;
    occurred_at_ = std::max(occurred_at_, recorded.occurred_at);
}

void FoldBuilder::pass_over(std::int32_t version, Position position) {
    if (version != version_ + 1) throw eventstore::CodecError("a stream's versions have a hole");
    version_ = version;
    position_ = position;
}

Fold pass_over(const Fold& fold, std::int32_t version, Position position) {
    if (version != fold.version + 1) throw eventstore::CodecError("a stream's versions have a hole");
    return {version, fold.state, position, fold.occurred_at};
}

Fold advance(const Fold& fold, const eventstore::AnyEvent& event, std::int32_t version, const Recorded& recorded) {
    FoldBuilder further(fold);
    further.event(event, version, recorded);
    return std::move(further).fold();
}

}  // namespace keyledger::commands
