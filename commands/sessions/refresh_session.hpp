#pragma once
#include "commands/services.hpp"

namespace keyledger::refusals {

// The refresh token; the session may have ended by this very command.
inline constexpr Refusal kInvalidGrant{RefusalKind::kUnsuitable, "invalid-grant", "Refresh token not accepted",
                                       "The refresh token is not good (any more). Log in again."};

// The application's tokens are bound to a key (RFC 9449), and nobody showed that they hold one.
inline constexpr Refusal kPossessionWanted = told_as(kInvalidGrant);

}  // namespace keyledger::refusals

namespace keyledger::commands {

// What an opened refresh token says.
struct PresentedRefreshToken {
    SessionId session_id;
    std::int64_t generation = 0;
    std::string client_id;
    std::string key_thumbprint{};  // that it is bound to; empty: to none
};
struct Refresh {
    PresentedRefreshToken token;
    std::optional<std::string> resource;
    Client client;
    // RFC 6749 section 6: of what the session has, for this access token; of applications alone.
    std::optional<std::vector<std::string>> scope{};
    std::string key_thumbprint{};  // of the key that the client holds (RFC 9449); empty: it showed none
};

// kInvalidScope: more than the session has. One append and no read when session and user are cached. A token used
// again ends the session, except within the grace of a lost answer, which yields the same successor. One that is bound
// to a key is good with that key alone, and stays: a thief has no use for it.
Answer<Grant> refresh_session(Services& services, Refresh request, Caller caller);

}  // namespace keyledger::commands
