#include "eventstore/codec/events_codec.hpp"

#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {
namespace {

// By overload, as the codec does: a member of a type that has none does not compile.
template <class T>
struct Of {};
FieldType describe_type(Of<std::string>) { return {FieldType::Base::kText, false, false, false, {}}; }
FieldType describe_type(Of<Uuid>) { return {FieldType::Base::kUuid, false, false, false, {}}; }
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
std::vector<FieldInfo> describe_fields() {
    std::vector<FieldInfo> all;
    auto each = [&]<class D, class V>(const Field<D, V>& field) {
        all.push_back({field.name, describe_type(Of<V>{})});
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, Declared::fields());
    return all;
}

template <class Declared>
void list_fields(std::vector<std::string_view>& all, std::vector<std::string_view>& personal) {
    auto each = [&](const auto& field) {
        all.push_back(field.name);
        if (is_personal(field)) personal.push_back(field.name);
    };
    std::apply([&](const auto&... field) { (each(field), ...); }, Declared::fields());
}

template <class State, class... E>
void describe(std::vector<EventTypeInfo>& types, std::type_identity<std::variant<E...>>) {
    auto each = [&]<class One>(std::type_identity<One>) {
        EventTypeInfo& info = types.emplace_back();
        info.stream_type = State::kStreamType;
        info.type = One::kType;
        info.schema_version = One::kSchema;
        list_fields<One>(info.fields, info.personal);
        info.described = describe_fields<One>();
    };
    (each(std::type_identity<E>{}), ...);
}

const std::vector<EventTypeInfo>& known_types() {
    static const std::vector<EventTypeInfo> kTypes = [] {
        std::vector<EventTypeInfo> types;
        describe<User>(types, std::type_identity<UserEvent>{});
        describe<Session>(types, std::type_identity<SessionEvent>{});
        describe<LoginAttempts>(types, std::type_identity<LoginAttemptsEvent>{});
        describe<AnonymousCallers>(types, std::type_identity<AnonymousCallersEvent>{});
        describe<Role>(types, std::type_identity<RoleEvent>{});
        describe<Assignments>(types, std::type_identity<AssignmentsEvent>{});
        describe<Administrators>(types, std::type_identity<AdministratorsEvent>{});
        describe<ServiceAccount>(types, std::type_identity<ServiceAccountEvent>{});
        describe<ServiceToken>(types, std::type_identity<ServiceTokenEvent>{});
        describe<Group>(types, std::type_identity<GroupEvent>{});
        describe<Nestings>(types, std::type_identity<NestingsEvent>{});
        describe<LogKeeping>(types, std::type_identity<LogEvent>{});
        return types;
    }();
    return kTypes;
}

}  // namespace

void need_believed(const RecordedEvent& event) {
    switch (event.standing) {
        case RecordedEvent::Standing::kBelieved: return;
        case RecordedEvent::Standing::kUnchecked: throw CodecError("nobody checked whether it can be believed");
        case RecordedEvent::Standing::kInert: throw CodecError("it is inert: the service did not write it");
        case RecordedEvent::Standing::kChanged:
            throw CodecError("it was changed after it was signed; 'keyledger audit verify' says more");
        case RecordedEvent::Standing::kKeyMissing:
            throw CodecError("the keyring lacks key " + event.mac_key_id +
                             ", which authenticates it: copy the keyring to this node");
    }
    throw CodecError("it stands in no known way");
}

AnyEvent decode_any(const RecordedEvent& event, FieldOpener& opener) {
    need_believed(event);
    if (event.stream_type == User::kStreamType)
        return decode_event<UserEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == Session::kStreamType)
        return decode_event<SessionEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == LoginAttempts::kStreamType)
        return decode_event<LoginAttemptsEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == AnonymousCallers::kStreamType)
        return decode_event<AnonymousCallersEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == Role::kStreamType)
        return decode_event<RoleEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == Assignments::kStreamType)
        return decode_event<AssignmentsEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == Administrators::kStreamType)
        return decode_event<AdministratorsEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == ServiceAccount::kStreamType)
        return decode_event<ServiceAccountEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == ServiceToken::kStreamType)
        return decode_event<ServiceTokenEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == Group::kStreamType)
        return decode_event<GroupEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == Nestings::kStreamType)
        return decode_event<NestingsEvent>(event.type, event.schema_version, event.payload, opener);
    if (event.stream_type == LogKeeping::kStreamType)
        return decode_event<LogEvent>(event.type, event.schema_version, event.payload, opener);
    throw CodecError("unknown stream type '" + event.stream_type + "'");
}

std::string_view stream_type_of(const AnyEvent& event) {
    struct {
        std::string_view operator()(const UserEvent&) const { return User::kStreamType; }
        std::string_view operator()(const SessionEvent&) const { return Session::kStreamType; }
        std::string_view operator()(const LoginAttemptsEvent&) const { return LoginAttempts::kStreamType; }
        std::string_view operator()(const AnonymousCallersEvent&) const { return AnonymousCallers::kStreamType; }
        std::string_view operator()(const RoleEvent&) const { return Role::kStreamType; }
        std::string_view operator()(const AssignmentsEvent&) const { return Assignments::kStreamType; }
        std::string_view operator()(const AdministratorsEvent&) const { return Administrators::kStreamType; }
        std::string_view operator()(const ServiceAccountEvent&) const { return ServiceAccount::kStreamType; }
        std::string_view operator()(const ServiceTokenEvent&) const { return ServiceToken::kStreamType; }
        std::string_view operator()(const GroupEvent&) const { return Group::kStreamType; }
        std::string_view operator()(const NestingsEvent&) const { return Nestings::kStreamType; }
        std::string_view operator()(const LogEvent&) const { return LogKeeping::kStreamType; }
    } type;
    return std::visit(type, event);
}

std::vector<EventTypeInfo> event_types() { return known_types(); }

std::vector<FieldInfo> metadata_fields() { return describe_fields<EventMetadata>(); }

std::vector<std::string_view> personal_fields(std::string_view event_type) {
    for (const EventTypeInfo& info : known_types())
        if (info.type == event_type) return info.personal;
    throw CodecError("unknown event type '" + std::string(event_type) + "'");
}

std::vector<std::string_view> personal_metadata_fields() {
    std::vector<std::string_view> all;
    std::vector<std::string_view> personal;
    list_fields<EventMetadata>(all, personal);
    return personal;
}

}  // namespace keyledger::eventstore
