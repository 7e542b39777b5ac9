#pragma once
// What the database says of the read models, without a projector: for operators.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/base/time.hpp"
#include "projections/engine/read_model.hpp"
#include "projections/engine/stop.hpp"

namespace keyledger::projections {

struct RecordedStop {
    std::string kind;  // as name_of(StopKind)
    Poison at;
    Instant since;
};
struct RecordedSkip {
    Position position = 0;
    std::string event_type;
    std::string who;
    std::string why;
    Instant at;
};
struct ModelReport {
    std::string model;
    int generation = 0;  // the one that queries read; 0: no projector has made one yet
    int layout = 0;
    int build_layout = 0;  // of this program; another one means: rebuild
    Position position = 0;
    Position head = 0;  // of the log, in the same snapshot
    std::optional<RecordedStop> stopped;
    std::vector<RecordedSkip> skips;  // of the current generation, by position
    std::vector<int> unfinished;      // generations that a rebuild is filling, or left

    bool is_good() const { return !stopped && (generation == 0 || layout == build_layout); }
};

// In the order of `models`, in one snapshot. Throws std::runtime_error when the database fails.
std::vector<ModelReport> inspect(const std::string& database_url,
                                 const std::vector<std::unique_ptr<ReadModel>>& models);

}  // namespace keyledger::projections
