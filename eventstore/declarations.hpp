#pragma once
// What the declarations of domain/ say, as data: for those who read the log without knowing its events one by one
// (Kafka, the reference of events, the command line). No JSON library in here.
#include <span>
#include <string_view>
#include <vector>

namespace keyledger::eventstore {

// What a field is in JSON, as far as a reader has to know.
struct FieldType {
    enum class Base { kText, kUuid, kInteger, kName };
    Base base = Base::kText;
    bool is_list = false;
    bool may_be_null = false;
    bool is_personal = false;               // stored sealed; null once it is erased
    std::vector<std::string_view> choices;  // of a name
};
struct FieldInfo {
    std::string_view name;
    FieldType type;
    std::string_view meaning;
};
struct EventTypeInfo {
    std::string_view stream_type;
    std::string_view type;
    int schema_version;
    std::string_view meaning;
    std::vector<FieldInfo> fields;

    const FieldInfo* find(std::string_view field) const;
};
struct AggregateInfo {
    std::string_view stream_type;
    std::string_view title;
    std::string_view meaning;
    std::vector<std::string_view> name_kinds;  // of the names that nobody else may have
    int fold = 0;  // the version of its snapshots; 0: its streams can't grow long, and get none
    std::vector<EventTypeInfo> events;
};

// In the order of the list. They live for ever; any thread.
std::span<const AggregateInfo> aggregates();
// Every event type that this build reads and writes.
std::span<const EventTypeInfo> event_types();
// Throw CodecError for what no aggregate declares.
const AggregateInfo& aggregate_info(std::string_view stream_type);
const EventTypeInfo& event_type_info(std::string_view event_type);

// Whose names of this kind are; nullptr: nobody's.
const AggregateInfo* holder_of(std::string_view name_kind);

// Of the envelope.
std::span<const FieldInfo> metadata_fields();

}  // namespace keyledger::eventstore
