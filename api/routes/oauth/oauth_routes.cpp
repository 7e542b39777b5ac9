// For clients: tokens (RFC 6749), introspection (RFC 7662, RFC 9701), revocation (RFC 7009), the public keys (RFC 7517)
// and where all of it is (RFC 8414).

#include <algorithm>
#include <array>

#include "api/routes/bearer_tokens.hpp"
#include "api/routes/call.hpp"
#include "api/routes/limiting.hpp"
#include "api/routes/oauth/application_tokens.hpp"
#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/oauth/device_grant.hpp"
#include "api/routes/oauth/possession.hpp"
#include "api/routes/oauth/provider_metadata.hpp"
#include "api/routes/oauth/service_grants.hpp"
#include "api/routes/refusals.hpp"
#include "api/routes/sessions/token_answer.hpp"
#include "api/wire/field_values.hpp"
#include "api/wire/form.hpp"
#include "api/wire/text.hpp"
#include "api/wire/words.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/authority.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/authorization/exchange_code.hpp"
#include "commands/authorization/sealed.hpp"
#include "commands/authorization/token_lifetimes.hpp"
#include "commands/clients/exchange_token.hpp"
#include "commands/sessions/end_sessions.hpp"
#include "commands/sessions/refresh_session.hpp"
#include "domain/applications/application_definition.hpp"
#include "domain/sessions/grounds.hpp"
#include "domain/sessions/session.hpp"

