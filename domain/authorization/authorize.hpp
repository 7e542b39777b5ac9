#pragma once
// What a browser that an application sent here needs next: to log in, to ask its user for their consent, or to go back
// with a code or an error. The one function for every way to the authorization endpoint. Pure.
//
//     the session of the browser is over, or there is none    log in
//     prompt=select_account, or login_hint names somebody else,
//       and the user has not chosen                           choose
//     somebody else is meant (id_token_hint, sub)             choose, of others alone
//     prompt=login, or max_age, and what is proven is older
//       than that                                             log in
//     a second factor is asked for, and was not proven       log in
//     the application needs consent, and the user gave none
//       to all that it asks for, or to a resource server      ask
//     prompt=consent, or an application on a device that any
//       other there could pass for, and they were not asked
//       for this                                             ask
//     else                                                    granted
//
// Who logged in for this request has chosen, and is not asked again: it is login_required where somebody else is meant;
// without the second factor they go on if it was wanted, and it is unmet_authentication_requirements if it was needed.
// With prompt=login people log in in any case, as whoever they like: there is nothing to choose before.
//
// With prompt=none nobody is shown anything: whoever is not logged in, not meant, or logged in too long ago is
// login_required, a second factor is as if they had logged in for this, the others are consent_required (OpenID Connect
// Core section 3.1.2.6). A login_hint says nothing then, nor in a frame that nobody sees: what came of it would tell an
// application whose address is whose.
#include <optional>
#include <string_view>
#include <variant>

#include "domain/applications/application.hpp"
#include "domain/authorization/authorization_request.hpp"
#include "domain/consents/consent.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger {

// Whether a login_hint is looked at: not where nobody would see the page that asks.
enum class LoginHints { kHeard, kIgnored };

struct AuthorizationFacts {
    const Application& application;
    const SessionId& browser_session_id;
    const Session& browser_session;  // absent: there is none
    const User& user;                // its
    const Consent& consent;
    const SessionLifetimes& lifetimes;
    Instant now;
    std::optional<SessionId> chosen{};  // as whose session they said to go on, for this request
    LoginHints hints = LoginHints::kHeard;
};

enum class AuthorizationStep {
    kLogIn,
    kChooseAccount,
    kAskConsent,
    kGranted,
    // Errors, for the application.
    kLoginRequired,
    kConsentRequired,
    kNotStrong,
};
AuthorizationStep authorization_step(const AuthorizationRequest& request, const AuthorizationFacts& facts);

// Whether they can be chosen at all: nobody goes on as somebody who is not meant.
bool may_be_chosen(const AuthorizationRequest& request, const UserId& user_id);

// Whether the application may have this in this way, as it is registered now: it may have been changed since it asked.
bool may_have(const Application& application, const std::vector<std::string>& scope,
              const std::vector<std::string>& resources, GrantType by = GrantType::kAuthorizationCode);

// OpenID Connect Core section 3.1.2.6; empty of what is no error.
std::string_view error_of(AuthorizationStep step);

}  // namespace keyledger
