#include "eventstore/kafka/topics/cloud_event.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/declarations.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::kafka {
namespace {

using Memory = rapidjson::Document::AllocatorType;

rapidjson::Value text(std::string_view value, Memory& memory) {
    return rapidjson::Value(value.data(), static_cast<rapidjson::SizeType>(value.size()), memory);
}
rapidjson::Value member(const char* name) { return rapidjson::Value(rapidjson::StringRef(name)); }

class NullFieldSealer : public FieldSealer {
public:
    // Every personal value was opened as erased, so there is nothing to seal.
    std::string seal(std::string_view field, std::string_view) override {
        throw CodecError("personal field '" + std::string(field) + "' would leave");
    }
};

// The payload in the newest schema version, with the declared fields that are not personal and nothing else. Most have
// no other, and stand in the log as they are sent: decoding them showed that nothing undeclared is there.
std::string public_data(const FollowedEvent& event, const EventTypeInfo& info) {
    const auto is_personal = [](const FieldInfo& field) { return field.type.is_personal; };
    const bool is_newest = event.schema_version == info.schema_version;
    const AnyEventPtr& decoded = event.decoded();
    if (is_newest && event.is_canonical && std::ranges::none_of(info.fields, is_personal)) return event.payload;
    std::string payload = event.payload;
    if (!is_newest) {
        NullFieldSealer sealer;
        payload = encode(*decoded, sealer).payload;
    }
    rapidjson::Document json = parse_json(payload);
    if (!json.IsObject()) throw CodecError("the payload is not an object");
    for (auto each = json.MemberBegin(); each != json.MemberEnd();) {
        const std::string_view name(each->name.GetString(), each->name.GetStringLength());
        const FieldInfo* field = info.find(name);
        if (!field) throw CodecError("field '" + std::string(name) + "' is not declared");
        field->type.is_personal ? void(each = json.EraseMember(each)) : void(++each);
    }
    return jcs(json);
}

std::string_view name_of(ActorType type) {
    for (const auto& [value, name] : enum_names(type))
        if (value == type) return name;
    throw CodecError("an actor type without a name");
}

std::string quoted(std::string_view value) {
    return jcs(rapidjson::Value(rapidjson::StringRef(value.data(), value.size())));
}
std::string quoted_or_null(std::string_view value) { return value.empty() ? "null" : quoted(value); }

// Canonical as it is written here: members in order, no space.
std::string value_of(const FollowedEvent& event, const EventTypeInfo& info) {
    const EventMetadata& metadata = event.envelope();
    const std::string session = metadata.session_id ? metadata.session_id->to_string() : std::string();
    const std::string data = public_data(event, info);
    std::string json;
    json.reserve(data.size() + 384);
    json += R"({"actor":{"id":)";
    json += quoted_or_null(metadata.actor_id);
    json += R"(,"type":)";
    json += quoted(name_of(metadata.actor_type));
    json += R"(},"data":)";
    json += data;
    json += R"(,"position":)";
    json += std::to_string(event.position);
    json += R"(,"schema_version":)";
    json += std::to_string(info.schema_version);
    json += R"(,"session_id":)";
    json += quoted_or_null(session);
    json += R"(,"stream":{"id":)";
    json += quoted(event.stream_id.to_string());
    json += R"(,"type":)";
    json += quoted(event.stream_type);
    json += R"(,"version":)";
    json += std::to_string(event.version);
    json += R"(},"tenant":)";
    json += quoted(event.tenant);
    json += '}';
    return json;
}

}  // namespace

std::string sequence_of(Position position) {
    std::string digits = std::to_string(position);
    return std::string(kSequenceDigits - std::min(kSequenceDigits, digits.size()), '0') + digits;
}

std::string rfc3339(Instant at) {
    namespace chrono = std::chrono;
    const chrono::milliseconds since_epoch(at.ms());
    const auto day = chrono::floor<chrono::days>(since_epoch);
    const chrono::year_month_day date{chrono::sys_days(day)};
    const chrono::hh_mm_ss time(since_epoch - day);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
    return text;
}

Record record_disavowed(const RecordedEvent& event, const EventSource& source) {
    rapidjson::Document json(rapidjson::kObjectType);
    Memory& memory = json.GetAllocator();
    const std::string stream_id = event.stream_id.to_string();
    const std::string leaf = security::hex_encode(security::view_of(event.leaf_hash));
    rapidjson::Value data(rapidjson::kObjectType);
    data.AddMember(member("leaf_hash"), text(leaf, memory), memory);
    rapidjson::Value stream(rapidjson::kObjectType);
    stream.AddMember(member("id"), text(stream_id, memory), memory);
    stream.AddMember(member("version"), rapidjson::Value(event.version), memory);
    json.AddMember(member("data"), data, memory);
    json.AddMember(member("position"), rapidjson::Value(event.position), memory);
    json.AddMember(member("schema_version"), rapidjson::Value(1), memory);
    json.AddMember(member("stream"), stream, memory);
    const std::string log_id = source.log_id.to_string();
    return {stream_id,
            jcs(json),
            {{"ce_specversion", "1.0"},
             {"ce_id", event.event_id.to_string()},
             {"ce_source", source.issuer.empty() ? "urn:keyledger:log:" + log_id : source.issuer},
             {"ce_type", std::string(kRecordDisavowed)},
             {"ce_subject", stream_id},
             {"ce_time", rfc3339(event.recorded_at)},
             {"ce_recordedtime", rfc3339(event.recorded_at)},
             {"ce_sequence", sequence_of(event.position)},
             {"ce_partitionkey", stream_id},
             {"ce_logid", log_id},
             {"content-type", "application/json"}}};
}

Record cloud_event(const FollowedEvent& event, const std::string& subject, const EventSource& source) try {
    require_believed(event);
    const EventTypeInfo& info = event_type_info(event.type);
    const EventMetadata& metadata = event.envelope();
    Record record;
    record.key = subject;
    record.value = value_of(event, info);
    const std::string log_id = source.log_id.to_string();
    record.headers = {
        {"ce_specversion", "1.0"},
        {"ce_id", event.event_id.to_string()},
        {"ce_source", source.issuer.empty() ? "urn:keyledger:log:" + log_id : source.issuer},
        {"ce_type", event.type},
        {"ce_subject", subject},
        {"ce_time", rfc3339(metadata.occurred_at)},
        {"ce_recordedtime", rfc3339(event.recorded_at)},
        {"ce_sequence", sequence_of(event.position)},
        {"ce_partitionkey", subject},
        {"ce_logid", log_id},  // positions of a restored log repeat those of another history
        {"content-type", "application/json"},
    };
    auto add_if_known = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) record.headers.emplace_back(name, value);
    };
    add_if_known("ce_traceparent", metadata.traceparent);
    add_if_known("ce_correlationid", metadata.correlation_id);
    add_if_known("ce_causationid", metadata.causation_id);
    return record;
} catch (const CodecError& error) {
    throw CodecError("position " + std::to_string(event.position) + ": " + error.what());
}

}  // namespace keyledger::eventstore::kafka