namespace keyledger::api::routes {
namespace {

using commands::Client;
using commands::CommandError;
using commands::SharedClaims;
using commands::SharedClient;

constexpr std::size_t kMaxVerifierBytes = 128;  // RFC 7636 section 4.1
const ProofNeeds kAtTokenEndpoint{"/oauth2/token"};
constexpr std::string_view kSignedAnswer = "application/token-introspection+jwt";

// ---- tokens ----------------------------------------------------------------------------------------------------
struct TokenRequest {
    std::string grant_type;
    std::vector<std::string> resources;
    std::optional<std::string> scope;
    Secret refresh_token;
    Secret code;
    Secret code_verifier;
    std::string redirect_uri;
};

Reply code_grant(Context& context, Request& request, PresentedCredentials presented, TokenRequest asked) {
    auto client = co_await holder_of_tokens(context, request, std::move(presented));
    if (!client) co_return client.error();
    const auto& application_id = (*client)->application;
    if (!application_id) co_return oauth_error(request, OAuthError::kUnauthorizedClient, "Codes are for applications.");
    const CommandError not_good(refusals::kCodeNotGood);
    auto code = commands::open_code({context.cursors, context.log_id}, asked.code.reveal());
    if (!code) co_return oauth_refuse(request, not_good);
    ProofNeeds needs = kAtTokenEndpoint;
    auto key = co_await shown_key(context, request, std::move(needs));
    if (!key) co_return refuse_proof(context, key.error());
    // Before anything is begun: what follows can't fail.
    const auto lifetimes = co_await commands::token_lifetimes_of(context.services, *application_id, request.deadline);
    if (!lifetimes) co_return refuse(request, lifetimes.error());
    commands::CodeExchange exchange;
    exchange.key_thumbprint = key->thumbprint;
    exchange.code = std::move(*code);
    exchange.redirect_uri = std::move(asked.redirect_uri);
    exchange.code_verifier = std::move(asked.code_verifier);
    exchange.application_id = *application_id;
    auto granted = co_await commands::exchange_code(context.services, std::move(exchange), caller_of(request));
    if (!granted) co_return oauth_refuse(request, granted.error());
    Response response = co_await tokens_of_code(context, std::move(*granted), *lifetimes, *key);
    co_return response;
}

Reply refresh_grant(Context& context, Request& request, PresentedCredentials presented, TokenRequest asked) {
    auto client = co_await holder_of_tokens(context, request, std::move(presented));
    if (!client) co_return client.error();
    auto token = context.tokens.read_refresh(asked.refresh_token.reveal());
    if (!token) co_return oauth_refuse(request, CommandError(refusals::kInvalidGrant));
    const auto& application_id = (*client)->application;
    KeyOrFault key = ShownKey{};
    commands::TokenLifetimes lifetimes;
    if (application_id) {
        auto known = co_await commands::token_lifetimes_of(context.services, *application_id, request.deadline);
        if (!known) co_return refuse(request, known.error());
        lifetimes = *known;
        ProofNeeds needs = kAtTokenEndpoint;
        if (!token->key_thumbprint.empty()) needs.thumbprint = token->key_thumbprint;
        key = co_await shown_key(context, request, std::move(needs));
    }
    if (!key) co_return refuse_proof(context, key.error());
    if (asked.scope && !application_id)
        co_return oauth_error(request, OAuthError::kInvalidScope,
                              "The tokens of a session are for all that its user may do.");
    if (asked.resources.size() > 1)
        co_return oauth_error(request, OAuthError::kInvalidTarget, "Ask for one 'resource' when refreshing.");
    commands::Refresh refresh;
    refresh.token = *token;
    refresh.key_thumbprint = key->thumbprint;
    refresh.client = **client;
    if (!asked.resources.empty()) refresh.resource = asked.resources.front();
    if (asked.scope) refresh.scope = words_of(*asked.scope);
    if (refresh.scope && refresh.scope->empty())
        co_return oauth_error(request, OAuthError::kInvalidScope, "The scope has no word (RFC 6749 section 3.3).");
    auto grant = co_await commands::refresh_session(context.services, std::move(refresh), caller_of(request));
    if (!grant && application_id && grant.error().refusal == refusals::kInvalidTarget)
        co_return oauth_error(request, OAuthError::kInvalidTarget,
                              "Ask for a 'resource' that was asked for at the log-in.");
    if (!grant) co_return oauth_refuse(request, grant.error());
    if (application_id) {
        commands::IdToken told{std::move(*grant), {}, lifetimes.id_token};
        commands::TokenTerms terms{key->thumbprint, token->key_thumbprint, lifetimes.access_token};
        Response response =
            co_await application_tokens(context, std::move(told), RefreshToken::kTold, std::move(terms));
        co_return with_nonce(std::move(response), key->next_nonce);
    }
    const auto tokens = co_await context.tokens.issue(*grant);
    co_return token_answer(tokens, grant->session_id, grant->position);
}

// ---- tokens that are asked about -------------------------------------------------------------------------------
struct TokenForm {
    PresentedCredentials credentials;
    Secret token;
};

// Both RFCs: `token`, of any length, and a hint that is not needed to tell our two kinds apart.
enum class AskedBy { kConfidentialClients, kAllClients };
Result<TokenForm, Response> read_token_form(const Request& request, AskedBy asked_by) {
    FormFields form = FormFields::of_body(request);
    TokenForm read;
    auto credentials = read_credentials(request, form);
    read.token = form.required_secret("token", request.body.size());
    form.optional_string("token_type_hint", request.body.size());
    auto finished = oauth_finish(request, form);
    if (!credentials) return Unexpected(credentials.error());
    // Authentication comes first: a stranger is not told what is wrong with the request.
    const bool nobody = credentials->method == PresentedCredentials::Method::kNone &&
                        (asked_by == AskedBy::kConfidentialClients || !is_public(*credentials));
    if (nobody) return Unexpected(oauth_refuse(request, CommandError(refusals::kInvalidClient)));
    if (!finished) return Unexpected(finished.error());
    read.credentials = std::move(*credentials);
    return read;
}

// Issued to it, or meant for a resource server that it is.
bool concerns(const Client& client, std::string_view client_id, const std::vector<std::string>& audiences) {
    if (client.introspection_right == commands::IntrospectionRight::kAllTokens || client_id == client.client_id)
        return true;
    if (client.application) return false;  // it asks for tokens for its audiences, and is none of them
    return std::any_of(audiences.begin(), audiences.end(), [&](const std::string& audience) {
        return std::find(client.audiences.begin(), client.audiences.end(), audience) != client.audiences.end();
    });
}

// RFC 7662 section 2.2: nothing more is said of a token that is not active for this client.
std::string inactive() { return R"({"active":false})"; }

// Whether a permission is for something of this client's, or for everything.
bool is_of(const Client& client, const Permission& permission) {
    const std::string_view resource = permission.resource;
    return resource == "*" || std::ranges::any_of(client.namespaces, [&](const std::string& name) {
               return resource.starts_with(name) && (resource.size() == name.size() || resource[name.size()] == '.');
           });
}
bool is_of(const Client& client, const Role& role) {
    const auto& allowed = role.rules.allow.permissions();
    return std::ranges::any_of(allowed, [&](const Permission& permission) { return is_of(client, permission); });
}

// What the subject's roles grant them without exception: a scope is a list of permissions (RFC 6749 section 3.3), which
// has no words for what is denied. An application hears of other applications' only where its configuration says so.
bool hears_all(const Client& client) { return client.role_disclosure == commands::RoleDisclosure::kAll; }
std::vector<std::string> told_scope(const Client& client, std::vector<std::string> scope) {
    if (hears_all(client)) return scope;
    std::erase_if(scope, [&](const std::string& text) {
        const auto permission = parse_permission(text);
        return !permission || !is_of(client, *permission);
    });
    return scope;
}
std::vector<std::string> told_scope(const Client& client, const SubjectAccess& access) {
    const bool all = hears_all(client);
    return access.scope_texts([&](const Permission& permission) { return all || is_of(client, permission); });
}

void write_access(JsonText& json, const Client& client, const std::vector<std::string>& scope,
                  const std::vector<std::shared_ptr<const Role>>& roles,
                  const std::vector<std::shared_ptr<const Group>>& groups) {
    const bool all = hears_all(client);
    std::vector<std::string> names;
    for (const auto& role : roles)
        if (all || is_of(client, *role)) names.push_back(role->name);
    std::vector<std::string> group_names;  // which belong to no application
    if (all)
        for (const auto& group : groups) group_names.push_back(group->name);
    if (!scope.empty()) json.text("scope", text_of_words(scope));  // RFC 6749 section 3.3: one word at least
    json.texts("roles", names).texts("groups", group_names);
}

using IntrospectionAnswer = boost::asio::awaitable<Result<std::string, CommandError>>;  // the answer as JSON

// RFC 9449 section 6.2.
void write_key(JsonText& json, const std::string& thumbprint) {
    if (thumbprint.empty()) return;
    json.begin_object("cnf").text("jkt", thumbprint).end_object();
}

void write_claims(JsonText& json, Context& context, const SubjectId& subject, const commands::AccessClaims& claims) {
    json.boolean("active", true)
        .text("iss", context.services.settings.issuer)
        .text("sub", subject.to_string())
        .texts("aud", claims.audiences)
        .text("client_id", claims.client_id)
        .text("token_type", claims.key_thumbprint.empty() ? kBearerType : kDpopType);
    write_key(json, claims.key_thumbprint);
    if (!claims.service) json.text("sid", claims.bearer.session_id.to_string());
    json.text("jti", claims.token_id)
        .number("iat", claims.issued_at.whole_seconds())
        .number("exp", claims.expires_at.whole_seconds());
    // RFC 9470 section 6.2.
    if (claims.authenticated_at.is_set())
        json.number("auth_time", claims.authenticated_at.whole_seconds())
            .texts("amr", claims.methods)
            .text("acr", claims.strength);
}

IntrospectionAnswer tell_of_service(Context& context, SharedClient client, SharedClaims claims,
                                    commands::Deadline deadline) {
    const commands::ServiceBearer& service = *claims->service;
    // What was issued to the account itself is its own, whatever it is for.
    if (client->service_account == service.account_id) {
        Client itself = *client;
        itself.role_disclosure = commands::RoleDisclosure::kAll;
        client = std::make_shared<const Client>(std::move(itself));
    }
    auto access = co_await commands::access_of_service_token(context.services, service, deadline);
    if (!access && access.error().refusal == refusals::kInvalidToken) co_return inactive();
    if (!access) co_return Unexpected(access.error());
    JsonText json;
    write_claims(json, context, service.account_id, *claims);
    const auto scope = told_scope(*client, access->still_held(service.scope));
    write_access(json, *client, scope, access->held.roles, access->held.groups);
    co_return json.finish();
}

// A user's token that exchanges gave. Whoever narrowed it tells no more of its user than its scope.
IntrospectionAnswer tell_of_exchanged(Context& context, SharedClient client, SharedClaims claims,
                                      commands::Deadline deadline) {
    auto access = co_await commands::access_of_exchanged(context.services, *claims, deadline);
    if (!access && access.error().refusal == refusals::kInvalidToken) co_return inactive();
    if (!access) co_return Unexpected(access.error());
    JsonText json;
    write_claims(json, context, claims->bearer.user_id, *claims);
    write_actors(json, claims->actors);
    const bool is_application = application_of(access->user.session()).has_value();
    if (is_application && !access->scope.empty()) json.text("scope", text_of_words(access->scope));
    const auto scope = told_scope(*client, access->scope);
    if (!is_application && claims->scope.empty())
        write_access(json, *client, scope, access->user.roles, access->user.groups);
    if (!is_application && !claims->scope.empty()) write_access(json, *client, scope, {}, {});
    co_return json.finish();
}

IntrospectionAnswer tell_of_access(Context& context, SharedClient client, SharedClaims claims,
                                   commands::Deadline deadline) {
    if (!concerns(*client, claims->client_id, claims->audiences)) co_return inactive();
    if (claims->service) {
        auto told = co_await tell_of_service(context, std::move(client), std::move(claims), deadline);
        co_return told;
    }
    if (!claims->exchanges.empty()) {
        auto told = co_await tell_of_exchanged(context, std::move(client), std::move(claims), deadline);
        co_return told;
    }
    auto access = co_await commands::access_of_bearer(context.services, claims->bearer, deadline);
    if (!access && access.error().refusal == refusals::kInvalidToken) co_return inactive();
    if (!access) co_return Unexpected(access.error());
    JsonText json;
    write_claims(json, context, claims->bearer.user_id, *claims);
    // An application's token is for what stands in it, whatever its user may do.
    if (application_of(access->session())) json.text("scope", text_of_words(claims->scope));
    else write_access(json, *client, told_scope(*client, *access), access->roles, access->groups);
    co_return json.finish();
}

IntrospectionAnswer tell_of_refresh(Context& context, SharedClient client, commands::PresentedRefreshToken token,
                                    commands::Deadline deadline) {
    if (!concerns(*client, token.client_id, {})) co_return inactive();
    auto access = co_await commands::access_of_session(context.services, token.session_id, deadline);
    if (!access) co_return Unexpected(access.error());
    const Session& session = access->session();
    const auto& services = context.services;
    if (!access->active || session.generation != token.generation) co_return inactive();
    const Instant ends_at = session_ends_at(session.refreshed_at, session.expires_at, services.settings.lifetimes.idle);
    JsonText json;
    json.boolean("active", true)
        .text("iss", services.settings.issuer)
        .text("sub", session.user_id.to_string())
        .text("client_id", session.client_id)
        .text("token_type", "refresh_token")
        .text("sid", token.session_id.to_string())
        .number("iat", session.refreshed_at.whole_seconds())
        .number("exp", ends_at.whole_seconds());
    write_key(json, token.key_thumbprint);
    // An application is not its user: what they may do is not told to it.
    if (!application_of(session))
        write_access(json, *client, told_scope(*client, *access), access->roles, access->groups);
    co_return json.finish();
}

IntrospectionAnswer tell_of_nothing() { co_return inactive(); }

IntrospectionAnswer tell(Context& context, SharedClient client, const Secret& token, commands::Deadline deadline) {
    if (auto access = context.tokens.read_access(token.reveal()))
        return tell_of_access(context, std::move(client), std::move(access), deadline);
    if (auto refresh = context.tokens.read_refresh(token.reveal()))
        return tell_of_refresh(context, std::move(client), std::move(*refresh), deadline);
    return tell_of_nothing();
}

boost::asio::awaitable<Result<SharedClient, Response>> holder_asks(Context& context, const Request& request) {
    auto claims = service_of_token(context, request);
    if (!claims) co_return Unexpected(claims.error());
    const commands::ServiceBearer& service = *(*claims)->service;
    auto access = co_await commands::access_of_service_token(context.services, service, request.deadline);
    if (!access) co_return Unexpected(refuse(request, access.error()));
    const auto scope = access->still_held(service.scope);
    Client client = commands::client_of(service.account_id, *access, PermissionSet::of_texts(scope));
    co_return std::make_shared<const Client>(std::move(client));
}

// RFC 7662 section 2.1: a client, by its credentials or by a token of its own for this very issuer.
boost::asio::awaitable<Result<SharedClient, Response>> who_asks(Context& context, const Request& request,
                                                                PresentedCredentials presented) {
    if (presented.method == PresentedCredentials::Method::kBearer) return holder_asks(context, request);
    return authenticate_client(context, request, std::move(presented));
}

// RFC 9110 section 12.5.1, as far as there is something to choose: it is named (RFC 9701 section 4), and
// wanted no less than JSON.
bool wants_signed_answer(const Request& request) {
    const int is_signed = preference_for(request.headers, kSignedAnswer, MediaRangeMatch::kInFull).value_or(0);
    const int is_plain = preference_for(request.headers, "application/json", MediaRangeMatch::kByAnyRange).value_or(0);
    return is_signed > 0 && is_signed >= is_plain;
}

Reply token(Call& call) {
    FormFields form = FormFields::of_body(call.request, "resource");
    auto credentials = read_credentials(call.request, form);
    TokenRequest asked;
    asked.grant_type = form.required_string("grant_type", 256);
    asked.resources = form.string_list("resource", commands::kMaxTokenAudiences, kMaxResourceBytes);
    asked.scope = form.optional_string("scope", commands::kMaxScopeBytes);
    const bool refreshes = asked.grant_type == "refresh_token";
    if (refreshes) asked.refresh_token = form.required_secret("refresh_token", kMaxTokenBytes);
    const bool exchanges = asked.grant_type == "authorization_code";
    if (exchanges) {
        asked.code = form.required_secret("code", kMaxTokenBytes);
        asked.redirect_uri = form.required_string("redirect_uri", kMaxResourceBytes);
        // None where there was no challenge; what is missing is found when the code is looked at.
        const auto verifier = form.optional_string("code_verifier", kMaxVerifierBytes).value_or("");
        asked.code_verifier = Secret(std::string_view(verifier));
    }
    const bool polls = asked.grant_type == kDeviceGrantType;
    if (polls) asked.code = form.required_secret("device_code", kMaxTokenBytes);
    const bool is_exchange = asked.grant_type == kTokenExchange;
    ExchangeRequest exchange;
    if (is_exchange) exchange = read_exchange(form, asked.resources, asked.scope);
    auto finished = oauth_finish(call.request, form);
    if (!finished) co_return finished.error();
    if (!credentials) co_return credentials.error();
    if (polls) {
        Response response =
            co_await device_grant(call.context, call.request, std::move(*credentials), std::move(asked.code));
        co_return response;
    }
    if (is_exchange) {
        Response response =
            co_await exchange_grant(call.context, call.request, std::move(*credentials), std::move(exchange));
        co_return response;
    }
    if (refreshes) {
        Response response =
            co_await refresh_grant(call.context, call.request, std::move(*credentials), std::move(asked));
        co_return response;
    }
    if (exchanges) {
        Response response = co_await code_grant(call.context, call.request, std::move(*credentials), std::move(asked));
        co_return response;
    }
    if (asked.grant_type != "client_credentials")
        co_return oauth_error(call.request, OAuthError::kUnsupportedGrantType,
                              "Use 'authorization_code', 'client_credentials', 'refresh_token', "
                              "'urn:ietf:params:oauth:grant-type:device_code' or "
                              "'urn:ietf:params:oauth:grant-type:token-exchange'.");
    ServiceTokenRequest service{std::move(asked.resources), std::move(asked.scope)};
    Response response =
        co_await client_credentials(call.context, call.request, std::move(*credentials), std::move(service));
    co_return response;
}

Reply introspect(Call& call) {
    auto form = read_token_form(call.request, AskedBy::kConfidentialClients);
    if (!form) co_return form.error();
    auto client = co_await who_asks(call.context, call.request, std::move(form->credentials));
    if (!client) co_return client.error();
    auto told = co_await tell(call.context, *client, form->token, call.request.deadline);
    if (!told) co_return refuse(call, told.error());
    if (!wants_signed_answer(call.request)) co_return json(200, std::move(*told));
    const std::string& audience = (*client)->client_id;
    std::string answer = co_await call.context.tokens.sign_introspection(audience, std::move(*told));
    Response response = json(200, std::move(answer));
    response.content_type = std::string(kSignedAnswer);
    co_return response;
}

// An access token for a resource server alone was shown to it: to hold it proves nothing of who its client is. One for
// this service's API or for userinfo was shown here alone.
bool is_of_the_client_itself(const Context& context, const commands::AccessClaims& access) {
    const auto& settings = context.services.settings;
    return std::ranges::find_first_of(access.audiences,
                                      std::array{settings.issuer, commands::userinfo_audience(settings)}) !=
           access.audiences.end();
}

Reply revoke(Call& call) {
    auto form = read_token_form(call.request, AskedBy::kAllClients);
    if (!form) co_return form.error();
    const bool proves_nothing = is_public(form->credentials);
    auto client = co_await holder_of_tokens(call.context, call.request, std::move(form->credentials));
    if (!client) co_return client.error();
    std::optional<SessionId> session_id;
    // One that expired still names the session that it was of, which goes on.
    const auto access = call.context.tokens.read_expired_access(form->token.reveal());
    const bool is_over = access && access->expires_at <= call.context.services.clock.now();
    // A token of an exchange ends alone, like one of the account itself: the session is its user's.
    std::optional<commands::ServiceBearer> of_service = access ? access->service : std::nullopt;
    if (access && !access->exchanges.empty()) of_service = access->exchanges.front();
    if (of_service && is_over) co_return json(200, "{}");
    if (of_service) {
        auto outcome =
            co_await commands::revoke_service_token(call.services(), *of_service, **client, caller_of(call.request));
        if (!outcome) co_return oauth_refuse(call.request, outcome.error());
        co_return at_position(json(200, "{}"), outcome->position);
    }
    const bool may_end = access && (!proves_nothing || is_of_the_client_itself(call.context, *access));
    if (may_end) session_id = access->bearer.session_id;
    if (auto refresh = call.context.tokens.read_refresh(form->token.reveal())) session_id = refresh->session_id;
    // RFC 7009 section 2.2: a token that is not good needs no revocation.
    if (!session_id) co_return json(200, "{}");
    auto outcome = co_await commands::revoke_token(call.services(), *session_id, **client, caller_of(call.request));
    if (!outcome) co_return refuse(call, outcome.error());
    co_return at_position(json(200, "{}"), outcome->position);
}

Reply jwks(Call& call) {
    Response response = json(200, call.context.tokens.jwks());
    response.content_type = "application/jwk-set+json";
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

Reply oauth_metadata(Call& call) {
    Response response = json(200, provider_metadata(call));
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"token", kPost, "/oauth2/token", token, kClients, kClient, {.input = Input::kBody}},
    {"introspect", kPost, "/oauth2/introspect", introspect, kClients, kClient, {.input = Input::kBody}},
    {"revoke", kPost, "/oauth2/revoke", revoke, kClients, kClient, {.input = Input::kBody}},
    {"jwks", kGet, "/.well-known/jwks.json", jwks, kUnlimited, kAnybody},
    {"oauthMetadata", kGet, "/.well-known/oauth-authorization-server", oauth_metadata, kUnlimited, kAnybody},
};
// clang-format on

}  // namespace

RouteTable oauth_routes() { return kRows; }

}  // namespace keyledger::api::routes
