#pragma once
// What of the log goes to which topics. A publisher has one; each has topics, a transactional id, a position
// record, a leader and a checkpoint of its own, so that one that stops does not stop the other.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/result.hpp"
#include "eventstore/kafka/client/producer.hpp"
#include "eventstore/kafka/client/topic_reader.hpp"
#include "eventstore/kafka/topics/cloud_event.hpp"
#include "eventstore/kafka/topics/topics.hpp"
#include "eventstore/log_source.hpp"
#include "eventstore/stream_origins.hpp"

namespace keyledger::eventstore::kafka {

struct Outgoing {
    std::size_t topic = 0;  // index in `topics()`
    Record record;
};

// Used by the publisher's thread alone.
class Output {
public:
    virtual ~Output() = default;
    virtual std::vector<OutputTopic> topics() const = 0;

    // Asks whatever has to be asked about the events, all at once, before the first of them is dealt with.
    virtual Result<void, ReadError> prepare(const FollowedEvents& events) = 0;
    // What the next event sends, in order; nothing for one that changes nothing. The same events after the
    // same history send the same. Throws CodecError for an event that this build can't read.
    virtual std::vector<Outgoing> records_of(const FollowedEvent& event, const EventSource& source) = 0;

    // ---- Taking over: whatever was remembered is forgotten, for its transaction may have failed, and
    // learned again from the records of topics that keep the latest, or from the log's events from 1 on.
    virtual void forget() = 0;
    virtual void restore(std::size_t topic, const ReadRecord& record) = 0;
    virtual void replay(const FollowedEvent& event) = 0;
};

enum class OutputKind {
    kEvents,  // every event, as it happened
    kState,   // users and sessions as they are
};
std::string_view name_of(OutputKind kind);  // the key of its position record
std::unique_ptr<Output> make_output(OutputKind kind, const TopicSettings& topics, StreamOrigins& origins);

}  // namespace keyledger::eventstore::kafka
