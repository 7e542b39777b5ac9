#include <algorithm>

#include "app/metrics/samples_of.hpp"
#include "reactors/engine/job_plan.hpp"

namespace keyledger::app {
namespace {

using eventstore::kafka::PublisherState;

double seconds_of(std::chrono::milliseconds time) { return static_cast<double>(time.count()) / 1000; }

void show_follower(const projections::ProjectionStatus& status, SamplesOf shown, Samples& samples) {
    shown.add("position", "The last event that it applied", status.position)
        .add("lag_events", "Events behind the log's head", std::max<Position>(0, status.head - status.position))
        .add("lag_seconds", "Since it was last level with the head", seconds_of(status.behind_for))
        .add("stopped", "1 when an operator has to look", status.stopped.has_value())
        .move_to(samples);
}

}  // namespace

Position newest_known(const Observed& observed) {
    Position newest = std::max(observed.core.store.status().heads.position, observed.hot.status().position);
    if (const auto projector = observed.followers.projector())
        for (const auto& one : projector->projections) newest = std::max({newest, one.head, one.position});
    for (const auto& output : observed.followers.outputs())
        newest = std::max({newest, output.status.head, output.status.published});
    return newest;
}

Samples log_samples(const Observed& observed) {
    const eventstore::LogTailCounts tail = observed.core.tail->counts();
    return SamplesOf("keyledger_log_")
        .add("position", "The newest event that this node has heard of", newest_known(observed))
        .add("events_from_memory_total", "Events that followers of the log took from memory", tail.from_memory)
        .add("events_read_total", "Events that followers of the log read from the database", tail.from_log)
        .take();
}

Samples projector_samples(const Followers& followers) {
    Samples samples;
    const auto status = followers.projector();
    if (!status) return samples;
    SamplesOf("keyledger_projector_")
        .add("leading", "1 while this node keeps the read models",
             status->phase == projections::ProjectorStatus::Phase::kLeading)
        .move_to(samples);
    for (const auto& one : status->projections)
        show_follower(one, SamplesOf("keyledger_projection_", {{"model", one.model}}), samples);
    return samples;
}

Samples reactor_samples(const Reactors& reactors) {
    const auto status = reactors.status();
    Samples samples;
    if (!status) return samples;
    for (const auto& [name, performer, too_late] : status->reactors) {
        const std::pair<const char*, std::int64_t> outcomes[] = {{"done", performer.done},
                                                                 {"futile", performer.futile},
                                                                 {"again", performer.again},
                                                                 {"dead", performer.dead},
                                                                 {"lease_lost", performer.lost_leases}};
        for (const auto& [outcome, count] : outcomes)
            SamplesOf("keyledger_job_", {{"reactor", name}, {"outcome", outcome}})
                .add("attempts_total", "Attempts of this node, by what came of them", count)
                .move_to(samples);
        const std::pair<const char*, std::int64_t> states[] = {{"due", performer.counts.due},
                                                               {"dead", performer.counts.dead}};
        for (const auto& [state, count] : states)
            SamplesOf("keyledger_", {{"reactor", name}, {"state", state}})
                .add("jobs", "Jobs of all nodes: due now or later, or dead, for an operator", count)
                .move_to(samples);
        SamplesOf("keyledger_jobs_", {{"reactor", name}})
            .add("late_seconds", "Since when the one that waits for the longest has been due", performer.counts.late_s)
            .add("too_late_total", "Not planned: what would cause them was a day old", too_late)
            .move_to(samples);
    }
    for (const auto& plan : status->planner.projections) {
        const std::string name(reactors::reactor_of_plan(plan.model));
        show_follower(plan, SamplesOf("keyledger_planner_", {{"reactor", name}}), samples);
    }
    if (!status->sends_mail) return samples;
    const std::pair<const char*, std::uint64_t> deliveries[] = {
        {"sent", status->mail.sent}, {"again", status->mail.again}, {"refused", status->mail.refused}};
    for (const auto& [outcome, count] : deliveries)
        SamplesOf("keyledger_mail_", {{"outcome", outcome}})
            .add("deliveries_total", "Mails handed to the server, or kept for later, or refused", count)
            .move_to(samples);
    return samples;
}

Samples publisher_samples(const Followers& followers) {
    Samples samples;
    for (const auto& [name, status, producer] : followers.outputs())
        SamplesOf("keyledger_publisher_", {{"output", std::string(name)}})
            .add("publishing", "1 while this node publishes", status.state == PublisherState::kPublishing)
            .add("stopped", "1 when an operator has to look", eventstore::kafka::is_stopped(status.state))
            .add("position", "The last event known to be in Kafka", status.published)
            .add("lag_events", "Events behind the log's head when it last looked",
                 std::max<Position>(0, status.head - status.published))
            .add("records_total", "Records committed by this node", status.records)
            .add("transactions_total", "Transactions committed by this node", status.transactions)
            .add("setbacks_total", "Errors after which it began anew", status.setbacks)
            .add("foreign_records", "That others wrote to its topics, when it took over", status.foreign)
            .move_to(samples);
    return samples;
}

Samples kafka_samples(const Followers& followers) {
    Samples samples;
    for (const auto& output : followers.outputs()) {
        if (!output.producer) continue;
        const std::string name(output.name);
        const auto& producer = *output.producer;
        SamplesOf("keyledger_kafka_", {{"output", name}})
            .add("queued_records", "Records that wait to be sent or acknowledged", producer.queued_records)
            .add("queued_bytes", "Bytes of these", producer.queued_bytes)
            .add("sent_records_total", "Records sent by the producer of now", producer.sent_records)
            .add("sent_bytes_total", "Bytes of these", producer.sent_bytes)
            .move_to(samples);
        for (const auto& broker : producer.brokers)
            SamplesOf("keyledger_kafka_broker_", {{"output", name}, {"broker", std::to_string(broker.id)}})
                .add("up", "1 while there is a connection to it", broker.is_up)
                .add("waiting_requests", "Requests that were not sent yet", broker.waiting_requests)
                .add("unanswered_requests", "Requests that wait for an answer", broker.unanswered_requests)
                .add("requests_total", "Requests sent", broker.sent_requests)
                .add("send_errors_total", "Errors while sending", broker.send_errors)
                .add("receive_errors_total", "Errors while receiving", broker.receive_errors)
                .add("retries_total", "Requests sent again", broker.retries)
                .add("timeouts_total", "Requests that were not answered in time", broker.timeouts)
                .add("round_trip_mean_seconds", "Of requests in the last ten seconds", broker.round_trip_mean_s)
                .add("round_trip_p99_seconds", "Of these, what 99 of 100 stayed below", broker.round_trip_p99_s)
                .move_to(samples);
    }
    return samples;
}

Samples hot_access_samples(const Observed& observed) {
    const auto status = observed.hot.status();
    return SamplesOf("keyledger_access_")
        .add("position", "The last event that answers from memory include", status.position)
        .add("lag_events", "Events behind the newest that this node has heard of",
             std::max<Position>(0, newest_known(observed) - status.position))
        .add("caught_up", "1 once answers come from memory", status.caught_up)
        .add("stopped", "1 when an operator has to look", status.stopped)
        .add("sessions", "Sessions in memory", status.sessions)
        .add("users", "Users in memory", status.users)
        .add("bytes", "Memory of sessions, users and roles", status.bytes)
        .add("answers_total", "Answers from memory", status.answers)
        .add("waits_total", "Answers that waited until the log was applied", status.waits)
        .add("waiting", "Requests that wait for that now", status.waiting)
        .add("snapshot_position", "Position of the newest snapshot on disk", status.snapshot_position)
        .take();
}

Samples tree_head_samples(const TreeHeads& tree_heads) {
    const auto status = tree_heads.status();
    const bool is_troubled = !status.trouble.empty();
    const auto since = is_troubled ? std::chrono::steady_clock::now() - status.troubled_since
                                   : std::chrono::steady_clock::duration::zero();
    return SamplesOf("keyledger_tree_head")
        .add("_position", "Of the newest signed tree head that is known",
             status.newest ? status.newest->head.size : Position{0})
        .add("_kept_position", "Of the newest tree head that is kept in the database", status.kept)
        .add("_trouble", "1 while a head can't be made, kept or written; see /health/ready", is_troubled)
        .add("_trouble_seconds", "For how long that has been so", std::chrono::duration<double>(since).count())
        .add("_contradicted", "1 when the log contradicts a head that was signed", status.contradicted)
        .add("s_unopened", "Kept in the database, and signed by no key of the keyring", status.unopened)
        .take();
}

}  // namespace keyledger::app
