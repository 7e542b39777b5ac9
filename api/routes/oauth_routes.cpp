#include "api/routes/oauth_routes.hpp"

#include <algorithm>

#include "api/form.hpp"
#include "api/refusals.hpp"
#include "api/write_json.hpp"
#include "commands/answers_at_head.hpp"
#include "commands/authority.hpp"
#include "commands/end_sessions.hpp"

namespace keyledger::api::routes {
namespace {

using commands::Client;

struct TokenForm {
    Secret token;
};

// Both RFCs: `token`, and a hint that is not needed to tell our two kinds apart.
Result<TokenForm, Response> read_token_form(const Request& request) {
    FormFields form = FormFields::of_body(request);
    TokenForm read;
    read.token = form.required_secret("token", kMaxTokenBytes);
    form.optional_string("token_type_hint", 64);
    auto finished = form.finish();
    if (!finished) return Unexpected(finished.error());
    return read;
}

// Issued to it, or meant for a resource server that it is.
bool concerns(const Client& client, std::string_view client_id, const std::vector<std::string>& audiences) {
    if (client.introspects == commands::Introspects::kAllTokens || client_id == client.client_id) return true;
    return std::any_of(audiences.begin(), audiences.end(), [&](const std::string& audience) {
        return std::find(client.audiences.begin(), client.audiences.end(), audience) != client.audiences.end();
    });
}

// RFC 7662 section 2.2: nothing more is said of a token that is not active for this client.
Response inactive() { return json(200, R"({"active":false})"); }

// What the subject's roles grant him without exception: a scope is a list of permissions (RFC 6749
// section 3.3), which has no words for what is denied.
void write_access(JsonText& json, const commands::Access& access) {
    std::string scope;
    for (const std::string& permission : access.scope().texts())
        scope += (scope.empty() ? "" : " ") + permission;
    std::vector<std::string> roles;
    for (const auto& role : access.roles) roles.push_back(role->name);
    json.text("scope", scope).texts("roles", roles);
}

Reply introspect_access(Context& context, Request& request, Client client, commands::AccessClaims claims) {
    if (!concerns(client, claims.client_id, claims.audiences)) co_return inactive();
    auto access = co_await commands::access_of_holder(context.services, claims.bearer, request.deadline);
    if (!access && access.error().refusal == commands::Refusal::kInvalidToken) co_return inactive();
    if (!access) co_return refuse(request, access.error());
    JsonText json;
    json.truth("active", true)
        .text("iss", context.services.settings.issuer)
        .text("sub", claims.bearer.user_id.to_string())
        .texts("aud", claims.audiences)
        .text("client_id", claims.client_id)
        .text("token_type", "Bearer")
        .text("sid", claims.bearer.session_id.to_string())
        .text("jti", claims.token_id)
        .number("iat", claims.issued_at_s)
        .number("exp", claims.expires_at_s);
    write_access(json, *access);
    co_return api::json(200, json.finish());
}

Reply introspect_refresh(Context& context, Request& request, Client client, commands::PresentedRefresh token) {
    if (!concerns(client, token.client_id, {})) co_return inactive();
    auto access = co_await commands::access_of_session(context.services, token.session_id, request.deadline);
    if (!access) co_return refuse(request, access.error());
    const Session& session = access->session;
    const auto& services = context.services;
    if (!access->active || session.generation != token.generation) co_return inactive();
    const std::int64_t ends_at_ms = std::min(session.expires_at_ms,
                                             session.refreshed_at_ms + services.settings.lifetimes.idle_ms);
    JsonText json;
    json.truth("active", true)
        .text("iss", services.settings.issuer)
        .text("sub", session.user_id.to_string())
        .text("client_id", session.client_id)
        .text("token_type", "refresh_token")
        .text("sid", token.session_id.to_string())
        .number("iat", session.refreshed_at_ms / 1000)
        .number("exp", ends_at_ms / 1000);
    write_access(json, *access);
    co_return api::json(200, json.finish());
}

}  // namespace

Reply introspect(Context& context, Request& request) {
    auto client = authenticate_client(context, request);
    if (!client) co_return client.error();
    auto form = read_token_form(request);
    if (!form) co_return form.error();
    if (auto access = context.tokens.read_access(form->token.reveal())) {
        Response answer = co_await introspect_access(context, request, std::move(*client), std::move(*access));
        co_return answer;
    }
    if (auto refresh = context.tokens.read_refresh(form->token.reveal())) {
        Response answer = co_await introspect_refresh(context, request, std::move(*client), std::move(*refresh));
        co_return answer;
    }
    co_return inactive();
}

Reply revoke(Context& context, Request& request) {
    auto client = authenticate_client(context, request);
    if (!client) co_return client.error();
    auto form = read_token_form(request);
    if (!form) co_return form.error();
    std::optional<Uuid> session_id;
    if (auto access = context.tokens.read_access(form->token.reveal())) session_id = access->bearer.session_id;
    if (auto refresh = context.tokens.read_refresh(form->token.reveal())) session_id = refresh->session_id;
    // RFC 7009 section 2.2: a token that is not good needs no revocation.
    if (!session_id) co_return json(200, "{}");
    auto outcome =
        co_await commands::revoke_token(context.services, *session_id, std::move(*client), caller_of(request));
    if (!outcome) co_return refuse(request, outcome.error());
    co_return at_position(json(200, "{}"), outcome->position);
}

Reply jwks(Context& context, Request&) {
    Response response = json(200, context.tokens.jwks());
    response.content_type = "application/jwk-set+json";
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

}  // namespace keyledger::api::routes
