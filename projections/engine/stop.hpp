#pragma once
// Why a projection stopped, as operators see it. Apart from projections/engine/projection.hpp, which includes
// libpqxx.
#include <string_view>

#include "projections/engine/decoder.hpp"

namespace keyledger::projections {

// Only an event can be skipped.
enum class StopKind { kEvent, kOtherHistory, kHole, kOtherLayout };
std::string_view name_of(StopKind kind);
struct Stop {
    StopKind kind = StopKind::kEvent;
    Poison at;
};

}  // namespace keyledger::projections
