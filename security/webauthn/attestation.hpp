#pragma once
// What vouches for the make of an authenticator (Web Authentication sections 6.5 and 8): an attestation object, of the
// formats `none`, `packed` and `fido-u2f`. A statement has to be right wherever there is one; whom its certificate
// leads to is not judged, and nothing is granted for it.
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "security/keys/public_key.hpp"
#include "security/webauthn/authenticator_data.hpp"
#include "security/webauthn/cbor.hpp"
#include "security/webauthn/ceremony_error.hpp"

namespace keyledger::security {

enum class AttestedBy { kNobody, kTheCredential, kACertificate };

// Views into what was read.
struct AttestationObject {
    std::string_view format;
    CborValue statement;
    std::string_view authenticator_data;
};
Result<AttestationObject, CeremonyError> read_attestation_object(std::string_view bytes);

// What a statement is about.
struct AttestedRegistration {
    const AuthenticatorData& data;  // with a credential
    const PublicKey& key;           // its key
    std::string_view client_data_sha256;
};
Result<AttestedBy, CeremonyError> check_attestation(const AttestationObject& object,
                                                    const AttestedRegistration& registration);

}  // namespace keyledger::security
