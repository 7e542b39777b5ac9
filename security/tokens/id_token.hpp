#pragma once
// Another provider's ID token: verified as OpenID Connect Core 1.0 section 3.1.3.7 says, and narrower in this: it has
// one audience, its subject is ASCII, it is not old, and whoever asked for a nonce gets it back. Our own tokens are
// jwt.hpp's. Pure over token, keys, expectation and time; the signature may take a millisecond.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "security/tokens/key_set.hpp"

namespace keyledger::security {

inline constexpr std::size_t kMaxIdTokenSize = 16 * 1024;
inline constexpr std::size_t kMaxSubjectSize = 255;  // section 2
// In an issuer it stands for the tenant that the token names (`tid`), as Microsoft's does.
inline constexpr std::string_view kTenantInIssuer = "{tenantid}";

struct IdTokenExpectation {
    std::string_view issuer{};
    std::string_view client_id{};
    std::string_view nonce{};
    std::string_view access_token{};  // that came with it; empty: none did
    Duration skew = seconds(60);      // between the clocks
    Duration oldest = minutes(10);    // since it was issued
    // Since when somebody authenticated there; it then has to say `auth_time`.
    std::optional<Instant> authenticated_since{};
};

enum class IdTokenFault : std::uint8_t {
    kTooLarge,
    kMalformed,   // not three parts of base64url with JSON objects in the first two
    kHeader,      // `none`, an HMAC or another algorithm that is not taken, `crit`, the type of something else
    kUnknownKey,  // the provider's keys, as far as they are known, are others
    kSignature,
    kIssuer,
    kTenant,  // it names none, or no tenant's id
    kSubject,
    kAudience,  // it is for another client, or for others, too
    kAuthorizedParty,
    kNonce,
    kTimes,  // one is missing, or is none
    kExpired,
    kNotYetValid,
    kTooOld,
    kAuthenticatedBefore,  // or it does not say when
    kAccessToken,          // it belongs to another
};
std::string_view name_of(IdTokenFault fault);

// What it says, without judging it. Texts are as they came, perhaps empty.
struct IdToken {
    std::string issuer{};  // with its tenant
    std::string subject{};
    std::string tenant{};
    std::string email{};
    bool email_verified = false;
    std::string name{};
    std::string username{};  // preferred_username
    std::string locale{};
    std::optional<Instant> authenticated_at{};
};

Result<IdToken, IdTokenFault> check_id_token(std::string_view token, const KeySet& keys,
                                             const IdTokenExpectation& expected, Instant now);

}  // namespace keyledger::security
