#pragma once
// The authorization code (RFC 6749 section 4.1.2): a sealed value, of which nothing is stored. It names the session
// that its exchange begins, so that of fifty at once one begins it.
#include <string>
#include <vector>

#include "domain/base/application_id.hpp"
#include "domain/base/declare.hpp"
#include "domain/base/id.hpp"
#include "domain/base/time.hpp"

namespace keyledger::commands {

inline constexpr Duration kCodeLasts = seconds(60);
// After that it begins nothing any more, and whoever shows that they have it with all that belongs to it ends what it
// began for so long yet.
inline constexpr Duration kCodeReuseNoticed = minutes(10);

struct AuthorizationCode {
    ApplicationId application_id;
    std::string redirect_uri;
    std::string code_challenge;
    std::string nonce;
    std::vector<std::string> scope;
    std::vector<std::string> audiences;
    UserId user_id;
    std::int64_t security_stamp = 0;  // of the user, then: whoever ends all sessions ends codes, too
    SessionId session_id;             // that it begins
    SessionId browser_session_id;     // in which it was given
    Instant expires_at;
    Position given_at = 0;         // nothing after it took back what the code rests on, though it was given again since
    std::string key_thumbprint{};  // of the key that alone exchanges it (RFC 9449 section 10); empty: any, or none
};

}  // namespace keyledger::commands
