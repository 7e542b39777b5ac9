#include "api/routes/oauth/client_metadata.hpp"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>

#include "api/routes/oauth/authorization_answer.hpp"
#include "api/routes/oauth/device_grant.hpp"
#include "api/wire/words.hpp"
#include "api/wire/write_json.hpp"
#include "domain/clients/client_uri.hpp"

namespace keyledger::api::routes {
namespace {

constexpr std::size_t kMaxWordBytes = 64;
constexpr std::size_t kMaxWords = 16;
constexpr std::size_t kMaxScopeTextBytes = 1024;
constexpr std::size_t kMaxKeyMemberBytes = 64;

constexpr std::array kGrantTypes{std::pair{std::string_view("authorization_code"), GrantType::kAuthorizationCode},
                                 std::pair{kDeviceGrantType, GrantType::kDeviceCode},
                                 std::pair{std::string_view("refresh_token"), GrantType::kRefreshToken}};

// Beside what is the operator's own.
constexpr std::array kScopes{kScopeOpenid, kScopeProfile, kScopeEmail, kScopePhone, kScopeOfflineAccess};

// Who asks for these thinks that they are in force.
constexpr std::array<std::string_view, 6> kNotOffered{
    "id_token_encrypted_response_alg", "id_token_encrypted_response_enc",   "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc", "authorization_signed_response_alg", "introspection_encrypted_response_alg"};
constexpr std::array<std::string_view, 2> kNeverTrue{"tls_client_certificate_bound_access_tokens",
                                                     "require_signed_request_object"};

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames{
    {{"name", "client_name"},
     {"scopes", "scope"},
     {"authentication", "token_endpoint_auth_method"},
     {"terms_uri", "tos_uri"},
     {"kty", "jwks"}}};

// ---- reading ---------------------------------------------------------------------------------------------------
// RFC 8252 section 7: what is answered on a device, be it among others, or shows a code and is answered nowhere.
bool is_on_a_device(const std::vector<std::string>& uris) {
    if (uris.empty()) return true;
    return std::ranges::any_of(uris,
                               [](const std::string& uri) { return is_loopback_uri(uri) || is_private_use_uri(uri); });
}

// `application_type` is of OpenID Connect: without it an application that keeps no secret is where its answers go.
void read_way(JsonFields& body, ApplicationDefinition& definition) {
    const auto type = body.optional_string("application_type", kMaxWordBytes);
    const auto way = body.optional_string("token_endpoint_auth_method", kMaxWordBytes);
    if (type && *type != "web" && *type != "native") body.refuse("application_type", "must be 'web' or 'native'");
    const bool is_native =
        type ? *type == "native"
             : way == stored_name(ClientAuthentication::kNone) && is_on_a_device(definition.redirect_uris);
    definition.authentication = is_native ? ClientAuthentication::kNone : ClientAuthentication::kSecretBasic;
    if (way) {
        const auto known = stored_value<ClientAuthentication>(*way);
        if (known) definition.authentication = *known;
        else body.refuse("token_endpoint_auth_method", "must be one of those that the metadata of the provider has");
    }
    const bool is_public = definition.authentication == ClientAuthentication::kNone;
    if (is_native && !is_public)
        body.refuse("token_endpoint_auth_method", "must be 'none' of what is native: it keeps no secret");
    definition.type = ApplicationType::kWeb;
    if (is_public) definition.type = is_native ? ApplicationType::kNative : ApplicationType::kSpa;
    // OpenID Connect Registration section 2. Whatever else is on the device could be it (RFC 8252 section 8.6).
    const bool is_page = definition.type == ApplicationType::kSpa;
    if (is_page && std::ranges::any_of(definition.redirect_uris, is_loopback_uri))
        body.refuse("redirect_uris", "must not be of the device for what is 'web' and keeps no secret");
}

void read_grants(JsonFields& body, ApplicationDefinition& definition) {
    const bool says_none = body.list("grant_types", kMaxWords) == 0;
    for (const std::string& word : body.string_list("grant_types", kMaxWords, kMaxWordBytes)) {
        const auto known = std::ranges::find(kGrantTypes, word, &decltype(kGrantTypes)::value_type::first);
        if (known != kGrantTypes.end()) definition.grant_types.push_back(known->second);
        else body.refuse("grant_types", "must be of those that the metadata of the provider has for applications");
    }
    if (says_none) definition.grant_types = {GrantType::kAuthorizationCode};
    for (const std::string& word : body.string_list("response_types", kMaxWords, kMaxWordBytes))
        if (word != "code") body.refuse("response_types", "must be 'code' alone");
}

// What nobody offers is left out, as the authorization endpoint leaves it out; what is the operator's own is not asked
// for by mistake.
void read_scope(JsonFields& body, ApplicationDefinition& definition) {
    const auto text = body.optional_string("scope", kMaxScopeTextBytes);
    std::vector<std::string> asked(kScopes.begin(), kScopes.end());
    if (text) asked = words_of(*text);
    for (std::string& word : asked) {
        if (word.starts_with("keyledger:"))
            body.refuse("scope", "must have nothing of 'keyledger:': that is for the operator's own applications");
        const bool is_offered = std::ranges::find(kScopes, word) != kScopes.end();
        const bool may_refresh = definition.has(GrantType::kRefreshToken);
        if (is_offered && (word != kScopeOfflineAccess || may_refresh)) definition.scopes.push_back(std::move(word));
    }
    if (definition.scopes.empty()) body.refuse("scope", "must have something of what the provider offers");
}

// Without its port. What has none is no good here: whether a URI is well formed, the command says.
std::string host_of(std::string_view uri) {
    const std::string origin = origin_of(uri);
    const auto scheme_end = origin.find("://");
    if (scheme_end == std::string::npos) return {};
    const std::string authority = origin.substr(scheme_end + 3);
    return authority.substr(0, authority.find(':', authority.starts_with('[') ? authority.find(']') : 0));
}

// RFC 7591 section 5: with the picture of another, of elsewhere, it would pass for that.
void refuse_picture_of_elsewhere(JsonFields& body, const ApplicationDefinition& definition) {
    if (!definition.logo_uri || definition.redirect_uris.empty()) return;
    const std::string host = host_of(*definition.logo_uri);
    const bool is_own = !host.empty() && std::ranges::any_of(definition.redirect_uris, [&](const std::string& uri) {
        return host_of(uri) == host;
    });
    if (!is_own) body.refuse("logo_uri", "must be at the host of one of 'redirect_uris'");
}

void read_uris(JsonFields& body, ApplicationDefinition& definition) {
    definition.redirect_uris = body.string_list("redirect_uris", kMaxRedirectUris, kMaxUriBytes);
    definition.post_logout_redirect_uris =
        body.string_list("post_logout_redirect_uris", kMaxRedirectUris, kMaxUriBytes);
    definition.backchannel_logout_uri = body.optional_string("backchannel_logout_uri", kMaxUriBytes);
    definition.logo_uri = body.optional_string("logo_uri", kMaxUriBytes);
    refuse_picture_of_elsewhere(body, definition);
    definition.policy_uri = body.optional_string("policy_uri", kMaxUriBytes);
    definition.terms_uri = body.optional_string("tos_uri", kMaxUriBytes);
}

// RFC 7591 section 2 lets it be left out; people are shown something all the same. Of a device nobody knows where that
// is.
void read_name(JsonFields& body, ApplicationDefinition& definition) {
    const auto name = body.optional_string("client_name", kMaxApplicationNameBytes);
    const auto& uris = definition.redirect_uris;
    if (!uris.empty()) definition.name = origin_of(uris.front()).substr(0, kMaxApplicationNameBytes);
    else if (definition.has(GrantType::kAuthorizationCode)) definition.name = "-";  // refused for want of one
    if (name) definition.name = *name;
}

std::optional<KeyAlgorithm> read_algorithm(JsonFields& body, std::string_view name,
                                           const std::vector<std::string>& algorithms) {
    const auto word = body.optional_string(name, kMaxWordBytes);
    if (!word) return std::nullopt;
    const bool is_offered = std::ranges::find(algorithms, *word) != algorithms.end();
    const auto known = stored_value<KeyAlgorithm>(*word);
    if (!is_offered || !known) body.refuse(name, "must be one of those that the metadata of the provider has");
    return known;
}

void read_demands(JsonFields& body, ApplicationDefinition& definition, const std::vector<std::string>& algorithms) {
    definition.id_token_algorithm =
        read_algorithm(body, "id_token_signed_response_alg", algorithms).value_or(KeyAlgorithm::kRs256);
    definition.userinfo_algorithm = read_algorithm(body, "userinfo_signed_response_alg", algorithms);
    if (body.optional_bool("dpop_bound_access_tokens").value_or(false)) definition.token_binding = TokenBinding::kDpop;
    if (body.optional_bool("require_pushed_authorization_requests").value_or(false))
        definition.pushed_requests = PushedRequests::kRequired;
}

void refuse_what_is_not_offered(JsonFields& body) {
    for (const std::string_view name : kNotOffered)
        if (body.optional_string(name, kMaxWordBytes)) body.refuse(name, "is not offered");
    for (const std::string_view name : kNeverTrue)
        if (body.optional_bool(name).value_or(false)) body.refuse(name, "is not offered");
    if (body.optional_integer("default_max_age", 0, kMaxJsonInteger))
        body.refuse("default_max_age", "is not offered: send 'max_age' with the requests that need it");
    const auto subject_type = body.optional_string("subject_type", kMaxWordBytes);
    if (subject_type && *subject_type != "public") body.refuse("subject_type", "must be 'public'");
}

// A JWK with what a reader of keys looks at: texts, and what it may be used for.
std::string read_jwk(JsonFields& body, const std::string& place) {
    JsonText jwk;
    for (const auto& [name, value] : body.plain_members(place)) jwk.text(name, value);
    const std::string use = place + ".key_ops";
    if (body.has(use)) jwk.texts("key_ops", body.string_list(use, kMaxWords, kMaxKeyMemberBytes));
    return jwk.finish();
}

std::vector<std::string> read_keys(JsonFields& body) {
    std::vector<std::string> keys;
    if (body.optional_string("jwks_uri", kMaxUriBytes))
        body.refuse("jwks_uri", "is not followed: send the keys themselves, as 'jwks'");
    if (!body.object("jwks")) return keys;
    const std::size_t count = body.object_list("jwks.keys", kMaxKeysPerClient);
    for (std::size_t i = 0; i < count; ++i) keys.push_back(read_jwk(body, "jwks.keys." + std::to_string(i)));
    return keys;
}

// ---- writing ---------------------------------------------------------------------------------------------------
void write_key(JsonText& json, const ClientCredentials::PublicKey& key) {
    rapidjson::Document members;
    members.Parse(key.jwk.data(), key.jwk.size());
    json.begin_object();
    if (members.IsObject())
        for (const auto& [name, value] : members.GetObject())
            if (value.IsString())
                json.text({name.GetString(), name.GetStringLength()}, {value.GetString(), value.GetStringLength()});
    if (key.kid) json.text("kid", *key.kid);
    json.end_object();
}

void write_what_it_may(JsonText& json, const ApplicationDefinition& definition) {
    std::vector<std::string> grants;
    for (const auto& [word, grant_type] : kGrantTypes)
        if (definition.has(grant_type)) grants.emplace_back(word);
    std::string scope;
    for (const std::string& word : definition.scopes) scope.append(scope.empty() ? "" : " ").append(word);
    std::vector<std::string> responses;
    if (definition.has(GrantType::kAuthorizationCode)) responses.emplace_back("code");
    json.texts("grant_types", grants).texts("response_types", responses).text("scope", scope);
}

}  // namespace

commands::ClientRegistration read_client_metadata(JsonFields& body, const std::vector<std::string>& algorithms) {
    commands::ClientRegistration registration;
    ApplicationDefinition& definition = registration.definition;
    read_uris(body, definition);
    read_way(body, definition);
    read_grants(body, definition);
    read_name(body, definition);
    read_scope(body, definition);
    read_demands(body, definition, algorithms);
    refuse_what_is_not_offered(body);
    if (definition.authentication == ClientAuthentication::kPrivateKeyJwt) registration.keys = read_keys(body);
    return registration;
}

std::string_view metadata_name_of(std::string_view member) {
    const auto known = std::ranges::find(kNames, member, &decltype(kNames)::value_type::first);
    return known == kNames.end() ? member : known->second;
}

std::string client_information(const commands::RegisteredClient& registered) {
    const ApplicationDefinition& definition = registered.application.definition;
    JsonText json;
    json.text("client_id", registered.application_id.to_string());
    json.number("client_id_issued_at", registered.registered_at.whole_seconds());
    if (registered.secret)
        json.text("client_secret", registered.secret->reveal()).number("client_secret_expires_at", 0);
    json.text("client_name", definition.name)
        .text("application_type", definition.type == ApplicationType::kNative ? "native" : "web")
        .text("token_endpoint_auth_method", stored_name(definition.authentication))
        .texts("redirect_uris", definition.redirect_uris);
    write_what_it_may(json, definition);
    if (!definition.post_logout_redirect_uris.empty())
        json.texts("post_logout_redirect_uris", definition.post_logout_redirect_uris);
    const auto uri = [&](std::string_view name, const std::optional<std::string>& value) {
        if (value) json.text(name, *value);
    };
    uri("backchannel_logout_uri", definition.backchannel_logout_uri);
    uri("logo_uri", definition.logo_uri);
    uri("policy_uri", definition.policy_uri);
    uri("tos_uri", definition.terms_uri);
    json.text("subject_type", "public")
        .text("id_token_signed_response_alg", stored_name(definition.id_token_algorithm));
    if (definition.userinfo_algorithm)
        json.text("userinfo_signed_response_alg", stored_name(*definition.userinfo_algorithm));
    json.boolean("dpop_bound_access_tokens", definition.token_binding == TokenBinding::kDpop)
        .boolean("require_pushed_authorization_requests", definition.pushed_requests == PushedRequests::kRequired);
    if (!registered.application.keys.empty()) {
        json.begin_object("jwks").begin_array("keys");
        for (const auto& key : registered.application.keys) write_key(json, key);
        json.end_array().end_object();
    }
    return json.finish();
}

}  // namespace keyledger::api::routes
