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
    std::string login_hint{};
    std::optional<SessionId> chosen{};
    LoginHints hints = LoginHints::kHeard;
    std::vector<std::string> resources{};
    std::vector<std::string> consented_resources{};
    bool is_withdrawn = false;
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
    request.login_hint = one.login_hint;
    request.resources = one.resources;
    Application application;
    application.status = Application::Status::kEnabled;
    application.definition.consent = one.rule;
    application.definition.type = one.type;
    if (one.type != ApplicationType::kWeb) application.definition.authentication = ClientAuthentication::kNone;
    Consent consent;
    if (one.consent_given_at)
        consent = evolve(Consent{},
                         ConsentGiven{UserId{uuid(1)}, ApplicationId{uuid(9)}, one.consented, one.consented_resources},
                         {2, *one.consent_given_at});
    if (one.is_withdrawn) consent = evolve(std::move(consent), ConsentWithdrawn{}, {3, kLoggedIn});
    User user;
    user.status = User::Status::kActive;
    user.email = "Ann@example.com";
    user.former_email = "ann@former.example";
    user.username = "ann";
    const Session session = session_of(one);
    const SessionLifetimes lifetimes;
    return authorization_step(request, {application, kBrowser, session, user, consent, lifetimes, kAsked + minutes(1),
                                        one.chosen, one.hints});
}

TEST(Authorize, GrantsWhatTheUserAgreedTo) { EXPECT_EQ(step_of({}), Step::kGranted); }

TEST(Authorize, AsksToLogInWhereNobodyIs) {
    for (const Browser browser : {Browser::kNone, Browser::kEnded, Browser::kOfApplication}) {
        EXPECT_EQ(step_of({.browser = browser}), Step::kLogIn);
        EXPECT_EQ(step_of({.browser = browser, .prompts = {Prompt::kNone}}), Step::kLoginRequired);
    }
}

TEST(Authorize, AsksAgainWhereTheApplicationWantsIt) {
    EXPECT_EQ(step_of({.prompts = {Prompt::kLogin}}), Step::kLogIn);
    EXPECT_EQ(step_of({.prompts = {Prompt::kLogin}, .proven_after = seconds(20)}), Step::kGranted) << "they did";
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

// RFC 8707: to read a profile is one thing, to act for somebody at a resource server another.
TEST(Authorize, AsksForConsentToEachResourceServer) {
    const std::vector<std::string> stock{"https://stock.example"};
    const std::vector<std::string> both{"https://stock.example", "https://orders.example"};
    const std::vector<Prompt> silent{Prompt::kNone};
    EXPECT_EQ(step_of({.resources = stock}), Step::kAskConsent);
    EXPECT_EQ(step_of({.prompts = silent, .resources = stock}), Step::kConsentRequired);
    EXPECT_EQ(step_of({.resources = stock, .consented_resources = both}), Step::kGranted);
    EXPECT_EQ(step_of({.prompts = silent, .resources = stock, .consented_resources = both}), Step::kGranted);
    EXPECT_EQ(step_of({.consented_resources = both}), Step::kGranted) << "for userinfo alone";
    EXPECT_EQ(step_of({.resources = both, .consented_resources = stock}), Step::kAskConsent) << "not to both";
    EXPECT_EQ(step_of({.prompts = silent, .resources = both, .consented_resources = stock}), Step::kConsentRequired);
    const Case withdrawn{.prompts = silent, .resources = stock, .consented_resources = stock, .is_withdrawn = true};
    EXPECT_EQ(step_of(withdrawn), Step::kConsentRequired);
    EXPECT_EQ(step_of({.rule = ConsentRule::kFirstParty, .consent_given_at = std::nullopt, .resources = both}),
              Step::kGranted);
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
        EXPECT_EQ(step_of({.user = other}), Step::kChooseAccount);
        EXPECT_EQ(step_of({.user = other, .chosen = kBrowser}), Step::kChooseAccount) << "nobody can choose that";
        EXPECT_EQ(step_of({.prompts = {Prompt::kLogin}, .user = other}), Step::kLogIn);
        EXPECT_EQ(step_of({.prompts = {Prompt::kNone}, .user = other}), Step::kLoginRequired);
        EXPECT_EQ(step_of({.user = other, .proven_after = seconds(20)}), Step::kLoginRequired) << "somebody else did";
    }
}

TEST(Authorize, LeavesItToPeopleAsWhomTheyGoOn) {
    const std::vector<Prompt> select{Prompt::kSelectAccount};
    EXPECT_EQ(step_of({.prompts = select}), Step::kChooseAccount);
    EXPECT_EQ(step_of({.prompts = select, .chosen = kBrowser}), Step::kGranted);
    EXPECT_EQ(step_of({.prompts = select, .chosen = SessionId{uuid(8)}}), Step::kChooseAccount) << "another session";
    EXPECT_EQ(step_of({.prompts = select, .proven_after = seconds(20)}), Step::kGranted) << "who logged in has chosen";
    EXPECT_EQ(step_of({.browser = Browser::kNone, .prompts = select}), Step::kLogIn);
    EXPECT_EQ(step_of({.prompts = {Prompt::kLogin, Prompt::kSelectAccount}}), Step::kLogIn);
    EXPECT_EQ(step_of({.prompts = select, .max_age = minutes(30), .chosen = kBrowser}), Step::kLogIn);
    EXPECT_EQ(step_of({.prompts = select, .consented = {"openid"}, .chosen = kBrowser}), Step::kAskConsent);
}

TEST(Authorize, AsksAsWhomWhereTheHintIsOfSomebodyElse) {
    for (const char* own : {"", "ann@example.com", "ANN@EXAMPLE.COM", "ann", "Ann", "what is no name", "@", "a"})
        EXPECT_EQ(step_of({.login_hint = own}), Step::kGranted) << own;
    EXPECT_EQ(step_of({.login_hint = UserId{uuid(1)}.to_string()}), Step::kGranted);
    EXPECT_EQ(step_of({.login_hint = "ann@former.example"}), Step::kChooseAccount) << "a guess about her past";
    for (const std::string& other : {std::string("bob@example.com"), std::string("bob"), UserId{uuid(2)}.to_string()}) {
        EXPECT_EQ(step_of({.login_hint = other}), Step::kChooseAccount) << other;
        EXPECT_EQ(step_of({.login_hint = other, .chosen = kBrowser}), Step::kGranted) << "it is a hint";
        EXPECT_EQ(step_of({.proven_after = seconds(20), .login_hint = other}), Step::kGranted);
        EXPECT_EQ(step_of({.user = UserId{uuid(1)}, .login_hint = other}), Step::kGranted) << "who is meant is known";
        EXPECT_EQ(step_of({.prompts = {Prompt::kNone}, .login_hint = other}), Step::kGranted)
            << "what came of it would tell an application whose address it is";
        for (const std::string& guess : {other, std::string("ann@example.com")})
            EXPECT_EQ(step_of({.login_hint = guess, .hints = LoginHints::kIgnored}), Step::kGranted)
                << "in a frame that nobody sees";
    }
}

TEST(Authorize, AsksForConsentOnceMoreWhereTheApplicationWantsIt) {
    EXPECT_EQ(step_of({.prompts = {Prompt::kConsent}}), Step::kAskConsent);
    EXPECT_EQ(step_of({.prompts = {Prompt::kConsent}, .consent_given_at = kAsked + seconds(30)}), Step::kGranted);
    EXPECT_EQ(step_of({.prompts = {Prompt::kConsent}, .rule = ConsentRule::kFirstParty}), Step::kAskConsent);
}

}  // namespace
}  // namespace keyledger
