#pragma once
// Events to stored JSON and back, for every aggregate. Light: no JSON library in here.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "domain/anonymous_callers/anonymous_callers.hpp"
#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "domain/credentials/login_attempts.hpp"
#include "domain/log/log_keeping.hpp"
#include "domain/sessions/session.hpp"
#include "domain/users/user.hpp"
#include "eventstore/event_metadata.hpp"
#include "eventstore/store.hpp"

namespace keyledger::eventstore {

// Seals the personal fields of one event (or envelope) under one subject's key.
class FieldSealer {
public:
    virtual ~FieldSealer() = default;
    virtual std::string seal(std::string_view field, std::string_view clear) = 0;
};
// Opens them. nullopt: erased, or sealed for another place; the value then reads as erased.
class FieldOpener {
public:
    virtual ~FieldOpener() = default;
    virtual std::optional<std::string> open(std::string_view field, std::string_view sealed) = 0;
};
// For those who need no personal value: every one reads as erased.
class OpensNothing : public FieldOpener {
public:
    std::optional<std::string> open(std::string_view, std::string_view) override { return std::nullopt; }
};

struct EncodedEvent {
    std::string_view type;  // of the declaration: lives for ever
    std::int16_t schema_version = 1;
    std::string payload;  // canonical
};

EncodedEvent encode(const UserEvent& event, FieldSealer& sealer);
EncodedEvent encode(const SessionEvent& event, FieldSealer& sealer);
EncodedEvent encode(const LoginAttemptsEvent& event, FieldSealer& sealer);
EncodedEvent encode(const AnonymousCallersEvent& event, FieldSealer& sealer);
EncodedEvent encode(const RoleEvent& event, FieldSealer& sealer);
EncodedEvent encode(const AssignmentsEvent& event, FieldSealer& sealer);
EncodedEvent encode(const AdministratorsEvent& event, FieldSealer& sealer);
EncodedEvent encode(const ServiceAccountEvent& event, FieldSealer& sealer);
EncodedEvent encode(const ServiceTokenEvent& event, FieldSealer& sealer);
EncodedEvent encode(const GroupEvent& event, FieldSealer& sealer);
EncodedEvent encode(const NestingsEvent& event, FieldSealer& sealer);
EncodedEvent encode(const LogEvent& event, FieldSealer& sealer);
std::string encode(const EventMetadata& metadata, FieldSealer& sealer);

// Throw CodecError on an unknown type or version and on a malformed payload: a reader stops, it never skips.
template <class Event>
Event decode_event(std::string_view type, int schema_version, std::string_view payload, FieldOpener& opener);
template <>
UserEvent decode_event<UserEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
SessionEvent decode_event<SessionEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
LoginAttemptsEvent decode_event<LoginAttemptsEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
AnonymousCallersEvent decode_event<AnonymousCallersEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
RoleEvent decode_event<RoleEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
AssignmentsEvent decode_event<AssignmentsEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
AdministratorsEvent decode_event<AdministratorsEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
ServiceAccountEvent decode_event<ServiceAccountEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
ServiceTokenEvent decode_event<ServiceTokenEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
GroupEvent decode_event<GroupEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
NestingsEvent decode_event<NestingsEvent>(std::string_view, int, std::string_view, FieldOpener&);
template <>
LogEvent decode_event<LogEvent>(std::string_view, int, std::string_view, FieldOpener&);

// Throws CodecError for an event that is not believed: whoever follows the log passes over inert ones before. Nothing
// of an event is parsed before this has passed.
void need_believed(const RecordedEvent& event);

EventMetadata decode_metadata(std::string_view metadata, FieldOpener& opener);
EventMetadata decode_metadata(const RecordedEvent& event, FieldOpener& opener);  // of a believed one

// Any event of the log, by its stream's type.
using AnyEvent =
    std::variant<UserEvent, SessionEvent, LoginAttemptsEvent, AnonymousCallersEvent, RoleEvent, AssignmentsEvent,
                 AdministratorsEvent, ServiceAccountEvent, ServiceTokenEvent, GroupEvent, NestingsEvent, LogEvent>;
// Of a believed one.
AnyEvent decode_any(const RecordedEvent& event, FieldOpener& opener);
std::string_view stream_type_of(const AnyEvent& event);

// The names of the fields that are stored sealed: for those who must leave personal data out (Kafka) or gather keys.
std::vector<std::string_view> personal_fields(std::string_view event_type);
std::vector<std::string_view> personal_metadata_fields();

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
};
struct EventTypeInfo {
    std::string_view stream_type;
    std::string_view type;
    int schema_version;
    std::vector<std::string_view> fields;
    std::vector<std::string_view> personal;
    std::vector<FieldInfo> described;  // the fields again, with their types
};
// Every event type that this build reads and writes.
std::vector<EventTypeInfo> event_types();
std::vector<FieldInfo> metadata_fields();

}  // namespace keyledger::eventstore
