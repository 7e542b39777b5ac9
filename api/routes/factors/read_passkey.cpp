#include "api/routes/factors/read_passkey.hpp"

namespace keyledger::api::routes {

commands::MadePasskey read_made_passkey(JsonFields& body) {
    body.ignore("credential");
    return {body.required_string("credential.response.clientDataJSON", kMaxClientDataTextBytes),
            body.required_string("credential.response.attestationObject", kMaxAttestationTextBytes)};
}

commands::PasskeyAnswer read_passkey_answer(JsonFields& body, std::string_view within) {
    const std::string prefix = within.empty() ? std::string() : std::string(within) + '.';
    const std::string credential = prefix + "credential";
    const std::string response = credential + ".response.";
    body.ignore(credential);
    commands::PasskeyAnswer answer;
    answer.handle = body.required_secret(prefix + "handle", kMaxPasskeyHandleBytes);
    answer.credential_id = body.required_string(credential + ".id", kMaxCredentialIdBytes);
    answer.client_data_json = body.required_string(response + "clientDataJSON", kMaxClientDataTextBytes);
    answer.authenticator_data = body.required_string(response + "authenticatorData", kMaxAuthenticatorDataTextBytes);
    answer.signature = body.required_string(response + "signature", kMaxSignatureTextBytes);
    answer.user_handle = body.optional_string(response + "userHandle", kMaxUserHandleTextBytes).value_or("");
    return answer;
}

}  // namespace keyledger::api::routes
