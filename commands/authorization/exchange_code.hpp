#pragma once
#include "commands/authorization/authorization_code.hpp"
#include "commands/services.hpp"
#include "commands/sessions/refresh_session.hpp"
#include "domain/applications/application_definition.hpp"

namespace keyledger::refusals {

// One answer for whatever is wrong with a code (RFC 6749 section 5.2).
inline constexpr Refusal kCodeNotGood = told_as(kInvalidGrant);

}  // namespace keyledger::refusals

namespace keyledger::commands {

struct CodeExchange {
    AuthorizationCode code;
    std::string redirect_uri;
    Secret code_verifier;
    ApplicationId application_id;  // that authenticated
    std::string key_thumbprint{};  // of the key that it holds (RFC 9449); empty: it showed none
};
struct CodeGrant {
    Grant grant;
    std::string nonce;
    bool refreshes = false;  // it gets a refresh token, too
    bool is_public = false;  // whose refresh token is bound to the key that it holds
};

// One append and one read. Used a second time with all that belongs to it, within minutes, a code ends the session that
// it began: one of the two is a thief. Only an application without a secret, which can't tell a lost answer from that,
// gets what the first exchange got again, within ten seconds and as long as it is unused, and never where it holds a
// key, or held one at the first exchange: a use without the key that the first exchange showed, and the code does not
// name, ends the session. A code without its verifier, of another client, for
// another redirect URI, or of another key than it is bound to, ends nothing. Nor does a code begin anything once the
// consent was withdrawn or the application disabled after it was given, though either is good again. kCodeNotGood;
// kPossessionWanted.
Answer<CodeGrant> exchange_code(Services& services, CodeExchange exchange, Caller caller);

// The same of what was given in another way, and whose own proofs were checked: of a device, whose user typed its code
// (commands/authorization/device_grant.hpp). What belongs to a redirect is empty in it.
Answer<CodeGrant> exchange_checked(Services& services, AuthorizationCode code, GrantType by, std::string key_thumbprint,
                                   Caller caller);

}  // namespace keyledger::commands
