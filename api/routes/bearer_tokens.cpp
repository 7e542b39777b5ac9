#include "api/routes/bearer_tokens.hpp"

#include "api/routes/refusals.hpp"
#include "api/wire/form.hpp"

namespace keyledger::api {
namespace {

Result<commands::AccessClaims, Response> holder_of_token(Context& context, const Request& request) {
    const auto token = bearer_token(request);
    // RFC 6750 section 3.1: who presents no token is not told that it is wrong.
    if (!token && token.error() != AuthorizationError::kMalformed) return Unexpected(refuse_without_token(request));
    if (!token) return Unexpected(refuse_token(request));
    auto claims = context.tokens.read_access(*token);
    if (!claims) return Unexpected(refuse_token(request));
    const bool for_this_api =
        claims->audiences.size() == 1 && claims->audiences.front() == context.services.settings.issuer;
    // None of these is bound to a key; one that is opens nothing by itself (RFC 9449 section 7.1).
    // No exchange gives one for this API, and whether its exchanges hold is asked by introspection alone.
    if (!for_this_api || !claims->key_thumbprint.empty() || !claims->exchanges.empty())
        return Unexpected(refuse_token(request));
    return std::move(*claims);
}

}  // namespace

Result<commands::AccessClaims, Response> user_of_token(Context& context, const Request& request) {
    auto claims = holder_of_token(context, request);
    if (claims && claims->service) return Unexpected(refuse_service(request));
    return claims;
}

Result<commands::AccessClaims, Response> service_of_token(Context& context, const Request& request) {
    auto claims = holder_of_token(context, request);
    if (claims && !claims->service) return Unexpected(refuse_token(request));
    return claims;
}

}  // namespace keyledger::api
