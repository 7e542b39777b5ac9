#pragma once
// One read model at one generation, as a follower of the log: its cursor, what stops it, and how a batch is
// applied. Used by the projector for current generations and by a rebuild for the next one. Not thread-safe.
// Heavy: includes libpqxx.
#include <chrono>
#include <set>
#include <span>
#include <stdexcept>
#include <string>

#include "projections/engine/decoder.hpp"
#include "projections/engine/generations.hpp"
#include "projections/engine/limits.hpp"
#include "projections/engine/read_model.hpp"
#include "projections/engine/stop.hpp"

namespace keyledger::projections {

// Somebody else moved the checkpoint, or the session is gone: this process must not go on from what it
// remembers.
struct StandDown : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// What prepare_writer() (database.hpp) prepares on a session for apply_batch() and Projection::advance_together().
inline constexpr const char* kMoveCheckpoint = "move_checkpoint";    // reader, generation, from, to, its leaf hash
inline constexpr const char* kMoveCheckpoints = "move_checkpoints";  // the same with arrays of readers and generations

// Moves the checkpoint from `from` to `to` and applies the events in between, in one transaction whose first
// statement is the fence: false, and nothing is changed, when the checkpoint is not at `from`. On a session that
// prepare_writer() made ready. Throws as ReadModel::apply does.
bool apply_batch(pqxx::connection& connection, const ReadModel& model, int generation, const eventstore::Cursor& from,
                 const eventstore::Cursor& to, std::span<const DecodedEvent> events);

class Projection {
public:
    // `model` outlives it. Reads the skips of its generation.
    Projection(pqxx::connection& connection, const ReadModel& model, const Generation& generation);

    const ReadModel& model() const { return model_; }
    const Generation& generation() const { return generation_; }
    const eventstore::Cursor& cursor() const { return generation_.cursor; }
    const std::optional<Stop>& stopped() const { return stop_; }

    enum class Progress {
        kDone,      // all of the batch, or all up to where it stopped
        kTryLater,  // locks, resources: `last_trouble` says what
    };
    // Applies the batch, which starts behind the cursor. Of events that can't be applied the first is found
    // by halving: all before it are kept, then the projection stops. Throws StandDown.
    Progress advance(pqxx::connection& connection, std::span<const eventstore::FollowedEventPtr> recorded,
                     const DecodedBatch& decoded);
    // Applies the batch, which starts behind the cursor that all of them have, to all in one transaction, whose first
    // statement moves all checkpoints and is the fence of each. False, and nothing is changed: something speaks against
    // it, a skip on the way or an event that one of them can't apply, and each has to advance() by itself, which finds
    // out what. Throws StandDown, also where the server is silent for longer than `patience` over one of them.
    static bool advance_together(pqxx::connection& connection, std::span<Projection* const> projections,
                                 std::span<const eventstore::FollowedEventPtr> recorded, const DecodedBatch& decoded,
                                 std::chrono::milliseconds patience = kSilentLeaderTimeout);
    // What the last kTryLater was about; empty once it got on.
    const std::string& trouble() const { return trouble_; }

    // Stops it and records that. Throws StandDown.
    void stop(pqxx::connection& connection, StopKind kind, Poison at);
    // Goes on if an operator has skipped the event at which it stopped. Throws StandDown.
    void look_for_skip(pqxx::connection& connection);

private:
    enum class Step { kApplied, kTryLater, kRefused };
    Step step(pqxx::connection& connection, std::span<const DecodedEvent> events, const eventstore::Cursor& to);
    bool may_go_together(Position last) const;

    const ReadModel& model_;
    Generation generation_;
    std::set<Position> skips_;
    std::optional<Stop> stop_;
    std::string trouble_;
    bool record_of_stop_ = true;  // in the database, perhaps from before this process
};

}  // namespace keyledger::projections
