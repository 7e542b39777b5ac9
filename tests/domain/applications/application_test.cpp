#include "domain/applications/application.hpp"

#include "domain/clients/client_uri.hpp"
#include "tests/support/world/given.hpp"

namespace keyledger {
namespace {

using namespace test;
using Uris = std::vector<std::string>;

const test::TestId kSecret = uuid(1), kOther = uuid(2);

ApplicationDefinition web() {
    ApplicationDefinition definition;
    definition.name = "Orders";
    definition.grant_types = {GrantType::kAuthorizationCode, GrantType::kRefreshToken};
    definition.scopes = {"email", "openid"};
    definition.audiences = {"https://stock.example"};
    definition.redirect_uris = {"https://orders.example/callback"};
    return definition;
}
ApplicationDefinition native(Uris redirect_uris) {
    ApplicationDefinition definition = web();
    definition.type = ApplicationType::kNative;
    definition.authentication = ClientAuthentication::kNone;
    definition.redirect_uris = std::move(redirect_uris);
    return definition;
}
template <class... Events>
Application registered(Events... events) {
    return given<Application>(ApplicationRegistered{web()}, events...);
}
template <class Change>
ApplicationDefinition with(Change change) {
    ApplicationDefinition definition = web();
    change(definition);
    return definition;
}
template <class Change>
std::optional<RefusalRef> refusal_of(Change change) {
    const auto result = checked(with(change));
    return result ? std::nullopt : std::optional(result.error());
}

// ---- what is allowed -------------------------------------------------------------------------------------------
TEST(CheckedApplication, IsKeptSortedAndEachOnce) {
    const auto definition = checked(with([](auto& d) {
        d.scopes = {"openid", "email", "openid"};
        d.redirect_uris = {"https://b.example", "https://a.example", "https://b.example"};
    }));
    ASSERT_TRUE(definition);
    EXPECT_EQ(definition->scopes, Uris({"email", "openid"}));
    EXPECT_EQ(definition->redirect_uris, Uris({"https://a.example", "https://b.example"}));
}

TEST(CheckedApplication, HasAName) {
    for (const std::string& name : {std::string(), std::string(129, 'a'), std::string("a\xE2\x80\x8B")})
        EXPECT_EQ(refusal_of([&](auto& d) { d.name = name; }), refusals::kInvalidApplicationName) << name;
    EXPECT_EQ(refusal_of([](auto& d) { d.name = "Bücher & Töne"; }), std::nullopt);
}

TEST(CheckedApplication, SendsPeopleOnlyWhereItMay) {
    for (const char* bad : {"",
                            "orders",
                            "http://orders.example/cb",
                            "https://orders.example/#part",
                            "https://",
                            "https:///cb",
                            "https://ann@orders.example/cb",
                            "https://orders.example:0/cb",
                            "https://orders.example:123456/cb",
                            "HTTPS://orders.example/cb",
                            "https://Orders.example/cb",
                            "https://orders.example\\@evil.example/",
                            "https://orders.example/a b",
                            "https://[::1/cb",
                            "javascript:alert(1)",
                            "data:text/html,x",
                            "com.example.app:/cb",
                            "//orders.example/cb",
                            "http://127.0.0.1.evil.example/",
                            "http://127.0.0.1@evil/"})
        EXPECT_EQ(refusal_of([&](auto& d) { d.redirect_uris = {bad}; }), refusals::kInvalidRedirectUri) << bad;
    for (const char* good :
         {"https://orders.example", "https://orders.example:8443/a/b?c=d", "https://[2001:db8::1]/cb",
          "http://localhost:3000/cb", "http://127.0.0.1/cb", "http://[::1]:8080"})
        EXPECT_EQ(refusal_of([&](auto& d) { d.redirect_uris = {good}; }), std::nullopt) << good;
    EXPECT_EQ(refusal_of([](auto& d) {
                  for (std::size_t i = 0; i <= kMaxRedirectUris; ++i)
                      d.redirect_uris.push_back("https://a.example/" + std::to_string(i));
              }),
              refusals::kInvalidRedirectUri);
    EXPECT_EQ(refusal_of([](auto& d) { d.post_logout_redirect_uris = {"http://orders.example/"}; }),
              refusals::kInvalidPostLogoutUri);
    EXPECT_EQ(refusal_of([](auto& d) { d.backchannel_logout_uri = "http://localhost/"; }),
              refusals::kInvalidBackchannelUri);
    EXPECT_EQ(refusal_of([](auto& d) { d.logo_uri = "data:image/png;base64,"; }), refusals::kInvalidLogoUri);
    EXPECT_EQ(refusal_of([](auto& d) { d.policy_uri = "http://a.example"; }), refusals::kInvalidPolicyUri);
    EXPECT_EQ(refusal_of([](auto& d) { d.terms_uri = "http://a.example"; }), refusals::kInvalidTermsUri);
}

// RFC 8252 section 7.1.
TEST(CheckedApplication, MayHaveASchemeOfItsOwnOnADevice) {
    EXPECT_TRUE(checked(native({"com.example.app:/cb"})));
    for (const char* bad : {"app:/cb", "javascript:x", "Com.Example:/cb", "com.example.app:", "com.example:/#a"})
        EXPECT_FALSE(checked(native({bad}))) << bad;
}

TEST(CheckedApplication, ProvesItselfIfItCanKeepASecret) {
    EXPECT_EQ(refusal_of([](auto& d) { d.authentication = ClientAuthentication::kNone; }),
              refusals::kAuthenticationUnsuitable);
    EXPECT_EQ(refusal_of([](auto& d) { d.type = ApplicationType::kSpa; }), refusals::kAuthenticationUnsuitable);
}

TEST(CheckedApplication, GetsTokensInSomeWay) {
    EXPECT_EQ(refusal_of([](auto& d) { d.grant_types = {GrantType::kRefreshToken}; }), refusals::kInvalidGrantTypes);
    EXPECT_EQ(refusal_of([](auto& d) { d.redirect_uris.clear(); }), refusals::kRedirectUriMissing);
    EXPECT_EQ(refusal_of([](auto& d) {
                  d.grant_types = {GrantType::kDeviceCode};
                  d.redirect_uris.clear();
              }),
              std::nullopt);
}

TEST(CheckedApplication, ReachesTheServicesOwnApiOnlyIfItIsFirstParty) {
    for (const char* scope : {"keyledger:account", "keyledger:admin"}) {
        EXPECT_EQ(refusal_of([&](auto& d) { d.scopes = {scope}; }), refusals::kScopeFirstParty) << scope;
        EXPECT_EQ(refusal_of([&](auto& d) {
                      d.scopes = {scope};
                      d.consent = ConsentRule::kFirstParty;
                  }),
                  std::nullopt);
    }
    EXPECT_EQ(refusal_of([](auto& d) { d.scopes = {"todos:read"}; }), refusals::kInvalidScopes);
    EXPECT_EQ(refusal_of([](auto& d) {
                  d.scopes = {"offline_access"};
                  d.grant_types = {GrantType::kAuthorizationCode};
              }),
              refusals::kScopeNeedsRefresh);
    EXPECT_EQ(refusal_of([](auto& d) { d.audiences = {"orders"}; }), refusals::kInvalidAudience);
}

TEST(CheckedApplication, HasLifetimesWithinBounds) {
    EXPECT_EQ(refusal_of([](auto& d) { d.access_token_lifetime = seconds(59); }),
              refusals::kInvalidAccessTokenLifetime);
    EXPECT_EQ(refusal_of([](auto& d) { d.access_token_lifetime = seconds(60); }), std::nullopt);
    EXPECT_EQ(refusal_of([](auto& d) { d.id_token_lifetime = hours(2); }), refusals::kInvalidIdTokenLifetime);
    EXPECT_EQ(refusal_of([](auto& d) { d.session_idle_lifetime = days(366); }), refusals::kInvalidSessionIdleLifetime);
    EXPECT_EQ(refusal_of([](auto& d) { d.session_lifetime = seconds(1); }), refusals::kInvalidSessionLifetime);
}

// WCAG 2.2, 1.4.3.
TEST(CheckedApplication, HasColoursThatCanBeRead) {
    const auto refusal_of_colors = [](const char* light, const char* dark) {
        return refusal_of([&](auto& d) {
            if (*light != 0) d.accent_color = light;
            if (*dark != 0) d.accent_color_dark = dark;
        });
    };
    EXPECT_EQ(refusal_of_colors("#767676", ""), std::nullopt);
    EXPECT_EQ(refusal_of_colors("#777777", ""), refusals::kAccentColorTooLight);
    EXPECT_EQ(refusal_of_colors("#0b57d0", "#8ab4f8"), std::nullopt);
    EXPECT_EQ(refusal_of_colors("#0b57d0", "#0b57d0"), refusals::kAccentColorTooDark);
    EXPECT_EQ(refusal_of_colors("", "#8ab4f8"), refusals::kInvalidAccentColorDark) << "of what?";
    for (const char* bad : {"blue", "#00f", "#0b57d0;}", "url(//evil.example)", "#0b57d0 "}) {
        EXPECT_EQ(refusal_of_colors(bad, ""), refusals::kInvalidAccentColor) << bad;
        EXPECT_EQ(refusal_of_colors("#0b57d0", bad), refusals::kInvalidAccentColorDark) << bad;
    }
    const auto spelled = checked(with([](auto& d) { d.accent_color = "#0B57D0"; }));
    ASSERT_TRUE(spelled);
    EXPECT_EQ(spelled->accent_color, "#0b57d0") << "one spelling is kept";
}

// ---- decisions -------------------------------------------------------------------------------------------------
TEST(RegisterApplication, MakesOneThatIsEnabled) {
    EXPECT_TRUE(decides(decide(Application{}, RegisterApplication{web()}), {ApplicationRegistered{web()}}));
    EXPECT_TRUE(refuses(decide(registered(), RegisterApplication{web()}), refusals::kBegunTwice));
    EXPECT_EQ(registered().status, Application::Status::kEnabled);
    EXPECT_EQ(registered().definition, web());
    EXPECT_EQ(registered().tokens_ended_before, 0);
}

TEST(ChangeApplication, SaysOnlyWhatIsNew) {
    const auto renamed = with([](auto& d) { d.name = "Shop"; });
    EXPECT_TRUE(stays_quiet(decide(registered(), ChangeApplication{web()})));
    EXPECT_TRUE(decides(decide(registered(), ChangeApplication{renamed, ApplicationStatus::kDisabled}),
                        {ApplicationChanged{renamed}, ApplicationDisabled{}}));
    EXPECT_TRUE(decides(decide(registered(ApplicationDisabled{}), ChangeApplication{web()}), {ApplicationEnabled{}}));
    for (const Application& gone : {Application{}, registered(ApplicationDeleted{})})
        EXPECT_TRUE(refuses(decide(gone, ChangeApplication{web()}), refusals::kApplicationUnknown));
}

TEST(ChangeApplication, EndsTokensThatHaveMoreThanTheApplicationHasNow) {
    const auto ended_by = [](auto change) {
        return registered(ApplicationChanged{with(change)}).tokens_ended_before == 2;
    };
    EXPECT_TRUE(ended_by([](auto& d) { d.scopes = {"openid"}; }));
    EXPECT_TRUE(ended_by([](auto& d) { d.audiences = {}; }));
    EXPECT_TRUE(ended_by([](auto& d) { d.authentication = ClientAuthentication::kPrivateKeyJwt; }));
    EXPECT_FALSE(ended_by([](auto& d) { d.scopes = {"email", "openid", "phone"}; }));
    EXPECT_FALSE(ended_by([](auto& d) { d.consent = ConsentRule::kFirstParty; }));
    EXPECT_FALSE(ended_by([](auto& d) { d.name = "Shop"; }));
    const auto own = with([](auto& d) { d.consent = ConsentRule::kFirstParty; });
    EXPECT_EQ(registered(ApplicationChanged{own}, ApplicationChanged{web()}).tokens_ended_before, 3);
}

TEST(DisableApplication, EndsItsTokensForGood) {
    EXPECT_EQ(registered(ApplicationDisabled{}).tokens_ended_before, 2);
    EXPECT_EQ(registered(ApplicationDisabled{}, ApplicationEnabled{}).tokens_ended_before, 2);
}

TEST(DeleteApplication, IsTheEndOfItAndOfItsSecrets) {
    EXPECT_TRUE(decides(decide(registered(), DeleteApplication{}), {ApplicationDeleted{}}));
    const auto deleted = registered(ApplicationSecretAdded{kSecret, "ab"}, ApplicationDeleted{});
    EXPECT_FALSE(deleted.exists());
    EXPECT_TRUE(deleted.secrets.empty());
    EXPECT_EQ(deleted.tokens_ended_before, 3);
    EXPECT_TRUE(refuses(decide(deleted, DeleteApplication{}), refusals::kApplicationUnknown));
}

TEST(ApplicationCredentials, AreThoseOfServiceAccounts) {
    const auto one = registered(ApplicationSecretAdded{kSecret, "ab"});
    EXPECT_TRUE(decides(decide(one, AddClientSecret{kOther, "cd"}), {ApplicationSecretAdded{kOther, "cd"}}));
    EXPECT_TRUE(decides(decide(one, RemoveClientSecret{kSecret}), {ApplicationSecretRemoved{kSecret}}));
    EXPECT_TRUE(refuses(decide(one, RemoveClientSecret{kOther}), refusals::kCredentialUnknown));
    EXPECT_TRUE(decides(decide(one, AddClientKey{"k", KeyAlgorithm::kEdDsa, "{}", "orders"}),
                        {ApplicationKeyAdded{"k", KeyAlgorithm::kEdDsa, "{}", "orders"}}));
    const auto keyed = registered(ApplicationKeyAdded{"k", KeyAlgorithm::kEdDsa, "{}", "orders"});
    EXPECT_TRUE(decides(decide(keyed, RemoveClientKey{"orders"}), {ApplicationKeyRemoved{"k"}}));
    EXPECT_FALSE(registered(ApplicationSecretAdded{kSecret, "ab"}, ApplicationSecretRemoved{kSecret})
                     .has_credential(kSecret.to_string()));
}

TEST(ApplicationCredentials, AreNothingForAPublicApplication) {
    const auto on_a_phone = given<Application>(ApplicationRegistered{native({"com.example.app:/cb"})});
    EXPECT_TRUE(refuses(decide(on_a_phone, AddClientSecret{kSecret, "ab"}), refusals::kProvesNothing));
    EXPECT_TRUE(refuses(decide(on_a_phone, AddClientKey{"k", KeyAlgorithm::kEdDsa, "{}"}), refusals::kProvesNothing));
    EXPECT_TRUE(refuses(decide(Application{}, AddClientSecret{kSecret, "ab"}), refusals::kApplicationUnknown));
}

// ---- where answers go ------------------------------------------------------------------------------------------
TEST(RedirectUri, IsComparedByteByByte) {
    const auto application = registered();
    EXPECT_TRUE(redirect_uri_matches(application, "https://orders.example/callback"));
    for (const char* other :
         {"", "https://orders.example", "https://orders.example/callback/", "https://orders.example/callback?a=b",
          "https://orders.example/Callback", "https://orders.example:443/callback", "https://orders.example/callbac",
          "https://orders.example/x/../callback", "https://orders.example/%63allback"})
        EXPECT_FALSE(redirect_uri_matches(application, other)) << other;
    EXPECT_FALSE(post_logout_redirect_uri_matches(application, "https://orders.example/callback"));
}

// RFC 8252 section 7.3; RFC 9700 section 4.1.3.
TEST(RedirectUri, HasAFreePortOnTheLoopbackOfADevice) {
    const auto tool =
        given<Application>(ApplicationRegistered{native({"http://127.0.0.1/cb", "http://[::1]:8080/cb?a=b"})});
    for (const char* good : {"http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", "http://[::1]:1/cb?a=b"})
        EXPECT_TRUE(redirect_uri_matches(tool, good)) << good;
    for (const char* bad :
         {"http://127.0.0.1:49152/", "http://127.0.0.1:49152/cb?a=b", "http://localhost:49152/cb",
          "http://127.0.0.1:0/cb", "http://127.0.0.1:99999999/cb", "http://127.0.0.1:1@evil.example/cb",
          "http://127.0.0.1.evil.example/cb", "https://127.0.0.1:49152/cb", "http://[::1]:/cb?a=b"})
        EXPECT_FALSE(redirect_uri_matches(tool, bad)) << bad;
    const auto named = given<Application>(ApplicationRegistered{native({"http://localhost/cb"})});
    EXPECT_FALSE(redirect_uri_matches(named, "http://localhost:8080/cb")) << "a name may lead elsewhere";
    const auto server =
        registered(ApplicationChanged{with([](auto& d) { d.redirect_uris = {"http://127.0.0.1/cb"}; })});
    EXPECT_FALSE(redirect_uri_matches(server, "http://127.0.0.1:49152/cb")) << "it knows its port";
}

// ---- where its pages are ---------------------------------------------------------------------------------------
// URL standard, "Origin": as browsers write it, the port only where it is not the scheme's own.
TEST(WebOrigin, IsSchemeHostAndPort) {
    const std::vector<std::pair<std::string, std::string>> kCases{
        {"https://orders.example/callback?a=b", "https://orders.example"},
        {"https://orders.example", "https://orders.example"},
        {"https://orders.example?a=b", "https://orders.example"},
        {"https://orders.example:443/callback", "https://orders.example"},
        {"https://orders.example:8443/callback", "https://orders.example:8443"},
        {"https://orders.example:80/", "https://orders.example:80"},
        {"http://127.0.0.1:80/cb", "http://127.0.0.1"},
        {"http://localhost:3000/cb", "http://localhost:3000"},
        {"http://[::1]:3000/", "http://[::1]:3000"},
        {"http://orders.example/cb", ""},
        {"com.example.app:/cb", ""},
        {"https://ann@orders.example/", ""},
        {"https://*/", ""},
        {"", ""}};
    for (const auto& [uri, origin] : kCases) EXPECT_EQ(web_origin_of(uri), origin) << uri;
}

TEST(PageOrigins, AreThoseOfAnEnabledApplicationThatRunsInAPage) {
    const Uris uris{"https://orders.example/callback", "https://orders.example/silent", "http://localhost:3000/"};
    ApplicationDefinition definition = native(uris);
    EXPECT_TRUE(page_origins(given<Application>(ApplicationRegistered{definition})).empty()) << "it has no pages";
    definition.type = ApplicationType::kSpa;
    const ApplicationRegistered event{definition};
    EXPECT_EQ(page_origins(given<Application>(event)), Uris({"http://localhost:3000", "https://orders.example"}));
    EXPECT_TRUE(page_origins(given<Application>(event, ApplicationDisabled{})).empty());
    EXPECT_TRUE(page_origins(given<Application>(event, ApplicationDeleted{})).empty());
    EXPECT_TRUE(page_origins(registered()).empty()) << "its server asks";
    EXPECT_TRUE(page_origins(Application{}).empty());
}

}  // namespace
}  // namespace keyledger
