#include "api/routes/oauth/service_grants.hpp"

#include <algorithm>

#include "api/routes/limiting.hpp"
#include "api/routes/oauth/possession.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/text.hpp"
#include "api/wire/words.hpp"
#include "commands/access/authority.hpp"
#include "commands/clients/exchange_token.hpp"
#include "commands/limits/rates.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;

constexpr std::string_view kAccessTokenType = "urn:ietf:params:oauth:token-type:access_token";  // RFC 8693 section 3

// Before anything is looked at: what follows costs a signature or two, and most often an append. What costs none is
// counted on this node, as other requests are, for to ask all nodes would be most of the work.
enum class TokensCounted { kOnAllNodes, kHere };
boost::asio::awaitable<Result<void, CommandError>> take_for_token(Context& context, const Request& request,
                                                                  TokensCounted counted) {
    const commands::Rate rate = context.services.settings.limits.passwords;
    auto buckets = network_buckets("tokens", request.client_ip,
                                   {rate.per_minute * kTokensForAPassword, rate.burst * kTokensForAPassword});
    const Result<void, CommandError> passed{};
    if (counted == TokensCounted::kHere) {
        const auto taken = context.services.limits.take_local(buckets);
        if (taken.wait > Duration()) co_return Unexpected(commands::too_many(taken));
        co_return passed;
    }
    auto taken = co_await take_of_network(context, request, std::move(buckets));
    if (!taken) co_return Unexpected(taken.error());
    co_return passed;
}

boost::asio::awaitable<Result<commands::ClientProof, Response>> proof_of_service(Context& context, Request& request,
                                                                                 PresentedCredentials presented,
                                                                                 TokensCounted counted) {
    auto taken = co_await take_for_token(context, request, counted);
    if (!taken) co_return Unexpected(oauth_refuse(request, taken.error()));
    auto proof = proof_of(context, presented);
    if (proof) co_return std::move(*proof);
    if (configured_client(context, presented))
        co_return Unexpected(oauth_error(request, OAuthError::kUnauthorizedClient,
                                         "Only service accounts get such tokens; this client is of a file."));
    auto unknown = co_await authenticate_client(context, request, std::move(presented));
    if (!unknown) co_return Unexpected(unknown.error());
    co_return Unexpected(oauth_refuse(request, CommandError(refusals::kInvalidClient)));
}

boost::asio::awaitable<KeyOrFault> key_at_token_endpoint(Context& context, const Request& request) {
    ProofNeeds needs{"/oauth2/token"};
    auto key = co_await shown_key(context, request, std::move(needs));
    co_return key;
}

std::string_view token_type(const std::string& key_thumbprint) { return key_thumbprint.empty() ? "Bearer" : "DPoP"; }

Response answer_with(JsonText& json, Position position, const std::string& next_nonce) {
    Response response = at_position(api::json(200, json.finish()), position);
    response.headers.add("Pragma", "no-cache");
    return with_nonce(std::move(response), next_nonce);
}

// ---- exchange --------------------------------------------------------------------------------------------------
void want_access_token(FormFields& form, std::string_view name, const std::optional<std::string>& type) {
    if (type && *type != kAccessTokenType)
        form.refuse(name, "must be " + std::string(kAccessTokenType) + ": other tokens are not exchanged");
}

// RFC 8693 section 2.2.2: what is wrong with the tokens is an invalid request.
struct ExchangeRefusal {
    RefusalRef refusal;
    OAuthError error;
    std::string_view description;
};
Response refuse_exchange(Context& context, const Request& request, const CommandError& error) {
    static const ExchangeRefusal kRefusals[] = {
        {refusals::kMayNotExchange, OAuthError::kUnauthorizedClient,
         "The client lacks the permission keyledger.tokens:delegate, and keyledger.tokens:impersonate, which suffices "
         "where no 'actor_token' is sent."},
        {refusals::kSubjectTokenNotGood, OAuthError::kInvalidRequest,
         "The subject token is no access token of a user that is good now, or it was neither issued to the client nor "
         "meant for a resource server that the client is."},
        {refusals::kActorTokenNotGood, OAuthError::kInvalidRequest,
         "The actor token is no access token that the client itself got for this service, or it is not good any more."},
        {refusals::kExchangedTooOften, OAuthError::kInvalidRequest,
         "The subject token was exchanged as often as may be: four times."},
        {refusals::kTargetNotOfAccount, OAuthError::kInvalidTarget,
         "Ask by 'resource' or 'audience' for one resource server that the client was registered with; this service "
         "itself is none."},
        {refusals::kScopeNotOfSubject, OAuthError::kInvalidScope,
         "Ask for what the subject token may be used for, and for no more than fits into a token. offline_access, "
         "keyledger:account and keyledger:admin are given to nobody by an exchange."},
    };
    if (error.refusal == refusals::kExchangeWantsKey) {
        const commands::DpopFault fault{commands::DpopFault::Kind::kInvalid,
                                        "The token is bound to a key: send a DPoP proof of that key."};
        return refuse_proof(context, fault);
    }
    for (const ExchangeRefusal& known : kRefusals)
        if (error.refusal == known.refusal) return oauth_error(request, known.error, known.description);
    return oauth_refuse(request, error);
}

}  // namespace

