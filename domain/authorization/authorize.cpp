#include "domain/authorization/authorize.hpp"

#include <algorithm>

#include "domain/ladder/assurance.hpp"
#include "domain/sessions/grounds.hpp"
#include "domain/users/identity.hpp"

namespace keyledger {
namespace {

bool is_logged_in(const AuthorizationFacts& facts) {
    if (facts.browser_session.client_id != kBrowserClientId) return false;
    return check_session(facts.browser_session, facts.browser_session_id, facts.user, facts.lifetimes, facts.now)
        .has_value();
}

// Whether what was proven is as young as the application wants it.
bool is_fresh(const AuthorizationRequest& request, const AuthorizationFacts& facts) {
    const Instant proven_at = assurance_of(facts.browser_session.proofs).authenticated_at;
    if (proven_at >= request.made_at) return true;
    if (request.asks_for(Prompt::kLogin)) return false;
    return !request.max_age || facts.now - proven_at <= *request.max_age;
}

// RFC 8252 section 8.6: what keeps no secret on a device, and is answered at an address that any other there can take,
// too. Of https the system knows whose it is.
bool may_be_another(const Application& application, const std::string& redirect_uri) {
    return application.definition.type == ApplicationType::kNative && application.is_public() &&
           !redirect_uri.starts_with("https://");
}

// They logged in for this very request: there is nothing that they could prove beyond that.
bool was_proven_for(const AuthorizationRequest& request, const AuthorizationFacts& facts) {
    return assurance_of(facts.browser_session.proofs).authenticated_at >= request.made_at;
}

bool is_strong(const AuthorizationRequest& request, const AuthorizationFacts& facts) {
    return request.second_factor == SecondFactor::kNotAsked ||
           assurance_of(facts.browser_session.proofs).level == kTwoFactors;
}

bool is_meant(const AuthorizationRequest& request, const AuthorizationFacts& facts) {
    return may_be_chosen(request, facts.browser_session.user_id);
}

// By an address, a user name, or the subject that ID tokens tell. What is none of these hints at nobody.
bool hints_at_another(const AuthorizationRequest& request, const AuthorizationFacts& facts) {
    const User& user = facts.user;
    if (const auto id = UserId::parse(request.login_hint)) return *id != facts.browser_session.user_id;
    if (const auto email = parse_email(request.login_hint)) {
        const auto own = parse_email(user.email.value_or(""));
        return !own || own->key != email->key;
    }
    const auto hinted = parse_username(request.login_hint);
    if (!hinted) return false;
    const auto own = parse_username(user.username.value_or(""));
    return !own || own->key != hinted->key;
}

bool has_to_choose(const AuthorizationRequest& request, const AuthorizationFacts& facts) {
    if (request.asks_for(Prompt::kLogin)) return false;
    if (!is_meant(request, facts)) return true;
    if (facts.chosen && *facts.chosen == facts.browser_session_id) return false;
    const bool hears = facts.hints == LoginHints::kHeard && !request.user;
    return request.asks_for(Prompt::kSelectAccount) || (hears && hints_at_another(request, facts));
}

bool has_consent(const AuthorizationRequest& request, const AuthorizationFacts& facts) {
    const bool asked_now = facts.consent.status == Consent::Status::kGiven && facts.consent.given_at >= request.made_at;
    const bool asks = request.asks_for(Prompt::kConsent) || may_be_another(facts.application, request.redirect_uri);
    if (asks && !asked_now) return false;
    return facts.application.is_first_party() || facts.consent.covers(request.scope, request.resources);
}

}  // namespace

bool AuthorizationRequest::asks_for(Prompt prompt) const { return std::ranges::find(prompts, prompt) != prompts.end(); }

bool AuthorizationRequest::has_scope(std::string_view word) const {
    return std::ranges::find(scope, word) != scope.end();
}

AuthorizationStep authorization_step(const AuthorizationRequest& request, const AuthorizationFacts& facts) {
    using Step = AuthorizationStep;
    const bool silent = request.asks_for(Prompt::kNone);
    if (!is_logged_in(facts)) return silent ? Step::kLoginRequired : Step::kLogIn;
    const bool may_prove_more = !silent && !was_proven_for(request, facts);
    if (may_prove_more && has_to_choose(request, facts)) return Step::kChooseAccount;
    if (!is_fresh(request, facts)) return silent ? Step::kLoginRequired : Step::kLogIn;
    if (!is_meant(request, facts)) return may_prove_more ? Step::kLogIn : Step::kLoginRequired;
    if (!is_strong(request, facts)) {
        if (may_prove_more) return Step::kLogIn;
        if (request.second_factor == SecondFactor::kNeeded) return Step::kNotStrong;
    }
    if (!has_consent(request, facts)) return silent ? Step::kConsentRequired : Step::kAskConsent;
    return Step::kGranted;
}

bool may_be_chosen(const AuthorizationRequest& request, const UserId& user_id) {
    return !request.user || *request.user == user_id;
}

bool may_have(const Application& application, const std::vector<std::string>& scope,
              const std::vector<std::string>& resources, GrantType by) {
    const ApplicationDefinition& definition = application.definition;
    return application.status == Application::Status::kEnabled && definition.has(by) &&
           std::ranges::all_of(scope, [&](const std::string& word) { return definition.may_ask_for(word); }) &&
           std::ranges::all_of(resources, [&](const std::string& resource) {
               return std::ranges::find(definition.audiences, resource) != definition.audiences.end();
           });
}

std::string_view error_of(AuthorizationStep step) {
    switch (step) {
        case AuthorizationStep::kLoginRequired: return "login_required";
        case AuthorizationStep::kConsentRequired: return "consent_required";
        case AuthorizationStep::kNotStrong: return "unmet_authentication_requirements";
        case AuthorizationStep::kLogIn:
        case AuthorizationStep::kChooseAccount:
        case AuthorizationStep::kAskConsent:
        case AuthorizationStep::kGranted: break;
    }
    return {};
}

}  // namespace keyledger
