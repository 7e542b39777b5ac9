#pragma once
// The planner: a projector of its own whose rows are jobs. It has the projector's lock, fence and stops; each reactor
// has a cursor, and the jobs of a batch are inserted in the transaction that moves it. What is new, a reactor or the
// identity of a log (a restore), begins at the head.
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "projections/engine/read_model.hpp"
#include "projections/engine/runner.hpp"
#include "reactors/engine/reactor.hpp"

namespace keyledger::reactors {

// The reactor outlives it.
class JobPlan : public projections::ReadModel {
public:
    // What it did, for whoever looks on from another thread; outlives it, too.
    struct Notes {
        std::atomic<std::int64_t> too_late{0};  // jobs not planned because what would cause them is a day old
        std::atomic<Position> told_up_to{0};    // `too_late` counts events up to here; by the planner's thread
        std::atomic<bool> has_planned{false};   // some, since somebody last reset it
    };
    JobPlan(const Reactor& reactor, const Uuid& log_id, Notes& notes);

    projections::Model model() const override { return {name_, 1}; }
    std::vector<std::string_view> parts() const override { return {}; }
    Beginning beginning() const override { return Beginning::kHead; }
    std::string way_out_of_another_history() const override;
    void create(pqxx::transaction_base&, int) const override {}
    void apply(pqxx::transaction_base& transaction, int generation,
               std::span<const projections::DecodedEvent> events) const override;

private:
    const Reactor& reactor_;
    Notes& notes_;
    const std::string log_id_;
    const std::string name_;  // of the log too: under another identity nothing of before counts
};

// Settings for the runner (projections::Projector) of these plans.
projections::ProjectorSettings planner_settings(std::string database_url);
// As one of the planner's models is called, back to its reactor's name.
std::string_view reactor_of_plan(std::string_view model);

}  // namespace keyledger::reactors
