#pragma once
// What an administrator says of an application. Pure.
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "domain/base/declare.hpp"
#include "domain/base/refusal.hpp"
#include "domain/base/result.hpp"
#include "domain/base/time.hpp"
#include "domain/clients/client_credentials.hpp"

namespace keyledger {

inline constexpr std::size_t kMaxApplicationNameBytes = 128;
inline constexpr std::size_t kMaxRedirectUris = 20;
inline constexpr Duration kMinTokenLifetime = minutes(1);
inline constexpr Duration kMaxTokenLifetime = hours(1);
inline constexpr Duration kMaxSessionLifetime = days(365);

// ---- scopes ----------------------------------------------------------------------------------------------------
inline constexpr std::string_view kScopeOpenid = "openid";
inline constexpr std::string_view kScopeProfile = "profile";
inline constexpr std::string_view kScopeEmail = "email";
inline constexpr std::string_view kScopePhone = "phone";
inline constexpr std::string_view kScopeOfflineAccess = "offline_access";
inline constexpr std::string_view kScopeAccount = "keyledger:account";  // one's own account, by the service's API
inline constexpr std::string_view kScopeAdmin = "keyledger:admin";      // the rest of that API
inline constexpr std::array kApplicationScopes{kScopeAccount, kScopeAdmin, kScopeEmail,  kScopeOfflineAccess,
                                               kScopeOpenid,  kScopePhone, kScopeProfile};

// ---- the rest --------------------------------------------------------------------------------------------------
enum class ApplicationType { kWeb, kSpa, kNative };  // on a server; a page's script; on a device
constexpr auto enum_names(ApplicationType) {
    return std::array{EnumName{ApplicationType::kWeb, "web"}, EnumName{ApplicationType::kSpa, "spa"},
                      EnumName{ApplicationType::kNative, "native"}};
}
// First-party: the operator's own, for which nobody is asked, and which alone may use the service's API.
enum class ConsentRule { kRequired, kFirstParty };
constexpr auto enum_names(ConsentRule) {
    return std::array{EnumName{ConsentRule::kRequired, "required"}, EnumName{ConsentRule::kFirstParty, "first_party"}};
}
enum class ClientAuthentication { kNone, kSecretBasic, kSecretPost, kPrivateKeyJwt };
constexpr auto enum_names(ClientAuthentication) {
    using A = ClientAuthentication;
    return std::array{EnumName{A::kNone, "none"}, EnumName{A::kSecretBasic, "client_secret_basic"},
                      EnumName{A::kSecretPost, "client_secret_post"}, EnumName{A::kPrivateKeyJwt, "private_key_jwt"}};
}
enum class GrantType { kAuthorizationCode, kRefreshToken, kDeviceCode };
constexpr auto enum_names(GrantType) {
    return std::array{EnumName{GrantType::kAuthorizationCode, "authorization_code"},
                      EnumName{GrantType::kDeviceCode, "device_code"},
                      EnumName{GrantType::kRefreshToken, "refresh_token"}};
}
enum class PushedRequests { kOptional, kRequired };  // RFC 9126
constexpr auto enum_names(PushedRequests) {
    return std::array{EnumName{PushedRequests::kOptional, "optional"}, EnumName{PushedRequests::kRequired, "required"}};
}
enum class TokenBinding { kOptional, kDpop };  // RFC 9449; optional: by DPoP where it is shown
constexpr auto enum_names(TokenBinding) {
    return std::array{EnumName{TokenBinding::kOptional, "optional"}, EnumName{TokenBinding::kDpop, "dpop"}};
}

struct ApplicationDefinition {
    std::string name;
    ApplicationType type = ApplicationType::kWeb;
    ConsentRule consent = ConsentRule::kRequired;
    ClientAuthentication authentication = ClientAuthentication::kSecretBasic;
    std::vector<GrantType> grant_types;
    std::vector<std::string> scopes;
    std::vector<std::string> audiences;
    std::vector<std::string> redirect_uris;
    std::vector<std::string> post_logout_redirect_uris;
    std::optional<std::string> backchannel_logout_uri;
    std::optional<std::string> logo_uri;
    std::optional<std::string> policy_uri;
    std::optional<std::string> terms_uri;
    // In place of the service's own; of sessions never longer than these.
    std::optional<Duration> access_token_lifetime;
    std::optional<Duration> id_token_lifetime;
    std::optional<Duration> session_idle_lifetime;
    std::optional<Duration> session_lifetime;
    KeyAlgorithm id_token_algorithm = KeyAlgorithm::kRs256;
    std::optional<KeyAlgorithm> userinfo_algorithm;  // none: JSON, not signed
    PushedRequests pushed_requests = PushedRequests::kOptional;
    TokenBinding token_binding = TokenBinding::kOptional;
    std::optional<std::string> accent_color;       // as text_of() of domain/base/color.hpp writes it
    std::optional<std::string> accent_color_dark;  // none: follows from accent_color
    static constexpr auto fields() {
        using D = ApplicationDefinition;
        return std::tuple{
            Field{"name", &D::name, "for people. In the clear: nothing personal belongs here"},
            Field{"application_type", &D::type, "`web` runs on a server, `spa` in a page, `native` on a device"},
            Field{"consent", &D::consent,
                  "`first_party`: the operator's own, for which nobody is asked, and which alone may use the "
                  "service's API"},
            Field{"authentication", &D::authentication, "the one way in which it authenticates"},
            Field{"grant_types", &D::grant_types, "how it may get tokens, each once"},
            Field{"scopes", &D::scopes, "that it may ask for, sorted"},
            Field{"audiences", &D::audiences, "the resource servers that it may ask tokens for (RFC 8707), sorted"},
            Field{"redirect_uris", &D::redirect_uris, "where answers may go, sorted"},
            Field{"post_logout_redirect_uris", &D::post_logout_redirect_uris,
                  "where people may be sent after they logged out, sorted"},
            Field{"backchannel_logout_uri", &D::backchannel_logout_uri, "what is told of sessions that ended, or none"},
            Field{"logo_uri", &D::logo_uri, "its picture"},
            Field{"policy_uri", &D::policy_uri, "what it does with data"},
            Field{"terms_uri", &D::terms_uri, "its terms of service"},
            Field{"access_token_lifetime_ms", &D::access_token_lifetime, "`null`: as the service's"},
            Field{"id_token_lifetime_ms", &D::id_token_lifetime, "`null`: as an access token's"},
            Field{"session_idle_lifetime_ms", &D::session_idle_lifetime,
                  "how long a session lasts without being refreshed, if the service's is not shorter"},
            Field{"session_lifetime_ms", &D::session_lifetime, "how long at all, if the service's is not shorter"},
            Field{"id_token_algorithm", &D::id_token_algorithm, "that ID tokens are signed by"},
            Field{"userinfo_algorithm", &D::userinfo_algorithm, "that answers of userinfo are signed by; `null`: not"},
            Field{"pushed_requests", &D::pushed_requests, "whether requests must be pushed (RFC 9126)"},
            Field{"token_binding", &D::token_binding, "`dpop`: all tokens are bound to a key (RFC 9449)"},
            Field{"accent_color", &D::accent_color, "of buttons and links of pages that lead to it, as `#rrggbb`"},
            Field{"accent_color_dark", &D::accent_color_dark,
                  "the same where pages are dark; `null`: a lighter one, if it takes one"}};
    }
    bool operator==(const ApplicationDefinition&) const = default;

