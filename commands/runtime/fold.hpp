#pragma once
// Folded streams: the state that `evolve` makes of a stream's events, with the version it stands at. Immutable once
// made; shared between requests. Of whichever aggregate: it is named by its streams' type.
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"
#include "eventstore/any.hpp"
#include "eventstore/log_moment.hpp"

namespace keyledger::commands {

using eventstore::AnyState;

struct Fold {
    std::int32_t version = 0;  // 0: the stream does not exist
    eventstore::AnyStatePtr state;
    Position position = 0;         // of the last event
    Instant occurred_at{};         // the latest of any of its events; not set: nothing in it is believed yet
    bool is_foreign = false;       // the stream is another aggregate's: nothing of this one belongs into it
    eventstore::LogMoment seen{};  // it stood at this version then; not set: nobody watched
};

// A stream by its aggregate: what a command says it reads.
template <class Aggregate>
struct StreamOf {
    Id<Aggregate> id;
};

// Of a stream that does not exist. Throws eventstore::CodecError for a type that no aggregate has.
Fold empty_fold(std::string_view stream_type);
template <class Aggregate>
Fold empty_fold() {
    return empty_fold(Aggregate::kStreamType);
}

template <class Aggregate>
const Aggregate& state_of(const Fold& fold) {
    const auto* state = eventstore::state_in<Aggregate>(*fold.state);
    if (!state) throw std::logic_error("a fold of another aggregate");
    return *state;
}

// The same, for whoever outlives the fold. No copy is made.
template <class Aggregate>
std::shared_ptr<const Aggregate> shared_state_of(const Fold& fold) {
    return {fold.state, &state_of<Aggregate>(fold)};
}

// The fold after one more event, which must be the next of its stream; throws eventstore::CodecError when it is not
// or when it is of another aggregate's stream.
Fold advance(const Fold& fold, const eventstore::AnyEvent& event, std::int32_t version, const Recorded& recorded);
// The same for a record that is inert.
Fold pass_over(const Fold& fold, std::int32_t version, Position position);

// Many events further: `advance` one by one, without a copy of the state for each.
class FoldBuilder {
public:
    explicit FoldBuilder(const Fold& from)
        : version_(from.version),
          state_(eventstore::copy_of(*from.state)),
          position_(from.position),
          occurred_at_(from.occurred_at) {}
    void event(const eventstore::AnyEvent& event, std::int32_t version, const Recorded& recorded);
    void pass_over(std::int32_t version, Position position);
    Fold fold() && { return {version_, std::move(state_), position_, occurred_at_}; }

private:
    std::int32_t version_;
    std::shared_ptr<AnyState> state_;
    Position position_;
    Instant occurred_at_;
};

}  // namespace keyledger::commands
