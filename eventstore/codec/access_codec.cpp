#include "domain/access/administrators.hpp"
#include "domain/access/assignments.hpp"
#include "domain/access/role.hpp"
#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {

EncodedEvent encode(const RoleEvent& event, FieldSealer& sealer) {
    return codec::encode_any(event, sealer);
}
EncodedEvent encode(const AssignmentsEvent& event, FieldSealer& sealer) {
    return codec::encode_any(event, sealer);
}
EncodedEvent encode(const AdministratorsEvent& event, FieldSealer& sealer) {
    return codec::encode_any(event, sealer);
}

template <>
RoleEvent decode_event<RoleEvent>(std::string_view type, int schema_version,
                                  std::string_view payload, FieldOpener& opener) {
    return codec::decode_any(std::type_identity<RoleEvent>{}, type, schema_version, payload, opener);
}
template <>
AssignmentsEvent decode_event<AssignmentsEvent>(std::string_view type, int schema_version,
                                                std::string_view payload, FieldOpener& opener) {
    return codec::decode_any(std::type_identity<AssignmentsEvent>{}, type, schema_version, payload, opener);
}
template <>
AdministratorsEvent decode_event<AdministratorsEvent>(std::string_view type, int schema_version,
                                                      std::string_view payload, FieldOpener& opener) {
    return codec::decode_any(std::type_identity<AdministratorsEvent>{}, type, schema_version, payload, opener);
}

}  // namespace keyledger::eventstore
