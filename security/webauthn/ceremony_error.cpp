#include "security/webauthn/ceremony_error.hpp"

namespace keyledger::security {

std::string_view sentence_of(CeremonyError error) {
    using E = CeremonyError;
    switch (error) {
        case E::kClientDataUnreadable: return "the client data is no JSON object with what belongs there";
        case E::kWrongType: return "the client data is of another ceremony";
        case E::kWrongChallenge: return "the answer is to another challenge";
        case E::kWrongOrigin: return "the answer was given to a page of another origin";
        case E::kCrossOrigin: return "the answer was given to a page within one of another origin";
        case E::kAuthenticatorDataUnreadable: return "the authenticator data is not in its form";
        case E::kWrongRelyingParty: return "the credential is for another relying party";
        case E::kUserNotPresent: return "nobody was there";
        case E::kUserNotVerified: return "the authenticator did not verify its user";
        case E::kBackedUpButNotEligible: return "it says that it is backed up, and that it can't be";
        case E::kNoCredential: return "there is no new credential in it";
        case E::kUnexpectedCredential: return "there is a new credential where none was asked for";
        case E::kCredentialIdTooLong: return "the credential's id is empty or above 1023 bytes";
        case E::kKeyUnreadable: return "the public key is not in its form";
        case E::kAlgorithmNotOffered: return "the key is of an algorithm that was not offered";
        case E::kWeakKey: return "others could sign under the public key";
        case E::kAttestationUnreadable: return "the attestation is not in its form";
        case E::kAttestationUnknown: return "the attestation is of a format that is not known";
        case E::kAttestationWrong: return "the attestation is not signed by whom it says";
        case E::kCertificateUnfit: return "the attestation's certificate is not one for authenticators";
        case E::kEligibilityChanged: return "whether it can be backed up is not as when it was registered";
        case E::kWrongSignature: return "the signature is not the credential's";
    }
    return "the answer is not accepted";
}

}  // namespace keyledger::security
