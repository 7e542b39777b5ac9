#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/group.hpp"
#include "domain/access/nestings.hpp"
#include "domain/access/role.hpp"
#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {
namespace codec {
namespace {

// Version 1 knew no denials.
void deny_nothing(int version, rapidjson::Document& payload) {
    if (version == 1) add_member(payload, "deny", rapidjson::Value(rapidjson::kArrayType));
}
// Version 1 knew no subjects but users.
void name_subject(int version, rapidjson::Document& payload) {
    if (version != 1) return;
    rename_member(payload, "user_id", "subject_id");
    add_member(payload, "subject_type", rapidjson::Value("user"));
}

}  // namespace

template <>
struct Upcast<RoleDefined> {
    static void from(int version, rapidjson::Document& payload) { deny_nothing(version, payload); }
};
template <>
struct Upcast<RoleChanged> {
    static void from(int version, rapidjson::Document& payload) { deny_nothing(version, payload); }
};
template <>
struct Upcast<RoleAssigned> {
    static void from(int version, rapidjson::Document& payload) { name_subject(version, payload); }
};
template <>
struct Upcast<RoleWithdrawn> {
    static void from(int version, rapidjson::Document& payload) { name_subject(version, payload); }
};

}  // namespace codec

EncodedEvent encode(const RoleEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }
EncodedEvent encode(const AssignmentsEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }
EncodedEvent encode(const GroupEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }
EncodedEvent encode(const NestingsEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }
EncodedEvent encode(const AdministratorsEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }

template <>
RoleEvent decode_event<RoleEvent>(std::string_view type, int schema_version, std::string_view payload,
                                  FieldOpener& opener) {
    return codec::decode_any(std::type_identity<RoleEvent>{}, type, schema_version, payload, opener);
}
template <>
AssignmentsEvent decode_event<AssignmentsEvent>(std::string_view type, int schema_version, std::string_view payload,
                                                FieldOpener& opener) {
    return codec::decode_any(std::type_identity<AssignmentsEvent>{}, type, schema_version, payload, opener);
}
template <>
GroupEvent decode_event<GroupEvent>(std::string_view type, int schema_version, std::string_view payload,
                                    FieldOpener& opener) {
    return codec::decode_any(std::type_identity<GroupEvent>{}, type, schema_version, payload, opener);
}
template <>
NestingsEvent decode_event<NestingsEvent>(std::string_view type, int schema_version, std::string_view payload,
                                          FieldOpener& opener) {
    return codec::decode_any(std::type_identity<NestingsEvent>{}, type, schema_version, payload, opener);
}
template <>
AdministratorsEvent decode_event<AdministratorsEvent>(std::string_view type, int schema_version,
                                                      std::string_view payload, FieldOpener& opener) {
    return codec::decode_any(std::type_identity<AdministratorsEvent>{}, type, schema_version, payload, opener);
}

}  // namespace keyledger::eventstore
