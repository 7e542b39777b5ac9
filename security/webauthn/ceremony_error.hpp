#pragma once
// Why an authenticator's answer is not accepted (W3C Web Authentication Level 3, sections 7.1 and 7.2). For the log and
// for tests; whoever logs in is told none of it.
#include <string_view>

namespace keyledger::security {

enum class CeremonyError {
    kClientDataUnreadable,
    kWrongType,
    kWrongChallenge,
    kWrongOrigin,
    kCrossOrigin,
    kAuthenticatorDataUnreadable,
    kWrongRelyingParty,
    kUserNotPresent,
    kUserNotVerified,
    kBackedUpButNotEligible,
    kNoCredential,
    kUnexpectedCredential,
    kCredentialIdTooLong,
    kKeyUnreadable,
    kAlgorithmNotOffered,
    kWeakKey,
    kAttestationUnreadable,
    kAttestationUnknown,
    kAttestationWrong,
    kCertificateUnfit,
    kEligibilityChanged,
    kWrongSignature,
};
std::string_view sentence_of(CeremonyError error);

}  // namespace keyledger::security
