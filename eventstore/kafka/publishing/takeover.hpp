#pragma once
// How a publisher learns from Kafka where to go on. Called after `init` has fenced every other producer, so
// that what it reads can't change under it.
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "eventstore/kafka/client/client.hpp"
#include "eventstore/kafka/publishing/output.hpp"
#include "eventstore/kafka/publishing/publisher_status.hpp"
#include "eventstore/kafka/topics/position_record.hpp"
#include "eventstore/kafka/topics/record_mac.hpp"
#include "eventstore/kafka/topics/topics.hpp"
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

// Records that this service did not write, though they are in its topics.
struct ForeignRecordCount {
    std::int64_t count = 0;
    std::string where;  // the first one
};

struct ResumePoint {
    Cursor cursor;                      // of the position record: everything up to it is in Kafka
    std::vector<std::int64_t> offsets;  // for the next position record
    // Records of events after the cursor that Kafka holds although no position record says so, and the
    // events' ids. A delayed end of transaction can commit a part of the transaction after it
    // (librdkafka 2.0.2 has one epoch for both). They are not sent again.
    struct Place {
        Position position = 0;
        std::size_t topic = 0;
        std::string key;
        auto operator<=>(const Place&) const = default;
    };
    std::map<Place, std::string> already_there;
    Position signed_from = 0;  // of the position record
    ForeignRecordCount foreign;
};

// Whose takeover it is.
struct Candidate {
    OutputKind kind;
    Output& output;
    LogSource& source;
    Cursor checkpoint;
    RecordMacs& macs;
    std::function<bool()> stopping;
};

// Records that the service did not write are skipped and counted. A record without a MAC is the service's only if no
// record before had one.
//
// Reads the position topic to its end, then each partition of the output's topics (from the offsets in the
// record where every event is kept; from its beginning where the latest state is, which the output learns
// from it), and compares with the log and with the checkpoint that this log keeps of its publishing.
Result<ResumePoint, Setback> take_over(const ClientOptions& options, const TopicSettings& topics,
                                       const Candidate& candidate);

}  // namespace keyledger::eventstore::kafka
