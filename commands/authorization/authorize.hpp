#pragma once
// The authorization endpoint (OpenID Connect Core section 3.1.2), behind its route.
#include "commands/authorization/authorization_code.hpp"
#include "commands/services.hpp"
#include "domain/authorization/authorize.hpp"

namespace keyledger::commands {

// What an answer to an application's request follows from, as of the head (I8): an administrator who took a redirect
// URI away has taken it away.
struct AuthorizationView {
    Application application;
    SessionId browser_session_id;  // nil: the browser has none
    Session browser_session;       // absent likewise, and where it is another user's than the cookie says
    User user;
    Consent consent;
};
// One read of the store.
Answer<AuthorizationView> view_authorization(Services& services, ApplicationId application_id,
                                             std::optional<Bearer> browser, Deadline deadline);

// `chosen`: as whose session they said to go on.
AuthorizationFacts facts_of(const AuthorizationView& view, const Services& services,
                            std::optional<SessionId> chosen = std::nullopt);

// Of a request that is granted. RFC 8707: without a `resource` its tokens open userinfo alone.
AuthorizationCode code_for(Services& services, const AuthorizationView& view, const AuthorizationRequest& request);
// The audience of tokens that are for no resource server.
std::string userinfo_audience(const Settings& settings);

// What the user of the browser says to what they were asked. kInvalidToken: the session is over.
Answer<Receipt> give_consent(Services& services, Bearer browser, AuthorizationRequest request, Caller caller);

// The user takes it back, by a token of their own: the application's sessions are over. kConsentUnknown.
Answer<Receipt> withdraw_consent(Services& services, Bearer bearer, ApplicationId application_id, Caller caller);

}  // namespace keyledger::commands
