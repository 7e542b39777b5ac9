#include "eventstore/declarations.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "eventstore/aggregates.hpp"
#include "eventstore/codec/jcs.hpp"
#include "eventstore/event_metadata.hpp"

namespace keyledger::eventstore {
namespace {

// By overload, as the codec does: a member of a type that has none does not compile.
template <class T>
struct Of {};
FieldType describe_type(Of<std::string>) { return {FieldType::Base::kText, false, false, false, {}}; }
FieldType describe_type(Of<Uuid>) { return {FieldType::Base::kUuid, false, false, false, {}}; }
template <class K>
FieldType describe_type(Of<Id<K>>) {
    return describe_type(Of<Uuid>{});
}
FieldType describe_type(Of<Instant>) { return {FieldType::Base::kInteger, false, false, false, {}}; }
FieldType describe_type(Of<Duration>) { return describe_type(Of<Instant>{}); }
FieldType describe_type(Of<std::int64_t>) { return {FieldType::Base::kInteger, false, false, false, {}}; }
template <class E>
    requires std::is_enum_v<E>
FieldType describe_type(Of<E>) {
    FieldType type{FieldType::Base::kName, false, false, false, {}};
    for (const auto& [value, name] : enum_names(E{})) type.choices.push_back(name);
    return type;
}
template <class T>
FieldType describe_type(Of<std::optional<T>>) {
    FieldType type = describe_type(Of<T>{});
    type.may_be_null = true;
    return type;
}
template <class T>
FieldType describe_type(Of<std::vector<T>>) {
    FieldType type = describe_type(Of<T>{});
    type.is_list = true;
    return type;
}
template <class T>
FieldType describe_type(Of<Personal<T>>) {
    FieldType type = describe_type(Of<T>{});
    type.may_be_null = true;
    type.is_personal = true;
    return type;
}
template <class Declared>
constexpr bool kHasWords =
    std::apply([](const auto&... field) { return (!field.meaning.empty() && ...); }, Declared::fields());

template <class Declared>
std::vector<FieldInfo> describe_fields() {
    static_assert(kHasWords<Declared>, "say what each field means: Field{name, member, meaning}");
    std::vector<FieldInfo> all;
    auto each = [&]<class D, class V>(const Field<D, V>& field) {
        all.push_back({field.name, describe_type(Of<V>{}), field.meaning});
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, Declared::fields());
    return all;
}

template <class... Event>
std::vector<EventTypeInfo> describe_events(std::string_view stream_type, std::type_identity<std::variant<Event...>>) {
    return {EventTypeInfo{stream_type, Event::kType, Event::kSchema, Event::kMeaning, describe_fields<Event>()}...};
}

std::vector<AggregateInfo> describe_all() {
    std::vector<AggregateInfo> all;
    Aggregates::for_each([&]<class Aggregate> {
        AggregateInfo& info = all.emplace_back();
        info.stream_type = Aggregate::kStreamType;
        info.title = Aggregate::kTitle;
        info.meaning = Aggregate::kMeaning;
        if constexpr (requires { Aggregate::kNameKinds; })
            info.name_kinds.assign(Aggregate::kNameKinds.begin(), Aggregate::kNameKinds.end());
        if constexpr (requires { Aggregate::kFold; }) info.fold = Aggregate::kFold;
        info.events = describe_events(info.stream_type, std::type_identity<typename Aggregate::Event>{});
    });
    return all;
}

}  // namespace

const FieldInfo* EventTypeInfo::find(std::string_view field) const {
    const auto at = std::ranges::find(fields, field, &FieldInfo::name);
    return at == fields.end() ? nullptr : &*at;
}

std::span<const AggregateInfo> aggregates() {
    static const std::vector<AggregateInfo> kAll = describe_all();
    return kAll;
}

std::span<const EventTypeInfo> event_types() {
    static const std::vector<EventTypeInfo> kAll = [] {
        std::vector<EventTypeInfo> all;
        for (const AggregateInfo& aggregate : aggregates())
            all.insert(all.end(), aggregate.events.begin(), aggregate.events.end());
        return all;
    }();
    return kAll;
}

const AggregateInfo& aggregate_info(std::string_view stream_type) {
    const auto at = std::ranges::find(aggregates(), stream_type, &AggregateInfo::stream_type);
    if (at == aggregates().end()) throw CodecError("unknown stream type '" + std::string(stream_type) + "'");
    return *at;
}

const EventTypeInfo& event_type_info(std::string_view event_type) {
    static const auto kByType = [] {
        std::unordered_map<std::string_view, const EventTypeInfo*> all;
        for (const EventTypeInfo& info : event_types()) all.emplace(info.type, &info);
        return all;
    }();
    const auto at = kByType.find(event_type);
    if (at == kByType.end()) throw CodecError("unknown event type '" + std::string(event_type) + "'");
    return *at->second;
}

const AggregateInfo* holder_of(std::string_view name_kind) {
    for (const AggregateInfo& aggregate : aggregates())
        if (std::ranges::find(aggregate.name_kinds, name_kind) != aggregate.name_kinds.end()) return &aggregate;
    return nullptr;
}

std::span<const FieldInfo> metadata_fields() {
    static const std::vector<FieldInfo> kAll = describe_fields<EventMetadata>();
    return kAll;
}

}  // namespace keyledger::eventstore
