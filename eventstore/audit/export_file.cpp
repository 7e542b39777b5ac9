#include "eventstore/audit/export_file.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "eventstore/codec/jcs.hpp"
#include "eventstore/codec/json_index.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::audit {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
constexpr int kFormat = 1;
constexpr std::size_t kReadAhead = 256 * 1024;

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

const JsonValue& member(const JsonValue& object, const char* name) {
    const JsonValue* value = object.find(name);
    if (!value) throw CodecError(std::string("'") + name + "' is missing");
    return *value;
}
std::string_view text_in(const JsonValue& object, const char* name) {
    const JsonValue& value = member(object, name);
    if (!value.is_string()) throw CodecError(std::string("'") + name + "' is not a string");
    return value.string();
}
std::int64_t number_in(const JsonValue& object, const char* name, std::int64_t max) {
    const JsonValue& value = member(object, name);
    if (!value.is_int64() || value.int64() < 0 || value.int64() > max)
        throw CodecError(std::string("'") + name + "' is not a number that it may be");
    return value.int64();
}
Instant time_in(const JsonValue& object, const char* name) {
    return Instant::at_ms(number_in(object, name, std::int64_t{1} << 53));
}
Uuid uuid_in(const JsonValue& object, const char* name) {
    const auto id = Uuid::parse(text_in(object, name));
    if (!id) throw CodecError(std::string("'") + name + "' is not a UUID");
    return *id;
}
Digest digest_in(const JsonValue& object, const char* name) {
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
// Of an object its canonical text, which it nearly always is: what the service signs is written so.
std::string object_or_text_in(const JsonValue& object, const char* name, std::string_view line) {
    const JsonValue& value = member(object, name);
    if (value.is_string()) return std::string(value.string());
    if (!value.is_object()) throw CodecError(std::string("'") + name + "' is not an object");
    if (value.is_canonical()) return std::string(value.text());
    if (!value.text().empty()) return jcs(parse_json(value.text()));
    return jcs(parse_json(line)[name]);
}

const JsonValue& object_in(const JsonIndex& json) {
    if (!json.root().is_object()) throw CodecError("it is no JSON object");
    return json.root();
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
    const JsonIndex index(line);
    const JsonValue& json = object_in(index);
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
    event.payload = object_or_text_in(json, "payload", line);
    event.metadata = object_or_text_in(json, "metadata", line);
    if (json.find("mac_key_id")) {
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
    const JsonIndex index(text);
    const JsonValue& json = object_in(index);
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
    : path_(path), read_ahead_(kReadAhead), buffer_(kMaxExportLine + 1) {
    in_.rdbuf()->pubsetbuf(read_ahead_.data(), static_cast<std::streamsize>(read_ahead_.size()));
    in_.open(path, std::ios::binary);
    if (!in_) throw std::runtime_error("can't read " + path + ": " + std::strerror(errno));
}

void ExportReader::refuse(const std::string& reason) const {
    throw CodecError(path_ + ", line " + std::to_string(line_) + ": " + reason);
}

std::optional<std::string_view> ExportReader::next_line() {
    // Never more than a buffer: a file that is one endless line is refused, not taken into memory.
    in_.getline(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    const auto read = static_cast<std::size_t>(in_.gcount());
    if (in_.bad()) throw std::runtime_error("can't read " + path_ + " any further");
    if (read == 0 && in_.eof()) return std::nullopt;
    ++line_;
    if (in_.fail()) refuse("it is above 1 MiB");
    // The newline is counted and not stored; the last line may lack it.
    return std::string_view(buffer_.data(), in_.eof() ? read : read - 1);
}

RecordedEvent ExportReader::parsed(std::string_view line) const try {
    return parse_export_line(line);
} catch (const CodecError& error) {
    refuse(error.what());
}

std::optional<RecordedEvent> ExportReader::next() {
    const auto line = next_line();
    return line ? std::optional(parsed(*line)) : std::nullopt;
}

}  // namespace keyledger::eventstore::audit
