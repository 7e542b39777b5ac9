#include <map>

#include "app/metrics/samples_of.hpp"
#include "eventstore/postgres/connection/session_counts.hpp"

namespace keyledger::app {

Samples append_samples(const Core& core) {
    const auto status = core.store.status();
    const auto& committer = status.committer;
    Samples samples =
        SamplesOf("keyledger_append_")
            .add("connected", "1 while the committer has a session", committer.connected)
            .add("in_flight_seconds", "How long the batch in flight has been there",
                 static_cast<double>(committer.in_flight.ms()) / 1000)
            .add("batch_commands", "Commands of a batch that was sent", status.batches.commands, 1)
            .add("batch_duration_seconds", "From sending a batch to its verdicts", status.batches.ns, kNanoseconds)
            .add("batches_total", "Batches sent", committer.batches)
            .add("commands_total", "Commands answered by the database", committer.commands)
            .add("events_total", "Events appended", committer.events)
            .add("conflicts_total", "Commands refused because what they read had moved", committer.conflicts)
            .add("already_spent_total",
                 "Commands refused because a code, link or token that is good once was presented again",
                 committer.already_spent)
            .add("claims_taken_total", "Commands refused because a name was somebody else's", committer.claims_taken)
            .add("duplicates_total", "Commands that had been appended before", committer.duplicates)
            .add("kept_back_total", "Commands that waited for a batch because they depend on one before",
                 committer.kept_back)
            .add("bad_data_total", "Commands that the database refuses", committer.bad_data)
            .add("resends_total", "Batches sent again after a broken session", committer.resends)
            .add("unknown_outcomes_total", "Commands whose outcome stayed unknown", committer.unknown_outcomes)
            .add("unavailable_total", "Commands refused because the database was away", committer.unavailable)
            .take();
    SamplesOf("keyledger_")
        .add("head_queries_total", "Queries for the log's head", status.heads.queries)
        .add("head_answers_total", "Requests that were told the head; many share a query", status.heads.answers)
        .add("read_failures_total", "Reads of streams that failed", status.reads.failures)
        .move_to(samples);
    return samples;
}

Samples session_samples() {
    const auto counts = eventstore::postgres::session_counts();
    return SamplesOf("keyledger_postgres_")
        .add("sessions", "Sessions with PostgreSQL that are open", counts.open)
        .add("sessions_opened_total", "Sessions that were opened", counts.opened)
        .add("session_failures_total", "Attempts to open one that failed", counts.failed)
        .add("session_opening_duration_seconds", "What opening one took: network, TLS, authentication",
             counts.opening_ns, kNanoseconds)
        .take();
}

Samples limit_samples(const Core& core) {
    const auto counts = core.shared_limits.counts();
    Samples samples =
        SamplesOf("keyledger_limit_")
            .add("statements_total", "Statements for the limits that all nodes share", counts.statements)
            .add("failures_total", "Requests that could not be counted, and were refused for that", counts.failures)
            .take();
    // Several rows may have one name.
    std::map<std::string_view, std::uint64_t> refusals;
    for (std::size_t limit = 0; limit < kLimitCount; ++limit)
        if (!kLimitNames[limit].name.empty()) refusals[kLimitNames[limit].name] += core.limits.refusals(limit);
    for (const auto& [name, count] : refusals)
        SamplesOf("keyledger_limit_", {{"limit", std::string(name)}})
            .add("refusals_total", "Times that a limit had no room for what was asked", count)
            .move_to(samples);
    return samples;
}

}  // namespace keyledger::app
