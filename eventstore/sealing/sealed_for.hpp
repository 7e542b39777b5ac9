#pragma once
// Whose key seals what is personal in an event: that of the stream's id, unless the event says `sealed_for()`.
#include "domain/base/id.hpp"
#include "eventstore/any.hpp"

namespace keyledger::eventstore {

Uuid sealed_for(const AnyEvent& event, const Uuid& stream_id);

}  // namespace keyledger::eventstore
