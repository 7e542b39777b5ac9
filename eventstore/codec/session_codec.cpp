#include "domain/sessions/session.hpp"

#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {

EncodedEvent encode(const SessionEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }

template <>
SessionEvent decode_event<SessionEvent>(std::string_view type, int schema_version, std::string_view payload,
                                        FieldOpener& opener) {
    return codec::decode_any(std::type_identity<SessionEvent>{}, type, schema_version, payload, opener);
}

}  // namespace keyledger::eventstore
