#include "eventstore/kafka/topics/cloud_event.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ranges>
#include <span>
#include <utility>

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

// Appends the payload in the newest schema version, with the declared fields that are not personal and nothing else.
// Most have no other, and stand in the log as they are sent: decoding them showed that nothing undeclared is there.
void add_public_data(std::string& to, const FollowedEvent& event, const EventTypeInfo& info) {
    const auto is_personal = [](const FieldInfo& field) { return field.type.is_personal; };
    const bool is_newest = event.schema_version == info.schema_version;
    const AnyEventPtr& decoded = event.decoded();
    if (is_newest && event.is_canonical && std::ranges::none_of(info.fields, is_personal)) {
        to += event.payload;
        return;
    }
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
    to += jcs(json);
}

std::string_view name_of(ActorType type) {
    for (const auto& [value, name] : enum_names(type))
        if (value == type) return name;
    throw CodecError("an actor type without a name");
}

// As jcs() writes it. What needs no escape, which is most, is copied.
void add_quoted(std::string& to, std::string_view value) {
    const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; };
    if (!std::ranges::all_of(value, is_plain)) {
        to += jcs(rapidjson::Value(rapidjson::StringRef(value.data(), value.size())));
        return;
    }
    to += '"';
    to += value;
    to += '"';
}
void add_quoted_or_null(std::string& to, std::string_view value) {
    value.empty() ? void(to += "null") : add_quoted(to, value);
}

// Bytes that a value usually has at most beside its payload.
constexpr std::size_t kUsualFrame = 384;

// Canonical as it is written here: members in order, no space.
std::string value_of(const FollowedEvent& event, const EventTypeInfo& info) {
    const EventMetadata& metadata = event.envelope();
    std::string json;
    json.reserve(event.payload.size() + kUsualFrame);
    json += R"({"actor":{"id":)";
    add_quoted_or_null(json, metadata.actor_id);
    json += R"(,"type":)";
    add_quoted(json, name_of(metadata.actor_type));
    json += R"(},"data":)";
    add_public_data(json, event, info);
    json += R"(,"position":)";
    json += std::to_string(event.position);
    json += R"(,"schema_version":)";
    json += std::to_string(info.schema_version);
    json += R"(,"session_id":)";
    add_quoted_or_null(json, metadata.session_id ? metadata.session_id->to_string() : std::string());
    json += R"(,"stream":{"id":)";
    add_quoted(json, event.stream_id.to_string());
    json += R"(,"type":)";
    add_quoted(json, event.stream_type);
    json += R"(,"version":)";
    json += std::to_string(event.version);
    json += R"(},"tenant":)";
    add_quoted(json, event.tenant);
    json += '}';
    return json;
}

// All that an event's record can have, with its MAC.
constexpr std::size_t kMostHeaders = 15;

// In decimal, with leading zeros.
void put_digits(std::span<char> to, std::uint64_t number) {
    for (char& digit : std::views::reverse(to)) {
        digit = static_cast<char>('0' + number % 10);
        number /= 10;
    }
}

constexpr Instant kYear10000 = Instant::at_second(253'402'300'800);

// Of any year, which may take another number of digits.
std::string rfc3339_of_any_year(Instant at) {
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

}  // namespace

EventSource::EventSource(const Uuid& log_id, std::string issuer)
    : log_id_(log_id),
      log_text_(log_id.to_string()),
      name_(issuer.empty() ? "urn:keyledger:log:" + log_text_ : std::move(issuer)) {}

std::string sequence_of(Position position) {
    std::string digits = std::to_string(position);
    if (digits.size() < kSequenceDigits) digits.insert(0, kSequenceDigits - digits.size(), '0');
    return digits;
}

std::string rfc3339(Instant at) {
    namespace chrono = std::chrono;
    if (at < Instant() || at >= kYear10000) return rfc3339_of_any_year(at);
    const auto ms = static_cast<std::uint64_t>(at.ms());
    constexpr std::uint64_t kDayMs = 86'400'000;
    const chrono::year_month_day date{chrono::sys_days(chrono::days(static_cast<std::int64_t>(ms / kDayMs)))};
    const std::uint64_t of_day = ms % kDayMs;
    std::string text = "0000-00-00T00:00:00.000Z";
    const std::span<char> digits(text);
    put_digits(digits.subspan(0, 4), static_cast<std::uint64_t>(static_cast<int>(date.year())));
    put_digits(digits.subspan(5, 2), static_cast<unsigned>(date.month()));
    put_digits(digits.subspan(8, 2), static_cast<unsigned>(date.day()));
    put_digits(digits.subspan(11, 2), of_day / 3'600'000);
    put_digits(digits.subspan(14, 2), of_day / 60'000 % 60);
    put_digits(digits.subspan(17, 2), of_day / 1000 % 60);
    put_digits(digits.subspan(20, 3), of_day % 1000);
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
    return {stream_id,
            jcs(json),
            {{"ce_specversion", "1.0"},
             {"ce_id", event.event_id.to_string()},
             {"ce_source", source.name()},
             {"ce_type", std::string(kRecordDisavowed)},
             {"ce_subject", stream_id},
             {"ce_time", rfc3339(event.recorded_at)},
             {"ce_recordedtime", rfc3339(event.recorded_at)},
             {"ce_sequence", sequence_of(event.position)},
             {"ce_partitionkey", stream_id},
             {"ce_logid", source.log_text()},
             {"content-type", "application/json"}}};
}

Record cloud_event(const FollowedEvent& event, const std::string& subject, const EventSource& source) try {
    require_believed(event);
    const EventTypeInfo& info = event_type_info(event.type);
    const EventMetadata& metadata = event.envelope();
    Record record;
    record.key = subject;
    record.value = value_of(event, info);
    auto& headers = record.headers;
    headers.reserve(kMostHeaders);
    headers.emplace_back("ce_specversion", "1.0");
    headers.emplace_back("ce_id", event.event_id.to_string());
    headers.emplace_back("ce_source", source.name());
    headers.emplace_back("ce_type", event.type);
    headers.emplace_back("ce_subject", subject);
    headers.emplace_back("ce_time", rfc3339(metadata.occurred_at));
    headers.emplace_back("ce_recordedtime", rfc3339(event.recorded_at));
    headers.emplace_back("ce_sequence", sequence_of(event.position));
    headers.emplace_back("ce_partitionkey", subject);
    headers.emplace_back("ce_logid", source.log_text());  // positions of a restored log repeat another history's
    headers.emplace_back("content-type", "application/json");
    auto add_if_known = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) headers.emplace_back(name, value);
    };
    add_if_known("ce_traceparent", metadata.traceparent);
    add_if_known("ce_correlationid", metadata.correlation_id);
    add_if_known("ce_causationid", metadata.causation_id);
    return record;
} catch (const CodecError& error) {
    throw CodecError("position " + std::to_string(event.position) + ": " + error.what());
}

}  // namespace keyledger::eventstore::kafka
