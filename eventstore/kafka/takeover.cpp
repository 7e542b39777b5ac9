#include "eventstore/kafka/takeover.hpp"

#include <charconv>

#include "eventstore/kafka/limits.hpp"
#include "eventstore/kafka/topic_reader.hpp"

namespace keyledger::eventstore::kafka {
namespace {

using State = PublisherState;
using Time = std::chrono::steady_clock::time_point;

Unexpected<Setback> stop(State state, std::string sentence) {
    return Unexpected(Setback{state, std::move(sentence)});
}
std::string number(std::int64_t value) { return std::to_string(value); }

struct LastWord {  // of the position topic
    std::optional<PositionRecord> record;
    bool unreadable = false;
};

Result<LastWord, Setback> read_position(TopicReader& reader, const TopicSettings& topics, Time deadline) {
    auto bounds = reader.bounds(topics.positions(), 1, deadline);
    if (!bounds) return Unexpected(setback_of(bounds.error()));
    LastWord found;
    auto read = reader.read(topics.positions(), {bounds->front().first}, *bounds, deadline,
                            [&](const ReadRecord& one) {
                                if (one.key() != kEventsOutput) return TopicReader::Then::kGoOn;
                                found.record = decode_position_record(one.value());
                                found.unreadable = !found.record;  // of the newest one
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
        return stop(State::kStoppedBehindCheckpoint,
                    "Kafka's position is " + number(kafka.position) + ", but the log was published up to " +
                        number(checkpoint.position) + ": Kafka has lost events");
    if (kafka.position == checkpoint.position && kafka.leaf_hash != checkpoint.leaf_hash)
        return stop(
            State::kStoppedOtherHistory,
            "Kafka and the log's checkpoint disagree about the event at position " + number(kafka.position));
    const auto same = source.read_after(kafka, 1);  // checks the event at the cursor too
    if (!same)
        return Unexpected(setback_of(same.error(), "looking for Kafka's position " + number(kafka.position)));
    return {};
}

struct EventsSeen {
    std::map<Position, std::string> after_cursor;
    std::vector<std::int64_t> ends;
    bool cursor_seen = false;
    std::optional<Setback> problem;
};

void see(EventsSeen& seen, const ReadRecord& one, const Cursor& cursor, const Uuid& log_id) {
    const std::string where = "partition " + number(one.partition()) + ", offset " + number(one.offset());
    const std::string_view sequence = one.header("ce_sequence").value_or("");
    Position position = 0;
    std::from_chars(sequence.data(), sequence.data() + sequence.size(), position);
    if (position <= 0) {
        seen.problem =
            Setback{State::kStoppedOtherLog,
                    "the events topic holds a record that Keyledger did not write (" + where + ")"};
    } else if (one.header("ce_logid") != log_id.to_string()) {
        seen.problem =
            Setback{State::kStoppedOtherLog, "the events topic holds events of another log (" + where + ")"};
    } else if (position == cursor.position) {
        seen.cursor_seen = true;
    } else if (position > cursor.position) {
        seen.after_cursor.emplace(position, one.header("ce_id").value_or(""));
        if (seen.after_cursor.size() > kMaxAlreadyThere)
            seen.problem =
                Setback{State::kStoppedPositionMissing,
                        "the events topic holds more than " + number(kMaxAlreadyThere) +
                            " events after the position record: the position topic has lost records"};
    }
}

Result<EventsSeen, Setback> read_events(TopicReader& reader, const TopicSettings& topics,
                                        const PositionRecord& record, Time deadline) {
    auto bounds = reader.bounds(topics.events(), topics.partitions, deadline);
    if (!bounds) return Unexpected(setback_of(bounds.error()));
    std::vector<std::int64_t> from(bounds->size());
    for (std::size_t partition = 0; partition < from.size(); ++partition) {
        const std::int64_t offset = record.offsets[partition];
        if (offset > (*bounds)[partition].end)
            return stop(State::kStoppedEventsMissing,
                        "partition " + number(static_cast<std::int64_t>(partition)) + " of " +
                            topics.events() + " ends at offset " + number((*bounds)[partition].end) +
                            ", but had " + number(offset) +
                            ": Kafka has lost events, or the topic was made anew");
        from[partition] = std::max(offset, (*bounds)[partition].first);
    }
    EventsSeen seen;
    for (const PartitionBounds& one : *bounds) seen.ends.push_back(one.end);
    auto read = reader.read(topics.events(), from, *bounds, deadline, [&](const ReadRecord& one) {
        see(seen, one, record.cursor, record.log_id);
        return seen.problem ? TopicReader::Then::kStop : TopicReader::Then::kGoOn;
    });
    if (!read) return Unexpected(setback_of(read.error()));
    if (seen.problem) return Unexpected(*seen.problem);
    // It was committed together with the record that names it.
    if (record.cursor.position > 0 && !seen.cursor_seen)
        return stop(State::kStoppedEventsMissing,
                    "the event at position " + number(record.cursor.position) + " is not in " +
                        topics.events() + ", though the position record says so: Kafka has lost events");
    return seen;
}

}  // namespace

Setback setback_of(const KafkaError& error) {
    switch (error.next) {
        case NextStep::kRetry: return {State::kWaitingForBroker, error.sentence};
        case NextStep::kRestart: return {State::kRecovering, error.sentence};
        case NextStep::kFenced:
            return {State::kStandby, "another publisher has taken over: " + error.sentence};
        case NextStep::kRefused: return {State::kStoppedRecordRefused, error.sentence};
    }
    return {State::kStoppedDefect, error.sentence};
}

Setback setback_of(ReadError error, std::string_view during) {
    const std::string doing(during);
    switch (error) {
        case ReadError::kUnavailable: return {State::kWaitingForLog, doing + ": the log can't be read"};
        case ReadError::kCursorUnknown:
            return {
                State::kStoppedOtherHistory,
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

Result<Standing, Setback> take_over(const ClientOptions& options, const TopicSettings& topics,
                                    LogSource& source, const Cursor& checkpoint) {
    const Time deadline = std::chrono::steady_clock::now() + kReadTimeout;
    auto reader = TopicReader::open(options);
    if (!reader) return Unexpected(setback_of(reader.error()));
    auto position = read_position(*reader, topics, deadline);
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
                        number(checkpoint.position) + ": Kafka has lost records, or this is another cluster");
    const auto partitions = static_cast<std::size_t>(topics.partitions);
    PositionRecord record{head->log_id, Cursor{}, std::vector<std::int64_t>(partitions)};
    if (position->record) {
        record = *position->record;
        auto compared = compare(record, checkpoint, *head, source);
        if (!compared) return Unexpected(compared.error());
    }
    if (record.offsets.size() != partitions)
        return stop(State::kStoppedTopicMismatch,
                    "the position record has " + number(static_cast<std::int64_t>(record.offsets.size())) +
                        " partitions, " + topics.events() + " has " + number(topics.partitions) +
                        ": the number of partitions must not change");
    auto seen = read_events(*reader, topics, record, deadline);
    if (!seen) return Unexpected(seen.error());
    if (!seen->after_cursor.empty() && seen->after_cursor.rbegin()->first > head->cursor.position)
        return stop(State::kStoppedAheadOfLog, "Kafka has the event at position " +
                                                   number(seen->after_cursor.rbegin()->first) +
                                                   ", the log ends at " + number(head->cursor.position));
    // While some are still to be skipped, a publisher that takes over from this one has to find them again.
    if (seen->after_cursor.empty()) record.offsets = std::move(seen->ends);
    return Standing{record.cursor, std::move(record.offsets), std::move(seen->after_cursor)};
}

}  // namespace keyledger::eventstore::kafka
