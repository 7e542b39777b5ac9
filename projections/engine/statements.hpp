#pragma once
// What sessions that write read models have prepared: prepare_writer() of database.hpp makes them so.

namespace keyledger::projections {

inline constexpr const char* kMoveCheckpoint = "move_checkpoint";  // reader, generation, from, to, its leaf hash

}  // namespace keyledger::projections
