#include "domain/applications/application_definition.hpp"

#include <algorithm>

#include "domain/base/color.hpp"
#include "domain/base/plain_text.hpp"
#include "domain/clients/client_uri.hpp"

namespace keyledger {
namespace {

using Fault = std::optional<RefusalRef>;

template <class T>
void sort_each_once(std::vector<T>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

template <class T>
bool contains(const std::vector<T>& values, const T& wanted) {
    return std::find(values.begin(), values.end(), wanted) != values.end();
}

bool is_redirect_uri(ApplicationType type, std::string_view uri) {
    if (is_https_uri(uri) || is_loopback_uri(uri)) return true;
    return type == ApplicationType::kNative && is_private_use_uri(uri);
}
bool are_redirect_uris(ApplicationType type, const std::vector<std::string>& uris) {
    return uris.size() <= kMaxRedirectUris &&
           std::all_of(uris.begin(), uris.end(), [&](const auto& uri) { return is_redirect_uri(type, uri); });
}

bool is_absent_or_https(const std::optional<std::string>& uri) { return !uri || is_https_uri(*uri); }
bool is_absent_or_within(const std::optional<Duration>& lifetime, Duration most) {
    return !lifetime || (*lifetime >= kMinTokenLifetime && *lifetime <= most);
}

Fault fault_of_name(const ApplicationDefinition& definition) {
    const std::string& name = definition.name;
    if (name.empty() || name.size() > kMaxApplicationNameBytes || !is_plain_text(name))
        return refusals::kInvalidApplicationName;
    return std::nullopt;
}

Fault fault_of_grants(const ApplicationDefinition& definition) {
    const bool begins = definition.has(GrantType::kAuthorizationCode) || definition.has(GrantType::kDeviceCode);
    if (!begins) return refusals::kInvalidGrantTypes;
    if (definition.has(GrantType::kAuthorizationCode) && definition.redirect_uris.empty())
        return refusals::kRedirectUriMissing;
    const bool is_confidential = definition.authentication != ClientAuthentication::kNone;
    if (is_confidential != (definition.type == ApplicationType::kWeb)) return refusals::kAuthenticationUnsuitable;
    return std::nullopt;
}

Fault fault_of_reach(const ApplicationDefinition& definition) {
    for (const std::string& scope : definition.scopes)
        if (std::find(kApplicationScopes.begin(), kApplicationScopes.end(), scope) == kApplicationScopes.end())
            return refusals::kInvalidScopes;
    const bool uses_own_api = definition.may_ask_for(kScopeAccount) || definition.may_ask_for(kScopeAdmin);
    if (uses_own_api && definition.consent != ConsentRule::kFirstParty) return refusals::kScopeFirstParty;
    if (definition.may_ask_for(kScopeOfflineAccess) && !definition.has(GrantType::kRefreshToken))
        return refusals::kScopeNeedsRefresh;
    const auto& audiences = definition.audiences;
    if (audiences.size() > kMaxAudiencesPerClient) return refusals::kTooManyAudiences;
    if (!std::all_of(audiences.begin(), audiences.end(), is_audience)) return refusals::kInvalidAudience;
    return std::nullopt;
}

Fault fault_of_uris(const ApplicationDefinition& definition) {
    if (!are_redirect_uris(definition.type, definition.redirect_uris)) return refusals::kInvalidRedirectUri;
    if (!are_redirect_uris(definition.type, definition.post_logout_redirect_uris))
        return refusals::kInvalidPostLogoutUri;
    if (!is_absent_or_https(definition.backchannel_logout_uri)) return refusals::kInvalidBackchannelUri;
    if (!is_absent_or_https(definition.logo_uri)) return refusals::kInvalidLogoUri;
    if (!is_absent_or_https(definition.policy_uri)) return refusals::kInvalidPolicyUri;
    if (!is_absent_or_https(definition.terms_uri)) return refusals::kInvalidTermsUri;
    return std::nullopt;
}

Fault fault_of_lifetimes(const ApplicationDefinition& definition) {
    if (!is_absent_or_within(definition.access_token_lifetime, kMaxTokenLifetime))
        return refusals::kInvalidAccessTokenLifetime;
    if (!is_absent_or_within(definition.id_token_lifetime, kMaxTokenLifetime)) return refusals::kInvalidIdTokenLifetime;
    if (!is_absent_or_within(definition.session_idle_lifetime, kMaxSessionLifetime))
        return refusals::kInvalidSessionIdleLifetime;
    if (!is_absent_or_within(definition.session_lifetime, kMaxSessionLifetime))
        return refusals::kInvalidSessionLifetime;
    return std::nullopt;
}

Fault fault_of_accent(const ApplicationDefinition& definition) {
    const auto& light = definition.accent_color;
    const auto& dark = definition.accent_color_dark;
    const auto on_light = light ? parse_color(*light) : std::nullopt;
    const auto on_dark = dark ? parse_color(*dark) : std::nullopt;
    if (light && !on_light) return refusals::kInvalidAccentColor;
    if (dark && (!on_dark || !light)) return refusals::kInvalidAccentColorDark;
    if (on_light && contrast_of(*on_light, kLightSurface) < kLeastContrast) return refusals::kAccentColorTooLight;
    if (on_dark && contrast_of(*on_dark, kDarkSurface) < kLeastContrast) return refusals::kAccentColorTooDark;
    return std::nullopt;
}

void spell_as_kept(std::optional<std::string>& color) {
    if (const auto parsed = color ? parse_color(*color) : std::nullopt) color = text_of(*parsed);
}

bool has_all_of(const std::vector<std::string>& sorted, const std::vector<std::string>& sorted_part) {
    return std::includes(sorted.begin(), sorted.end(), sorted_part.begin(), sorted_part.end());
}

}  // namespace

bool ApplicationDefinition::has(GrantType grant_type) const { return contains(grant_types, grant_type); }
bool ApplicationDefinition::may_ask_for(std::string_view scope) const {
    return std::find(scopes.begin(), scopes.end(), scope) != scopes.end();
}

Result<ApplicationDefinition, RefusalRef> checked(ApplicationDefinition definition) {
    sort_each_once(definition.grant_types);
    sort_each_once(definition.scopes);
    sort_each_once(definition.audiences);
    sort_each_once(definition.redirect_uris);
    sort_each_once(definition.post_logout_redirect_uris);
    spell_as_kept(definition.accent_color);
    spell_as_kept(definition.accent_color_dark);
    for (const auto fault_of :
         {fault_of_name, fault_of_uris, fault_of_grants, fault_of_reach, fault_of_lifetimes, fault_of_accent})
        if (const Fault fault = fault_of(definition)) return Unexpected(*fault);
    return definition;
}

bool takes_away(const ApplicationDefinition& before, const ApplicationDefinition& now) {
    return !has_all_of(now.scopes, before.scopes) || !has_all_of(now.audiences, before.audiences) ||
           (before.consent == ConsentRule::kFirstParty && now.consent != before.consent) ||
           before.authentication != now.authentication;
}

}  // namespace keyledger
