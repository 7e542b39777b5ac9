// Taken over as it stood, and not to be tidied: it is what the readers of today are held against.
#include "tests/eventstore/codec/by_tree.hpp"

#include <algorithm>
#include <limits>

#include "eventstore/codec/agent_words.hpp"
#include "eventstore/codec/codec.hpp"
#include "eventstore/codec/upcasts.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::by_tree {
namespace {

using codec::Upcast;
using rapidjson::Value;

struct In {
    FieldOpener& opener;
    std::string_view field;

    [[noreturn]] void fail(const char* expected) const {
        throw CodecError("field '" + std::string(field) + "': expected " + expected);
    }
};

// ---- values ----------------------------------------------------------------------------------------------------
inline void take(const In& in, const rapidjson::Value& json, std::string& v) {
    if (!json.IsString()) in.fail("a string");
    v.assign(json.GetString(), json.GetStringLength());
}
inline void take(const In& in, const rapidjson::Value& json, Uuid& v) {
    auto id = json.IsString() ? Uuid::parse({json.GetString(), json.GetStringLength()}) : std::nullopt;
    if (!id) in.fail("a UUID");
    v = *id;
}
template <class Of>
void take(const In& in, const rapidjson::Value& json, Id<Of>& v) {
    take(in, json, v.uuid);
}
inline void take(const In& in, const rapidjson::Value& json, std::int64_t& v) {
    if (!json.IsInt64()) in.fail("an integer");
    v = json.GetInt64();
}
inline void take(const In& in, const rapidjson::Value& json, Instant& v) {
    std::int64_t unix_ms = 0;
    take(in, json, unix_ms);
    v = Instant::at_ms(unix_ms);
}
inline void take(const In& in, const rapidjson::Value& json, Duration& v) {
    std::int64_t ms = 0;
    take(in, json, ms);
    v = milliseconds(ms);
}
template <class E>
    requires std::is_enum_v<E>
void take(const In& in, const rapidjson::Value& json, E& v) {
    if (!json.IsString()) in.fail("a string");
    const std::string_view text(json.GetString(), json.GetStringLength());
    for (const auto& [value, name] : enum_names(v)) {
        if (name != text) continue;
        v = value;
        return;
    }
    in.fail("one of its enumerators");
}
template <class T>
void take(const In& in, const rapidjson::Value& json, std::optional<T>& v) {
    json.IsNull() ? v.reset() : take(in, json, v.emplace());
}
template <class T>
void take(const In& in, const rapidjson::Value& json, std::vector<T>& v) {
    if (!json.IsArray()) in.fail("an array");
    v.clear();
    for (const auto& item : json.GetArray()) take(in, item, v.emplace_back());
}
template <class T>
void take(const In& in, const rapidjson::Value& json, Personal<T>& v) {
    std::optional<std::string> sealed;
    take(in, json, sealed);
    auto clear = sealed ? in.opener.open(in.field, *sealed) : std::nullopt;
    clear ? take(in, parse_json(*clear), v.value.emplace()) : v.value.reset();
}

template <class Declared>
Declared decode(const rapidjson::Value& object, FieldOpener& opener) {
    if (!object.IsObject()) throw CodecError("expected an object");
    Declared declared;
    std::size_t count = 0;
    auto each = [&](const auto& field) {
        const In in{opener, field.name};
        const rapidjson::Value name(field.name.data(), static_cast<rapidjson::SizeType>(field.name.size()));
        auto at = object.FindMember(name);
        if (at == object.MemberEnd()) in.fail("to be there");
        take(in, at->value, declared.*field.member);
        ++count;
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, Declared::fields());
    if (count != object.MemberCount()) throw CodecError("a field that is not declared");
    return declared;
}

template <class Declared>
    requires requires { Declared::fields(); }
void take(const In& in, const rapidjson::Value& json, Declared& v) {
    v = decode<Declared>(json, in.opener);
}

template <class E>
E decode_version(std::string_view payload, int schema_version, FieldOpener& opener) {
    if (schema_version < 1 || schema_version > E::kSchema)
        throw CodecError("unknown schema version " + std::to_string(schema_version));
    rapidjson::Document json = parse_json(payload);
    if (!json.IsObject()) throw CodecError("expected an object");
    for (int version = schema_version; version < E::kSchema; ++version) Upcast<E>::from(version, json);
    return decode<E>(json, opener);
}
template <class... E>
std::variant<E...> decode_any(std::type_identity<std::variant<E...>>, std::string_view type, int schema_version,
                              std::string_view payload, FieldOpener& opener) {
    std::optional<std::variant<E...>> event;
    auto attempt = [&]<class One>(std::type_identity<One>) {
        if (type == One::kType) event.emplace(decode_version<One>(payload, schema_version, opener));
    };
    (attempt(std::type_identity<E>{}), ...);
    if (!event) throw CodecError("unknown event type '" + std::string(type) + "'");
    return std::move(*event);
}

// ---- envelopes -------------------------------------------------------------------------------------------------
constexpr std::size_t kIdBytes = 16;
constexpr std::string_view kSealedForm = "s2.";

[[noreturn]] void fail(std::string_view field, const char* expected) {
    throw CodecError("field '" + std::string(field) + "': expected " + expected);
}

std::string short_id(const Uuid& id) { return security::base64url_encode(security::view_of(id)); }

std::optional<std::string> bytes_in(std::string_view text, std::size_t count) {
    auto bytes = security::base64url_decode(text);
    if (!bytes || bytes->size() != count) return std::nullopt;
    return bytes;
}
Uuid uuid_in(std::string_view field, std::string_view text) {
    const auto bytes = bytes_in(text, kIdBytes);
    if (!bytes) fail(field, "16 bytes in base64url");
    Uuid id;
    std::copy_n(bytes->begin(), kIdBytes, id.bytes.begin());
    return id;
}
std::optional<Uuid> uuid_of(const std::string& text) {
    auto id = Uuid::parse(text);
    return id && id->to_string() == text ? id : std::nullopt;
}
bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
// W3C Trace Context, version 00: the ids of trace and parent, and the flags, one behind the other.
constexpr std::size_t kTraceIdBytes = 16, kParentIdBytes = 8, kFlagBytes = 1;
constexpr std::size_t kTraceBytes = kTraceIdBytes + kParentIdBytes + kFlagBytes;

std::string traceparent_of(std::string_view bytes) {
    return "00-" + security::hex_encode(bytes.substr(0, kTraceIdBytes)) + '-' +
           security::hex_encode(bytes.substr(kTraceIdBytes, kParentIdBytes)) + '-' +
           security::hex_encode(bytes.substr(kTraceIdBytes + kParentIdBytes));
}
bool is_trace(std::string_view traceparent) {
    return traceparent.size() == 55 && traceparent.starts_with("00-") && traceparent[35] == '-' &&
           traceparent[52] == '-' && is_lower_hex(traceparent.substr(3, 32)) &&
           is_lower_hex(traceparent.substr(36, 16)) && is_lower_hex(traceparent.substr(53));
}
// The listener names a request that nobody named by its trace.
std::string implied_request(const EventMetadata& metadata) {
    return is_trace(metadata.traceparent) ? metadata.traceparent.substr(3, 32) : std::string();
}
std::optional<SessionId> implied_session(const EnvelopePlace& place) {
    return place.stream_type == "session" ? std::optional<SessionId>(place.stream_id) : std::nullopt;
}
std::optional<Uuid> user_of(const EventMetadata& metadata) {
    return metadata.actor_type == ActorType::kUser ? uuid_of(metadata.actor_id) : std::nullopt;
}

// Takes members out of an object; whatever was not taken in the end is an error.
class EnvelopeReader {
public:
    explicit EnvelopeReader(const Value& object) : object_(object) {}

