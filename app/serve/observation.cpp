#include "app/serve/observation.hpp"

#include "app/observing/troubles.hpp"
#include "projections/hot/hot_access.hpp"
#include "reactors/engine/job_plan.hpp"

namespace keyledger::app {
namespace {

// An append that waits so long waits for something that a person should look at (a standby, a lock).
constexpr Duration kLongAppend = seconds(5);

constexpr std::chrono::seconds kLongTrouble{60};

std::chrono::steady_clock::duration troubled_for(const eventstore::audit::TreeHeadStatus& status) {
    return status.trouble.empty() ? std::chrono::steady_clock::duration::zero()
                                  : std::chrono::steady_clock::now() - status.troubled_since;
}

api::HealthCheck check_database(const Core& core) {
    const auto status = core.store.status().committer;
    if (!status.connected) return {"database", false, status.last_error.empty() ? "not connected" : status.last_error};
    if (status.in_flight > kLongAppend)
        return {"database", false, "an append is waiting for " + std::to_string(status.in_flight.ms()) + " ms"};
    return {"database", true, "connected"};
}

// Lists grow old while one stands stopped or can't be written, on every node alike, and nothing is decided by them: it
// is no reason to send requests elsewhere. `keyledger_projection_stopped` is what to be woken by.
api::HealthCheck check_projector(const Followers& followers) {
    const auto status = followers.projector();
    if (!status) return {"projector", true, "not a role of this process"};
    for (const auto& projection : status->projections)
        if (projection.stopped)
            return {"projector", false,
                    projection.model + " stopped at position " + std::to_string(projection.stopped->at.position) +
                        ": " + projection.stopped->at.reason,
                    false};
    if (!status->trouble.empty()) return {"projector", false, "does not follow the log: " + status->trouble, false};
    for (const auto& projection : status->projections)
        if (!projection.trouble.empty())
            return {"projector", false, projection.model + " does not follow the log: " + projection.trouble, false};
    return {"projector", true, "follows the log"};
}

// Neither a broker that is away nor an output that stopped is a reason to send requests elsewhere: the API does
// without, and the log keeps everything (I12). `keyledger_publisher_stopped` is what to be woken by.
api::HealthCheck check_publisher(const Followers& followers) {
    const auto outputs = followers.outputs();
    if (outputs.empty()) return {"publisher", true, "rests: not a role of this process, or no brokers"};
    std::string detail;
    bool good = true;
    for (const auto& [name, status, producer] : outputs) {
        if (!detail.empty()) detail += "; " + std::string(name) + ": ";
        const bool is_degraded = eventstore::kafka::is_stopped(status.state) || status.foreign > 0;
        if (is_degraded) detail += "degraded: ";
        good = good && !is_degraded && status.state != eventstore::kafka::PublisherState::kWaitingForBroker;
        detail += eventstore::kafka::name_of(status.state);
        if (!status.sentence.empty()) detail += ": " + status.sentence;
    }
    return {"publisher", good, detail, false};
}

// Mail that is late is no reason to send requests elsewhere. `keyledger_jobs_dead` is what to be woken by.
api::HealthCheck check_reactors(const Reactors& reactors) {
    const auto status = reactors.status();
    if (!status) return {"reactor", true, "rests: not a role of this process"};
    for (const auto& plan : status->planner.projections)
        if (plan.stopped)
            return {"reactor", false,
                    "the planner of '" + std::string(reactors::reactor_of_plan(plan.model)) + "' stopped at position " +
                        std::to_string(plan.stopped->at.position) + ": " + plan.stopped->at.reason,
                    false};
    const auto& planner = status->planner;
    if (!planner.trouble.empty()) return {"reactor", false, "does not follow the log: " + planner.trouble, false};
    std::int64_t due = 0;
    std::int64_t dead = 0;
    for (const auto& [name, performer, too_late] : status->reactors) {
        if (!performer.trouble.empty())
            return {"reactor", false, name + " does not look for jobs: " + performer.trouble, false};
        due += performer.counts.due;
        dead += performer.counts.dead;
    }
    if (dead > 0) return {"reactor", false, std::to_string(dead) + " jobs are dead: see 'keyledger jobs list'", false};
    const char* of_mail = status->sends_mail ? "" : "; sends no mail: KEYLEDGER_SMTP_URL is not set";
    return {"reactor", true, std::to_string(due) + " jobs are due" + of_mail};
}

// A log that contradicts a head is not answered from. That none can be made, kept or written to its file is no reason
// to send requests elsewhere, but one to look: until there is one again, a record that is changed shows less.
api::HealthCheck check_tree_heads(const TreeHeads& tree_heads) {
    const auto status = tree_heads.status();
    std::string detail = status.newest ? "newest at position " + std::to_string(status.newest->head.size) : "none yet";
    if (!status.trouble.empty()) detail += ": " + status.trouble;
    if (status.unopened > 0)
        detail += "; the database holds " + std::to_string(status.unopened) + " that no key of the keyring signed";
    const bool good = !status.contradicted && troubled_for(status) < kLongTrouble;
    return {"tree-heads", good, detail, status.contradicted};
}

// No reason to send requests elsewhere: each node has its own. But somebody should look at who moves those streams.
api::HealthCheck check_guesses(const Core& core) {
    const auto status = core.unrecorded_failures.status();
    if (status.is_full)
        return {"guesses", false,
                "so many failed log-ins could not be recorded that every account is closed to networks that it does "
                "not know",
                false};
    if (status.waiting == 0) return {"guesses", true, "every failed log-in is in the log"};
    return {"guesses", true,
            std::to_string(status.waiting) + " failed log-ins could not be recorded yet, and count on this node"};
}

std::vector<eventstore::kafka::PublisherStatus> states_of(const Followers& followers) {
    std::vector<eventstore::kafka::PublisherStatus> states;
    for (const auto& output : followers.outputs()) states.push_back(output.status);
    return states;
}

std::optional<std::string> trouble_with_database(const Core& core) {
    const auto status = core.store.status().committer;
    if (status.connected) return "";
    return status.last_error.empty() ? "not connected" : status.last_error;
}

}  // namespace

// Whether those who ask are answered all the same while it can't read, the check `answers` tells.
api::HealthCheck check_memory(const projections::HotStatus& status, bool are_origins_known,
                              std::chrono::steady_clock::duration since_start) {
    std::string detail = (status.caught_up ? "answers from memory, at position " : "reads the log, at position ") +
                         std::to_string(status.position);
    const bool waits = !status.caught_up && !are_origins_known && since_start < kOriginsPatience;
    if (waits) detail += ", and does not know the origins of applications yet";
    if (!status.trouble.empty()) detail += ": " + status.trouble;
    const bool good = !waits && !status.stopped && status.trouble.empty();
    return {"access", good, detail, waits || status.stopped};
}

void watch_for_outages(OutageWatch& watch, Core& core, Followers& followers) {
    watch.add("the database", [&core] { return trouble_with_database(core); });
    watch.add("Kafka", [&followers] { return trouble_with_kafka(states_of(followers)); });
}

void observe(ServiceHealth& health, Core& core, Followers& followers, Reactors& reactors, const Memory& memory,
             TreeHeads& tree_heads, Probe& probe) {
    health.add([&core] { return check_database(core); });
    health.add([&probe] { return probe.check(); });
    health.add([&core] { return core.keyring_watch.check(); });
    health.add([&core] { return check_guesses(core); });
    health.add([&followers] { return check_projector(followers); });
    health.add([&followers] { return check_publisher(followers); });
    health.add([&reactors] { return check_reactors(reactors); });
    health.add([memory, begun = std::chrono::steady_clock::now()] {
        if (!memory.is_kept) return api::HealthCheck{"access", true, "rests: not a role of this process"};
        return check_memory(memory.hot.status(), memory.origins.are_known(), std::chrono::steady_clock::now() - begun);
    });
    health.add([&tree_heads] { return check_tree_heads(tree_heads); });
}

}  // namespace keyledger::app
