#include "security/webauthn/client_data.hpp"

#include <algorithm>

#include "security/primitives/base64url.hpp"
#include "security/tokens/jose.hpp"

namespace keyledger::security {
namespace {

std::string_view type_of(Ceremony ceremony) {
    return ceremony == Ceremony::kRegistration ? "webauthn.create" : "webauthn.get";
}

}  // namespace

Result<ClientData, CeremonyError> read_client_data(std::string_view json) {
    if (json.size() > kMaxClientDataBytes) return Unexpected(CeremonyError::kClientDataUnreadable);
    const auto object = JoseObject::parse(json);
    if (!object) return Unexpected(CeremonyError::kClientDataUnreadable);
    const std::string* type = object->text("type");
    const std::string* challenge = object->text("challenge");
    const std::string* origin = object->text("origin");
    if (type == nullptr || challenge == nullptr || origin == nullptr)
        return Unexpected(CeremonyError::kClientDataUnreadable);
    auto bytes = base64url_decode(*challenge);
    if (!bytes) return Unexpected(CeremonyError::kClientDataUnreadable);
    ClientData data{*type, std::move(*bytes), *origin};
    if (const auto* across = object->find("crossOrigin")) {
        if (across->kind != JoseObject::Value::Kind::kFlag) return Unexpected(CeremonyError::kClientDataUnreadable);
        data.is_cross_origin = across->text == "true";
    }
    data.is_cross_origin = data.is_cross_origin || object->has("topOrigin");
    return data;
}

Result<void, CeremonyError> check_client_data(const ClientData& data, Ceremony ceremony, std::string_view challenge,
                                              const RelyingParty& relying_party) {
    if (data.type != type_of(ceremony)) return Unexpected(CeremonyError::kWrongType);
    if (challenge.empty() || data.challenge != challenge) return Unexpected(CeremonyError::kWrongChallenge);
    if (std::ranges::find(relying_party.origins, data.origin) == relying_party.origins.end())
        return Unexpected(CeremonyError::kWrongOrigin);
    if (data.is_cross_origin) return Unexpected(CeremonyError::kCrossOrigin);
    return {};
}

}  // namespace keyledger::security