    const Value* take(std::string_view name) {
        const auto at = object_.FindMember(Value(name.data(), static_cast<rapidjson::SizeType>(name.size())));
        if (at == object_.MemberEnd()) return nullptr;
        ++taken_;
        return &at->value;
    }
    std::optional<std::string_view> text(std::string_view name) {
        const Value* value = take(name);
        if (!value) return std::nullopt;
        if (!value->IsString()) fail(name, "a string");
        return std::string_view(value->GetString(), value->GetStringLength());
    }
    // In its short form, of so many bytes, or as it is.
    template <class Written>
    std::optional<std::string> either(std::string_view name, std::string_view short_name, std::size_t count,
                                      Written written) {
        if (const auto text = this->text(short_name)) {
            const auto bytes = bytes_in(*text, count);
            if (!bytes) fail(short_name, "base64url of its length");
            return written(*bytes);
        }
        const auto text = this->text(name);
        return text ? std::optional<std::string>(*text) : std::nullopt;
    }
    void end() const {
        if (taken_ != object_.MemberCount()) throw CodecError("a field that is not declared");
    }

private:
    const Value& object_;
    std::size_t taken_ = 0;
};

std::string uuid_text(std::string_view bytes) {
    Uuid id;
    std::copy_n(bytes.begin(), kIdBytes, id.bytes.begin());
    return id.to_string();
}

void take_actor(EnvelopeReader& in, EventMetadata& metadata, FieldOpener& opener) {
    const auto actor = in.text("actor");
    if (!actor) fail("actor", "to be there");
    const std::size_t colon = actor->find(':');
    const std::string_view name = actor->substr(0, colon);
    take(In{opener, "actor"}, Value(name.data(), static_cast<rapidjson::SizeType>(name.size())), metadata.actor_type);
    if (colon != actor->npos) metadata.actor_id = uuid_in("actor", actor->substr(colon + 1)).to_string();
    else if (const auto id = in.text("actor_id")) metadata.actor_id = *id;
}

void take_agent(const In& in, const Value& json, std::optional<std::string>& agent) {
    if (!json.IsArray()) return take(in, json, agent);
    if (json.Size() != 1 || !json[0].IsString()) in.fail("an agent, or its words");
    agent = full_agent({json[0].GetString(), json[0].GetStringLength()});
}

void take_opened(std::string_view clear, EventMetadata& metadata, FieldOpener& opener) {
    const rapidjson::Document list = parse_json(clear);
    if (!list.IsArray() || list.Size() > 3) fail(kEnvelopeField, "a list of what is personal");
    const In in_list{opener, kEnvelopeField};
    if (list.Size() > 0) take(in_list, list[0], metadata.client_address.value);
    if (list.Size() > 1) take_agent(in_list, list[1], metadata.user_agent.value);
    if (list.Size() > 2) take(in_list, list[2], metadata.device.value);
}

void take_personal(EnvelopeReader& in, EventMetadata& metadata, FieldOpener& opener) {
    std::string sealed;
    if (const auto own = in.text("sealed")) {
        const auto actor = user_of(metadata);
        if (!actor) fail("sealed", "an actor who is a user");
        sealed = std::string(kSealedForm) + short_id(*actor) + '.' + std::string(*own);
    } else if (const auto other = in.text("sealed_for")) {
        sealed = *other;
    } else {
        return;
    }
    if (const auto clear = opener.open(kEnvelopeField, sealed)) take_opened(*clear, metadata, opener);
}

EventMetadata decode_short(const Value& object, const EnvelopePlace& place, FieldOpener& opener) {
    EnvelopeReader in(object);
    EventMetadata metadata;
    take(In{opener, "at"}, *in.take("at"), metadata.occurred_at);
    take_actor(in, metadata, opener);
    metadata.command_id = in.either("command_id", "command", kIdBytes, uuid_text).value_or(place.event_id.to_string());
    const auto cause = in.text("causation_id");
    metadata.causation_id = cause ? std::string(*cause) : metadata.command_id;
    metadata.traceparent = in.either("traceparent", "trace", kTraceBytes, traceparent_of).value_or("");
    const auto hex = [](std::string_view bytes) { return security::hex_encode(bytes); };
    auto request = in.either("request_id", "request", kIdBytes, hex);
    metadata.request_id = request ? std::move(*request) : implied_request(metadata);
    const auto correlation = in.text("correlation_id");
    metadata.correlation_id = correlation ? std::string(*correlation) : metadata.request_id;
    metadata.session_id = implied_session(place);
    if (const Value* session = in.take("session")) {
        if (session->IsNull()) metadata.session_id.reset();
        else if (!session->IsString()) fail("session", "a string");
        else metadata.session_id = SessionId{uuid_in("session", {session->GetString(), session->GetStringLength()})};
    }
    take_personal(in, metadata, opener);
    in.end();
    return metadata;
}

// As strict as decode() of an event, but for fields that are left out. The oldest have all of them.
EventMetadata decode_whole(const Value& object, FieldOpener& opener) {
    EnvelopeReader members(object);
    EventMetadata decoded;
    auto each = [&](const auto& field) {
        if (const Value* value = members.take(field.name)) take(In{opener, field.name}, *value, decoded.*field.member);
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, EventMetadata::fields());
    members.end();
    for (const char* needed : {"occurred_at_ms", "actor_type"})
        if (!object.HasMember(needed)) fail(needed, "to be there");
    if (!object.HasMember("causation_id")) decoded.causation_id = decoded.command_id;
    if (!object.HasMember("correlation_id")) decoded.correlation_id = decoded.request_id;
    return decoded;
}

rapidjson::Document parse_object(std::string_view metadata) {
    rapidjson::Document object = parse_json(metadata);
    if (!object.IsObject()) throw CodecError("expected an object");
    return object;
}

// ---- exported lines --------------------------------------------------------------------------------------------
namespace lines {

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

}  // namespace lines

}  // namespace

AnyEventPtr decode_any(const RecordedEvent& event, FieldOpener& opener) {
    require_believed(event);
    AnyEventPtr decoded;
    Aggregates::for_each([&]<class Aggregate> {
        if (event.stream_type == Aggregate::kStreamType)
            decoded =
                std::make_shared<const AnyEvent>(decode_any(std::type_identity<typename Aggregate::Event>{}, event.type,
                                                            event.schema_version, event.payload, opener));
    });
    if (!decoded) throw CodecError("unknown stream type '" + event.stream_type + "'");
    return decoded;
}

EventMetadata decode_metadata(std::string_view metadata, const EnvelopePlace& place, FieldOpener& opener) {
    const rapidjson::Document object = parse_object(metadata);
    return object.HasMember("at") ? decode_short(object, place, opener) : decode_whole(object, opener);
}

RecordedEvent parse_export_line(std::string_view line) {
    using namespace lines;
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

}  // namespace keyledger::eventstore::by_tree
