#include "api/routes/bearer_tokens.hpp"

#include "api/routes/refusals.hpp"
#include "api/wire/form.hpp"
#include "api/wire/problem.hpp"

namespace keyledger::api {
namespace {

constexpr const char* kNotForThisApi =
    "This token is for something else: an application's token, or one for a resource, opens nothing here. Send one "
    "that was given for this API: of a log-in at it, or of client_credentials without a 'resource'.";
constexpr const char* kNotOfService =
    "This token is for something else: it is a user's, and this takes a service account's.";

}  // namespace

Result<commands::SharedClaims, Response> holder_of_token(Context& context, const Request& request) {
    const auto token = bearer_token(request);
    // RFC 6750 section 3.1: who presents no token is not told that it is wrong.
    if (!token && token.error() != AuthorizationError::kMalformed) return Unexpected(refuse_without_token(request));
    if (!token) return Unexpected(refuse_token(request));
    auto claims = context.tokens.read_access(*token);
    if (!claims) return Unexpected(refuse_token(request));
    const bool for_this_api =
        claims->audiences.size() == 1 && claims->audiences.front() == context.services.settings.issuer;
    // It is one of ours, and says so itself: its holder is told nothing, but not to refresh for ever.
    if (!for_this_api) return Unexpected(refuse_token_for_other(request, kNotForThisApi));
    // None of these is bound to a key; one that is opens nothing by itself (RFC 9449 section 7.1).
    // No exchange gives one for this API, and whether its exchanges hold is asked by introspection alone.
    if (!claims->key_thumbprint.empty() || !claims->exchanges.empty()) return Unexpected(refuse_token(request));
    return claims;
}

Response refuse_token_for_other(const Request& request, std::string_view why) {
    Response response = problem(request, type_of(refusals::kInvalidToken), std::string(why));
    response.headers.add("WWW-Authenticate", R"(Bearer realm="keyledger", error="invalid_token")");
    return response;
}

Result<commands::SharedClaims, Response> user_of_token(Context& context, const Request& request) {
    auto claims = holder_of_token(context, request);
    if (claims && (*claims)->service) return Unexpected(refuse_service(request));
    return claims;
}

Result<commands::SharedClaims, Response> service_of_token(Context& context, const Request& request) {
    auto claims = holder_of_token(context, request);
    if (claims && !(*claims)->service) return Unexpected(refuse_token_for_other(request, kNotOfService));
    return claims;
}

}  // namespace keyledger::api
