#pragma once
// What operators do to read models, beside rebuilding them (rebuild.hpp). Each call blocks, on a connection
// of its own to the database of the service's role, and throws std::runtime_error when that fails.
#include <optional>
#include <string>

#include "domain/base/declare.hpp"
#include "domain/base/result.hpp"
#include "projections/engine/read_model.hpp"

namespace keyledger::projections {

// Of all rows of all tables of one generation, whatever their order: equal tables have equal digests (I7).
struct TableDigest {
    int generation = 0;
    Position position = 0;  // of its checkpoint, in the same snapshot
    std::int64_t rows = 0;
    std::string digest;  // hexadecimal
};
TableDigest digest(const std::string& database_url, const ReadModel& model);

// Orders a stopped projection to leave one event out, for good. Who ordered it and why is kept in
// read_models.skips and logged. Only the event at which the projection stands stopped can be skipped. What
// later events build on it (the rest of its stream) will stop the projection again; a rebuild by a mended
// program applies it after all.
struct SkipOrder {
    std::string model;
    Position position = 0;
    std::string who;
    std::string why;
    std::optional<int> generation;  // the current one, unless a rebuild's is meant
};
enum class SkipRefusal {
    kNotStoppedThere,  // the projection does not stand stopped at that event
    kNoReason,         // who or why is empty or too long
};
Result<void, SkipRefusal> skip(const std::string& database_url, const SkipOrder& order);

}  // namespace keyledger::projections