Reply client_credentials(Context& context, Request& request, PresentedCredentials presented,
                         ServiceTokenRequest asked) {
    const bool appends = context.service_token_records == commands::ServiceTokenRecords::kEach ||
                         presented.method == PresentedCredentials::Method::kAssertion;
    const auto counted = appends ? TokensCounted::kOnAllNodes : TokensCounted::kHere;
    auto proof = co_await proof_of_service(context, request, std::move(presented), counted);
    if (!proof) co_return proof.error();
    auto key = co_await key_at_token_endpoint(context, request);
    if (!key) co_return refuse_proof(context, key.error());
    commands::ServiceLogIn login{std::move(*proof), std::move(asked.resources), std::move(asked.scope),
                                 context.service_token_records};
    auto grant = co_await commands::log_in_service(context.services, std::move(login), caller_of(request));
    if (!grant) co_return oauth_refuse(request, grant.error());
    grant->key_thumbprint = key->thumbprint;
    const std::string token = co_await context.tokens.issue(*grant);
    JsonText json;
    json.text("access_token", token).text("token_type", token_type(key->thumbprint));
    json.number("expires_in", grant->expires_at.whole_seconds() - grant->issued_at.whole_seconds());
    if (!grant->scope.empty()) json.text("scope", text_of_words(grant->scope));
    co_return answer_with(json, grant->position, key->next_nonce);
}

ExchangeRequest read_exchange(FormFields& form, const std::vector<std::string>& resources,
                              const std::optional<std::string>& scope) {
    ExchangeRequest asked;
    asked.subject_token = form.required_secret("subject_token", kMaxTokenBytes);
    const std::string type = form.required_string("subject_token_type", kMaxResourceBytes);
    if (!type.empty()) want_access_token(form, "subject_token_type", type);
    auto actor = form.optional_string("actor_token", kMaxTokenBytes);
    const auto actor_type = form.optional_string("actor_token_type", kMaxResourceBytes);
    if (actor.has_value() != actor_type.has_value())
        form.refuse("actor_token_type", "goes with 'actor_token', and with that alone");
    want_access_token(form, "actor_token_type", actor_type);
    if (actor) asked.actor_token = Secret::take(std::move(*actor));
    want_access_token(form, "requested_token_type", form.optional_string("requested_token_type", kMaxResourceBytes));
    asked.targets = resources;
    if (auto audience = form.optional_string("audience", kMaxResourceBytes))
        asked.targets.push_back(std::move(*audience));
    if (asked.targets.empty()) form.refuse("resource", "or 'audience' must say what the token is for");
    asked.scope = scope;
    return asked;
}

Reply exchange_grant(Context& context, Request& request, PresentedCredentials presented, ExchangeRequest asked) {
    auto proof = co_await proof_of_service(context, request, std::move(presented), TokensCounted::kOnAllNodes);
    if (!proof) co_return proof.error();
    auto key = co_await key_at_token_endpoint(context, request);
    if (!key) co_return refuse_proof(context, key.error());
    commands::TokenExchange exchange;
    exchange.proof = std::move(*proof);
    if (const auto subject = context.tokens.read_access(asked.subject_token.reveal())) exchange.subject = *subject;
    exchange.has_actor = asked.actor_token.has_value();
    const auto actor = asked.actor_token ? context.tokens.read_access(asked.actor_token->reveal()) : nullptr;
    if (actor) exchange.actor = *actor;
    exchange.targets = std::move(asked.targets);
    exchange.scope = std::move(asked.scope);
    exchange.key_thumbprint = key->thumbprint;
    auto made = co_await commands::exchange_token(context.services, std::move(exchange), caller_of(request));
    if (!made) co_return refuse_exchange(context, request, made.error());
    const commands::AccessClaims& claims = made->claims;
    const std::string token = co_await context.tokens.issue_exchanged(claims);
    JsonText json;
    json.text("access_token", token)
        .text("issued_token_type", kAccessTokenType)
        .text("token_type", token_type(claims.key_thumbprint))
        .number("expires_in", claims.expires_at.whole_seconds() - claims.issued_at.whole_seconds());
    if (!claims.scope.empty()) json.text("scope", text_of_words(claims.scope));
    co_return answer_with(json, made->position, key->next_nonce);
}

void write_actors(JsonText& json, const std::vector<ServiceAccountId>& actors) {
    for (const ServiceAccountId& actor : actors) json.begin_object("act").text("sub", actor.to_string());
    for (std::size_t left = actors.size(); left > 0; --left) json.end_object();
}

}  // namespace keyledger::api::routes
