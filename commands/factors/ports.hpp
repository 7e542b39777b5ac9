#pragma once
// What second factors need from cryptography. Implemented in security/adapters/, and by stand-ins in tests. Processor
// only, nothing is waited for; thread-safe.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/base/id.hpp"
#include "domain/base/secret.hpp"
#include "domain/base/time.hpp"
#include "domain/ladder/proofs.hpp"

namespace keyledger::commands {

inline constexpr std::size_t kTotpSecretBytes = 20;  // RFC 4226 section 4, R6
inline constexpr Duration kTotpStep = seconds(30);   // RFC 6238
inline constexpr std::int64_t kTotpStepsAround = 1;  // in which a code is good, on each side of its own

// A secret as it is shown to whoever enrols an app.
struct ShownSecret {
    Secret base32;      // to be typed
    Secret uri;         // otpauth://
    Secret svg;         // that as a QR code
    Secret png_base64;  // likewise, RFC 4648 section 4
};

class FactorSecrets {
public:
    virtual ~FactorSecrets() = default;
    virtual Secret new_totp_secret() = 0;  // kTotpSecretBytes
    virtual ShownSecret shown(std::string_view account, const Secret& secret) = 0;
    // The step whose code was typed, of those that are good now.
    virtual std::optional<std::int64_t> matching_step(const Secret& secret, const Secret& typed, Instant now) = 0;

    virtual Secret new_recovery_code() = 0;
    // By which a code is known; nullopt: no code was ever written so.
    virtual std::optional<std::string> recovery_code_digest(const UserId& user_id, const Secret& typed) = 0;
};

// Somebody at another provider who is to be linked with the user once the rest is proven.
struct IdentityToLink {
    std::string provider;
    std::string issuer;
    std::string subject;
    std::string shown_as;  // empty: nothing
};

// A log-in that is not there yet: what its pre-authentication token says. The token is sealed, so that nobody else can
// have written it.
struct HalfLogin {
    // What it waits for: a factor that is there, or one that is to be enrolled.
    enum class Purpose { kSecondFactor, kEnrol };
    friend constexpr auto enum_names(Purpose) {
        return std::array{EnumName{Purpose::kSecondFactor, "second_factor"}, EnumName{Purpose::kEnrol, "enrol"}};
    }
    Purpose purpose = Purpose::kSecondFactor;
    UserId user_id;
    SessionId session_id;  // that it will begin, and what it is spent as: two of one token can't both begin it
    std::int64_t security_stamp = 0;
    std::vector<Proof> proven;
    std::string client_id;
    std::vector<std::string> audiences;
    std::string device;
    Instant made_at;
    Instant expires_at;
    std::optional<IdentityToLink> links{};
};
inline constexpr Duration kHalfLoginLasts = minutes(5);

class HalfLogins {
public:
    virtual ~HalfLogins() = default;
    virtual std::string seal(const HalfLogin& half) = 0;
    // nullopt: it was not sealed here, for this and for this log.
    virtual std::optional<HalfLogin> open(const Secret& token) = 0;
};

}  // namespace keyledger::commands
