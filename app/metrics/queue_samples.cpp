#include <algorithm>
#include <optional>

#include "app/metrics/samples_of.hpp"
#include "projections/engine/counts/query_counts.hpp"

namespace keyledger::app {
namespace {

// As far as one says it of itself.
struct Queue {
    const char* name;
    std::size_t workers = 1;
    std::size_t places = 0;
    std::uint64_t waiting = 0;
    std::optional<std::size_t> running{};
    std::uint64_t taken = 0;
    std::optional<std::uint64_t> shed{};
    std::optional<std::uint64_t> expired{};
};

void show(const Queue& queue, Samples& samples) {
    SamplesOf shown("keyledger_queue_", {{"queue", queue.name}});
    shown.add("workers", "Threads, or what is worked on at once", queue.workers)
        .add("places", "Entries that may wait", queue.places)
        .add("waiting", "Entries that wait", queue.waiting)
        .add("taken_total", "Entries whose turn came", queue.taken);
    if (queue.running) shown.add("running", "Entries that are worked on", *queue.running);
    if (queue.shed) shown.add("shed_total", "Entries refused because the queue was full", *queue.shed);
    if (queue.expired) shown.add("expired_total", "Entries that waited until nobody wanted them", *queue.expired);
    shown.move_to(samples);
}

}  // namespace

Samples queue_samples(const Observed& observed) {
    Samples samples;
    const auto store = observed.core.store.status();
    const auto& appends = store.committer;
    show({"appends",
          1,
          eventstore::postgres::CommitterSettings{}.max_waiting_commands,
          appends.waiting,
          {},
          appends.commands,
          appends.shed,
          appends.expired},
         samples);
    show({"reads",
          store.reads.threads,
          store.reads.most_waiting,
          store.reads.waiting,
          {},
          store.reads.reads,
          store.reads.refused,
          store.reads.expired},
         samples);
    const auto queries = projections::counts_of(observed.queries);
    show({"queries", queries.threads, queries.most_waiting, queries.waiting, {}, queries.asked, queries.shed, {}},
         samples);
    const auto hashes = observed.core.hashing.counters();
    show({"hashes", hashes.threads, hashes.most_queued, hashes.queued, hashes.running, hashes.started, hashes.shed,
          hashes.expired},
         samples);
    const auto limits = observed.core.shared_limits.counts();
    show({"limits", 1, limits.most_waiting, limits.waiting, {}, limits.requests, {}, {}}, samples);
    const auto outgoing = observed.outgoing.counts();
    show({"outgoing",
          outgoing.at_once,
          outgoing.most_waiting,
          outgoing.asked - std::min(outgoing.asked, outgoing.running),
          outgoing.running,
          outgoing.begun,
          outgoing.shed,
          {}},
         samples);
    const auto reactors = observed.reactors.status();
    if (reactors && reactors->sends_mail) {
        const auto& mail = reactors->mail;
        const std::uint64_t answered = mail.sent + mail.again + mail.refused;
        // A mail that is just being shed may count as that alone yet.
        show({"mail",
              mail.threads,
              mail.most_queued,
              mail.queued,
              mail.running,
              answered - std::min(answered, mail.shed),
              mail.shed,
              {}},
             samples);
    }
    SamplesOf("keyledger_hash_")
        .add("duration_seconds", "What a password hash took, without its wait", hashes.hash_ns, kNanoseconds)
        .move_to(samples);
    return samples;
}

}  // namespace keyledger::app
