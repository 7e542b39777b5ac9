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
    ApplicationType type = ApplicationType::kWeb;
    std::string redirect_uri = "https://shop.example/callback";
    SecondFactor second_factor = SecondFactor::kNotAsked;
    std::optional<UserId> user{};
    std::vector<ProofMethod> methods{ProofMethod::kPassword};
    Duration proven_after{};  // how long after the request somebody logged in for it; 0: before
};
using Browser = Case::Browser;

Session session_of(const Case& one) {
    if (one.browser == Browser::kNone) return {};
    SessionStarted started{UserId{uuid(1)}, std::string(kBrowserClientId), {}, 0, "", kLoggedIn + days(30)};
    started.methods = one.methods;
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
    request.second_factor = one.second_factor;
    request.user = one.user;
    request.redirect_uri = one.redirect_uri;
    request.made_at = kAsked;
    Application application;
    application.status = Application::Status::kEnabled;
    application.definition.consent = one.rule;
    application.definition.type = one.type;
    if (one.type != ApplicationType::kWeb) application.definition.authentication = ClientAuthentication::kNone;
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

// RFC 8252 section 8.6: any application on the device may have taken the address.
TEST(Authorize, AsksEachTimeForAnApplicationThatAnyOtherOnTheDeviceCouldBe) {
    for (const char* uri : {"http://127.0.0.1/callback", "com.example.shop:/callback"})
        for (const ConsentRule rule : {ConsentRule::kRequired, ConsentRule::kFirstParty}) {
            Case one{.rule = rule, .type = ApplicationType::kNative, .redirect_uri = uri};
            EXPECT_EQ(step_of(one), Step::kAskConsent) << uri;
            one.consent_given_at = kAsked + seconds(30);
            EXPECT_EQ(step_of(one), Step::kGranted) << "they were asked for this";
            one = {.prompts = {Prompt::kNone}, .rule = rule, .type = ApplicationType::kNative, .redirect_uri = uri};
            EXPECT_EQ(step_of(one), Step::kConsentRequired);
        }
    EXPECT_EQ(step_of({.type = ApplicationType::kNative}), Step::kGranted) << "a claimed https address";
    EXPECT_EQ(step_of({.type = ApplicationType::kSpa, .redirect_uri = "http://localhost/callback"}), Step::kGranted);
}

// RFC 9470 section 4.
TEST(Authorize, AsksToLogInAgainWhereTheApplicationWantsASecondFactor) {
    const std::vector<ProofMethod> both{ProofMethod::kPassword, ProofMethod::kTotp};
    for (const SecondFactor asked : {SecondFactor::kWanted, SecondFactor::kNeeded}) {
        const bool needed = asked == SecondFactor::kNeeded;
        EXPECT_EQ(step_of({.second_factor = asked}), Step::kLogIn);
        EXPECT_EQ(step_of({.second_factor = asked, .methods = both}), Step::kGranted);
        EXPECT_EQ(step_of({.second_factor = asked, .proven_after = seconds(20)}),
                  needed ? Step::kNotStrong : Step::kGranted)
            << "they have no other";
        EXPECT_EQ(step_of({.prompts = {Prompt::kNone}, .second_factor = asked}),
                  needed ? Step::kNotStrong : Step::kGranted);
    }
}

TEST(Authorize, GrantsNothingToWhoIsNotMeant) {
    EXPECT_EQ(step_of({.user = UserId{uuid(1)}}), Step::kGranted);
    for (const UserId& other : {UserId{uuid(2)}, UserId{}}) {
        EXPECT_EQ(step_of({.user = other}), Step::kLogIn);
        EXPECT_EQ(step_of({.prompts = {Prompt::kNone}, .user = other}), Step::kLoginRequired);
        EXPECT_EQ(step_of({.user = other, .proven_after = seconds(20)}), Step::kLoginRequired) << "somebody else did";
    }
}

TEST(Authorize, AsksForConsentOnceMoreWhereTheApplicationWantsIt) {
    EXPECT_EQ(step_of({.prompts = {Prompt::kConsent}}), Step::kAskConsent);
    EXPECT_EQ(step_of({.prompts = {Prompt::kConsent}, .consent_given_at = kAsked + seconds(30)}), Step::kGranted);
    EXPECT_EQ(step_of({.prompts = {Prompt::kConsent}, .rule = ConsentRule::kFirstParty}), Step::kAskConsent);
}

}  // namespace
}  // namespace keyledger
