#include "eventstore/kafka/topics/topic_events.hpp"

#include <rapidjson/document.h>

#include <charconv>
#include <chrono>
#include <cstdio>

#include "eventstore/codec/events_codec.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/declarations.hpp"
#include "eventstore/kafka/publishing/limits.hpp"
#include "eventstore/kafka/topics/cloud_event.hpp"

namespace keyledger::eventstore::kafka {
namespace {

const rapidjson::Value& member(const rapidjson::Value& object, const char* name) {
    if (!object.IsObject()) throw CodecError("expected an object");
    const auto at = object.FindMember(name);
    if (at == object.MemberEnd()) throw CodecError(std::string("'") + name + "' is missing");
    return at->value;
}
std::string text_in(const rapidjson::Value& object, const char* name) {
    const auto& value = member(object, name);
    if (value.IsNull()) return {};
    if (!value.IsString()) throw CodecError(std::string("'") + name + "' is not a string");
    return {value.GetString(), value.GetStringLength()};
}
std::int64_t number_in(const rapidjson::Value& object, const char* name) {
    const auto& value = member(object, name);
    if (!value.IsInt64()) throw CodecError(std::string("'") + name + "' is not an integer");
    return value.GetInt64();
}
Uuid uuid_of(std::string_view text) {
    const auto id = Uuid::parse(text);
    if (!id) throw CodecError("'" + std::string(text) + "' is not a UUID");
    return *id;
}
std::string header_in(const ReadRecord& record, const char* name) {
    const auto value = record.header(name);
    if (!value) throw CodecError(std::string("header ") + name + " is missing");
    return std::string(*value);
}

constexpr std::chrono::hours kReplayTimeout{1};

class NullFieldSealer : public FieldSealer {
public:
    std::string seal(std::string_view, std::string_view) override { throw CodecError("a personal value"); }
};

ActorType actor_type_of(const std::string& name) {
    for (const auto& [value, known] : enum_names(ActorType::kSystem))
        if (known == name) return value;
    throw CodecError("'" + name + "' is no actor");
}

// Of "2026-01-31T12:00:00.000Z", the only form that the publisher writes.
Instant time_of(const std::string& text) {
    namespace chrono = std::chrono;
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, ms = 0;
    char z = 0;
    if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d.%3d%c", &y, &mo, &d, &h, &mi, &s, &ms, &z) != 8 || z != 'Z')
        throw CodecError("'" + text + "' is not a time");
    const chrono::sys_days day{chrono::year(y) / chrono::month(static_cast<unsigned>(mo)) /
                               chrono::day(static_cast<unsigned>(d))};
    return Instant() + days(day.time_since_epoch().count()) + hours(h) + minutes(mi) + seconds(s) + milliseconds(ms);
}

// What of the fields of this type is personal is not in the topic: it reads as erased.
std::string payload_of(const rapidjson::Value& data, const std::string& type) {
    rapidjson::Document payload;
    payload.CopyFrom(data, payload.GetAllocator());
    if (!payload.IsObject()) throw CodecError("'data' is not an object");
    for (const FieldInfo& field : event_type_info(type).fields)
        if (field.type.is_personal)
            payload.AddMember(rapidjson::Value(field.name.data(), static_cast<rapidjson::SizeType>(field.name.size())),
                              rapidjson::Value(), payload.GetAllocator());
    return jcs(payload);
}

RecordedEvent event_of(const ReadRecord& record) {
    const rapidjson::Document json = parse_json(record.value());
    const auto& stream = member(json, "stream");
    RecordedEvent event;
    event.position = number_in(json, "position");
    event.type = header_in(record, "ce_type");
    event.event_id = uuid_of(header_in(record, "ce_id"));
    event.stream_id = uuid_of(text_in(stream, "id"));
    event.version = static_cast<std::int32_t>(number_in(stream, "version"));
    event.trust = event.type == kRecordDisavowed ? RecordedEvent::Trust::kInert : RecordedEvent::Trust::kBelieved;
    const auto recorded = record.header("ce_recordedtime");
    event.recorded_at = time_of(recorded ? std::string(*recorded) : header_in(record, "ce_time"));
    if (event.is_inert()) return event;
    const auto& actor = member(json, "actor");
    event.tenant = text_in(json, "tenant");
    event.stream_type = text_in(stream, "type");
    event.schema_version = static_cast<std::int16_t>(number_in(json, "schema_version"));
    event.payload = payload_of(member(json, "data"), event.type);
    EventMetadata metadata;
    metadata.occurred_at = time_of(header_in(record, "ce_time"));
    metadata.actor_type = actor_type_of(text_in(actor, "type"));
    metadata.actor_id = text_in(actor, "id");
    NullFieldSealer sealer;
    event.metadata = encode(metadata, sealer);
    return event;
}

std::optional<std::int64_t> position_in(const ReadRecord& record) {
    const std::string_view text = record.header("ce_sequence").value_or("");
    Position position = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position);
    if (error != std::errc{} || end != text.data() + text.size() || position <= 0) return std::nullopt;
    return position;
}

// Which of the records of a topic are events that a service of ours wrote, and none that somebody wrote once more.
class Ours {
public:
    Ours(std::shared_ptr<const EventMacs> keys, std::string topic) : topic_(std::move(topic)) {
        if (keys) macs_.emplace(std::move(keys));
    }
    bool has(const ReadRecord& record) {
        if (!macs_) return true;
        Partition& partition = partitions_[record.partition()];
        const auto log_id = Uuid::parse(record.header("ce_logid").value_or(""));
        const auto writer = log_id ? macs_->writer_of(record, topic_, *log_id) : RecordWriter::kUnnamed;
        if (writer == RecordWriter::kOther || (writer == RecordWriter::kUnnamed && partition.is_signed)) return false;
        partition.is_signed = partition.is_signed || writer == RecordWriter::kService;
        // Of a partition, later records are of later positions.
        const auto sequence = std::string(record.header("ce_sequence").value_or(""));
        if (partition.is_signed && sequence <= partition.last) return false;
        partition.last = sequence;
        return true;
    }

private:
    struct Partition {
        bool is_signed = false;
        std::string last;  // of fixed width: sorts as the number does
    };
    const std::string topic_;
    std::optional<RecordMacs> macs_;
    std::map<std::int32_t, Partition> partitions_;
};

}  // namespace

