#include "eventstore/codec/envelope.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "eventstore/codec/agent_words.hpp"
#include "eventstore/codec/codec.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore {
namespace {

using codec::In;
using codec::Out;

constexpr std::size_t kIdBytes = 16;
constexpr std::string_view kSealedForm = "s2.";

[[noreturn]] void fail(std::string_view field, const char* expected) {
    throw CodecError("field '" + std::string(field) + "': expected " + expected);
}

// ---- short forms of texts --------------------------------------------------------------------------------------
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
// Only a text that comes back as it was: in lower case.
std::optional<Uuid> uuid_of(const std::string& text) {
    if (std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'F'; })) return std::nullopt;
    return Uuid::parse(text);
}
bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
std::optional<std::string> bytes_of_hex(const std::string& text, std::size_t count) {
    if (text.size() != 2 * count || !is_lower_hex(text)) return std::nullopt;
    return security::hex_decode(text);
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
std::optional<std::string> trace_bytes(const std::string& traceparent) {
    if (!is_trace(traceparent)) return std::nullopt;
    return security::hex_decode(traceparent.substr(3, 32) + traceparent.substr(36, 16) + traceparent.substr(53));
}

// ---- what follows from the rest --------------------------------------------------------------------------------
// The listener names a request that nobody named by its trace.
std::string_view implied_request(const EventMetadata& metadata) {
    return is_trace(metadata.traceparent) ? std::string_view(metadata.traceparent).substr(3, 32) : std::string_view();
}
std::optional<SessionId> implied_session(const EnvelopePlace& place) {
    return place.stream_type == "session" ? std::optional<SessionId>(place.stream_id) : std::nullopt;
}
std::optional<Uuid> user_of(const EventMetadata& metadata) {
    return metadata.actor_type == ActorType::kUser ? uuid_of(metadata.actor_id) : std::nullopt;
}

// ---- writing ---------------------------------------------------------------------------------------------------
// Members come in canonical order: whoever adds one says when. tests/eventstore/codec/write_alike_test.cpp holds that
// against a tree that is sorted.
class EnvelopeWriter {
public:
    explicit EnvelopeWriter(FieldSealer& sealer) : sealer_(sealer) { text_.reserve(kMostlyEnough); }

    // For its value, which is to follow.
    Out begin(std::string_view name) {
        text_ += text_.empty() ? '{' : ',';
        text_ += '"';
        text_ += name;
        text_ += "\":";
        return {text_, sealer_, name};
    }
    void add(std::string_view name, std::string_view text) { codec::put(begin(name), text); }
    // As it is, or in its short form under its short name, which begins the other.
    void add(std::string_view name, const std::string& text, std::string_view short_name,
             const std::optional<std::string>& bytes) {
        bytes ? add(short_name, security::base64url_encode(*bytes)) : add(name, text);
    }
    std::string end() {
        text_ += text_.empty() ? "{}" : "}";
        return std::move(text_);
    }

private:
    static constexpr std::size_t kMostlyEnough = 256;  // bytes
    std::string text_;
    FieldSealer& sealer_;
};

std::optional<std::string> bytes_of_uuid(const std::string& text) {
    const auto id = uuid_of(text);
    if (!id) return std::nullopt;
    return std::string(security::view_of(*id));
}

void add_actor(EnvelopeWriter& out, const EventMetadata& metadata, const std::optional<std::string>& short_actor) {
    std::string actor(codec::name_in("actor_type", metadata.actor_type));
    if (short_actor) actor += ':' + *short_actor;
    out.add("actor", actor);
    if (!short_actor && !metadata.actor_id.empty()) out.add("actor_id", metadata.actor_id);
}

// A list around it says that an agent is told in words.
void put_agent(const Out& out, const std::optional<std::string>& agent) {
    const auto words = agent ? abbreviated_agent(*agent) : std::nullopt;
    if (!words) return codec::put(out, agent);
    out.text += '[';
    codec::put(out, *words);
    out.text += ']';
}

// A list in the order of the declaration, without what is missing at its end. Empty: nothing is personal.
std::string personal_list(const EventMetadata& metadata, FieldSealer& sealer) {
    const auto& address = metadata.client_address.value;
    const auto& agent = metadata.user_agent.value;
    const auto& device = metadata.device.value;
    std::string list;
    if (!address && !agent && !device) return list;
    const Out item{list, sealer, kEnvelopeField};
    list += '[';
    codec::put(item, address);
    if (agent || device) {
        list += ',';
        put_agent(item, agent);
    }
    if (device) {
        list += ',';
        codec::put(item, device);
    }
    list += ']';
    return list;
}

// One value for all that is personal. The text says under whose key it is sealed, which need not be repeated where that
// is the actor.
void add_personal(EnvelopeWriter& out, const EventMetadata& metadata, const std::optional<std::string>& short_actor,
                  FieldSealer& sealer) {
    const std::string list = personal_list(metadata, sealer);
    if (list.empty()) return;
    const std::string sealed = sealer.seal(kEnvelopeField, list);
    const bool is_user = short_actor && metadata.actor_type == ActorType::kUser;
    const std::string of_actor = is_user ? std::string(kSealedForm) + *short_actor + '.' : std::string();
    if (is_user && sealed.starts_with(of_actor)) out.add("sealed", std::string_view(sealed).substr(of_actor.size()));
    else out.add("sealed_for", sealed);
}

// ---- reading ---------------------------------------------------------------------------------------------------
// Takes members out of an object; whatever was not taken in the end is an error.
class EnvelopeReader {
public:
    explicit EnvelopeReader(const JsonValue& object) : object_(object) {}

    const JsonValue* take(std::string_view name) {
        const JsonValue* value = object_.find(name);
        if (value) ++taken_;
        return value;
    }
    std::optional<std::string_view> text(std::string_view name) {
        const JsonValue* value = take(name);
        if (!value) return std::nullopt;
        if (!value->is_string()) fail(name, "a string");
        return value->string();
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
        if (taken_ != object_.size()) throw CodecError("a field that is not declared");
    }

private:
    const JsonValue& object_;
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
    codec::take_name(In{opener, "actor"}, actor->substr(0, colon), metadata.actor_type);
    if (colon != actor->npos) metadata.actor_id = uuid_in("actor", actor->substr(colon + 1)).to_string();
    else if (const auto id = in.text("actor_id")) metadata.actor_id = *id;
}

void take_agent(const In& in, const JsonValue& json, std::optional<std::string>& agent) {
    if (!json.is_array()) return codec::take(in, json, agent);
    if (json.size() != 1 || !json.first()->is_string()) in.fail("an agent, or its words");
    agent = full_agent(json.first()->string());
}

void take_opened(std::string_view clear, EventMetadata& metadata, FieldOpener& opener) {
    const JsonIndex index(clear);
    const JsonValue& list = index.root();
    if (!list.is_array() || list.size() > 3) fail(kEnvelopeField, "a list of what is personal");
    const In in_list{opener, kEnvelopeField};
    const JsonValue* item = list.first();
    const auto next = [&]() -> const JsonValue& { return *std::exchange(item, item->next()); };
    if (list.size() > 0) codec::take(in_list, next(), metadata.client_address.value);
    if (list.size() > 1) take_agent(in_list, next(), metadata.user_agent.value);
    if (list.size() > 2) codec::take(in_list, next(), metadata.device.value);
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

EventMetadata decode_short(const JsonValue& object, const EnvelopePlace& place, FieldOpener& opener) {
    EnvelopeReader in(object);
    EventMetadata metadata;
    codec::take(In{opener, "at"}, *in.take("at"), metadata.occurred_at);
    take_actor(in, metadata, opener);
    metadata.command_id = in.either("command_id", "command", kIdBytes, uuid_text).value_or(place.event_id.to_string());
    const auto cause = in.text("causation_id");
    metadata.causation_id = cause ? std::string(*cause) : metadata.command_id;
    metadata.traceparent = in.either("traceparent", "trace", kTraceBytes, traceparent_of).value_or("");
    const auto hex = [](std::string_view bytes) { return security::hex_encode(bytes); };
    auto request = in.either("request_id", "request", kIdBytes, hex);
    metadata.request_id = request ? std::move(*request) : std::string(implied_request(metadata));
    const auto correlation = in.text("correlation_id");
    metadata.correlation_id = correlation ? std::string(*correlation) : metadata.request_id;
    metadata.session_id = implied_session(place);
    if (const JsonValue* session = in.take("session")) {
        if (session->is_null()) metadata.session_id.reset();
        else if (!session->is_string()) fail("session", "a string");
        else metadata.session_id = SessionId{uuid_in("session", session->string())};
    }
    take_personal(in, metadata, opener);
    in.end();
    return metadata;
}

// Whether that is its text, up to a NUL, which no envelope has.
bool says(const std::string& text, const std::string& implied) {
    return std::string_view(text).substr(0, text.find('\0')) == implied;
}
template <class Other>
bool says(const Other&, const std::string&) {
    return false;
}

// What a field says in whole names when it is not there.
const std::string* implied_by(std::string_view field, const EventMetadata& metadata) {
    if (field == "causation_id") return &metadata.command_id;
    if (field == "correlation_id") return &metadata.request_id;
    return nullptr;
}

// As strict as decode() of an event, but for fields that are left out. The oldest have all of them.
EventMetadata decode_whole(const JsonValue& object, FieldOpener& opener) {
    EnvelopeReader members(object);
    EventMetadata decoded;
    auto each = [&](const auto& field) {
        if (const JsonValue* value = members.take(field.name))
            codec::take(In{opener, field.name}, *value, decoded.*field.member);
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, EventMetadata::fields());
    members.end();
    for (const char* needed : {"occurred_at_ms", "actor_type"})
        if (!object.find(needed)) fail(needed, "to be there");
    if (!object.find("causation_id")) decoded.causation_id = decoded.command_id;
    if (!object.find("correlation_id")) decoded.correlation_id = decoded.request_id;
    return decoded;
}

const JsonValue& object_in(const JsonIndex& metadata) {
    if (!metadata.root().is_object()) throw CodecError("expected an object");
    return metadata.root();
}

}  // namespace

std::string encode(const EventMetadata& metadata, const EnvelopePlace& place, FieldSealer& sealer) {
    EnvelopeWriter out(sealer);
    const auto actor = uuid_of(metadata.actor_id);
    const auto short_actor = actor ? std::optional(short_id(*actor)) : std::nullopt;
    add_actor(out, metadata, short_actor);
    codec::put(out.begin("at"), metadata.occurred_at);
    if (metadata.causation_id != metadata.command_id) out.add("causation_id", metadata.causation_id);
    if (metadata.command_id != place.event_id.to_string())
        out.add("command_id", metadata.command_id, "command", bytes_of_uuid(metadata.command_id));
    if (metadata.correlation_id != metadata.request_id) out.add("correlation_id", metadata.correlation_id);
    if (metadata.request_id != implied_request(metadata))
        out.add("request_id", metadata.request_id, "request", bytes_of_hex(metadata.request_id, kIdBytes));
    add_personal(out, metadata, short_actor, sealer);
    if (metadata.session_id != implied_session(place)) {
        if (metadata.session_id) out.add("session", short_id(*metadata.session_id));
        else out.begin("session").text += "null";
    }
    if (!metadata.traceparent.empty())
        out.add("traceparent", metadata.traceparent, "trace", trace_bytes(metadata.traceparent));
    return out.end();
}

EventMetadata decode_metadata(std::string_view metadata, const EnvelopePlace& place, FieldOpener& opener) {
    const JsonIndex index(metadata);
    const JsonValue& object = object_in(index);
    return object.find("at") ? decode_short(object, place, opener) : decode_whole(object, opener);
}

void open_field(EventMetadata& metadata, const SealedField& field, FieldOpener& opener) {
    const auto clear = opener.open(field.name, field.sealed);
    if (!clear) return;
    if (field.name == kEnvelopeField) return take_opened(*clear, metadata, opener);
    auto each = [&](const auto& declared) {
        using Member = std::remove_cvref_t<decltype(metadata.*declared.member)>;
        if constexpr (std::is_same_v<Member, Personal<std::string>>)
            if (declared.name == field.name)
                codec::take(In{opener, declared.name}, JsonIndex(*clear).root(),
                            (metadata.*declared.member).value.emplace());
    };
    std::apply([&](const auto&... declared) { (each(declared), ...); }, EventMetadata::fields());
}

EventMetadata decode_metadata(const RecordedEvent& event, FieldOpener& opener) {
    require_believed(event);
    return decode_metadata(event.metadata, {event.event_id, event.stream_type, event.stream_id}, opener);
}

EventMetadata decode_metadata(std::string_view metadata, FieldOpener& opener) {
    const JsonIndex index(metadata);
    return decode_whole(object_in(index), opener);
}

std::string encode(const EventMetadata& metadata, FieldSealer& sealer) {
    EnvelopeWriter object(sealer);
    std::string value;
    codec::in_canonical_order<EventMetadata>([&](const auto& field) {
        value.clear();
        codec::put(Out{value, sealer, field.name}, metadata.*field.member);
        const std::string* implied = implied_by(field.name, metadata);
        const bool is_empty = value == "null" || value == R"("")";
        const bool follows = implied ? says(metadata.*field.member, *implied) : is_empty;
        if (!follows) object.begin(field.name).text += value;
    });
    return object.end();
}

std::string describe(EventMetadata metadata) {
    struct : FieldSealer {
        std::string seal(std::string_view field, std::string_view) override {
            throw CodecError("personal field '" + std::string(field) + "' would be told");
        }
    } nothing;
    metadata.client_address.value.reset();
    metadata.user_agent.value.reset();
    metadata.device.value.reset();
    return encode(metadata, nothing);
}

}  // namespace keyledger::eventstore
