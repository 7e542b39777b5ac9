// Taken over as it stood, and not to be tidied: it is what the writers of today are held against.
#include "tests/eventstore/codec/written_by_tree.hpp"

#include <algorithm>
#include <utility>

#include "eventstore/aggregates.hpp"
#include "eventstore/codec/agent_words.hpp"
#include "eventstore/codec/jcs.hpp"
#include "security/primitives/base64url.hpp"
#include "security/primitives/bytes.hpp"
#include "security/primitives/hex.hpp"

namespace keyledger::eventstore::by_tree {
namespace {

using rapidjson::Value;

struct Out {
    rapidjson::Document::AllocatorType& memory;
    FieldSealer& sealer;
    std::string_view field;
};

inline constexpr std::int64_t kMaxExactInteger = std::int64_t{1} << 53;

inline rapidjson::Value put(const Out& out, std::string_view v) {
    return rapidjson::Value(v.data(), static_cast<rapidjson::SizeType>(v.size()), out.memory);
}
inline rapidjson::Value put(const Out& out, const std::string& v) { return put(out, std::string_view(v)); }
inline rapidjson::Value put(const Out& out, const Uuid& v) { return put(out, v.to_string()); }
inline rapidjson::Value put(const Out& out, std::int64_t v) {
    if (v > kMaxExactInteger || v < -kMaxExactInteger)
        throw CodecError("field '" + std::string(out.field) + "': integer beyond 2^53");
    return rapidjson::Value(v);
}
inline rapidjson::Value put(const Out& out, Instant v) { return put(out, v.ms()); }
inline rapidjson::Value put(const Out& out, Duration v) { return put(out, v.ms()); }
template <class E>
    requires std::is_enum_v<E>
rapidjson::Value put(const Out& out, E v) {
    for (const auto& [value, name] : enum_names(v))
        if (value == v) return put(out, name);
    throw CodecError("field '" + std::string(out.field) + "': enumerator without a name");
}
template <class T>
rapidjson::Value put(const Out& out, const std::optional<T>& v) {
    return v ? put(out, *v) : rapidjson::Value();
}
template <class T>
rapidjson::Value put(const Out& out, const std::vector<T>& v) {
    rapidjson::Value array(rapidjson::kArrayType);
    for (const T& item : v) array.PushBack(put(out, item), out.memory);
    return array;
}
template <class T>
rapidjson::Value put(const Out& out, const Personal<T>& v) {
    if (!v.value) return rapidjson::Value();
    return put(out, out.sealer.seal(out.field, jcs(put(out, *v.value))));
}

// One within another.
template <class Declared>
    requires requires { Declared::fields(); }
rapidjson::Value put(const Out& out, const Declared& v) {
    rapidjson::Value object(rapidjson::kObjectType);
    auto each = [&](const auto& field) {
        const Out within{out.memory, out.sealer, field.name};
        rapidjson::Value value = put(within, v.*field.member);
        object.AddMember(put(within, field.name), value, out.memory);
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, Declared::fields());
    return object;
}
template <class Declared>
std::string encode_declared(const Declared& declared, FieldSealer& sealer) {
    rapidjson::Document object(rapidjson::kObjectType);
    auto& memory = object.GetAllocator();
    auto each = [&](const auto& field) {
        const Out out{memory, sealer, field.name};
        rapidjson::Value value = put(out, declared.*field.member);
        object.AddMember(put(out, field.name), value, memory);
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, Declared::fields());
    return jcs(object);
}

// ---- envelopes -------------------------------------------------------------------------------------------------
constexpr std::size_t kIdBytes = 16;
constexpr std::string_view kSealedForm = "s2.";

std::string short_id(const Uuid& id) { return security::base64url_encode(security::view_of(id)); }

std::optional<Uuid> uuid_of(const std::string& text) {
    auto id = Uuid::parse(text);
    return id && id->to_string() == text ? id : std::nullopt;
}
bool is_lower_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}
std::optional<std::string> bytes_of_hex(const std::string& text, std::size_t count) {
    if (text.size() != 2 * count || !is_lower_hex(text)) return std::nullopt;
    return security::hex_decode(text);
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
std::string implied_request(const EventMetadata& metadata) {
    return is_trace(metadata.traceparent) ? metadata.traceparent.substr(3, 32) : std::string();
}
std::optional<SessionId> implied_session(const EnvelopePlace& place) {
    return place.stream_type == "session" ? std::optional<SessionId>(place.stream_id) : std::nullopt;
}
std::optional<Uuid> user_of(const EventMetadata& metadata) {
    return metadata.actor_type == ActorType::kUser ? uuid_of(metadata.actor_id) : std::nullopt;
}

// ---- writing ---------------------------------------------------------------------------------------------------
class EnvelopeWriter {
public:
    void add(std::string_view name, Value value) {
        object_.AddMember(Value(name.data(), static_cast<rapidjson::SizeType>(name.size())), value, memory());
    }
    void add(std::string_view name, std::string_view text) { add(name, Value(text.data(), size_of(text), memory())); }
    // As it is, or in its short form under its short name.
    void add(std::string_view name, const std::string& text, std::string_view short_name,
             const std::optional<std::string>& bytes) {
        bytes ? add(short_name, security::base64url_encode(*bytes)) : add(name, text);
    }
    rapidjson::Document::AllocatorType& memory() { return object_.GetAllocator(); }
    std::string text() const { return jcs(object_); }

private:
    static rapidjson::SizeType size_of(std::string_view text) { return static_cast<rapidjson::SizeType>(text.size()); }
    rapidjson::Document object_{rapidjson::kObjectType};
};

std::optional<std::string> bytes_of_uuid(const std::string& text) {
    const auto id = uuid_of(text);
    if (!id) return std::nullopt;
    return std::string(security::view_of(*id));
}

void add_actor(EnvelopeWriter& out, const EventMetadata& metadata, FieldSealer& sealer) {
    const Out named{out.memory(), sealer, "actor_type"};
    const Value name = put(named, metadata.actor_type);
    std::string actor(name.GetString(), name.GetStringLength());
    const auto id = uuid_of(metadata.actor_id);
    if (id) actor += ':' + short_id(*id);
    out.add("actor", actor);
    if (!id && !metadata.actor_id.empty()) out.add("actor_id", metadata.actor_id);
}

// A list around it says that an agent is told in words.
Value put_agent(const Out& out, const std::optional<std::string>& agent) {
    const auto words = agent ? abbreviated_agent(*agent) : std::nullopt;
    if (!words) return put(out, agent);
    Value list(rapidjson::kArrayType);
    list.PushBack(put(out, *words), out.memory);
    return list;
}

// One value for all that is personal: a list in the order of the declaration, without what is missing at its end. The
// text says under whose key it is sealed, which need not be repeated where that is the actor.
void add_personal(EnvelopeWriter& out, const EventMetadata& metadata, FieldSealer& sealer) {
    rapidjson::Document list(rapidjson::kArrayType);
    const Out item{list.GetAllocator(), sealer, kEnvelopeField};
    list.PushBack(put(item, metadata.client_address.value), list.GetAllocator());
    list.PushBack(put_agent(item, metadata.user_agent.value), list.GetAllocator());
    list.PushBack(put(item, metadata.device.value), list.GetAllocator());
    while (!list.Empty() && list[list.Size() - 1].IsNull()) list.PopBack();
    if (list.Empty()) return;
    const std::string sealed = sealer.seal(kEnvelopeField, jcs(list));
    const auto actor = user_of(metadata);
    const std::string of_actor = actor ? std::string(kSealedForm) + short_id(*actor) + '.' : std::string();
    if (actor && sealed.starts_with(of_actor)) out.add("sealed", std::string_view(sealed).substr(of_actor.size()));
    else out.add("sealed_for", sealed);
}

// What a field says in whole names when it is not there.
const std::string* implied_by(std::string_view field, const EventMetadata& metadata) {
    if (field == "causation_id") return &metadata.command_id;
    if (field == "correlation_id") return &metadata.request_id;
    return nullptr;
}

}  // namespace

std::string payload_of(const AnyEvent& event, FieldSealer& sealer) {
    const auto written = [&](const auto& one) { return encode_declared(one, sealer); };
    return std::visit([&](const auto& of_one) { return std::visit(written, of_one); }, event);
}

std::string state_of(const AnyState& state, FieldSealer& sealer) {
    const auto written = [&]<class Aggregate>(const Aggregate& one) {
        if constexpr (requires { Aggregate::fields(); }) return encode_declared(one, sealer);
        else return std::string();
    };
    return std::visit(written, state);
}

std::string envelope_of(const EventMetadata& metadata, const EnvelopePlace& place, FieldSealer& sealer) {
    EnvelopeWriter out;
    const Out at{out.memory(), sealer, "at"};
    out.add("at", put(at, metadata.occurred_at));
    add_actor(out, metadata, sealer);
    if (metadata.command_id != place.event_id.to_string())
        out.add("command_id", metadata.command_id, "command", bytes_of_uuid(metadata.command_id));
    if (metadata.causation_id != metadata.command_id) out.add("causation_id", metadata.causation_id);
    if (!metadata.traceparent.empty())
        out.add("traceparent", metadata.traceparent, "trace", trace_bytes(metadata.traceparent));
    if (metadata.request_id != implied_request(metadata))
        out.add("request_id", metadata.request_id, "request", bytes_of_hex(metadata.request_id, kIdBytes));
    if (metadata.correlation_id != metadata.request_id) out.add("correlation_id", metadata.correlation_id);
    if (metadata.session_id != implied_session(place)) {
        if (metadata.session_id) out.add("session", short_id(*metadata.session_id));
        else out.add("session", Value());
    }
    add_personal(out, metadata, sealer);
    return out.text();
}

std::string envelope_of(const EventMetadata& metadata, FieldSealer& sealer) {
    EnvelopeWriter object;
    auto each = [&](const auto& field) {
        const Out out{object.memory(), sealer, field.name};
        Value value = put(out, metadata.*field.member);
        const std::string* implied = implied_by(field.name, metadata);
        const bool is_empty = value.IsNull() || (value.IsString() && value.GetStringLength() == 0);
        const bool follows = implied ? value.IsString() && *implied == value.GetString() : is_empty;
        if (!follows) object.add(field.name, std::move(value));
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, EventMetadata::fields());
    return object.text();
}

}  // namespace keyledger::eventstore::by_tree
