#include "domain/authorization/authorize.hpp"

#include "domain/sessions/grounds.hpp"
#include "tests/support/world/given.hpp"

namespace keyledger {
namespace {

using namespace test;
using Step = AuthorizationStep;

const SessionId kBrowser{uuid(7)};
const Instant kLoggedIn = kNow;                  // a browser's session begins
const Instant kAsked = kLoggedIn + minutes(30);  // and later an application asks

struct Case {
    enum class Browser { kNone, kLoggedIn, kEnded, kOfApplication } browser = Browser::kLoggedIn;
    std::vector<Prompt> prompts{};
    std::optional<Duration> max_age{};
    ConsentRule rule = ConsentRule::kRequired;
    std::optional<Instant> consent_given_at = kLoggedIn;
    std::vector<std::string> consented{"email", "openid"};
    Duration proven_after{};  // how long after the request somebody logged in for it; 0: before
};
using Browser = Case::Browser;

Session session_of(const Case& one) {
    if (one.browser == Browser::kNone) return {};
    SessionStarted started{UserId{uuid(1)}, std::string(kBrowserClientId), {}, 0, "", kLoggedIn + days(30)};
    started.methods = {ProofMethod::kPassword};
    if (one.browser == Browser::kOfApplication) started.client_id = uuid(9).to_string();
    const Instant at = one.proven_after > Duration() ? kAsked + one.proven_after : kLoggedIn;
    started.authenticated_at = at;
    Session session = evolve(Session{}, started, {3, at});
    if (one.browser == Browser::kEnded) session = evolve(std::move(session), SessionEnded{}, {4, at});
    return session;
}

Step step_of(const Case& one) {
    AuthorizationRequest request;
    request.scope = {"openid", "email"};
    request.prompts = one.prompts;
    request.max_age = one.max_age;
    request.made_at = kAsked;
    Application application;
    application.status = Application::Status::kEnabled;
    application.definition.consent = one.rule;
    Consent consent;
    if (one.consent_given_at)
        consent = evolve(Consent{}, ConsentGiven{UserId{uuid(1)}, ApplicationId{uuid(9)}, one.consented},
                         {2, *one.consent_given_at});
    User user;
    user.status = User::Status::kActive;
    const Session session = session_of(one);
    const SessionLifetimes lifetimes;
    return authorization_step(request, {application, kBrowser, session, user, consent, lifetimes, kAsked + minutes(1)});
}

TEST(Authorize, GrantsWhatTheUserAgreedTo) { EXPECT_EQ(step_of({}), Step::kGranted); }

TEST(Authorize, AsksToLogInWhereNobodyIs) {
    for (const Browser browser : {Browser::kNone, Browser::kEnded, Browser::kOfApplication}) {
        EXPECT_EQ(step_of({.browser = browser}), Step::kLogIn);
        EXPECT_EQ(step_of({.browser = browser, .prompts = {Prompt::kNone}}), Step::kLoginRequired);
    }
}

TEST(Authorize, AsksAgainWhereTheApplicationWantsIt) {
    for (const Prompt prompt : {Prompt::kLogin, Prompt::kSelectAccount}) {
        EXPECT_EQ(step_of({.prompts = {prompt}}), Step::kLogIn);
        EXPECT_EQ(step_of({.prompts = {prompt}, .proven_after = seconds(20)}), Step::kGranted) << "they did";
    }
    EXPECT_EQ(step_of({.max_age = minutes(31)}), Step::kGranted);
    EXPECT_EQ(step_of({.max_age = minutes(30)}), Step::kLogIn);
    EXPECT_EQ(step_of({.prompts = {Prompt::kNone}, .max_age = minutes(30)}), Step::kLoginRequired);
    EXPECT_EQ(step_of({.max_age = seconds(0), .proven_after = seconds(20)}), Step::kGranted) << "for this very request";
}

TEST(Authorize, AsksForConsentThatIsNotGiven) {
    EXPECT_EQ(step_of({.consent_given_at = std::nullopt}), Step::kAskConsent);
    EXPECT_EQ(step_of({.consented = {"openid"}}), Step::kAskConsent) << "not for all of it";
    EXPECT_EQ(step_of({.prompts = {Prompt::kNone}, .consented = {"openid"}}), Step::kConsentRequired);
    EXPECT_EQ(step_of({.rule = ConsentRule::kFirstParty, .consent_given_at = std::nullopt}), Step::kGranted);
}

TEST(Authorize, AsksForConsentOnceMoreWhereTheApplicationWantsIt) {
    EXPECT_EQ(step_of({.prompts = {Prompt::kConsent}}), Step::kAskConsent);
    EXPECT_EQ(step_of({.prompts = {Prompt::kConsent}, .consent_given_at = kAsked + seconds(30)}), Step::kGranted);
    EXPECT_EQ(step_of({.prompts = {Prompt::kConsent}, .rule = ConsentRule::kFirstParty}), Step::kAskConsent);
}

}  // namespace
}  // namespace keyledger
