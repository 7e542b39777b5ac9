#pragma once
#include "commands/authorization/authorize.hpp"
#include "commands/sessions/refresh_session.hpp"

namespace keyledger::refusals {

// A pushed request got its code before, on whatever node (RFC 9126 section 7.3).
inline constexpr Refusal kRequestUriUsed = told_as(kInvalidGrant);

}  // namespace keyledger::refusals

namespace keyledger::commands {

// For how long what was pushed may be begun (RFC 9126 section 2.2: between 5 and 600 seconds). It may be begun more
// than once: a page is loaded again, and a browser asks before somebody presses a link.
inline constexpr Duration kPushedLasts = seconds(90);
inline bool may_begin(const PushedRequest& pushed, Instant now) { return now - pushed.at <= kPushedLasts; }

// The code of a request that is granted. A request that was pushed is spent with it, by an append of no event, and gets
// no other: kRequestUriUsed. Of one that was not there is nothing to spend, and nothing is written or read.
Answer<AuthorizationCode> issue_code(Services& services, AuthorizationView view, AuthorizationRequest request,
                                     Caller caller);

}  // namespace keyledger::commands
