#include "projections/engine/projection.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "projections/engine/limits.hpp"
#include "projections/engine/sql_array.hpp"

namespace keyledger::projections {
namespace {

using eventstore::Cursor;
using eventstore::FollowedEventPtr;
using eventstore::RecordedEvent;

// Runs what talks to the database, and turns a lost session into StandDown.
template <class Work>
void or_stand_down(pqxx::connection& connection, const Work& work) {
    try {
        work();
    } catch (const StandDown&) {
        throw;
    } catch (const std::exception& error) {
        const Failure failure = classify(error, &connection);
        if (failure.kind == FailureKind::kConnection) throw StandDown(failure.reason);
        throw;
    }
}

// Without inert records, which no read model sees; `kept` holds what is left where there are any.
std::span<const DecodedEvent> believed(std::span<const DecodedEvent> events, std::vector<DecodedEvent>& kept) {
    const auto is_inert = [](const DecodedEvent& event) { return event.recorded->is_inert(); };
    if (std::ranges::none_of(events, is_inert)) return events;
    std::ranges::remove_copy_if(events, std::back_inserter(kept), is_inert);
    return kept;
}

}  // namespace

std::string_view name_of(StopKind kind) {
    switch (kind) {
        case StopKind::kEvent: return "event";
        case StopKind::kOtherHistory: return "other_history";
        case StopKind::kHole: return "hole";
        case StopKind::kOtherLayout: return "other_layout";
    }
    throw std::logic_error("an enumerator without a name");
}

bool apply_batch(pqxx::connection& connection, const ReadModel& model, int generation, const Cursor& from,
                 const Cursor& to, std::span<const DecodedEvent> events) {
    const AnswerWithin bound(connection.sock(), kSilentLeaderTimeout);
    pqxx::work transaction(connection);
    const auto moved = transaction.exec_prepared(kMoveCheckpoint, std::string(model.name()), generation, from.position,
                                                 to.position, bytea_text(to.leaf_hash));
    if (moved.affected_rows() != 1) return false;
    std::vector<DecodedEvent> kept;
    events = believed(events, kept);
    if (!events.empty()) model.apply(transaction, generation, events);
    transaction.commit();
    if (!events.empty()) model.committed();
    return true;
}

Projection::Projection(pqxx::connection& connection, const ReadModel& model, const Generation& generation)
    : model_(model), generation_(generation), skips_(read_skips(connection, model.name(), generation.number)) {
    model_.forget();
}

Projection::Step Projection::step(pqxx::connection& connection, std::span<const DecodedEvent> events,
                                  const Cursor& to) {
    try {
        if (!apply_batch(connection, model_, generation_.number, cursor(), to, events))
            throw StandDown(std::string(model_.name()) + " is no longer at position " +
                            std::to_string(cursor().position) + ": somebody else moves it");
        generation_.cursor = to;
        trouble_.clear();
        return Step::kApplied;
    } catch (const StandDown&) {
        throw;
    } catch (const std::exception& error) {
        const Failure failure = classify(error, &connection);
        trouble_ = failure.reason;
        switch (failure.kind) {
            case FailureKind::kConnection: throw StandDown(failure.reason);
            case FailureKind::kPassing: return Step::kTryLater;
            case FailureKind::kData: return Step::kRefused;
        }
        throw;
    }
}

bool Projection::may_go_together(Position last) const {
    const auto skip = skips_.upper_bound(cursor().position);
    return !record_of_stop_ && (skip == skips_.end() || *skip > last);
}

bool Projection::advance_together(pqxx::connection& connection, std::span<Projection* const> projections,
                                  std::span<const FollowedEventPtr> recorded, const DecodedBatch& decoded,
                                  std::chrono::milliseconds patience) try {
    if (projections.empty() || decoded.poison) return false;
    const Cursor to{recorded.back()->position, recorded.back()->leaf_hash};
    SqlArray readers, generations;
    for (const Projection* one : projections) {
        if (!one->may_go_together(to.position)) return false;
        readers.add(one->model_.name());
        generations.add(one->generation_.number);
    }
    std::vector<DecodedEvent> kept;
    const auto events = believed(decoded.events, kept);
    // Each of them gets the time that it would have alone: else a slow one would keep all of them where they are.
    std::optional<AnswerWithin> bound;
    const auto begin_wait = [&] { bound.emplace(connection.sock(), patience); };
    begin_wait();
    pqxx::work transaction(connection);
    const auto moved =
        transaction.exec_prepared(kMoveCheckpoints, readers.parameter(), generations.parameter(),
                                  projections.front()->cursor().position, to.position, bytea_text(to.leaf_hash));
    if (moved.affected_rows() != projections.size()) return false;
    if (!events.empty())
        for (const Projection* one : projections) {
            begin_wait();
            one->model_.apply(transaction, one->generation_.number, events);
        }
    begin_wait();
    transaction.commit();
    for (Projection* one : projections) {
        if (!events.empty()) one->model_.committed();
        one->generation_.cursor = to;
        one->trouble_.clear();
    }
    return true;
} catch (const std::exception& error) {
    const Failure failure = classify(error, &connection);
    if (failure.kind == FailureKind::kConnection) throw StandDown(failure.reason);
    return false;
}

Projection::Progress Projection::advance(pqxx::connection& connection, std::span<const FollowedEventPtr> recorded,
                                         const DecodedBatch& decoded) {
    std::span<const DecodedEvent> rest(decoded.events);
    std::size_t at_most = rest.size();
    std::size_t done = 0;
    // What is behind an unreadable event was not decoded: that is for the next batch.
    while (done < std::min(recorded.size(), rest.size() + 1)) {
        const RecordedEvent& next = *recorded[done];
        const bool readable = done < rest.size();
        std::size_t count = 1;
        std::span<const DecodedEvent> events;
        if (!skips_.contains(next.position)) {
            if (!readable) {
                stop(connection, StopKind::kEvent, *decoded.poison);
                return Progress::kDone;
            }
            const auto skip = skips_.upper_bound(next.position);
            const auto to_skip = skip == skips_.end() ? rest.size() : std::size_t(*skip - next.position);
            count = std::min({at_most, rest.size() - done, to_skip});
            events = rest.subspan(done, count);
        }
        const RecordedEvent& last = *recorded[done + count - 1];
        switch (step(connection, events, {last.position, last.leaf_hash})) {
            case Step::kApplied:
                done += count;
                at_most = std::max<std::size_t>(at_most, std::min(rest.size(), 2 * count));
                break;
            case Step::kTryLater: return Progress::kTryLater;
            case Step::kRefused:
                if (count == 1) {
                    stop(connection, StopKind::kEvent, {next.position, next.type, trouble_});
                    return Progress::kDone;
                }
                at_most = count / 2;
                break;
        }
        // A stop that is recorded from an earlier try is over once the projection is past it.
        if (record_of_stop_ && done > 0) {
            or_stand_down(connection, [&] {
                pqxx::nontransaction forget(connection);
                forget.exec_params0("delete from read_models.stopped where model = $1 and generation = $2",
                                    std::string(model_.name()), generation_.number);
            });
            record_of_stop_ = false;
        }
    }
    return Progress::kDone;
}

void Projection::stop(pqxx::connection& connection, StopKind kind, Poison at) {
    at.reason.resize(std::min(at.reason.size(), kMaxReasonBytes));
    spdlog::error("projection {} (generation {}) stops at position {} ({}): {}", model_.name(), generation_.number,
                  at.position, at.event_type, at.reason);
    stop_ = Stop{kind, std::move(at)};
    or_stand_down(connection, [&] {
        pqxx::work transaction(connection);
        // Only while the checkpoint is where this process believes it to be.
        transaction.exec_params0(
            "insert into read_models.stopped as s (model, generation, kind, position, event_type, reason) "
            "select reader, generation, $4, $5, $6, $7 from keyledger.checkpoints "
            " where reader = $1 and generation = $2 and position = $3 "
            "on conflict (model, generation) do update set kind = excluded.kind, position = "
            "excluded.position, "
            "event_type = excluded.event_type, reason = excluded.reason, "
            "since = case when s.position = excluded.position then s.since else excluded.since end",
            std::string(model_.name()), generation_.number, cursor().position, std::string(name_of(kind)),
            stop_->at.position, stop_->at.event_type, stop_->at.reason);
        transaction.commit();
    });
    record_of_stop_ = true;
}

void Projection::look_for_skip(pqxx::connection& connection) {
    if (!stop_ || stop_->kind != StopKind::kEvent) return;
    or_stand_down(connection, [&] { skips_ = read_skips(connection, model_.name(), generation_.number); });
    if (!skips_.contains(stop_->at.position)) return;
    spdlog::warn("projection {} (generation {}) leaves out position {} ({}), as an operator ordered", model_.name(),
                 generation_.number, stop_->at.position, stop_->at.event_type);
    stop_.reset();
}

}  // namespace keyledger::projections
