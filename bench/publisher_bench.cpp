// How fast a log reaches Kafka: records a second in transactions of 20, 1,000 and 10,000 events, and at 2,000
// events/s the time from an event's being appended to its being seen by a read_committed consumer. Against
// the broker in KEYLEDGER_TEST_KAFKA_BROKERS; the log is in memory, so PostgreSQL is not in these figures.
//     publisher_bench [EVENTS_PER_SECOND [SECONDS]]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "bench/topic_watcher.hpp"
#include "eventstore/kafka/publishing/publisher.hpp"
#include "tests/eventstore/kafka/record_keys.hpp"
#include "tests/eventstore/kafka/scripted_log.hpp"
#include "tests/support/kafka/kafka.hpp"

namespace {

using namespace keyledger;
using namespace keyledger::eventstore::kafka;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSeed = 1;
constexpr std::size_t kUsers = 1000;
constexpr auto kPatience = std::chrono::minutes(2);

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

PublisherOptions options_for(const test::TopicPrefix& prefix) {
    PublisherOptions options;
    options.client.brokers = test::kafka_brokers();
    options.macs = std::make_shared<test::RecordKeys>();
    options.topics = {prefix.text(), 12, {1, 0}};
    return options;
}

void measure_throughput(std::int32_t transaction_events, std::size_t events) {
    const test::TopicPrefix prefix;
    test::ScriptedLog log(kSeed, kUsers);
    test::MemoryCursor cursors;
    test::AlwaysLeads leadership;
    PublisherOptions options = options_for(prefix);
    options.max_transaction_events = transaction_events;
    Publisher publisher(options, {log, cursors, leadership, log});
    log.grow(20);
    publisher.start();
    if (!publisher.await([](const PublisherStatus& status) { return status.published == 20; }, kPatience))
        throw std::runtime_error("the publisher does not begin: " + publisher.status().sentence);
    log.grow(events);  // counted with the rest: it is a few microseconds an event
    const auto start = Clock::now();
    const auto wanted = log.size();
    const auto done = publisher.await([&](const auto& status) { return status.published >= wanted; }, kPatience);
    const double seconds = seconds_since(start);
    const PublisherStatus status = publisher.status();
    publisher.stop();
    if (!done) throw std::runtime_error("the publisher did not finish: " + status.sentence);
    std::printf("%6d events a transaction: %9.0f records/s, %6.1f ms a transaction\n", transaction_events,
                static_cast<double>(events) / seconds, 1000.0 * seconds / static_cast<double>(status.transactions - 1));
    std::printf(R"({"figure":"kafka throughput","transaction_events":%d,"rate":%.0f})"
                "\n",
                transaction_events, static_cast<double>(events) / seconds);
}

void measure_latency(int events_per_second, int seconds) {
    const test::TopicPrefix prefix;
    test::ScriptedLog log(kSeed, kUsers);
    test::MemoryCursor cursors;
    test::AlwaysLeads leadership;
    PublisherOptions options = options_for(prefix);
    options.visible_within = kEventsVisibleWithin;  // as the service
    Publisher publisher(options, {log, cursors, leadership, log});
    publisher.start();
    if (!publisher.await([](const auto& status) { return status.state == PublisherState::kPublishing; }, kPatience))
        throw std::runtime_error("the publisher does not begin: " + publisher.status().sentence);
    const Position last = static_cast<Position>(events_per_second) * seconds;
    bench::TopicWatcher watcher(test::kafka_brokers(), prefix.text() + ".events.v1", 12);
    std::vector<Clock::time_point> appended(static_cast<std::size_t>(last) + 1);
    const auto start = Clock::now();
    for (Position position = 1; position <= last; ++position) {
        // The rate itself.
        std::this_thread::sleep_until(start + std::chrono::microseconds(1'000'000LL * position / events_per_second));
        appended[static_cast<std::size_t>(position)] = Clock::now();
        log.grow(1);
    }
    const bool all_seen = watcher.await(last, kPatience);
    publisher.stop();
    if (!all_seen) throw std::runtime_error("the consumer did not see every event");
    std::vector<double> milliseconds;
    for (Position position = 1; position <= last; ++position) {
        const auto took = *watcher.seen(position) - appended[static_cast<std::size_t>(position)];
        milliseconds.push_back(std::chrono::duration<double, std::milli>(took).count());
    }
    std::sort(milliseconds.begin(), milliseconds.end());
    auto quantile = [&](double q) { return milliseconds[static_cast<std::size_t>(q * static_cast<double>(last - 1))]; };
    std::printf("%d events/s for %d s, appended to consumed: p50 %.1f ms, p99 %.1f ms, p99.9 %.1f ms, max %.1f ms; "
                "%lld transactions\n",
                events_per_second, seconds, quantile(0.5), quantile(0.99), quantile(0.999), quantile(1),
                static_cast<long long>(publisher.status().transactions));
    std::printf(R"({"figure":"kafka visible","events_per_second":%d,"p50_ms":%.2f,"p99_ms":%.2f})"
                "\n",
                events_per_second, quantile(0.5), quantile(0.99));
}

}  // namespace

int main(int count, char** arguments) {
    const int events_per_second = count > 1 ? std::atoi(arguments[1]) : 2000;
    const int seconds = count > 2 ? std::atoi(arguments[2]) : 20;
    if (events_per_second < 1 || seconds < 1) {
        std::fprintf(stderr, "usage: publisher_bench [EVENTS_PER_SECOND [SECONDS]]\n");
        return 2;
    }
    try {
        measure_throughput(20, 4'000);
        measure_throughput(1'000, 100'000);
        measure_throughput(10'000, 300'000);
        measure_latency(events_per_second, seconds);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "publisher_bench: %s\n", error.what());
        return 1;
    }
    return 0;
}
