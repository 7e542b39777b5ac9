#include "eventstore/leaf.hpp"

#include <algorithm>

#include "eventstore/codec/jcs.hpp"
#include "security/primitives/digest.hpp"

namespace keyledger::eventstore {
namespace {

// Every member of the record but payload and metadata is plain ASCII chosen by us; its order is the canonical one.
Digest hash_record(std::string_view tenant, std::string_view stream_type, const Uuid& stream_id, std::int32_t version,
                   std::string_view type, std::int16_t schema_version, const Uuid& event_id, Instant recorded_at,
                   std::string_view payload, std::string_view metadata) {
    thread_local std::string record;  // of many, one after the other
    record.assign(1, '\0');
    record.append("{\"event_id\":\"").append(event_id.to_string());
    record.append("\",\"event_type\":\"").append(type);
    record.append("\",\"metadata\":").append(metadata);
    record.append(",\"payload\":").append(payload);
    record.append(",\"recorded_at_ms\":").append(std::to_string(recorded_at.ms()));
    record.append(",\"schema_version\":").append(std::to_string(schema_version));
    record.append(",\"stream_id\":\"").append(stream_id.to_string());
    record.append("\",\"stream_type\":\"").append(stream_type);
    record.append("\",\"tenant\":\"").append(tenant);
    record.append("\",\"version\":").append(std::to_string(version)).append("}");
    return security::sha256(std::string_view(record));
}

std::string canonical_object(std::string_view text) {
    const rapidjson::Document json = parse_json(text);
    if (!json.IsObject()) throw CodecError("expected an object");
    return jcs(json);
}

// Stored names reach here from the database too, where a tamperer may have put a quote into one.
class Escaped {
public:
    explicit Escaped(std::string_view name) : text_(name) {
        const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F && c != '"' && c != '\\'; };
        if (std::ranges::all_of(name, is_plain)) return;
        quoted_ = jcs(rapidjson::Value(name.data(), static_cast<rapidjson::SizeType>(name.size())));
        text_ = std::string_view(quoted_).substr(1, quoted_.size() - 2);
    }
    Escaped(const Escaped&) = delete;
    Escaped& operator=(const Escaped&) = delete;
    operator std::string_view() const { return text_; }

private:
    std::string quoted_;
    std::string_view text_;
};

}  // namespace

Digest leaf_hash(std::string_view tenant, const NewEvent& event, Instant recorded_at) {
    return hash_record(tenant, event.stream_type, event.stream_id, event.version, event.type, event.schema_version,
                       event.event_id, recorded_at, event.payload, event.metadata);
}

Digest leaf_hash(const RecordedEvent& event) {
    const Escaped tenant(event.tenant), stream_type(event.stream_type), type(event.type);
    if (event.is_canonical)
        return hash_record(tenant, stream_type, event.stream_id, event.version, type, event.schema_version,
                           event.event_id, event.recorded_at, event.payload, event.metadata);
    return hash_record(tenant, stream_type, event.stream_id, event.version, type, event.schema_version, event.event_id,
                       event.recorded_at, canonical_object(event.payload), canonical_object(event.metadata));
}

}  // namespace keyledger::eventstore
