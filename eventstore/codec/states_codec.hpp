#pragma once
// The states of long streams to JSON and back, for snapshots: of the aggregates with a `kFold` (domain/). What is
// personal in them is in the clear here: whoever keeps it seals it under its subject's key.
#include <memory>
#include <string>
#include <string_view>

#include "eventstore/any.hpp"

namespace keyledger::eventstore {

// Empty: of an aggregate without a `kFold`.
std::string encode_state(const AnyState& state);
// Throws CodecError for what was not written by the function above.
AnyStatePtr decode_state(std::string_view stream_type, std::string_view text);

}  // namespace keyledger::eventstore
