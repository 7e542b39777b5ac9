#include "domain/clients/service_account.hpp"
#include "domain/clients/service_token.hpp"
#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {
namespace codec {

// Before version 2 a key had no name but its thumbprint.
template <>
struct Upcast<ServiceAccountKeyAdded> {
    static void from(int version, rapidjson::Document& payload) {
        if (version == 1) add_member(payload, "kid", rapidjson::Value());
    }
};

}  // namespace codec

EncodedEvent encode(const ServiceAccountEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }
EncodedEvent encode(const ServiceTokenEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }

template <>
ServiceAccountEvent decode_event<ServiceAccountEvent>(std::string_view type, int schema_version,
                                                      std::string_view payload, FieldOpener& opener) {
    return codec::decode_any(std::type_identity<ServiceAccountEvent>{}, type, schema_version, payload, opener);
}
template <>
ServiceTokenEvent decode_event<ServiceTokenEvent>(std::string_view type, int schema_version, std::string_view payload,
                                                  FieldOpener& opener) {
    return codec::decode_any(std::type_identity<ServiceTokenEvent>{}, type, schema_version, payload, opener);
}

}  // namespace keyledger::eventstore
