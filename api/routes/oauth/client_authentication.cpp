#include "api/routes/oauth/client_authentication.hpp"

#include "api/routes/refusals.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/authority.hpp"
#include "commands/authorization/exchange_code.hpp"
#include "commands/limits/rates.hpp"
#include "commands/sessions/refresh_session.hpp"

namespace keyledger::api {
namespace {

using commands::CommandError;
using Way = PresentedCredentials::Method;

constexpr std::size_t kMaxClientIdBytes = 256;
constexpr std::size_t kMaxClientSecretBytes = 512;
constexpr std::string_view kAssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
constexpr std::string_view kNotAuthenticated =
    "Authenticate as a client: id and secret by HTTP Basic (form-encoded, RFC 6749 section 2.3.1) or in the "
    "form, or a "
    "signed assertion (RFC 7523).";

std::string_view name_of(OAuthError error) {
    switch (error) {
        case OAuthError::kInvalidRequest: return "invalid_request";
        case OAuthError::kInvalidClient: return "invalid_client";
        case OAuthError::kInvalidGrant: return "invalid_grant";
        case OAuthError::kUnauthorizedClient: return "unauthorized_client";
        case OAuthError::kUnsupportedGrantType: return "unsupported_grant_type";
        case OAuthError::kInvalidScope: return "invalid_scope";
        case OAuthError::kInvalidTarget: return "invalid_target";
    }
    return "invalid_request";
}

std::string_view told_of(commands::ClientFault fault) {
    if (fault == commands::ClientFault::kAssertionUsed)
        return "This client assertion was used before. Sign a new one for each request, with a 'jti' of its "
               "own.";
    if (fault == commands::ClientFault::kUnproved)
        return "The client is unknown or disabled, or no key of it, by 'kid' and 'alg', signed this "
               "assertion.";
    return kNotAuthenticated;
}

Response error_answer(int status, std::string_view error, std::string_view description) {
    JsonText json;
    json.text("error", error).text("error_description", description);
    return api::json(status, json.finish());
}

}  // namespace

Response oauth_error(const Request&, OAuthError error, std::string_view description) {
    const bool unknown = error == OAuthError::kInvalidClient;
    Response response = error_answer(unknown ? 401 : 400, name_of(error), description);
    if (unknown) response.headers.add("WWW-Authenticate", R"(Basic realm="keyledger", charset="UTF-8")");
    return response;
}

Response oauth_error(std::string_view error, std::string_view description) {
    return error_answer(400, error, description);
}

Response oauth_refuse(const Request& request, const CommandError& error) {
    if (error.refusal == refusals::kInvalidClient)
        return oauth_error(request, OAuthError::kInvalidClient, told_of(error.client));
    if (error.refusal == refusals::kPossessionWanted)
        return oauth_error("invalid_dpop_proof", "The application's tokens are bound to a key: send a DPoP proof.");
    if (error.refusal == refusals::kInvalidGrant)
        return oauth_error(request, OAuthError::kInvalidGrant,
                           "The refresh token is not good (any more). Log in again.");
    if (error.refusal == refusals::kCodeNotGood)
        return oauth_error(request, OAuthError::kInvalidGrant,
                           "The authorization code is not good (any more), or what was sent with it is not what it was "
                           "given for. Begin again.");
    if (error.refusal == refusals::kInvalidScope)
        return oauth_error(request, OAuthError::kInvalidScope,
                           "Ask for permissions that the client holds, and for no more than fit into a token.");
    if (error.refusal == refusals::kTooManyHoldings)  // of a service account that is in too much
        return oauth_error(request, OAuthError::kInvalidScope,
                           "The client's roles and groups, with those above them, are more than 96: a token is "
                           "made of what can be guarded at once. Give it fewer and wider ones.");
    if (error.refusal == refusals::kInvalidTarget)
        return oauth_error(request, OAuthError::kInvalidTarget,
                           "Ask for a 'resource' that the client was registered with, or for the issuer alone.");
    if (error.refusal == refusals::kTooManyAttempts) {
        Response response = error_answer(429, "temporarily_unavailable", "Wait for the time in Retry-After.");
        response.headers.add("Retry-After", std::to_string(error.retry_after.whole_seconds_up()));
        return response;
    }
    return refuse(request, error);
}

Result<void, Response> oauth_finish(const Request& request, FormFields& form) {
    if (const auto fault = form.fault()) return Unexpected(oauth_error(request, OAuthError::kInvalidRequest, *fault));
    return form.finish();
}

Result<PresentedCredentials, Response> read_credentials(const Request& request, FormFields& form) {
    PresentedCredentials presented;
    const auto client_id = form.optional_string("client_id", kMaxClientIdBytes);
    auto secret = form.optional_string("client_secret", kMaxClientSecretBytes);
    const auto type = form.optional_string("client_assertion_type", kAssertionType.size());
    auto assertion = form.optional_string("client_assertion", kMaxTokenBytes);
    auto basic = basic_credentials(request);
    const int methods = (basic || basic.error() != AuthorizationError::kMissing ? 1 : 0) + (secret ? 1 : 0) +
                        (assertion || type ? 1 : 0);
    if (methods > 1)
        return Unexpected(oauth_error(request, OAuthError::kInvalidRequest,
                                      "Authenticate in one way, not in several (RFC 6749 section 2.3)."));
    presented.client_id = client_id.value_or("");
    if (secret) {
        presented.method = Way::kForm;
        presented.secret = Secret::take(std::move(*secret));
    } else if (assertion || type) {
        if (!assertion || type != kAssertionType)
            return Unexpected(oauth_error(request, OAuthError::kInvalidRequest,
                                          "An assertion takes 'client_assertion' and 'client_assertion_type', "
                                          "urn:ietf:params:oauth:client-assertion-type:jwt-bearer."));
        presented.method = Way::kAssertion;
        presented.assertion = std::move(*assertion);
    } else if (basic) {
        presented.method = Way::kBasic;
        if (client_id && *client_id != basic->id)
            return Unexpected(oauth_error(request, OAuthError::kInvalidRequest,
                                          "'client_id' is another one than that of HTTP Basic."));
        presented.client_id = std::move(basic->id);
        presented.secret = std::move(basic->secret);
    } else if (bearer_token(request)) {
        presented.method = Way::kBearer;
    } else if (basic.error() != AuthorizationError::kMissing) {
        return Unexpected(oauth_error(request, OAuthError::kInvalidClient, kNotAuthenticated));
    }
    return presented;
}

Result<commands::ClientProof, commands::RejectedAssertion> proof_of(Context& context,
                                                                    const PresentedCredentials& presented) {
    const auto client_id = Uuid::parse(presented.client_id);
    if (presented.method == Way::kAssertion) {
        auto proof = commands::proof_of_assertion(context.services, presented.assertion);
        if (!proof || presented.client_id.empty() || client_id == proof->client_id) return proof;
        return Unexpected(commands::RejectedAssertion{
            "'client_id' is another one than the 'sub' of the client assertion.", proof->client_id});
    }
    if (!client_id || presented.method == Way::kBearer) return Unexpected(commands::RejectedAssertion{});
    if (presented.method == Way::kNone) return commands::proof_of_name(*client_id);
    const auto way =
        presented.method == Way::kBasic ? ClientAuthentication::kSecretBasic : ClientAuthentication::kSecretPost;
    return commands::proof_of_secret(*client_id, presented.secret, way);
}

commands::SharedClient configured_client(Context& context, const PresentedCredentials& presented) {
    if (presented.method != Way::kBasic && presented.method != Way::kForm) return nullptr;
    return context.clients.authenticate(presented.client_id, presented.secret);
}

boost::asio::awaitable<Result<commands::SharedClient, Response>> authenticate_client(Context& context,
                                                                                     const Request& request,
                                                                                     PresentedCredentials presented) {
    if (auto client = configured_client(context, presented)) co_return client;
    auto proof = proof_of(context, presented);
    if (!proof && !proof.error().why.empty()) {
        commands::log_rejected_assertion(context.services, proof.error(), caller_of(request));
        co_return Unexpected(oauth_error(request, OAuthError::kInvalidClient, proof.error().why));
    }
    if (!proof) {
        const CommandError error = co_await commands::count_client_failure(context.services, caller_of(request));
        co_return Unexpected(oauth_refuse(request, error));
    }
    auto client = co_await commands::authenticate_client(context.services, std::move(*proof), caller_of(request));
    if (!client) co_return Unexpected(oauth_refuse(request, client.error()));
    co_return std::make_shared<const commands::Client>(std::move(*client));
}

bool is_public(const PresentedCredentials& presented) {
    return presented.method == Way::kNone && !presented.client_id.empty();
}

boost::asio::awaitable<Result<commands::SharedClient, Response>> holder_of_tokens(Context& context,
                                                                                  const Request& request,
                                                                                  PresentedCredentials presented) {
    if (is_public(presented) && presented.client_id == commands::kFirstPartyClientId)
        if (auto client = context.clients.find(commands::kFirstPartyClientId)) co_return client;
    auto client = co_await authenticate_client(context, request, std::move(presented));
    co_return client;
}

}  // namespace keyledger::api
