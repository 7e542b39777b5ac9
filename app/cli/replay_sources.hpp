#pragma once
// Where `audit replay` takes events from: the database, an export, the topic. Each is folded in the order of
// positions, from the first event up to where it is to end.
#include <optional>
#include <string>

#include "app/config/config.hpp"
#include "commands/runtime/replay.hpp"
#include "domain/base/time.hpp"

namespace keyledger::app {

// Where the replay ends: behind a position, or behind the last event that was recorded (`recorded_at`) at or
// before a time, in milliseconds since 1970. What the log was then is always its beginning: times only grow
// with positions in what this version writes, but in older parts of a log an event may stand behind one of a
// later time.
struct ReplayEnd {
    std::optional<Position> position;
    std::optional<Instant> time;
};

// All return the position of the last event that was folded, and throw std::runtime_error for what can't be
// read and for a position that is missing.
Position fold_database(const Config& config, ReplayEnd until, commands::Replay& replay);
Position fold_file(const std::string& path, ReplayEnd until, commands::Replay& replay);
Position fold_topic(const Config& config, ReplayEnd until, commands::Replay& replay);

}  // namespace keyledger::app
