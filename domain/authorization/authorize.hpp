#pragma once
// What a browser that an application sent here needs next: to log in, to ask its user for their consent, or to go back
// with a code or an error. The one function for every way to the authorization endpoint. Pure.
//
//     the session of the browser is over, or there is none    log in
//     prompt=login, select_account, or max_age, and what is
//       proven is older than that                             log in
//     somebody else is meant                                 log in
//     a second factor is asked for, and was not proven       log in
//     the application needs consent, and the user gave none
//       to all that it asks for                               ask
//     prompt=consent, or an application on a device that any
//       other there could pass for, and they were not asked
//       for this                                             ask
//     else                                                    granted
//
// Who logged in for this request is not asked again: it is login_required where somebody else is meant; without the
// second factor they go on if it was wanted, and it is unmet_authentication_requirements if it was needed.
//
// With prompt=none nobody is shown anything: the first three are login_required, a second factor is as if they had
// logged in for this, the others are consent_required (OpenID Connect Core section 3.1.2.6).
#include <string_view>
#include <variant>

#include "domain/applications/application.hpp"
#include "domain/authorization/authorization_request.hpp"
#include "domain/consents/consent.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger {

struct AuthorizationFacts {
    const Application& application;
    const SessionId& browser_session_id;
    const Session& browser_session;  // absent: there is none
    const User& user;                // its
    const Consent& consent;
    const SessionLifetimes& lifetimes;
    Instant now;
};

enum class AuthorizationStep {
    kLogIn,
    kAskConsent,
    kGranted,
    // Errors, for the application.
    kLoginRequired,
    kConsentRequired,
    kNotStrong,
};
AuthorizationStep authorization_step(const AuthorizationRequest& request, const AuthorizationFacts& facts);

// Whether the application may have this in this way, as it is registered now: it may have been changed since it asked.
bool may_have(const Application& application, const std::vector<std::string>& scope,
              const std::vector<std::string>& resources, GrantType by = GrantType::kAuthorizationCode);

// OpenID Connect Core section 3.1.2.6; empty of what is no error.
std::string_view error_of(AuthorizationStep step);

}  // namespace keyledger
