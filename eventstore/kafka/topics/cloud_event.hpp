#pragma once
// An event of the log as a Kafka record: CloudEvents 1.0.2, Kafka protocol binding, binary mode. Headers are
// the context attributes and `content-type`; the value is canonical JSON (RFC 8785):
//
//     {"actor":{"id":"…" or null,"type":"user"},"data":{…},"position":7,"schema_version":1,
//      "session_id":"…" or null,"stream":{"id":"…","type":"session","version":2},"tenant":"default"}
//
// I10: `data` has the declared fields that are not personal, in the newest schema version. Personal ones are
// left out, not passed on sealed: of the envelope only what is named above and in the headers leaves.
#include <string>
#include <string_view>

#include "domain/base/time.hpp"
#include "eventstore/codec/followed_event.hpp"
#include "eventstore/kafka/client/producer.hpp"

namespace keyledger::eventstore::kafka {

// Of a position in `ce_sequence`: digits, so that text sorts as numbers do.
inline constexpr std::size_t kSequenceDigits = 19;

// Of one log. What each of its records says of it is made into text once.
class EventSource {
public:
    EventSource() : EventSource(Uuid{}, "") {}
    // `issuer` is `ce_source`; empty: urn:keyledger:log:<log id>.
    EventSource(const Uuid& log_id, std::string issuer);

    const Uuid& log_id() const { return log_id_; }
    const std::string& log_text() const { return log_text_; }  // the id as `ce_logid` has it
    const std::string& name() const { return name_; }          // `ce_source`

private:
    Uuid log_id_;
    std::string log_text_;
    std::string name_;
};

// What the topic of events has at the position of a record that the service did not write: that it is there,
// and nothing of what it says. Its key is its stream.
inline constexpr std::string_view kRecordDisavowed = "log.record_disavowed";
Record record_disavowed(const RecordedEvent& event, const EventSource& source);

// Throws CodecError for an event that this build can't read: a follower stops, it never skips.
Record cloud_event(const FollowedEvent& event, const std::string& subject, const EventSource& source);

// A position with kSequenceDigits digits.
std::string sequence_of(Position position);
// RFC 3339, UTC, with milliseconds.
std::string rfc3339(Instant at);

}  // namespace keyledger::eventstore::kafka
