#include "domain/credentials/login_attempts.hpp"

#include "eventstore/codec/codec.hpp"

namespace keyledger::eventstore {
namespace codec {
namespace {

// Before version 2 nobody noted where from.
void name_no_network(int version, rapidjson::Document& payload) {
    if (version == 1) add_member(payload, "network", rapidjson::Value());
}

}  // namespace

template <>
struct Upcast<LoginFailed> {
    static void from(int version, rapidjson::Document& payload) { name_no_network(version, payload); }
};
template <>
struct Upcast<LoginFailuresCleared> {
    static void from(int version, rapidjson::Document& payload) { name_no_network(version, payload); }
};

}  // namespace codec

EncodedEvent encode(const LoginAttemptsEvent& event, FieldSealer& sealer) { return codec::encode_any(event, sealer); }

template <>
LoginAttemptsEvent decode_event<LoginAttemptsEvent>(std::string_view type, int schema_version, std::string_view payload,
                                                    FieldOpener& opener) {
    return codec::decode_any(std::type_identity<LoginAttemptsEvent>{}, type, schema_version, payload, opener);
}

}  // namespace keyledger::eventstore
