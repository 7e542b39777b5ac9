// Dynamic client registration (RFC 7591, OpenID Connect Registration 1.0), where the operator has it: by whoever shows
// an initial access token.
#include "api/routes/bearer_tokens.hpp"
#include "api/routes/call.hpp"
#include "api/routes/oauth/client_authentication.hpp"
#include "api/routes/oauth/client_metadata.hpp"
#include "api/routes/refusals.hpp"
#include "commands/access/register_permission.hpp"
#include "commands/clients/client_credentials.hpp"
#include "commands/limits/rates.hpp"
#include "domain/access/subject_access.hpp"
#include "projections/models/applications.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

constexpr Refusal kEnoughApplications =
    limit_reached("There are as many applications as may be where programs register them. Ask the operator.");

// Section 3.2.2.
Response metadata_error(std::string_view name, std::string_view detail) {
    const bool is_redirect_uri = name.starts_with("redirect_uris");
    const std::string description = "'" + std::string(name) + "': " + std::string(detail);
    return oauth_error(is_redirect_uri ? "invalid_redirect_uri" : "invalid_client_metadata", description);
}

// What is wrong with the metadata in the words of the RFC, everything else as on every route.
Response refuse_registration(const Call& call, const CommandError& error, const std::string& fault) {
    const RefusalRef refusal = error.refusal;
    if (refusal == refusals::kInvalidKey) return metadata_error("jwks", fault.empty() ? refusal->advice : fault);
    const bool is_about_keys = refusal == refusals::kKeyAlreadyRegistered || refusal == refusals::kKeyIdTaken ||
                               refusal == refusals::kTooManyKeys;
    if (is_about_keys) return metadata_error("jwks", refusal->advice);
    const bool is_about_metadata = refusal->kind == RefusalKind::kInvalid || refusal->kind == RefusalKind::kUnsuitable;
    if (is_about_metadata) return metadata_error(metadata_name_of(refusal->field), refusal->advice);
    return refuse(call, error);
}

// RFC 6750 section 3.1. A token has what its account held when it was made, or less.
Response may_not_register(const Call& call) {
    Response response =
        problem(call.request, type_of(refusals::kForbidden),
                "The token has no keyledger.clients:register. Give the service account a role that grants it, and get "
                "a new token: one has what the account held when it was made, or what of it its 'scope' asked for.");
    response.headers.add("WWW-Authenticate", R"(Bearer realm="keyledger", error="insufficient_scope")");
    return response;
}

// Whose token it is, if it is one of those that register: at the head of the log, before anything else costs work.
boost::asio::awaitable<Result<commands::ServiceBearer, Response>> registrar_of(Call& call) {
    auto claims = service_of_token(call.context, call.request);
    if (!claims) co_return Unexpected(claims.error());
    const commands::ServiceBearer bearer = *(*claims)->service;
    auto taken = commands::admit_registration(call.services(), bearer.account_id);
    if (!taken) co_return Unexpected(oauth_refuse(call.request, taken.error()));
    auto access = co_await commands::access_of_service_token(call.services(), bearer, call.request.deadline);
    if (!access) co_return Unexpected(refuse(call, access.error()));
    const auto held = access->still_held(bearer.scope);
    if (!PermissionSet::of_texts(held).covers(commands::kRegisterClients)) co_return Unexpected(may_not_register(call));
    co_return bearer;
}

boost::asio::awaitable<Result<void, Response>> has_room(Call& call) {
    const std::int64_t most = call.context.most_registered;
    const auto counted = co_await rows::count_applications(call.context.queries, most, call.request.deadline);
    if (!counted) co_return Unexpected(refuse(call, CommandError(refusals::kUnavailable)));  // nobody can count
    if (*counted >= most) co_return Unexpected(refuse(call, CommandError(kEnoughApplications)));
    co_return Result<void, Response>{};
}

Reply register_client(Call& call) {
    if (call.context.most_registered == 0)
        co_return problem(call.request, problems::kNotFound, "Applications are registered by an administrator here.");
    auto bearer = co_await registrar_of(call);
    if (!bearer) co_return bearer.error();
    JsonFields body(call.request, kMetadataLimits);
    auto registration = read_client_metadata(body, call.context.tokens.id_token_algorithms());
    const std::vector<FieldError> errors = body.take_errors(0);
    auto read = call.finish(body);
    if (!read) co_return read.error();
    if (!errors.empty()) co_return metadata_error(errors.front().field, errors.front().detail);
    auto room = co_await has_room(call);
    if (!room) co_return room.error();
    std::string fault;
    auto registered = co_await commands::register_client(call.services(), *bearer, std::move(registration),
                                                         caller_of(call.request), &fault);
    if (!registered) co_return refuse_registration(call, registered.error(), fault);
    Response response = json(201, client_information(*registered));
    co_return at_position(std::move(response), registered->position);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"registerClient", kPost, "/oauth2/register", register_client, kOrdinary, kService, {.input = Input::kBody}},
};
// clang-format on

}  // namespace

RouteTable client_registration_routes() { return kRows; }

}  // namespace keyledger::api::routes
