#include "commands/authorization/authorize.hpp"

#include <algorithm>

#include "commands/access/authority.hpp"
#include "commands/sessions/session_grounds.hpp"

namespace keyledger::commands {

Answer<AuthorizationView> view_authorization(Services& services, ApplicationId application_id,
                                             std::optional<Bearer> browser, Deadline deadline) {
    Streams streams;
    streams.read<Application>(application_id);
    if (browser) {
        streams.read<Session>(browser->session_id);
        streams.read<User>(browser->user_id);
        streams.read<Consent>(consent_of(browser->user_id, application_id));
    }
    KEYLEDGER_CO_TRY(folds, co_await services.executor.folder().load(streams.loads(), Freshness::kAtHead, deadline));
    AuthorizationView view;
    view.application = state_of<Application>((*folds)[0]);
    if (!browser) co_return view;
    const Session& session = state_of<Session>((*folds)[1]);
    const User& user = state_of<User>((*folds)[2]);
    // Who is logged in goes by the same rule as of a token: the cookie is one.
    if (!token_holds(session, user, *browser, services.settings.lifetimes, services.clock.now())) co_return view;
    view.browser_session_id = browser->session_id;
    view.browser_session = session;
    view.user = user;
    view.consent = state_of<Consent>((*folds)[3]);
    co_return view;
}

AuthorizationFacts facts_of(const AuthorizationView& view, const Services& services, std::optional<SessionId> chosen) {
    return {view.application, view.browser_session_id,     view.browser_session, view.user,
            view.consent,     services.settings.lifetimes, services.clock.now(), chosen};
}

std::string userinfo_audience(const Settings& settings) { return settings.issuer + "/oauth2/userinfo"; }

AuthorizationCode code_for(Services& services, const AuthorizationView& view, const AuthorizationRequest& request) {
    AuthorizationCode code;
    code.application_id = request.application_id;
    code.redirect_uri = request.redirect_uri;
    code.code_challenge = request.code_challenge;
    code.nonce = request.nonce;
    code.scope = request.scope;
    code.audiences = request.resources;
    if (code.audiences.empty()) code.audiences.push_back(userinfo_audience(services.settings));
    code.user_id = view.browser_session.user_id;
    code.security_stamp = view.user.security_stamp;
    code.session_id = SessionId{services.identifiers.next()};
    code.browser_session_id = view.browser_session_id;
    code.expires_at = services.clock.now() + kCodeLasts;
    code.given_at = std::max(view.consent.sessions_ended_before, view.application.tokens_ended_before);
    code.key_thumbprint = request.key_thumbprint;
    return code;
}

Answer<Receipt> give_consent(Services& services, Bearer browser, AuthorizationRequest request, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, browser);
    const auto consent = streams.read<Consent>(consent_of(browser.user_id, request.application_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        KEYLEDGER_CO_TRY(known, authorise(attempt, actor, browser, services));
        const GiveConsent command{browser.user_id, request.application_id, request.scope, request.resources};
        co_return attempt.decide_and_append(consent, command);
    };
    Caller user_caller = caller.acting_as(browser.user_id);
    user_caller.session_id = browser.session_id;
    user_caller.idempotency.reset();
    const auto executed = co_await services.executor.run(std::move(user_caller), streams, step);
    co_return done(executed);
}

Answer<Receipt> withdraw_consent(Services& services, Bearer bearer, ApplicationId application_id, Caller caller) {
    Streams streams;
    const ActorStreams actor = read_actor(streams, bearer);
    const auto consent = streams.read<Consent>(consent_of(bearer.user_id, application_id));
    const Step step = [&](Attempt& attempt) -> StepResult {
        const WithdrawConsent command{bearer.user_id, application_id};
        co_return attempt.decide_and_append(consent, command);
    };
    const CommandSteps steps{require_actor(services, actor, bearer), step};
    const auto executed = co_await services.executor.run(std::move(caller), streams, steps);
    co_return done(executed);
}

}  // namespace keyledger::commands
