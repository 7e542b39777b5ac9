#include "api/routes/role_routes.hpp"

#include "api/read_json.hpp"
#include "api/refusals.hpp"
#include "api/write_json.hpp"
#include "commands/roles.hpp"

namespace keyledger::api::routes {
namespace {

using commands::CommandError;
using commands::Refusal;

Result<commands::RoleDefinition, Response> read_definition(const Request& request) {
    JsonFields body(request);
    commands::RoleDefinition definition;
    definition.name = body.required_string("name", kMaxRoleNameBytes);
    definition.permissions =
        body.required_string_list("permissions", kMaxPermissionsPerRole, kMaxPermissionBytes);
    definition.deny = body.string_list("deny", kMaxPermissionsPerRole, kMaxPermissionBytes);
    auto read = body.finish();
    if (!read) return Unexpected(read.error());
    return definition;
}

std::vector<std::string> parts_of(const commands::RoleDefinition& definition) {
    std::vector<std::string> parts{definition.name};
    parts.insert(parts.end(), definition.permissions.begin(), definition.permissions.end());
    for (const std::string& denied : definition.deny) parts.push_back("deny " + denied);
    return parts;
}

Response done(const Request& request, const Result<commands::Done, CommandError>& outcome) {
    if (!outcome) return refuse(request, outcome.error());
    return at_position(no_content(), outcome->position);
}

// Ids that no command knows become the nil id, which none has: the command says whether the caller may learn of that.
Uuid id_of(const Request& request, std::string_view name) {
    return Uuid::parse(request.path_parameter(name)).value_or(Uuid{});
}

}  // namespace

Reply define_role(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto definition = read_definition(request);
    if (!definition) co_return definition.error();
    commands::Caller caller = caller_of(request, *claims);
    const std::vector<std::string> parts = parts_of(*definition);
    auto key = take_idempotency_key(context, request, caller, parts);
    if (!key) co_return key.error();
    auto defined = co_await commands::define_role(context.services, claims->bearer, *definition, caller);
    if (!defined) co_return refuse(request, defined.error());
    JsonText json;
    json.text("id", defined->id.to_string()).text("name", definition->name);
    json.texts("permissions", PermissionSet::of_texts(definition->permissions).texts());
    json.texts("deny", PermissionSet::of_texts(definition->deny).texts()).truth("built_in", false);
    Response response = api::json(201, json.finish());
    response.headers.add("Location", "/api/v1/admin/roles/" + defined->id.to_string());
    co_return at_position(std::move(response), defined->position);
}

Reply change_role(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto definition = read_definition(request);
    if (!definition) co_return definition.error();
    commands::Caller caller = caller_of(request, *claims);
    const std::vector<std::string> parts = parts_of(*definition);
    auto key = take_idempotency_key(context, request, caller, parts);
    if (!key) co_return key.error();
    const Uuid role_id = id_of(request, "id");
    auto outcome = co_await commands::change_role(context.services, claims->bearer, role_id, *definition, caller);
    co_return done(request, outcome);
}

Reply delete_role(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    commands::Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, {});
    if (!key) co_return key.error();
    const Uuid role_id = id_of(request, "id");
    auto outcome = co_await commands::delete_role(context.services, claims->bearer, role_id, caller);
    co_return done(request, outcome);
}

Reply assign_role(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    commands::Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, {});
    if (!key) co_return key.error();
    const Subject subject = Subject::user(id_of(request, "id"));
    const Uuid role_id = id_of(request, "role");
    auto outcome = co_await commands::assign_role(context.services, claims->bearer, subject, role_id, caller);
    co_return done(request, outcome);
}

Reply withdraw_role(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    commands::Caller caller = caller_of(request, *claims);
    auto key = take_idempotency_key(context, request, caller, {});
    if (!key) co_return key.error();
    const Subject subject = Subject::user(id_of(request, "id"));
    const Uuid role_id = id_of(request, "role");
    auto outcome =
        co_await commands::withdraw_role(context.services, claims->bearer, subject, role_id, caller);
    if (outcome && role_id.is_nil()) co_return refuse(request, CommandError(Refusal::kRoleUnknown));
    co_return done(request, outcome);
}

}  // namespace keyledger::api::routes
