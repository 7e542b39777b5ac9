#include "security/webauthn/ceremonies.hpp"

#include "security/primitives/bytes.hpp"
#include "security/primitives/digest.hpp"
#include "security/webauthn/cose_key.hpp"

namespace keyledger::security {

Result<NewCredential, CeremonyError> verify_registration(const PresentedRegistration& presented,
                                                         const ExpectedCeremony& expected) {
    KEYLEDGER_TRY(client, read_client_data(presented.client_data_json));
    KEYLEDGER_TRY(asked,
                  check_client_data(*client, Ceremony::kRegistration, expected.challenge, expected.relying_party));
    KEYLEDGER_TRY(object, read_attestation_object(presented.attestation_object));
    KEYLEDGER_TRY(data, read_authenticator_data(object->authenticator_data));
    KEYLEDGER_TRY(good, check_authenticator_data(*data, expected.relying_party.id, expected.verification));
    if (!data->credential) return Unexpected(CeremonyError::kNoCredential);
    KEYLEDGER_TRY(key, judged_key(data->credential->public_key));
    const Digest client_data_sha256 = sha256(presented.client_data_json);
    KEYLEDGER_TRY(attested_by, check_attestation(*object, {*data, *key, view_of(client_data_sha256)}));
    return NewCredential{std::move(data->credential->id),
                         key->canonical(),
                         std::move(data->credential->aaguid),
                         data->counter,
                         data->user_verified,
                         data->backup_eligible,
                         data->backed_up,
                         *attested_by};
}

Result<VerifiedAssertion, CeremonyError> verify_assertion(const PresentedAssertion& presented,
                                                          const KnownCredential& known,
                                                          const ExpectedCeremony& expected) {
    KEYLEDGER_TRY(client, read_client_data(presented.client_data_json));
    KEYLEDGER_TRY(asked, check_client_data(*client, Ceremony::kAssertion, expected.challenge, expected.relying_party));
    KEYLEDGER_TRY(data, read_authenticator_data(presented.authenticator_data));
    KEYLEDGER_TRY(good, check_authenticator_data(*data, expected.relying_party.id, expected.verification));
    if (data->credential) return Unexpected(CeremonyError::kUnexpectedCredential);
    if (data->backup_eligible != known.backup_eligible) return Unexpected(CeremonyError::kEligibilityChanged);
    KEYLEDGER_TRY(key, judged_key(known.public_key));
    const Digest client_data_sha256 = sha256(presented.client_data_json);
    const std::string message = std::string(presented.authenticator_data) + std::string(view_of(client_data_sha256));
    if (!verify_as_authenticator(*key, message, presented.signature)) return Unexpected(CeremonyError::kWrongSignature);
    return VerifiedAssertion{data->counter, data->user_verified, data->backed_up};
}

}  // namespace keyledger::security
