#pragma once
// Fills a generation of a read model from the log, beside the one that is being read: what a rebuild and a
// verification share. Not thread-safe. Heavy: includes libpqxx.
#include <functional>
#include <optional>
#include <stop_token>

#include "eventstore/log_source.hpp"
#include "projections/engine/database.hpp"
#include "projections/engine/key_cache.hpp"
#include "projections/engine/projection.hpp"
#include "projections/rebuild/rebuild.hpp"

namespace keyledger::projections {

// Functions throw std::runtime_error and libpqxx's exceptions when the database fails.
class RebuildFeed {
public:
    RebuildFeed(const RebuildOrder& order, const ReadModel& model, eventstore::LogSource& source,
                eventstore::SubjectCipher& cipher, const RebuildProgress& progress, std::stop_token cancel);
    RebuildFeed(const RebuildFeed&) = delete;
    RebuildFeed& operator=(const RebuildFeed&) = delete;
    ~RebuildFeed();

    // One rebuild or verification of a model at a time. False: somebody else has the lock.
    bool lock();
    // Empty tables, or those that a rebuild left unfinished, if the order says so.
    void begin();
    // Leaves out what an operator told the current generation to leave out. Returns how many.
    std::int64_t take_over_skips(int from_generation);
    // Up to a position, or to the head where that comes first. False: `failure` says why.
    bool follow(Position target);

    pqxx::connection& writer() { return *writer_; }
    const Generation& generation() const { return next_->generation(); }
    const eventstore::Cursor& cursor() const { return next_->cursor(); }
    const RebuildFailure& failure() const { return failure_; }

private:
    void report();
    bool fail(RebuildFailure::Why why);

    const RebuildOrder& order_;
    const ReadModel& model_;
    eventstore::LogSource& source_;
    eventstore::SubjectCipher& cipher_;
    const RebuildProgress& progress_;
    const std::stop_token cancel_;
    Connection writer_;
    KeyCache keys_;
    std::optional<Projection> next_;
    Position head_ = 0;
    RebuildFailure failure_;
};

}  // namespace keyledger::projections
