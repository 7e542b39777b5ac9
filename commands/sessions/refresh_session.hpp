#pragma once
#include "commands/services.hpp"

namespace keyledger::refusals {

// The refresh token; the session may have ended by this very command.
inline constexpr Refusal kInvalidGrant{RefusalKind::kUnsuitable, "invalid-grant", "Refresh token not accepted",
                                       "The refresh token is not good (any more). Log in again."};

}  // namespace keyledger::refusals

namespace keyledger::commands {

// What an opened refresh token says.
struct PresentedRefreshToken {
    SessionId session_id;
    std::int64_t generation = 0;
    std::string client_id;
};
struct Refresh {
    PresentedRefreshToken token;
    std::optional<std::string> resource;
    Client client;
    // RFC 6749 section 6: of what the session has, for this access token; of applications alone.
    std::optional<std::vector<std::string>> scope{};
};

// kInvalidScope: more than the session has. One append and no read when session and user are cached. A token used
// again ends the session, except within the grace of a lost answer, which yields the same successor.
Answer<Grant> refresh_session(Services& services, Refresh request, Caller caller);

}  // namespace keyledger::commands
