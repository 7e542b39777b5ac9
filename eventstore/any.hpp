#pragma once
// Any event of the log, and the state of any stream, for those who pass them on or know some aggregates: nothing here
// includes one, so that a change to an aggregate recompiles only who names it. What they are: aggregates.hpp.
//
// An aggregate is named by its streams' type (`kStreamType`), which no other has.
#include <memory>
#include <string_view>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/held_name.hpp"

namespace keyledger::eventstore {

struct AnyEvent;
struct AnyState;
using AnyEventPtr = std::shared_ptr<const AnyEvent>;
using AnyStatePtr = std::shared_ptr<const AnyState>;

// ---- of an aggregate that the caller names ---------------------------------------------------------------------
const void* find_event(const AnyEvent& event, std::string_view stream_type);
const void* find_state(const AnyState& state, std::string_view stream_type);
// The aggregate's event or state; nullptr: it is another's.
template <class Aggregate>
const typename Aggregate::Event* event_in(const AnyEvent& event) {
    return static_cast<const typename Aggregate::Event*>(find_event(event, Aggregate::kStreamType));
}
template <class Aggregate>
const Aggregate* state_in(const AnyState& state) {
    return static_cast<const Aggregate*>(find_state(state, Aggregate::kStreamType));
}
AnyEventPtr any_event(std::string_view stream_type, const void* event);  // that aggregate's Event
template <class Aggregate>
AnyEventPtr any_event(const typename Aggregate::Event& event) {
    return any_event(Aggregate::kStreamType, &event);
}

// ---- of whichever it is ----------------------------------------------------------------------------------------
std::string_view stream_type_of(const AnyEvent& event);
std::string_view stream_type_of(const AnyState& state);

// What the streams of this type are before their first event; one for all of them, for ever. Throws CodecError for a
// type that no aggregate has.
const AnyStatePtr& empty_state(std::string_view stream_type);
std::shared_ptr<AnyState> copy_of(const AnyState& state);
// The aggregate's `evolve`. Throws CodecError when the event is another aggregate's.
void evolve(AnyState& state, const AnyEvent& event, const Recorded& recorded);

// The names that nobody else may have, of aggregates that hold any.
bool can_hold_names(const AnyState& state);
std::vector<ClaimedName> held_names(const AnyState& state);

// ---- what the declarations say ---------------------------------------------------------------------------------
// Whom or what the event is about.
About about(const AnyEvent& event);
// What came of it, and what else the audit trail tells; nothing declared: it succeeded.
AuditOutcome audit_outcome(const AnyEvent& event);
// Whether anything in it is stored sealed under the key of its stream.
bool has_personal_fields(const AnyEvent& event);
// Whether the key of its stream was destroyed with it.
bool erases(const AnyEvent& event);

// Whether streams of this type can hold anything personal.
bool is_personal(std::string_view stream_type);
// Of such a stream: whether its key was destroyed, and whether anything personal is known of it. Of others: false.
bool is_erased(const AnyState& state);
bool tells_of_a_person(const AnyState& state);

}  // namespace keyledger::eventstore
