// OpenID Connect beside OAuth: who somebody is (Core section 5.3), and where all of it is (Discovery 1.0).
#include <algorithm>

#include "api/routes/call.hpp"
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

// Core section 5.4: what each scope asks for, as far as it is known.
std::string claims_of(const UserId& user_id, const User& user, const std::vector<std::string>& scope) {
    JsonText json;
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
    return json.finish();
}

Reply userinfo(Call& call) {
    const auto token = bearer_token(call.request);
    if (!token && token.error() != AuthorizationError::kMalformed) co_return refuse_without_token(call.request);
    if (!token) co_return refuse_token(call.request);
    const auto claims = call.context.tokens.read_access(*token);
    const std::string audience = commands::userinfo_audience(call.services().settings);
    if (!claims || claims->service || !has(claims->audiences, audience) || !has(claims->scope, kScopeOpenid))
        co_return refuse_token(call.request);
    const auto user = co_await commands::user_of_application(call.services(), claims->bearer, call.request.deadline);
    if (!user && user.error().refusal == refusals::kInvalidToken) co_return refuse_token(call.request);
    if (!user) co_return refuse(call, user.error());
    co_return json(200, claims_of(claims->bearer.user_id, *user, claims->scope));
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