Result<TopicEvents, KafkaError> read_events(const ClientOptions& options, const TopicSettings& topics,
                                            std::shared_ptr<const EventMacs> keys,
                                            const std::function<TopicReader::Then(const RecordedEvent&)>& on_event) {
    auto reader = TopicReader::open(options);
    if (!reader) return Unexpected(reader.error());
    Ours ours(std::move(keys), topics.events());
    TopicEvents count;
    std::optional<std::string> bad;
    const auto about = [&](const ReadRecord& record, const CodecError& error) {
        bad = "partition " + std::to_string(record.partition()) + ", offset " + std::to_string(record.offset()) + ": " +
              error.what();
    };
    const auto place = [&](const ReadRecord& record) -> std::optional<std::int64_t> {
        const bool is_ours = ours.has(record);
        const auto position = is_ours ? position_in(record) : std::nullopt;
        if (!position) ++count.foreign;
        return position;
    };
    const auto take = [&](const ReadRecord& record) {
        try {
            const auto then = on_event(event_of(record));
            ++count.events;
            if (!record.header("ce_recordedtime")) ++count.without_time;
            return then;
        } catch (const CodecError& error) {
            about(record, error);
            return TopicReader::Then::kStop;
        }
    };
    const auto deadline = std::chrono::steady_clock::now() + kReplayTimeout;
    const auto read = reader->read_merged(topics.events(), topics.partitions, deadline, place, take);
    if (bad) throw CodecError(*bad);
    if (!read) return Unexpected(read.error());
    if (read->missing)
        throw CodecError("position " + std::to_string(*read->missing) + " is missing in " + topics.events() +
                         ", though later ones are there");
    count.foreign += read->repeated;
    return count;
}

}  // namespace keyledger::eventstore::kafka
