#pragma once
// A publisher with a scripted log on the real broker, and what must hold of what it wrote.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "eventstore/kafka/publishing/publisher.hpp"
#include "tests/eventstore/kafka/record_keys.hpp"
#include "tests/eventstore/kafka/scripted_log.hpp"
#include "tests/support/kafka/kafka.hpp"

namespace keyledger::test {

inline constexpr auto kPatience = std::chrono::seconds(60);
inline constexpr std::int32_t kPartitions = 4;

// Follows from the test's name, so a failure can be repeated; printed when a test fails.
std::uint64_t seed_of_test();

struct Rig {
    explicit Rig(std::uint64_t seed = seed_of_test(), std::string at = kafka_brokers())
        : log(seed), brokers(std::move(at)) {}

    eventstore::kafka::PublisherOptions options() const;
    std::unique_ptr<eventstore::kafka::Publisher> publisher(eventstore::kafka::PublisherOptions options);
    std::unique_ptr<eventstore::kafka::Publisher> publisher() { return publisher(options()); }
    // Starts one, waits until the whole log is published, stops it.
    void publish_all();
    // Starts one and waits until it is in that state; the sentence it gave.
    std::string state_after_start(eventstore::kafka::PublisherState state);

    std::string events_topic() const { return prefix.text() + ".events.v1"; }
    std::string positions_topic() const { return prefix.text() + ".publisher.v1"; }

    TopicPrefix prefix;
    ScriptedLog log;
    MemoryCursor cursors;
    AlwaysLeads leadership;
    std::string brokers;
    std::shared_ptr<const eventstore::EventMacs> macs = std::make_shared<RecordKeys>();
};

::testing::AssertionResult reaches(const eventstore::kafka::Publisher& publisher, Position position);
::testing::AssertionResult enters(const eventstore::kafka::Publisher& publisher,
                                  eventstore::kafka::PublisherState state);

// I9: a read_committed consumer sees every position of the log once, with its event, under its subject's key,
// and each subject's events in order.
void expect_each_event_once(const std::vector<ConsumedRecord>& records, const ScriptedLog& log);
inline void expect_each_event_once(const Rig& rig) {
    expect_each_event_once(read_topic(rig.brokers, rig.events_topic()), rig.log);
}

}  // namespace keyledger::test
