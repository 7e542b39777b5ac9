// Roles: defined, changed, deleted.
#include "api/routes/call.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/roles.hpp"

namespace keyledger::api::routes {
namespace {

enum class Of { kNew, kKnown };

// A known one may be sent as it was read: it has its id, and is not built in, for those are not changed.
Result<commands::RoleDefinition, Response> read_definition(Call& call, Of of) {
    static constexpr std::array<std::string_view, 2> kReadOnly{"id", "built_in"};
    JsonFields body(call.request);
    if (of == Of::kKnown) {
        JsonText as_read;
        as_read.text("id", call.id<Role>().to_string()).boolean("built_in", false);
        body.unchanged(kReadOnly, as_read.finish());
    }
    commands::RoleDefinition definition;
    definition.name = body.required_string("name", kMaxRoleNameBytes);
    definition.permissions = body.required_string_list("permissions", kMaxPermissionsPerRole, kMaxPermissionBytes);
    definition.deny = body.string_list("deny", kMaxPermissionsPerRole, kMaxPermissionBytes);
    auto read = call.finish(body);
    if (!read) return Unexpected(read.error());
    return definition;
}

Reply define_role(Call& call) {
    auto definition = read_definition(call, Of::kNew);
    if (!definition) co_return definition.error();
    auto defined = co_await commands::define_role(call.services(), call.bearer(), *definition, call.caller());
    if (!defined) co_return refuse(call, defined.error());
    JsonText json;
    json.text("id", defined->id.to_string()).text("name", definition->name);
    json.texts("permissions", PermissionSet::of_texts(definition->permissions).texts());
    json.texts("deny", PermissionSet::of_texts(definition->deny).texts()).boolean("built_in", false);
    Response response = api::json(201, json.finish());
    response.headers.add("Location", "/api/v1/admin/roles/" + defined->id.to_string());
    const commands::Receipt outcome{defined->position, defined->repeated};
    co_return with_outcome(std::move(response), outcome);
}

Reply change_role(Call& call) {
    auto definition = read_definition(call, Of::kKnown);
    if (!definition) co_return definition.error();
    auto outcome =
        co_await commands::change_role(call.services(), call.bearer(), call.id<Role>(), *definition, call.caller());
    co_return done(call, outcome);
}

Reply delete_role(Call& call) {
    auto outcome = co_await commands::delete_role(call.services(), call.bearer(), call.id<Role>(), call.caller());
    co_return done(call, outcome);
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"defineRole", kPost, "/api/v1/admin/roles", define_role, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser}},
    {"changeRole", kPut, "/api/v1/admin/roles/{id}", change_role, kOrdinary, kUser,
     {.input = Input::kBody, .idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
    {"deleteRole", kDelete, "/api/v1/admin/roles/{id}", delete_role, kOrdinary, kUser,
     {.idempotency_key = KeyScope::kUser, .if_match = IfMatch::kCompared}},
};
// clang-format on

}  // namespace

RouteTable role_routes() { return kRows; }

}  // namespace keyledger::api::routes
