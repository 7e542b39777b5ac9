#include "domain/login_attempts/login_attempts.hpp"

#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {

EncodedEvent encode(const LoginAttemptsEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }

template <>
LoginAttemptsEvent decode_event<LoginAttemptsEvent>(std::string_view type, int schema_version, std::string_view payload,
                                  FieldOpener& opener) {
    return codec::decode_any(std::type_identity<LoginAttemptsEvent>{}, type, schema_version, payload, opener);
}

}  // namespace keyledger::eventstore
