#include "api/routes/context.hpp"

#include <algorithm>

#include "api/routes/conditions.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/form.hpp"
#include "commands/limits/rates.hpp"

namespace keyledger::api {

commands::Caller caller_of(const Request& request) {
    commands::Caller caller;
    caller.request_id = request.request_id;
    caller.traceparent = request.traceparent;
    caller.client_address = request.client_address;
    caller.network = request.client_ip.caller_network().to_string();
    caller.user_agent = request.user_agent;
    caller.deadline = request.deadline;
    return caller;
}

commands::Caller caller_of(const Request& request, const commands::AccessClaims& claims) {
    commands::Caller caller = caller_of(request).acting_as(claims.bearer.user_id);
    caller.session_id = claims.bearer.session_id;
    caller.only_if = only_if(request);
    return caller;
}

namespace {

Result<commands::AccessClaims, Response> authenticate_holder(Context& context, const Request& request) {
    const auto token = bearer_token(request);
    // RFC 6750 section 3.1: who presents no token is not told that it is wrong.
    if (!token && token.error() != AuthorizationError::kMalformed) return Unexpected(refuse_without_token(request));
    if (!token) return Unexpected(refuse_token(request));
    auto claims = context.tokens.read_access(*token);
    if (!claims) return Unexpected(refuse_token(request));
    const bool for_this_api =
        claims->audiences.size() == 1 && claims->audiences.front() == context.services.settings.issuer;
    if (!for_this_api) return Unexpected(refuse_token(request));
    return std::move(*claims);
}

constexpr const char* kNoTagDetail =
    "What this changes has no ETag, so that If-Match can only be '*' here. Send the request without it.";

// RFC 9110 section 13.1.1: of what has no ETag no tag is the one that If-Match names; that it is there at all ("*") the
// command asks anyway. The operations in this list hold If-Match against the state that they change.
bool names_a_tag_where_none_is(const Request& request) {
    static constexpr std::string_view kHoldIt[] = {
        "updateMe",    "eraseMe",     "updateUser",           "eraseUser",           "changeRole", "deleteRole",
        "renameGroup", "deleteGroup", "changeServiceAccount", "deleteServiceAccount"};
    if (std::ranges::find(kHoldIt, request.operation) != std::end(kHoldIt)) return false;
    return only_if(request).has_value();
}

}  // namespace

Result<commands::AccessClaims, Response> authenticate_to_ask(Context& context, const Request& request) {
    auto claims = authenticate_holder(context, request);
    if (claims && claims->service) return Unexpected(refuse_service(request));
    return claims;
}

Result<commands::AccessClaims, Response> authenticate(Context& context, const Request& request) {
    auto claims = authenticate_to_ask(context, request);
    if (!claims || request.method == Method::kGet || request.method == Method::kHead) return claims;
    if (names_a_tag_where_none_is(request))
        return Unexpected(problem(request, problems::kPreconditionFailed, kNoTagDetail));
    auto taken = commands::take_write(context.services, claims->bearer);
    if (!taken) return Unexpected(refuse(request, taken.error()));
    return claims;
}

Result<commands::AccessClaims, Response> authenticate_service(Context& context, const Request& request) {
    auto claims = authenticate_holder(context, request);
    if (claims && !claims->service) return Unexpected(refuse_token(request));
    return claims;
}

Result<void, Response> take_idempotency_key(Context& context, const Request& request, commands::Caller& caller,
                                            const std::vector<std::string>& bound_to) {
    const auto key = request.header("Idempotency-Key");
    if (!key) return {};
    const bool good = !key->empty() && key->size() <= kMaxIdempotencyKeyBytes &&
                      std::all_of(key->begin(), key->end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (!good || request.headers.count("Idempotency-Key") != 1)
        return Unexpected(problem(request, problems::kBadRequest,
                                  "Send one Idempotency-Key of 1 to 255 visible ASCII characters, such as a UUID."));
    std::vector<std::string_view> whole(bound_to.begin(), bound_to.end());
    for (const Parameter& parameter : request.path_parameters) whole.push_back(parameter.value);
    Parameters query = request.query;
    std::ranges::sort(query, {}, &Parameter::name);
    for (const Parameter& parameter : query) whole.insert(whole.end(), {parameter.name, parameter.value});
    if (const auto if_match = request.header("If-Match")) whole.insert(whole.end(), {"If-Match", *if_match});
    whole.push_back(request.body);
    caller.idempotency = context.idempotency_keys.derive(request.operation, caller.actor_id, *key, whole);
    return {};
}

Response at_position(Response response, Position position) {
    if (position > 0) response.headers.add("Keyledger-Position", std::to_string(position));
    return response;
}

Response with_outcome(Response response, const commands::Done& outcome) {
    if (outcome.repeated) response.headers.add("Idempotency-Replayed", "true");
    return at_position(std::move(response), outcome.position);
}

}  // namespace keyledger::api
