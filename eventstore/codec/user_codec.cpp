#include "domain/users/user.hpp"

#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {

EncodedEvent encode(const UserEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }

template <>
UserEvent decode_event<UserEvent>(std::string_view type, int schema_version, std::string_view payload,
                                  FieldOpener& opener) {
    return codec::decode_any(std::type_identity<UserEvent>{}, type, schema_version, payload, opener);
}

}  // namespace keyledger::eventstore
