#include "eventstore/audit/export_file.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "eventstore/codec/jcs.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::audit {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
constexpr int kFormat = 1;

void put(Writer& json, std::string_view name, std::string_view value) {
    json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    json.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
}
void put(Writer& json, std::string_view name, std::int64_t value) {
    json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    json.Int64(value);
}
void put_raw(Writer& json, std::string_view name, const std::string& object) {
    json.Key(name.data(), static_cast<rapidjson::SizeType>(name.size()));
    json.RawValue(object.data(), object.size(), rapidjson::kObjectType);
}

const rapidjson::Value& member(const rapidjson::Value& object, const char* name) {
    const auto at = object.FindMember(name);
    if (at == object.MemberEnd()) throw CodecError(std::string("'") + name + "' is missing");
    return at->value;
}
std::string text_in(const rapidjson::Value& object, const char* name) {
    const auto& value = member(object, name);
    if (!value.IsString()) throw CodecError(std::string("'") + name + "' is not a string");
    return {value.GetString(), value.GetStringLength()};
}
std::int64_t number_in(const rapidjson::Value& object, const char* name, std::int64_t max) {
    const auto& value = member(object, name);
    if (!value.IsInt64() || value.GetInt64() < 0 || value.GetInt64() > max)
        throw CodecError(std::string("'") + name + "' is not a number that it may be");
    return value.GetInt64();
}
Instant time_in(const rapidjson::Value& object, const char* name) {
    return Instant::at_ms(number_in(object, name, std::int64_t{1} << 53));
}
Uuid uuid_in(const rapidjson::Value& object, const char* name) {
    const auto id = Uuid::parse(text_in(object, name));
    if (!id) throw CodecError(std::string("'") + name + "' is not a UUID");
    return *id;
}
Digest digest_in(const rapidjson::Value& object, const char* name) {
    const auto bytes = security::hex_decode(text_in(object, name));
    Digest digest{};
    if (!bytes || bytes->size() != digest.size()) throw CodecError(std::string("'") + name + "' is not a SHA-256");
    std::copy(bytes->begin(), bytes->end(), digest.begin());
    return digest;
}
bool is_exact_json(const std::string& text) {
    try {
        const rapidjson::Document json = parse_json(text);
        return json.IsObject() && text.find('\n') == text.npos;
    } catch (const CodecError&) {
        return false;
    }
}
std::string object_or_text_in(const rapidjson::Value& object, const char* name) {
    const auto& value = member(object, name);
    if (value.IsString()) return {value.GetString(), value.GetStringLength()};
    if (!value.IsObject()) throw CodecError(std::string("'") + name + "' is not an object");
    return jcs(value);
}

rapidjson::Document object_of(std::string_view text) {
    rapidjson::Document json = parse_json(text);
    if (!json.IsObject()) throw CodecError("it is no JSON object");
    return json;
}

}  // namespace

std::string export_line(const RecordedEvent& event) {
    rapidjson::StringBuffer buffer;
    Writer json(buffer);
    json.StartObject();
    put(json, "position", event.position);
    put(json, "recorded_at_ms", event.recorded_at.ms());
    put(json, "leaf_hash", security::hex_encode(security::view_of(event.leaf_hash)));
    put(json, "tenant", event.tenant);
    put(json, "stream_type", event.stream_type);
    put(json, "stream_id", event.stream_id.to_string());
    put(json, "version", event.version);
    put(json, "type", event.type);
    put(json, "schema_version", event.schema_version);
    put(json, "event_id", event.event_id.to_string());
    // A record that the service did not write may hold anything: then as text, so that the line stays one.
    const auto put_object = [&](std::string_view name, const std::string& text) {
        is_exact_json(text) ? put_raw(json, name, text) : put(json, name, text);
    };
    put_object("payload", event.payload);
    put_object("metadata", event.metadata);
    if (!event.mac_key_id.empty()) {
        put(json, "mac_key_id", event.mac_key_id);
        put(json, "mac", security::hex_encode(security::view_of(event.mac)));
    }
    json.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

RecordedEvent parse_export_line(std::string_view line) {
    const rapidjson::Document json = object_of(line);
    RecordedEvent event;
    event.position = number_in(json, "position", std::numeric_limits<std::int64_t>::max());
    event.recorded_at = time_in(json, "recorded_at_ms");
    event.leaf_hash = digest_in(json, "leaf_hash");
    event.tenant = text_in(json, "tenant");
    event.stream_type = text_in(json, "stream_type");
    event.stream_id = uuid_in(json, "stream_id");
    event.version = static_cast<std::int32_t>(number_in(json, "version", std::numeric_limits<std::int32_t>::max()));
    event.type = text_in(json, "type");
    event.schema_version =
        static_cast<std::int16_t>(number_in(json, "schema_version", std::numeric_limits<std::int16_t>::max()));
    event.event_id = uuid_in(json, "event_id");
    event.payload = object_or_text_in(json, "payload");
    event.metadata = object_or_text_in(json, "metadata");
    if (json.HasMember("mac_key_id")) {
        event.is_canonical = true;
        event.mac_key_id = text_in(json, "mac_key_id");
        const auto mac = security::hex_decode(text_in(json, "mac"));
        if (!mac || mac->size() != event.mac.size()) throw CodecError("'mac' is no MAC");
        std::copy(mac->begin(), mac->end(), event.mac.begin());
    }
    return event;
}

std::string manifest_path(const std::string& export_path) { return export_path + ".manifest.json"; }

std::string manifest_text(const Manifest& manifest) {
    rapidjson::StringBuffer buffer;
    Writer json(buffer);
    json.StartObject();
    put(json, "keyledger_export", kFormat);
    put(json, "log_id", manifest.log_id.to_string());
    put(json, "events", manifest.events);
    put(json, "root_hash", security::hex_encode(security::view_of(manifest.root)));
    put(json, "exported_at_ms", manifest.exported_at.ms());
    put(json, "tree_head", manifest.tree_head);
    json.EndObject();
    return std::string(buffer.GetString(), buffer.GetSize()) + "\n";
}

Manifest parse_manifest(std::string_view text) {
    const rapidjson::Document json = object_of(text);
    if (number_in(json, "keyledger_export", kFormat) != kFormat) throw CodecError("it is of another format");
    Manifest manifest;
    manifest.log_id = uuid_in(json, "log_id");
    manifest.events = number_in(json, "events", std::numeric_limits<std::int64_t>::max());
    manifest.root = digest_in(json, "root_hash");
    manifest.exported_at = time_in(json, "exported_at_ms");
    manifest.tree_head = text_in(json, "tree_head");
    return manifest;
}

ExportReader::ExportReader(const std::string& path)
    : path_(path), in_(path, std::ios::binary), buffer_(kMaxExportLine + 1) {
    if (!in_) throw std::runtime_error("can't read " + path + ": " + std::strerror(errno));
}

std::optional<RecordedEvent> ExportReader::next() {
    // Never more than a buffer: a file that is one endless line is refused, not taken into memory.
    in_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    const auto read = static_cast<std::size_t>(in_.gcount());
    if (in_.bad()) throw std::runtime_error("can't read " + path_ + " any further");
    if (read == 0 && in_.eof()) return std::nullopt;
    ++line_;
    try {
        if (in_.fail()) throw CodecError("it is above 1 MiB");
        // The newline is counted and not stored; the last line may lack it.
        return parse_export_line({buffer_.data(), in_.eof() ? read : read - 1});
    } catch (const CodecError& error) {
        throw CodecError(path_ + ", line " + std::to_string(line_) + ": " + error.what());
    }
}

}  // namespace keyledger::eventstore::audit
