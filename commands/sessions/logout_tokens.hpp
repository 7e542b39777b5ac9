#pragma once
// Logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4): what an application is told of a session that is
// over. Implemented over the keyring (security/adapters/keyring_logout_tokens.hpp).
#include <boost/asio/awaitable.hpp>
#include <string>

#include "domain/applications/application_definition.hpp"
#include "domain/base/id.hpp"

namespace keyledger::commands {

struct LogoutToken {
    std::string client_id;                          // aud
    UserId user_id;                                 // sub
    SessionId session_id;                           // sid, as in the ID tokens of the session
    std::string id;                                 // jti: the same whenever the same end is told
    KeyAlgorithm algorithm = KeyAlgorithm::kRs256;  // as of the application's ID tokens (section 2.6)
};

// Thread-safe.
class LogoutTokens {
public:
    virtual ~LogoutTokens() = default;
    // Signing that takes long leaves the caller's thread and comes back.
    virtual boost::asio::awaitable<std::string> issue(LogoutToken told) = 0;
};

}  // namespace keyledger::commands
