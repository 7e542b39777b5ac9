#pragma once
// Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4): which session of whom is over. Any thread.
#include <string>

#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger::security {

// For so long one is good: the section recommends two minutes at most.
inline constexpr Duration kLogoutTokenLifetime = minutes(2);
inline constexpr std::string_view kLogoutTokenType = "logout+jwt";

struct LogoutTokenClaims {
    std::string issuer;     // iss
    std::string client_id;  // aud
    UserId subject;         // sub
    SessionId session;      // sid
    std::string token_id;   // jti
    Instant issued_at;      // iat; exp follows from it
};
// A JSON object, to be signed. No nonce is in it, so that nobody takes it for an ID token.
std::string logout_token_text(const LogoutTokenClaims& claims);

}  // namespace keyledger::security
