#include "domain/log/log_keeping.hpp"
#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {

EncodedEvent encode(const LogEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }

template <>
LogEvent decode_event<LogEvent>(std::string_view type, int schema_version, std::string_view payload,
                                FieldOpener& opener) {
    return codec::decode_any(std::type_identity<LogEvent>{}, type, schema_version, payload, opener);
}

}  // namespace keyledger::eventstore