    bool has(GrantType grant_type) const;
    bool may_ask_for(std::string_view scope) const;
};

// ---- refusals --------------------------------------------------------------------------------------------------
namespace refusals {
inline constexpr Refusal kInvalidApplicationName =
    invalid_field("name", "Give 1 to 128 bytes of text that is shown to people, without characters nobody can see.");
inline constexpr Refusal kInvalidScopes = invalid_field(
    "scopes", "Use openid, profile, email, phone, offline_access, keyledger:account and keyledger:admin.");
inline constexpr Refusal kScopeFirstParty =
    invalid_field("scopes", "keyledger:account and keyledger:admin are for first-party applications alone.",
                  RefusalKind::kUnsuitable);
inline constexpr Refusal kScopeNeedsRefresh =
    invalid_field("scopes", "offline_access needs the grant type refresh_token.", RefusalKind::kUnsuitable);
inline constexpr Refusal kInvalidGrantTypes = invalid_field(
    "grant_types", "Give authorization_code, device_code or both, and refresh_token beside them if you like.");
inline constexpr Refusal kInvalidRedirectUri = invalid_field(
    "redirect_uris",
    "Give at most 20, each absolute, without a fragment and of at most 512 bytes: https://…, http://… on 127.0.0.1, "
    "[::1] or localhost, or of a native application a scheme of its own with a dot (com.example.app:/…).");
inline constexpr Refusal kRedirectUriMissing =
    invalid_field("redirect_uris", "The grant type authorization_code needs one at least.", RefusalKind::kUnsuitable);
inline constexpr Refusal kInvalidPostLogoutUri =
    invalid_field("post_logout_redirect_uris", "Give at most 20, each as a redirect URI is.");
inline constexpr Refusal kInvalidBackchannelUri =
    invalid_field("backchannel_logout_uri", "Give an https URI without a fragment, of at most 512 bytes.");
inline constexpr Refusal kInvalidLogoUri = invalid_field("logo_uri", "Give an https URI of at most 512 bytes.");
inline constexpr Refusal kInvalidPolicyUri = invalid_field("policy_uri", "Give an https URI of at most 512 bytes.");
inline constexpr Refusal kInvalidTermsUri = invalid_field("terms_uri", "Give an https URI of at most 512 bytes.");
inline constexpr Refusal kAuthenticationUnsuitable = invalid_field(
    "authentication",
    "An application of type web proves itself by client_secret_basic, client_secret_post or private_key_jwt. What runs "
    "in a page or on a device keeps no secret: spa and native authenticate by none.",
    RefusalKind::kUnsuitable);
inline constexpr Refusal kInvalidAccessTokenLifetime =
    invalid_field("access_token_lifetime", "Give 60 to 3600 seconds.");
inline constexpr Refusal kInvalidIdTokenLifetime = invalid_field("id_token_lifetime", "Give 60 to 3600 seconds.");
inline constexpr Refusal kInvalidSessionIdleLifetime =
    invalid_field("session_idle_lifetime", "Give 60 to 31536000 seconds (a year).");
inline constexpr Refusal kInvalidSessionLifetime =
    invalid_field("session_lifetime", "Give 60 to 31536000 seconds (a year).");
inline constexpr Refusal kInvalidAccentColor = invalid_field("accent_color", "Give #rrggbb, such as #0b57d0.");
inline constexpr Refusal kInvalidAccentColorDark =
    invalid_field("accent_color_dark", "Give #rrggbb, such as #8ab4f8, beside accent_color.");
inline constexpr Refusal kAccentColorTooLight =
    invalid_field("accent_color",
                  "Its contrast with white (#ffffff), which it is drawn on and which is drawn on it, is below 4.5:1 "
                  "(WCAG 2.2, 1.4.3). Give a darker one.",
                  RefusalKind::kUnsuitable);
inline constexpr Refusal kAccentColorTooDark =
    invalid_field("accent_color_dark",
                  "Its contrast with the surface of dark pages (#1d2126), which it is drawn on, is below 4.5:1 (WCAG "
                  "2.2, 1.4.3). Give a lighter one.",
                  RefusalKind::kUnsuitable);
}  // namespace refusals

// ---- rules -----------------------------------------------------------------------------------------------------
// The same in the form in which it is kept (lists sorted, each once), if all of it is allowed.
Result<ApplicationDefinition, RefusalRef> checked(ApplicationDefinition definition);
// Whether tokens that were issued before could have what `now` has not.
bool takes_away(const ApplicationDefinition& before, const ApplicationDefinition& now);

}  // namespace keyledger
