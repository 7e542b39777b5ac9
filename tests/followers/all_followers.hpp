#pragma once
// All who follow the log in a process, as a node has them (app/serve/), and what they make of it as text. Whoever comes
// to follow it, too, belongs here.
//
// Not here: tree heads, which follow the log for leaf hashes alone (tests/eventstore/audit/tree_head_follow_test.cpp),
// rebuilds, which read the database by themselves, and traces, which look on.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/log_source.hpp"
#include "projections/engine/runner.hpp"
#include "projections/hot/hot_access.hpp"
#include "reactors/engine/job_plan.hpp"
#include "tests/followers/kept_records.hpp"
#include "tests/support/postgres/postgres.hpp"

namespace keyledger::test {

// Of equal logs they are equal, wherever each follower took each event from.
struct Effects {
    std::vector<std::string> tables;   // of each read model, all rows of it
    std::vector<std::string> jobs;     // that were planned
    std::vector<std::string> answers;  // of the memory, about everybody
    std::vector<std::string> events;   // records for the topic of events, in order
    std::vector<std::string> states;   // and for the topics of states
    std::vector<std::string> places;   // where each stands, and why it stopped there
    bool anybody_stopped = false;
};
void expect_same(const Effects& one, const Effects& other);

class AllFollowers {
public:
    using MakeSource = std::function<std::unique_ptr<eventstore::LogSource>()>;
    // Begin at once, each with a source of its own; `database` is for their tables. It and the cipher outlive them.
    AllFollowers(const Database& database, eventstore::SubjectCipher& cipher, const MakeSource& source);
    ~AllFollowers();

    void hint();
    // Each is there, or has stopped.
    testing::AssertionResult reach(const eventstore::Head& head);
    Effects effects(const eventstore::Head& head);

private:
    // Plans a job for every event, which nobody performs.
    class PlansEach;
    bool is_there(Position head) const;
    std::vector<std::string> answers(const eventstore::Head& head);
    std::vector<std::string> places(bool& anybody_stopped) const;

    const Database& database_;
    std::unique_ptr<PlansEach> reactor_;
    reactors::JobPlan::Notes planned_;
    std::size_t models_ = 0;
    std::optional<projections::Projector> projector_;
    std::optional<projections::Projector> planner_;
    std::optional<projections::HotAccess> hot_;
    std::optional<KeptRecords> events_;
    std::optional<KeptRecords> states_;
};

}  // namespace keyledger::test
