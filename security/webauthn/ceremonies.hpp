#pragma once
// The two ceremonies of a passkey (W3C Web Authentication Level 3): its registration (section 7.1) and an assertion by
// it (section 7.2), as far as they are told by what the browser sent. That a challenge is used once, that an id is
// nobody else's, and what follows from the counter is for whoever keeps such things. Takes milliseconds: never on an
// I/O thread. Any text may come; failures of OpenSSL throw CryptoFailure.
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "security/webauthn/attestation.hpp"
#include "security/webauthn/authenticator_data.hpp"
#include "security/webauthn/ceremony_error.hpp"
#include "security/webauthn/client_data.hpp"

namespace keyledger::security {

struct ExpectedCeremony {
    std::string challenge;  // the bytes
    RelyingParty relying_party;
    UserVerification verification = UserVerification::kRequired;
};

// ---- registration --------------------------------------------------------------------------------------------------
struct PresentedRegistration {
    std::string_view client_data_json;
    std::string_view attestation_object;
};
struct NewCredential {
    std::string id;
    std::string public_key;  // a JWK, in its canonical form
    std::string aaguid;
    std::uint32_t counter = 0;
    bool user_verified = false;
    bool backup_eligible = false;
    bool backed_up = false;
    AttestedBy attested_by = AttestedBy::kNobody;
};
Result<NewCredential, CeremonyError> verify_registration(const PresentedRegistration& presented,
                                                         const ExpectedCeremony& expected);

// ---- assertion -----------------------------------------------------------------------------------------------------
struct PresentedAssertion {
    std::string_view client_data_json;
    std::string_view authenticator_data;
    std::string_view signature;
};
struct KnownCredential {
    std::string_view public_key;  // a JWK
    bool backup_eligible = false;
};
struct VerifiedAssertion {
    std::uint32_t counter = 0;
    bool user_verified = false;
    bool backed_up = false;
};
Result<VerifiedAssertion, CeremonyError> verify_assertion(const PresentedAssertion& presented,
                                                          const KnownCredential& known,
                                                          const ExpectedCeremony& expected);

}  // namespace keyledger::security
