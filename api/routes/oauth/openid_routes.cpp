// OpenID Connect beside OAuth: who somebody is (Core section 5.3), and where all of it is (Discovery 1.0).
#include <algorithm>

#include "api/routes/bearer_tokens.hpp"
#include "api/routes/call.hpp"
#include "api/routes/oauth/possession.hpp"
#include "api/routes/oauth/provider_metadata.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/write_json.hpp"
#include "commands/authorization/authorize.hpp"
#include "commands/authorization/userinfo.hpp"

namespace keyledger::api::routes {
namespace {

bool has(const std::vector<std::string>& words, std::string_view wanted) {
    return std::ranges::find(words, wanted) != words.end();
}

constexpr const char* kNotForUserinfo =
    "This token is for something else: userinfo takes an access token that an application got for a user by the scope "
    "openid, and not for a 'resource'.";

// Core section 5.4: what each scope asks for, as far as it is known.
void write_claims(JsonText& json, const UserId& user_id, const User& user, const std::vector<std::string>& scope) {
    json.text("sub", user_id.to_string());
    const auto text = [&](std::string_view name, const std::optional<std::string>& value) {
        if (value) json.text(name, *value);
    };
    if (has(scope, kScopeProfile)) {
        text("name", user.name);
        text("preferred_username", user.username);
        text("locale", user.locale);
    }
    if (has(scope, kScopeEmail) && user.email) {
        text("email", user.email);
        json.boolean("email_verified", user.email_proof == User::EmailProof::kVerified);
    }
}

// A token as it was shown: by itself, or with a proof (RFC 9449 section 7.1).
struct ShownToken {
    std::string_view text;
    bool with_proof = false;
};
Result<ShownToken, Response> shown_token(Call& call) {
    const auto bearer = bearer_token(call.request);
    if (bearer) return ShownToken{*bearer};
    if (bearer.error() == AuthorizationError::kMalformed) return Unexpected(refuse_token(call.request));
    const auto bound = dpop_token(call.request);
    if (bound) return ShownToken{*bound, true};
    if (bound.error() == AuthorizationError::kMalformed)
        return Unexpected(refuse_bound_token(call.context, call.request));
    return Unexpected(refuse_without_token(call.request));
}

Reply userinfo(Call& call) {
    const auto shown = shown_token(call);
    if (!shown) co_return shown.error();
    const auto refused = [&] {
        return shown->with_proof ? refuse_bound_token(call.context, call.request) : refuse_token(call.request);
    };
    const auto claims = call.context.tokens.read_access(shown->text);
    const std::string audience = commands::userinfo_audience(call.services().settings);
    if (!claims) co_return refused();
    if (claims->service || !claims->exchanges.empty() || !has(claims->audiences, audience) ||
        !has(claims->scope, kScopeOpenid))
        co_return shown->with_proof ? refuse_bound_token(call.context, call.request, kNotForUserinfo)
                                    : refuse_token_for_other(call.request, kNotForUserinfo);
    // A bound token opens nothing by itself, and one that is not is no worth with a proof.
    if (claims->key_thumbprint.empty() == shown->with_proof) co_return refused();
    ShownKey key;
    if (shown->with_proof) {
        ProofNeeds needs{"/oauth2/userinfo", shown->text, claims->key_thumbprint};
        auto proven = co_await shown_key(call.context, call.request, std::move(needs));
        if (!proven) co_return challenge_for_proof(call.context, call.request, proven.error());
        key = std::move(*proven);
    }
    const auto user = co_await commands::user_of_application(call.services(), claims->bearer, call.request.deadline);
    if (!user && user.error().refusal == refusals::kInvalidToken) co_return refused();
    if (!user) co_return refuse(call, user.error());
    JsonText told;
    if (user->signed_by) told.text("iss", call.services().settings.issuer).text("aud", claims->client_id);
    write_claims(told, claims->bearer.user_id, user->user, claims->scope);
    Response response = json(200, told.finish());
    if (user->signed_by) {
        std::string answer = std::move(response.body);
        std::string token = co_await call.context.tokens.sign_userinfo(std::move(answer), *user->signed_by);
        response.body = std::move(token);
        response.content_type = "application/jwt";
    }
    co_return with_nonce(std::move(response), key.next_nonce);
}

Reply openid_configuration(Call& call) {
    Response response = json(200, provider_metadata(call));
    response.headers.add("Cache-Control", "public, max-age=300");
    co_return response;
}

Reply withdraw_consent(Call& call) {
    commands::Caller caller = caller_of(call.request).acting_as(call.bearer().user_id);
    caller.session_id = call.bearer().session_id;
    const auto outcome =
        co_await commands::withdraw_consent(call.services(), call.bearer(), call.id<Application>(), std::move(caller));
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"userinfo", kGet, "/oauth2/userinfo", userinfo, kOrdinary, kUserinfo},
    {"userinfoByPost", kPost, "/oauth2/userinfo", userinfo, kOrdinary, kUserinfo},
    {"withdrawConsent", kDelete, "/api/v1/auth/consents/{id}", withdraw_consent, kOrdinary, kUser,
     {.bad_id = refusals::kConsentUnknown}},
    {"openidConfiguration", kGet, "/.well-known/openid-configuration", openid_configuration, kUnlimited, kAnybody},
};
// clang-format on

}  // namespace

RouteTable openid_routes() { return kRows; }

}  // namespace keyledger::api::routes
