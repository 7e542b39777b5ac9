#pragma once
// What the publisher is doing, for readiness, metrics and people.
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/base/declare.hpp"

namespace keyledger::eventstore::kafka {

enum class PublisherState {
    kNotStarted,
    kStarting,  // takes over: topics, transactional id, position
    kPublishing,
    kStandby,           // another process publishes
    kWaitingForBroker,  // keeps trying; the backlog drains later (I12)
    kWaitingForLog,     // keeps trying
    kRecovering,        // a transaction failed; begins anew from what Kafka holds
    kEnded,             // by `stop`
    // It stopped and needs a person, then a restart. To go on would lose, double or misorder events (I9).
    kStoppedTopicMissing,     // a topic that held events is gone
    kStoppedTopicMismatch,    // a topic has other settings
    kStoppedPositionMissing,  // Kafka has no position record, though this log was published
    kStoppedPositionUnreadable,
    kStoppedBehindCheckpoint,  // Kafka's position is before what this log knows was published
    kStoppedAheadOfLog,        // Kafka has events that this log does not
    kStoppedOtherHistory,      // the event at Kafka's position has another leaf hash here
    kStoppedOtherLog,          // Kafka's records are of a log with another id
    kStoppedEventsMissing,     // the events topic lacks what the position record says is there
    kStoppedRecordRefused,     // Kafka will never take one of the records, or one of the client's settings
    kStoppedEventUnreadable,   // an event that this build can't read
    kStoppedHole,              // I1 is broken
    kStoppedDefect,            // an exception that nobody expected
};

std::string_view name_of(PublisherState state);
constexpr bool is_stopped(PublisherState state) { return state >= PublisherState::kStoppedTopicMissing; }

struct PublisherStatus {
    PublisherState state = PublisherState::kNotStarted;
    std::string sentence;      // what happened, and what to do about it
    Position published = 0;    // the last event that is known to be in Kafka; 0 until it published or took over
    Position head = 0;         // of the log, when it last looked
    std::int64_t records = 0;  // sent and committed by this process
    std::int64_t transactions = 0;
    std::int64_t takeovers = 0;  // successful starts, with and without an error before
    std::int64_t setbacks = 0;   // errors that it had to begin anew after
    std::int64_t foreign = 0;    // records that somebody else wrote to the output's topics, found when it took over
};

}  // namespace keyledger::eventstore::kafka
