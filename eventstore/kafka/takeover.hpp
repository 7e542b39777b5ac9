#pragma once
// How a publisher learns from Kafka where to go on. Called after `init` has fenced every other producer, so
// that what it reads can't change under it.
#include <map>
#include <string>
#include <vector>

#include "eventstore/kafka/client.hpp"
#include "eventstore/kafka/position_record.hpp"
#include "eventstore/kafka/publisher_status.hpp"
#include "eventstore/kafka/topics.hpp"
#include "eventstore/log_source.hpp"

namespace keyledger::eventstore::kafka {

// Why it can't publish now: a state to be in, and what happened.
struct Setback {
    PublisherState state = PublisherState::kRecovering;
    std::string sentence;
};
Setback setback_of(const KafkaError& error);
Setback setback_of(ReadError error, std::string_view during);
Setback setback_of(const TopicProblem& problem);

struct Standing {
    Cursor cursor;                      // of the position record: everything up to it is in Kafka
    std::vector<std::int64_t> offsets;  // for the next position record
    // Events after the cursor that Kafka holds although no position record says so: position to event id. A
    // delayed end of transaction can commit a part of the transaction after it (librdkafka 2.0.2 has one
    // epoch for both). They are not sent again.
    std::map<Position, std::string> already_there;
};

// Reads the position topic to its end, then each events partition from the offsets in the record, and
// compares with the log and with the checkpoint that this log keeps of its publishing.
Result<Standing, Setback> take_over(const ClientOptions& options, const TopicSettings& topics,
                                    LogSource& source, const Cursor& checkpoint);

}  // namespace keyledger::eventstore::kafka
