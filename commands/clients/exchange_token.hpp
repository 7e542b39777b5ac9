#pragma once
// Token exchange (RFC 8693): a service account shows the access token of a user and gets another one for the same user,
// to call a resource server with. By delegation the new token names it as the one that acts (`act`), by impersonation
// it does not. What it gets is never more than what it showed: for no longer, with no wider scope, as of the same
// log-in, and never for this service's own API or userinfo. It ends with everything that the shown token ends with, and
// with the account.
#include <optional>
#include <string>
#include <vector>

#include "commands/clients/client_proof.hpp"
#include "commands/sessions/tokens.hpp"
#include "domain/access/subject_access.hpp"

namespace keyledger::refusals {

// Neither keyledger.tokens:delegate nor, as far as it would do, keyledger.tokens:impersonate.
inline constexpr Refusal kMayNotExchange = told_as(kForbidden);
// It is no user's access token of ours, it or what it rests on is over, or it was neither issued to the account nor
// meant for a resource server that the account is.
inline constexpr Refusal kSubjectTokenNotGood = told_as(kInvalidToken);
// It is none of the account itself for this service, or it is over.
inline constexpr Refusal kActorTokenNotGood = told_as(kInvalidToken);
// As many as kMaxTokenExchanges lie behind it.
inline constexpr Refusal kExchangedTooOften = told_as(kForbidden);
// The tokens that were shown are bound to a key (RFC 9449), or to two, and nobody showed that they hold it.
inline constexpr Refusal kExchangeWantsKey = told_as(kForbidden);
inline constexpr Refusal kTargetNotOfAccount = told_as(kInvalidTarget);
inline constexpr Refusal kScopeNotOfSubject = told_as(kInvalidScope);

}  // namespace keyledger::refusals

namespace keyledger::commands {

struct TokenExchange {
    ClientProof proof;
    // What verified tokens say; none: what was shown is no access token of ours, or has expired.
    std::optional<AccessClaims> subject;
    std::optional<AccessClaims> actor;
    bool has_actor = false;            // one was shown: the account acts by delegation
    std::vector<std::string> targets;  // `resource` and `audience`: one, however often it is named
    std::optional<std::string> scope;  // RFC 6749 section 3.3; none: as the subject's
    std::string key_thumbprint;        // of the key that the client holds (RFC 9449); empty: it showed none
};
struct ExchangedToken {
    AccessClaims claims;  // of the new one
    Position position = 0;
};
// One append, which guards the account with what it holds, and the user's session with what that rests on.
// kInvalidClient if the proof fails, which is counted by network and account; or one of the above.
Answer<ExchangedToken> exchange_token(Services& services, TokenExchange request, Caller caller);

// A token that exchanges gave, as of the head (I8).
struct ExchangedUse {
    SubjectAccess user;
    // What it may be used for: of a session that no application holds, as far as the user may do it still.
    std::vector<std::string> scope;
};
// It holds as long as the user's session, and of every exchange behind it the token, the account with what it
// authenticated by, and the permission. kInvalidToken.
Answer<ExchangedUse> access_of_exchanged(Services& services, const AccessClaims& claims, Deadline deadline);

}  // namespace keyledger::commands
