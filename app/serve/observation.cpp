#include "app/serve/observation.hpp"

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
    for (const auto& [name, status] : outputs) {
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

// While it reads the log for the first time, answers are folded instead. Whether those who ask are answered all the
// same while it can't read, the check `answers` tells.
api::HealthCheck check_hot_access(const projections::HotAccess& hot) {
    const auto status = hot.status();
    std::string detail = (status.caught_up ? "answers from memory, at position " : "reads the log, at position ") +
                         std::to_string(status.position);
    if (!status.trouble.empty()) detail += ": " + status.trouble;
    return {"access", !status.stopped && status.trouble.empty(), detail, status.stopped};
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

using Samples = std::vector<Metrics::Sample>;

Samples store_samples(const Core& core) {
    const auto status = core.store.status();
    const auto& committer = status.committer;
    Samples samples;
    const auto add = [&](const char* name, const char* help, auto value) {
        samples.push_back({std::string("keyledger_append_") + name, help, {}, static_cast<double>(value)});
    };
    add("batches", "Batches sent since the start", committer.batches);
    add("commands", "Commands answered by the database since the start", committer.commands);
    add("events", "Events appended since the start", committer.events);
    add("conflicts", "Commands refused because what they read had moved", committer.conflicts);
    add("already_spent", "Commands refused because a code, link or token that is good once was presented again",
        committer.already_spent);
    add("duplicates", "Commands that had been appended before", committer.duplicates);
    add("kept_back", "Commands that waited for a batch because they depend on one before", committer.kept_back);
    add("bad_data", "Commands that the database refuses", committer.bad_data);
    add("resends", "Batches sent again after a broken connection", committer.resends);
    add("unknown_outcomes", "Commands whose outcome stayed unknown", committer.unknown_outcomes);
    add("waiting", "Commands that wait now", committer.waiting);
    add("in_flight_seconds", "How long the batch in flight has been there",
        static_cast<double>(committer.in_flight.ms()) / 1000);
    add("connected", "1 while the committer is connected", committer.connected ? 1 : 0);
    samples.push_back(
        {"keyledger_reads", "Reads of the event store since the start", {}, static_cast<double>(status.reads.reads)});
    samples.push_back({"keyledger_head_queries",
                       "Shared queries for the log's head since the start",
                       {},
                       static_cast<double>(status.heads.queries)});
    return samples;
}

Samples hashing_samples(const Core& core) {
    const auto counters = core.hashing.counters();
    return {{"keyledger_hashing_queued", "Password hashes that wait now", {}, double(counters.queued)},
            {"keyledger_hashing_running", "Password hashes that run now", {}, double(counters.running)},
            {"keyledger_hashing_started", "Password hashes since the start", {}, double(counters.started)},
            {"keyledger_hashing_shed", "Refused because the queue was full", {}, double(counters.shed)},
            {"keyledger_hashing_expired", "Expired while they waited", {}, double(counters.expired)}};
}

Samples projector_samples(const Followers& followers) {
    Samples samples;
    const auto status = followers.projector();
    if (!status) return samples;
    for (const auto& projection : status->projections) {
        const std::vector<std::pair<std::string, std::string>> labels{{"model", projection.model}};
        samples.push_back(
            {"keyledger_projection_position", "The last event applied", labels, double(projection.position)});
        samples.push_back({"keyledger_projection_lag_events", "Behind the log's head", labels,
                           double(projection.head - projection.position)});
        samples.push_back({"keyledger_projection_lag_seconds", "Since it was last level with the head", labels,
                           double(projection.behind_for.count()) / 1000});
        samples.push_back(
            {"keyledger_projection_stopped", "1 when an operator has to look", labels, projection.stopped ? 1.0 : 0.0});
    }
    return samples;
}

Samples reactor_samples(const Reactors& reactors) {
    const auto status = reactors.status();
    if (!status) return {};
    Samples samples;
    const auto add = [&](const std::string& reactor, const char* name, const char* help, double value) {
        samples.push_back({name, help, {{"reactor", reactor}}, value});
    };
    for (const auto& [name, performer, too_late] : status->reactors) {
        const auto count = [&, &reactor = name](const char* outcome, std::int64_t attempts) {
            samples.push_back({"keyledger_job_attempts",
                               "Attempts of this node since its start, by what came of them",
                               {{"reactor", reactor}, {"outcome", outcome}},
                               double(attempts)});
        };
        count("done", performer.done);
        count("futile", performer.futile);
        count("again", performer.again);
        count("dead", performer.dead);
        count("lease_lost", performer.lost_leases);
        add(name, "keyledger_jobs_too_late", "Not planned: what would cause them was a day old", double(too_late));
        add(name, "keyledger_jobs_due", "Of all nodes, now or later", double(performer.counts.due));
        add(name, "keyledger_jobs_dead", "Of all nodes: an operator has to look", double(performer.counts.dead));
        add(name, "keyledger_jobs_late_seconds", "Since when the one that waits for the longest has been due",
            performer.counts.late_s);
    }
    for (const auto& plan : status->planner.projections) {
        const std::string name(reactors::reactor_of_plan(plan.model));
        add(name, "keyledger_planner_position", "Of the reactor's cursor", double(plan.position));
        add(name, "keyledger_planner_stopped", "1 while it stands stopped", plan.stopped ? 1 : 0);
    }
    return samples;
}

Samples hot_access_samples(const projections::HotAccess& hot) {
    const auto status = hot.status();
    Samples samples;
    const auto add = [&](const char* name, const char* help, auto value) {
        samples.push_back({std::string("keyledger_access_") + name, help, {}, static_cast<double>(value)});
    };
    add("position", "The last event that answers from memory include", status.position);
    add("caught_up", "1 once answers come from memory", status.caught_up ? 1 : 0);
    add("stopped", "1 when an operator has to look", status.stopped ? 1 : 0);
    add("sessions", "Sessions in memory", status.sessions);
    add("users", "Users in memory", status.users);
    add("bytes", "Memory of sessions, users and roles", status.bytes);
    add("answers", "Answers from memory since the start", status.answers);
    add("waits", "Answers that waited until the log was applied", status.waits);
    add("snapshot_position", "Position of the newest snapshot on disk", status.snapshot_position);
    return samples;
}

Samples publisher_samples(const Followers& followers) {
    Samples samples;
    for (const auto& [name, status] : followers.outputs()) {
        const std::vector<std::pair<std::string, std::string>> labels{{"output", std::string(name)}};
        const auto lag = std::max<Position>(0, status.head - status.published);
        const bool stopped = eventstore::kafka::is_stopped(status.state);
        samples.push_back(
            {"keyledger_publisher_position", "The last event known to be in Kafka", labels, double(status.published)});
        samples.push_back(
            {"keyledger_publisher_lag_events", "Behind the log's head when it last looked", labels, double(lag)});
        samples.push_back(
            {"keyledger_publisher_records", "Records committed by this process", labels, double(status.records)});
        samples.push_back(
            {"keyledger_publisher_setbacks", "Errors after which it began anew", labels, double(status.setbacks)});
        samples.push_back({"keyledger_publisher_foreign_records", "That others wrote to its topics, when it took over",
                           labels, double(status.foreign)});
        samples.push_back(
            {"keyledger_publisher_stopped", "1 when an operator has to look", labels, stopped ? 1.0 : 0.0});
    }
    return samples;
}

Samples tree_head_samples(const TreeHeads& tree_heads) {
    const auto status = tree_heads.status();
    return {{"keyledger_tree_head_position",
             "Of the newest signed tree head that is known",
             {},
             status.newest ? double(status.newest->head.size) : 0.0},
            {"keyledger_tree_head_trouble",
             "1 while a head can't be made, kept or written; see /health/ready",
             {},
             status.trouble.empty() ? 0.0 : 1.0},
            {"keyledger_tree_head_trouble_seconds",
             "For how long that has been so",
             {},
             std::chrono::duration<double>(troubled_for(status)).count()},
            {"keyledger_tree_head_kept_position",
             "Of the newest tree head that is kept in the database",
             {},
             double(status.kept)},
            {"keyledger_tree_heads_unopened",
             "Kept in the database, and signed by no key of the keyring",
             {},
             double(status.unopened)}};
}

}  // namespace

void observe(ServiceHealth& health, Metrics& metrics, Core& core, Followers& followers, Reactors& reactors,
             projections::HotAccess& hot, TreeHeads& tree_heads, Probe& probe, api::Server& server) {
    health.add([&core] { return check_database(core); });
    health.add([&probe] { return probe.check(); });
    health.add([&core] { return core.keyring_watch.check(); });
    health.add([&core] { return check_guesses(core); });
    health.add([&followers] { return check_projector(followers); });
    health.add([&followers] { return check_publisher(followers); });
    health.add([&reactors] { return check_reactors(reactors); });
    health.add([&hot] { return check_hot_access(hot); });
    health.add([&tree_heads] { return check_tree_heads(tree_heads); });
    metrics.add([&core] { return store_samples(core); });
    metrics.add([&core] { return hashing_samples(core); });
    metrics.add([&core] {
        const auto status = core.unrecorded_failures.status();
        return Samples{{"keyledger_login_failures_unrecorded",
                        "Failed log-ins that the log has not taken yet",
                        {},
                        double(status.waiting)},
                       {"keyledger_login_failures_full",
                        "1 while so many are that strangers are kept out",
                        {},
                        status.is_full ? 1.0 : 0.0}};
    });
    metrics.add([&followers] { return projector_samples(followers); });
    metrics.add([&followers] { return publisher_samples(followers); });
    metrics.add([&reactors] { return reactor_samples(reactors); });
    metrics.add([&hot] { return hot_access_samples(hot); });
    metrics.add([&tree_heads] { return tree_head_samples(tree_heads); });
    metrics.add([&server] {
        return Samples{
            {"keyledger_http_connections", "Open now", {}, double(server.open_connections())},
            {"keyledger_http_in_flight", "Requests being answered", {}, double(server.requests_in_flight())}};
    });
}

}  // namespace keyledger::app
