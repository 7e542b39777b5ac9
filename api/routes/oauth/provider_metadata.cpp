#include "api/routes/oauth/provider_metadata.hpp"

#include "api/routes/oauth/device_grant.hpp"
#include "api/wire/write_json.hpp"
#include "commands/clients/dpop.hpp"
#include "domain/applications/application_definition.hpp"

namespace keyledger::api::routes {

std::string provider_metadata(Call& call) {
    const std::string& issuer = call.services().settings.issuer;
    const std::vector<std::string> methods{"client_secret_basic", "client_secret_post", "private_key_jwt"};
    const std::vector<std::string> algorithms{"RS256", "ES256", "EdDSA", "Ed25519"};
    const std::vector<std::string> signing = call.context.tokens.signing_algorithms();
    const std::vector<std::string> scopes(kApplicationScopes.begin(), kApplicationScopes.end());
    std::vector<std::string> public_methods = methods;  // what keeps no secret
    public_methods.emplace_back("none");
    JsonText json;
    json.text("issuer", issuer)
        .text("authorization_endpoint", issuer + "/oauth2/authorize")
        .text("pushed_authorization_request_endpoint", issuer + "/oauth2/par")
        .boolean("require_pushed_authorization_requests", false)
        .text("device_authorization_endpoint", issuer + "/oauth2/device_authorization")
        .text("token_endpoint", issuer + "/oauth2/token")
        .texts("token_endpoint_auth_methods_supported", public_methods)
        .texts("token_endpoint_auth_signing_alg_values_supported", algorithms)
        .text("userinfo_endpoint", issuer + "/oauth2/userinfo")
        .text("end_session_endpoint", issuer + "/oauth2/logout")
        .text("jwks_uri", issuer + "/.well-known/jwks.json")
        .texts("scopes_supported", scopes)
        .texts("response_types_supported", {"code"})
        .texts("response_modes_supported", {"query", "form_post"})
        .texts("grant_types_supported",
               {"authorization_code", "client_credentials", "refresh_token", std::string(kDeviceGrantType),
                "urn:ietf:params:oauth:grant-type:token-exchange"})
        .texts("prompt_values_supported", {"none", "login", "consent", "select_account"})
        .texts("subject_types_supported", {"public"})
        .texts("id_token_signing_alg_values_supported", call.context.tokens.id_token_algorithms())
        .texts("userinfo_signing_alg_values_supported", call.context.tokens.id_token_algorithms())
        .texts("code_challenge_methods_supported", {"S256"})
        .texts("dpop_signing_alg_values_supported", call.context.dpop.algorithms())
        .texts("claims_supported", {"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid",
                                    "at_hash", "name", "preferred_username", "locale", "email", "email_verified"})
        .texts("acr_values_supported", {"1", "2"})
        .boolean("authorization_response_iss_parameter_supported", true)
        .boolean("backchannel_logout_supported", true)
        .boolean("backchannel_logout_session_supported", true)
        .boolean("claims_parameter_supported", true)
        .boolean("request_parameter_supported", false)
        .boolean("request_uri_parameter_supported", false)
        .text("revocation_endpoint", issuer + "/oauth2/revoke")
        .texts("revocation_endpoint_auth_methods_supported", public_methods)
        .texts("revocation_endpoint_auth_signing_alg_values_supported", algorithms)
        .text("introspection_endpoint", issuer + "/oauth2/introspect")
        .texts("introspection_endpoint_auth_methods_supported", methods)
        .texts("introspection_endpoint_auth_signing_alg_values_supported", algorithms)
        .texts("introspection_signing_alg_values_supported", signing);
    if (call.context.most_registered > 0) json.text("registration_endpoint", issuer + "/oauth2/register");
    return json.finish();
}

}  // namespace keyledger::api::routes
