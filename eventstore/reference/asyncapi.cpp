#include "eventstore/declarations.hpp"
#include "eventstore/event_metadata.hpp"
#include "eventstore/reference/event_reference.hpp"

namespace keyledger::eventstore::reference {
namespace {

using rapidjson::Value;
using Memory = rapidjson::Document::AllocatorType;

constexpr const char* kAbout =
    "What an application learns from Keyledger's Kafka topics. `keyledger.events.v1` holds facts: every "
    "event of the "
    "log, each once for a read_committed consumer, those of one subject in order. `keyledger.users.v1` and "
    "`keyledger.sessions.v1` hold the latest state and are compacted. The prefix `keyledger` is "
    "configurable. No "
    "record holds personal data.";

// Values that own their text, with members in the order in which they were added.
class Builder {
public:
    explicit Builder(Memory& memory) : memory_(memory) {}

    Value text(std::string_view value) const {
        return Value(value.data(), static_cast<rapidjson::SizeType>(value.size()), memory_);
    }
    // {name, value, name, value …}
    template <class... Rest>
    Value object(Rest&&... rest) const {
        Value made(rapidjson::kObjectType);
        add(made, std::forward<Rest>(rest)...);
        return made;
    }
    template <class... Rest>
    Value list(Rest&&... rest) const {
        Value made(rapidjson::kArrayType);
        (made.PushBack(any(std::forward<Rest>(rest)), memory_), ...);
        return made;
    }
    template <class V, class... Rest>
    void add(Value& object, std::string_view name, V&& value, Rest&&... rest) const {
        object.AddMember(text(name), any(std::forward<V>(value)), memory_);
        add(object, std::forward<Rest>(rest)...);
    }
    void add(Value&) const {}
    void push(Value& list, std::string_view value) const { list.PushBack(text(value), memory_); }
    Value reference(const std::string& path) const { return object("$ref", "#/" + path); }

private:
    Value any(Value&& value) const { return std::move(value); }
    Value any(std::string_view value) const { return text(value); }
    Value any(const std::string& value) const { return text(value); }
    Value any(const char* value) const { return text(value); }
    Value any(int value) const { return Value(value); }
    Value any(bool value) const { return Value(value); }
    Memory& memory_;
};

Value base_schema(const Builder& build, const FieldType& type) {
    switch (type.base) {
        case FieldType::Base::kText: return build.object("type", "string");
        case FieldType::Base::kUuid: return build.object("type", "string", "format", "uuid");
        case FieldType::Base::kInteger: return build.object("type", "integer", "format", "int64");
        case FieldType::Base::kName: break;
    }
    Value names = build.list();
    for (const std::string_view choice : type.choices) build.push(names, choice);
    return build.object("type", "string", "enum", std::move(names));
}

Value or_null(const Builder& build, Value&& schema) {
    return build.object("oneOf", build.list(std::move(schema), build.object("type", "null")));
}

Value schema_of(const Builder& build, const FieldInfo& field) {
    Value schema = base_schema(build, field.type);
    if (field.type.is_list) schema = build.object("type", "array", "items", std::move(schema));
    if (field.type.may_be_null) schema = or_null(build, std::move(schema));
    build.add(schema, "description", field.meaning);
    return schema;
}

// Personal fields never leave: here they do not exist.
Value data_schema(const Builder& build, const EventTypeInfo& info) {
    Value required = build.list();
    Value properties = build.object();
    for (const FieldInfo& field : info.fields) {
        if (field.type.is_personal) continue;
        build.push(required, field.name);
        build.add(properties, field.name, schema_of(build, field));
    }
    return build.object("type", "object", "additionalProperties", false, "required", std::move(required), "properties",
                        std::move(properties));
}

Value position_schema(const Builder& build, const char* meaning) {
    return build.object("type", "integer", "format", "int64", "minimum", 1, "description", meaning);
}
Value uuid_schema(const Builder& build, const char* meaning) {
    return build.object("type", "string", "format", "uuid", "description", meaning);
}

Value actor_schema(const Builder& build) {
    Value types = build.list();
    for (const auto& [value, name] : enum_names(ActorType{})) build.push(types, name);
    Value id = or_null(build, build.object("type", "string"));
    build.add(id, "description", "the user's or the client's; null for anonymous and system");
    return build.object(
        "type", "object", "description", "who did it", "required", build.list("type", "id"), "properties",
        build.object("type", build.object("type", "string", "enum", std::move(types)), "id", std::move(id)));
}

// The value of an event's record. Members may be added to it within a schema version; to `data` they may not.
Value event_schema(const Builder& build, const EventTypeInfo& info) {
    Value session = or_null(build, build.object("type", "string", "format", "uuid"));
    build.add(session, "description", "the session in which the actor acted");
    Value stream = build.object(
        "type", "object", "required", build.list("type", "id", "version"), "properties",
        build.object("type", build.object("type", "string", "const", info.stream_type), "id",
                     uuid_schema(build, "of the stream"), "version",
                     build.object("type", "integer", "minimum", 1, "description", "1, 2, 3 … in each stream")));
    return build.object(
        "type", "object", "required",
        build.list("actor", "data", "position", "schema_version", "session_id", "stream", "tenant"), "properties",
        build.object("actor", build.reference("components/schemas/actor"), "data", data_schema(build, info), "position",
                     position_schema(build, "in the log: 1, 2, 3 … without holes"), "schema_version",
                     build.object("type", "integer", "const", info.schema_version), "session_id", std::move(session),
                     "stream", std::move(stream), "tenant", build.object("type", "string")));
}

Value text_header(const Builder& build, const char* meaning) {
    return build.object("type", "string", "description", meaning);
}

Value mac_header(const Builder& build) {
    return text_header(build, "by which the service knows its own records; absent from those of before there was one");
}

Value event_headers(const Builder& build) {
    const char* const optional = "as in the envelope; absent if unknown";
    return build.object(
        "type", "object", "required",
        build.list("ce_specversion", "ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_sequence",
                   "ce_partitionkey", "ce_logid", "content-type"),
        "properties",
        build.object("ce_specversion", build.object("type", "string", "const", "1.0"), "ce_id",
                     uuid_schema(build, "the event's id"), "ce_source", text_header(build, "the issuer"), "ce_type",
                     text_header(build, "the event's type"), "ce_subject",
                     uuid_schema(build, "whom the event is about; also the record's key"), "ce_time",
                     build.object("type", "string", "format", "date-time", "description", "when it was decided"),
                     "ce_recordedtime",
                     build.object("type", "string", "format", "date-time", "description",
                                  "when the log took it; records of earlier versions lack it"),
                     "ce_sequence",
                     build.object("type", "string", "pattern", "^[0-9]{19}$", "description", "the position, 19 digits"),
                     "ce_partitionkey", uuid_schema(build, "the record's key"), "ce_logid",
                     uuid_schema(build, "which log the position is of"), "ce_traceparent", text_header(build, optional),
                     "ce_correlationid", text_header(build, optional), "ce_causationid", text_header(build, optional),
                     "content-type", build.object("type", "string", "const", "application/json"), "kl_mac",
                     mac_header(build)));
}

Value channel(const Builder& build, const char* address, const char* meaning, Value&& messages, Value&& topic) {
    return build.object("address", address, "description", meaning, "messages", std::move(messages), "bindings",
                        build.object("kafka", build.object("topic", address, "topicConfiguration", std::move(topic),
                                                           "bindingVersion", "0.5.0")));
}

Value operation(const Builder& build, const char* name, const char* meaning) {
    return build.object("action", "send", "summary", meaning, "channel",
                        build.reference(std::string("channels/") + name));
}

Value message(const Builder& build, std::string_view name, std::string_view meaning, const char* headers,
              Value&& payload, Value&& key) {
    return build.object("name", name, "summary", meaning, "contentType", "application/json", "headers",
                        build.reference(std::string("components/schemas/") + headers), "payload", std::move(payload),
                        "bindings",
                        build.object("kafka", build.object("key", std::move(key), "bindingVersion", "0.5.0")));
}

// At the position of a record that the service did not write; described by hand, for it follows from no
// event.
Value disavowed_schema(const Builder& build) {
    Value leaf =
        build.object("type", "string", "pattern", "^[0-9a-f]{64}$", "description", "that the log stores with it");
    Value stream = build.object("type", "object", "required", build.list("id", "version"), "properties",
                                build.object("id", uuid_schema(build, "of the stream; also the key"), "version",
                                             build.object("type", "integer", "minimum", 1)));
    Value data = build.object("type", "object", "required", build.list("leaf_hash"), "properties",
                              build.object("leaf_hash", std::move(leaf)));
    return build.object(
        "type", "object", "required", build.list("data", "position", "schema_version", "stream"), "properties",
        build.object("data", std::move(data), "position", position_schema(build, "in the log: 1, 2, 3 … without holes"),
                     "schema_version", build.object("type", "integer", "const", 1), "stream", std::move(stream)));
}

void add_events(const Builder& build, Value& channels, Value& messages) {
    Value references = build.object();
    const char* const disavowed = "log.record_disavowed";
    build.add(references, disavowed, build.reference(std::string("components/messages/") + disavowed));
    build.add(messages, disavowed,
              message(build, disavowed,
                      "The log has a record there that the service did not write. It means nothing: pass over it.",
                      "eventHeaders", disavowed_schema(build), uuid_schema(build, "the stream")));
    for (const EventTypeInfo& info : event_types()) {
        build.add(references, info.type, build.reference("components/messages/" + std::string(info.type)));
        build.add(messages, info.type,
                  message(build, info.type, info.meaning, "eventHeaders", event_schema(build, info),
                          uuid_schema(build, "the subject")));
    }
    build.add(channels, "events",
              channel(build, "keyledger.events.v1",
                      "Facts, each once for a read_committed consumer, those of one subject in order.",
                      std::move(references), build.object("cleanup.policy", build.list("delete"), "retention.ms", -1)));
}

// Of records of state; the value is described here by hand, for it follows from no single event.
Value state_headers(const Builder& build) {
    return build.object("type", "object", "required", build.list("ce_logid", "ce_sequence", "ce_id"), "properties",
                        build.object("ce_logid", uuid_schema(build, "which log the position is of"), "ce_sequence",
                                     build.object("type", "string", "pattern", "^[0-9]{19}$", "description",
                                                  "the position of the event that changed it, 19 digits"),
                                     "ce_id", uuid_schema(build, "the id of that event"), "content-type",
                                     build.object("type", "string", "const", "application/json", "description",
                                                  "absent from a tombstone"),
                                     "kl_mac", mac_header(build)));
}

Value time_schema(const Builder& build, const char* meaning) {
    return build.object("type", "integer", "format", "int64", "description", meaning);
}

Value user_state(const Builder& build) {
    return build.object("type", "object", "required",
                        build.list("position", "registered_at_ms", "status", "tenant", "user_id"), "properties",
                        build.object("position", position_schema(build, "of the event that changed it last"),
                                     "registered_at_ms", time_schema(build, "when they registered"), "status",
                                     build.object("type", "string", "enum", build.list("active", "disabled")), "tenant",
                                     build.object("type", "string"), "user_id", uuid_schema(build, "also the key")));
}

Value session_state(const Builder& build) {
    return build.object(
        "type", "object", "required",
        build.list("audiences", "client_id", "expires_at_ms", "position", "session_id", "started_at_ms", "tenant",
                   "user_id"),
        "properties",
        build.object("audiences", build.object("type", "array", "items", build.object("type", "string")), "client_id",
                     text_header(build, "the client that holds it"), "expires_at_ms",
                     time_schema(build, "when it ends at the latest: look at the clock too"), "position",
                     position_schema(build, "of its start"), "session_id", uuid_schema(build, "also the key"),
                     "started_at_ms", time_schema(build, "when it began"), "tenant", build.object("type", "string"),
                     "user_id", uuid_schema(build, "whose it is")));
}

// A channel of state with its two messages: what is, and a tombstone.
void add_state(const Builder& build, Value& channels, Value& messages, const char* name, const char* address,
               const char* meaning, const char* gone, Value&& value) {
    const std::string state = std::string(name) + ".state";
    const std::string tombstone = std::string(name) + ".tombstone";
    build.add(
        messages, state, message(build, state, meaning, "stateHeaders", std::move(value), uuid_schema(build, "the id")),
        tombstone,
        message(build, tombstone, gone, "stateHeaders", build.object("type", "null"), uuid_schema(build, "the id")));
    build.add(channels, std::string(name) + "s",
              channel(build, address, meaning,
                      build.object(state, build.reference("components/messages/" + state), tombstone,
                                   build.reference("components/messages/" + tombstone)),
                      build.object("cleanup.policy", build.list("compact"))));
}

}  // namespace

rapidjson::Document asyncapi_document() {
    rapidjson::Document document(rapidjson::kObjectType);
    const Builder build(document.GetAllocator());
    Value channels = build.object();
    Value messages = build.object();
    add_events(build, channels, messages);
    add_state(build, channels, messages, "user", "keyledger.users.v1", "A user as they are now.",
              "The user was erased.", user_state(build));
    add_state(build, channels, messages, "session", "keyledger.sessions.v1", "A session that no event has ended.",
              "The session is over.", session_state(build));
    Value schemas = build.object("actor", actor_schema(build), "eventHeaders", event_headers(build), "stateHeaders",
                                 state_headers(build));
    build.add(document, "asyncapi", "3.0.0", "info",
              build.object("title", "Keyledger", "version", "1.0.0", "description", kAbout), "defaultContentType",
              "application/json", "channels", std::move(channels), "operations",
              build.object("publishEvents", operation(build, "events", "Keyledger publishes what happened"),
                           "publishUsers", operation(build, "users", "Keyledger publishes users as they are"),
                           "publishSessions", operation(build, "sessions", "Keyledger publishes live sessions")),
              "components", build.object("messages", std::move(messages), "schemas", std::move(schemas)));
    return document;
}

}  // namespace keyledger::eventstore::reference
