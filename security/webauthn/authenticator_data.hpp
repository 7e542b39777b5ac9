#pragma once
// What the authenticator says of a ceremony, and signs (Web Authentication section 6.1): for whom, whether somebody was
// there and was verified, a counter, and of a registration the new credential.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "security/webauthn/ceremony_error.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxAuthenticatorDataBytes = 8 * 1024;
inline constexpr std::size_t kMaxCredentialIdBytes = 1023;

struct AttestedCredential {
    std::string aaguid;  // 16 bytes: the make of the authenticator
    std::string id;
    std::string public_key;  // a JWK, not judged yet (security/webauthn/cose_key.hpp)
};
struct AuthenticatorData {
    std::string relying_party_sha256;
    bool user_present = false;
    bool user_verified = false;
    bool backup_eligible = false;
    bool backed_up = false;
    std::uint32_t counter = 0;
    std::optional<AttestedCredential> credential;
};
// To its last byte. Extensions are read as CBOR, and ignored.
Result<AuthenticatorData, CeremonyError> read_authenticator_data(std::string_view bytes);

enum class UserVerification { kRequired, kPreferred };

// For this relying party, with somebody there, and nothing that contradicts itself.
Result<void, CeremonyError> check_authenticator_data(const AuthenticatorData& data, std::string_view relying_party_id,
                                                     UserVerification verification);

}  // namespace keyledger::security
