#include "eventstore/kafka/publishing/takeover.hpp"

#include <charconv>

#include "eventstore/kafka/client/topic_reader.hpp"
#include "eventstore/kafka/publishing/limits.hpp"

namespace keyledger::eventstore::kafka {
namespace {

using State = PublisherState;
using Time = std::chrono::steady_clock::time_point;

Unexpected<Setback> stop(State state, std::string sentence) { return Unexpected(Setback{state, std::move(sentence)}); }
std::string number(std::int64_t value) { return std::to_string(value); }

std::string place_of(const std::string& topic, const ReadRecord& one) {
    return topic + ", partition " + number(one.partition()) + ", offset " + number(one.offset());
}

void pass_over(ForeignRecordCount& foreign, const std::string& topic, const ReadRecord& one) {
    if (foreign.count++ == 0) foreign.where = place_of(topic, one);
}

struct PositionTopicEnd {  // of the position topic
    std::optional<PositionRecord> record;
    bool is_signed = false;
    bool unreadable = false;
};

// One record of the output. What has no MAC counts until the first that has one; a record that goes back was
// written once more by somebody else.
void take_word(PositionTopicEnd& found, ForeignRecordCount& foreign, const std::string& topic, const ReadRecord& one,
               RecordMacs& macs, const Uuid& log_id) {
    auto record = decode_position_record(one.value());
    switch (macs.writer_of(one, topic, record ? record->log_id : log_id)) {
        case RecordWriter::kService:
            if (found.is_signed && record && found.record && record->log_id == found.record->log_id &&
                record->cursor.position < found.record->cursor.position)
                return pass_over(foreign, topic, one);
            found.unreadable = !record;  // of a version that this build does not know
            found.record = std::move(record);
            found.is_signed = true;
            return;
        case RecordWriter::kUnnamed:
            if (found.is_signed || !record || record->signed_from > 0) return pass_over(foreign, topic, one);
            found.record = std::move(record);
            return;
        case RecordWriter::kOther: return pass_over(foreign, topic, one);
    }
}

Result<PositionTopicEnd, Setback> read_position(TopicReader& reader, const TopicSettings& topics,
                                                const Candidate& candidate, const Uuid& log_id,
                                                ForeignRecordCount& foreign, Time deadline) {
    const std::string_view output = name_of(candidate.kind);
    auto bounds = reader.bounds(topics.positions(), 1, deadline);
    if (!bounds) return Unexpected(setback_of(bounds.error()));
    PositionTopicEnd found;
    auto read = reader.read(topics.positions(), {bounds->front().first}, *bounds, deadline, [&](const ReadRecord& one) {
        if (one.key() != output) return TopicReader::Then::kGoOn;
        take_word(found, foreign, topics.positions(), one, candidate.macs, log_id);
        return TopicReader::Then::kGoOn;
    });
    if (!read) return Unexpected(setback_of(read.error()));
    return found;
}

// Both ways: what Kafka says of itself against what the log says of itself and of Kafka.
Result<void, Setback> compare(const PositionRecord& record, const Cursor& checkpoint, const Head& head,
                              LogSource& source) {
    const Cursor& kafka = record.cursor;
    if (record.log_id != head.log_id)
        return stop(State::kStoppedOtherLog,
                    "Kafka's position record is of log " + record.log_id.to_string() + ", this log is " +
                        head.log_id.to_string() +
                        ": a restored or another database publishes under a topic prefix of its own");
    if (kafka.position > head.cursor.position)
        return stop(State::kStoppedAheadOfLog, "Kafka has events up to position " + number(kafka.position) +
                                                   ", the log ends at " + number(head.cursor.position) +
                                                   ": the database has lost events (a restore, a failover?)");
    if (kafka.position < checkpoint.position)
        return stop(State::kStoppedBehindCheckpoint, "Kafka's position is " + number(kafka.position) +
                                                         ", but the log was published up to " +
                                                         number(checkpoint.position) + ": Kafka has lost events");
    if (kafka.position == checkpoint.position && kafka.leaf_hash != checkpoint.leaf_hash)
        return stop(State::kStoppedOtherHistory,
                    "Kafka and the log's checkpoint disagree about the event at position " + number(kafka.position));
    const auto same = source.read_after(kafka, 1);  // checks the event at the cursor too
    if (!same) return Unexpected(setback_of(same.error(), "looking for Kafka's position " + number(kafka.position)));
    return {};
}

struct TopicScan {
    std::map<ResumePoint::Place, std::string> after_cursor;
    std::vector<std::int64_t> ends;
    bool cursor = false;
    std::optional<Setback> problem;
    ForeignRecordCount foreign;
    bool unsure = false;  // a topic of state holds what is not ours, or may be not
};

// Of the log that it names, for a publisher of another log may have written it: nullopt if nobody of ours
// has.
std::optional<Uuid> log_of(const ReadRecord& one, const std::string& topic, Position position,
                           const PositionRecord& record, RecordMacs& macs) {
    const auto log_id = Uuid::parse(one.header("ce_logid").value_or(""));
    if (!log_id || position <= 0) return std::nullopt;
    switch (macs.writer_of(one, topic, *log_id)) {
        case RecordWriter::kService: return log_id;
        case RecordWriter::kUnnamed:
            if (record.signed_from > 0 && position >= record.signed_from) return std::nullopt;
            return log_id;
        case RecordWriter::kOther: return std::nullopt;
    }
    return std::nullopt;
}

// One record of topic `index`.
void see(TopicScan& seen, const ReadRecord& one, std::size_t index, const OutputTopic& topic,
         const PositionRecord& record, const Candidate& candidate) {
    const std::string_view sequence = one.header("ce_sequence").value_or("");
    const Cursor& cursor = record.cursor;
    Position position = 0;
    std::from_chars(sequence.data(), sequence.data() + sequence.size(), position);
    const auto log_id = log_of(one, topic.name, position, record, candidate.macs);
    const bool is_state = topic.retention == OutputTopic::Retention::kLatest;
    if (!log_id || !one.header(kMacHeader)) seen.unsure = seen.unsure || is_state;
    if (!log_id) {
        pass_over(seen.foreign, topic.name, one);
    } else if (*log_id != record.log_id) {
        seen.problem =
            Setback{State::kStoppedOtherLog, "there are events of another log (" + place_of(topic.name, one) + ")"};
    } else if (position > cursor.position) {
        seen.after_cursor.emplace(ResumePoint::Place{position, index, std::string(one.key())},
                                  one.header("ce_id").value_or(""));
        if (seen.after_cursor.size() > kMaxAlreadyThere)
            seen.problem = Setback{State::kStoppedPositionMissing,
                                   topic.name + " holds more than " + number(kMaxAlreadyThere) +
                                       " records after the position record: the position topic has lost records"};
    } else {
        seen.cursor = seen.cursor || position == cursor.position;
        if (is_state && !seen.unsure) candidate.output.restore(index, one);
    }
}

// Topic `index` of the output; `record.offsets` has those of all its topics.
Result<void, Setback> read_topic(TopicScan& seen, TopicReader& reader, std::size_t index, const OutputTopic& topic,
                                 const PositionRecord& record, std::int32_t partitions, const Candidate& candidate) {
    const Time deadline = std::chrono::steady_clock::now() + kReadTimeout;
    auto bounds = reader.bounds(topic.name, partitions, deadline);
    if (!bounds) return Unexpected(setback_of(bounds.error()));
    const bool facts = topic.retention == OutputTopic::Retention::kEverything;
    std::vector<std::int64_t> from(bounds->size());
    for (std::size_t partition = 0; partition < from.size(); ++partition) {
        const PartitionBounds& one = (*bounds)[partition];
        const std::int64_t offset = record.offsets[index * bounds->size() + partition];
        if (offset > one.end)
            return stop(State::kStoppedEventsMissing, "partition " + number(static_cast<std::int64_t>(partition)) +
                                                          " of " + topic.name + " ends at offset " + number(one.end) +
                                                          ", but had " + number(offset) +
                                                          ": Kafka has lost events, or the topic was made anew");
        from[partition] = facts ? std::max(offset, one.first) : one.first;
        seen.ends.push_back(one.end);
    }
    auto read = reader.read(topic.name, from, *bounds, facts ? deadline : deadline + kStateReadTimeout,
                            [&](const ReadRecord& one) {
                                see(seen, one, index, topic, record, candidate);
                                if (candidate.stopping()) seen.problem = Setback{State::kEnded, "stopped by request"};
                                return seen.problem ? TopicReader::Then::kStop : TopicReader::Then::kGoOn;
                            });
    if (!read) return Unexpected(setback_of(read.error()));
    if (seen.problem) return Unexpected(*seen.problem);
    // It was committed together with the record that names it.
    if (facts && record.cursor.position > 0 && !seen.cursor)
        return stop(State::kStoppedEventsMissing, "the event at position " + number(record.cursor.position) +
                                                      " is not in " + topic.name +
                                                      ", though the position record says so: Kafka has lost events");
    return {};
}

// What topics of state held at the cursor may have been compacted away by what came after it: then the log is
// asked, from its beginning.
Result<void, Setback> replay(const Candidate& candidate, const Cursor& to) {
    candidate.output.forget();
    Cursor at;
    while (at.position < to.position) {
        if (candidate.stopping()) return stop(State::kEnded, "stopped by request");
        const auto left = std::min<Position>(kMaxTransactionEvents, to.position - at.position);
        auto events = candidate.source.follow_after(at, static_cast<std::int32_t>(left));
        if (!events) return Unexpected(setback_of(events.error(), "reading the log from its beginning"));
        if (events->empty()) return stop(State::kStoppedAheadOfLog, "the log ends before Kafka's position");
        for (const FollowedEventPtr& event : *events) candidate.output.replay(*event);
        at = {events->back()->position, events->back()->leaf_hash};
    }
    return {};
}

}  // namespace

Setback setback_of(const KafkaError& error) {
    switch (error.next) {
        case NextStep::kRetry: return {State::kWaitingForBroker, error.sentence};
        case NextStep::kRestart: return {State::kRecovering, error.sentence};
        case NextStep::kFenced: return {State::kStandby, "another publisher has taken over: " + error.sentence};
        case NextStep::kRefused: return {State::kStoppedRecordRefused, error.sentence};
    }
    return {State::kStoppedDefect, error.sentence};
}

Setback setback_of(ReadError error, std::string_view during) {
    const std::string doing(during);
    switch (error) {
        case ReadError::kUnavailable: return {State::kWaitingForLog, doing + ": the log can't be read"};
        case ReadError::kCursorUnknown:
            return {State::kStoppedOtherHistory,
                    doing + ": the log has another event there; its history is not the one that was published"};
        case ReadError::kHole: return {State::kStoppedHole, doing + ": the log's positions are not dense"};
    }
    return {State::kStoppedDefect, doing};
}

Setback setback_of(const TopicProblem& problem) {
    switch (problem.kind) {
        case TopicProblem::Kind::kMissing:
            return {State::kStoppedTopicMissing,
                    problem.sentence + ", though this log was published to it: Kafka has lost events"};
        case TopicProblem::Kind::kMismatch: return {State::kStoppedTopicMismatch, problem.sentence};
        case TopicProblem::Kind::kKafka: return setback_of(problem.error);
    }
    return {State::kStoppedDefect, problem.sentence};
}

Result<ResumePoint, Setback> take_over(const ClientOptions& options, const TopicSettings& topics,
                                       const Candidate& candidate) {
    const auto& [kind, output, source, checkpoint, macs, stopping] = candidate;
    const Time deadline = std::chrono::steady_clock::now() + kReadTimeout;
    auto reader = TopicReader::open(options);
    if (!reader) return Unexpected(setback_of(reader.error()));
    auto before = source.head();
    if (!before) return Unexpected(setback_of(before.error(), "asking for the log's head"));
    TopicScan seen;
    auto position = read_position(*reader, topics, candidate, before->log_id, seen.foreign, deadline);
    if (!position) return Unexpected(position.error());
    // After Kafka's position: the log can only have grown in between.
    auto head = source.head();
    if (!head) return Unexpected(setback_of(head.error(), "asking for the log's head"));
    if (position->unreadable)
        return stop(State::kStoppedPositionUnreadable,
                    "the newest position record in " + topics.positions() + " can't be read by this version");
    if (!position->record && checkpoint.position > 0)
        return stop(State::kStoppedPositionMissing,
                    topics.positions() +
                        " holds no position record, but the log was "
                        "published up to " +
                        number(checkpoint.position) +
                        ": Kafka has lost records, this is another cluster, or the keyring lacks the key of "
                        "their MACs");
    const std::vector<OutputTopic> written = output.topics();
    const std::size_t partitions = written.size() * static_cast<std::size_t>(topics.partitions);
    PositionRecord record{head->log_id, Cursor{}, std::vector<std::int64_t>(partitions), 0};
    if (position->record) {
        record = *position->record;
        auto compared = compare(record, checkpoint, *head, source);
        if (!compared) return Unexpected(compared.error());
    }
    if (record.offsets.size() != partitions)
        return stop(State::kStoppedTopicMismatch,
                    "the position record has " + number(static_cast<std::int64_t>(record.offsets.size())) +
                        " partitions, the topics have " + number(static_cast<std::int64_t>(partitions)) +
                        ": the number of partitions must not change");
    output.forget();
    for (std::size_t index = 0; index < written.size(); ++index) {
        auto read = read_topic(seen, *reader, index, written[index], record, topics.partitions, candidate);
        if (!read) return Unexpected(read.error());
    }
    auto& after = seen.after_cursor;
    if (!after.empty() && after.rbegin()->first.position > head->cursor.position)
        return stop(State::kStoppedAheadOfLog, "Kafka has the event at position " +
                                                   number(after.rbegin()->first.position) + ", the log ends at " +
                                                   number(head->cursor.position));
    if ((!after.empty() || seen.unsure) && kind == OutputKind::kState) {
        auto replayed = replay(candidate, record.cursor);
        if (!replayed) return Unexpected(replayed.error());
    }
    // While some are still to be skipped, a publisher that takes over from this one has to find them again.
    if (after.empty()) record.offsets = std::move(seen.ends);
    return ResumePoint{record.cursor, std::move(record.offsets), std::move(after), record.signed_from,
                       std::move(seen.foreign)};
}

}  // namespace keyledger::eventstore::kafka
