#include "domain/anonymous_callers/anonymous_callers.hpp"

#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {

EncodedEvent encode(const AnonymousCallersEvent& event, FieldSealer& sealer) {
    return codec::encode_any(event, sealer);
}

template <>
AnonymousCallersEvent decode_event<AnonymousCallersEvent>(std::string_view type, int schema_version,
                                                          std::string_view payload, FieldOpener& opener) {
    return codec::decode_any(std::type_identity<AnonymousCallersEvent>{}, type, schema_version, payload, opener);
}

}  // namespace keyledger::eventstore
