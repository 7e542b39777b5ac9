#include "api/routes/access/role_routes.hpp"

#include "api/routes/ordering.hpp"
#include "api/routes/refusals.hpp"
#include "api/wire/read_json.hpp"
#include "api/wire/write_json.hpp"
#include "commands/access/roles.hpp"

namespace keyledger::api::routes {
namespace {

enum class Of { kNew, kKnown };

// A known one may be sent as it was read: it has its id, and is not built in, for those are not changed.
Result<commands::RoleDefinition, Response> read_definition(const Request& request, Of of) {
    static constexpr std::array<std::string_view, 2> kReadOnly{"id", "built_in"};
    JsonFields body(request);
    if (of == Of::kKnown) {
        JsonText as_read;
        as_read.text("id", id_of(request, "id").to_string()).truth("built_in", false);
        body.unchanged(kReadOnly, as_read.finish());
    }
    commands::RoleDefinition definition;
    definition.name = body.required_string("name", kMaxRoleNameBytes);
    definition.permissions = body.required_string_list("permissions", kMaxPermissionsPerRole, kMaxPermissionBytes);
    definition.deny = body.string_list("deny", kMaxPermissionsPerRole, kMaxPermissionBytes);
    auto read = body.finish();
    if (!read) return Unexpected(read.error());
    return definition;
}

}  // namespace

Reply define_role(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto definition = read_definition(request, Of::kNew);
    if (!definition) co_return definition.error();
    auto caller = caller_with_key(context, request, *claims);
    if (!caller) co_return caller.error();
    auto defined = co_await commands::define_role(context.services, claims->bearer, *definition, *caller);
    if (!defined) co_return refuse(request, defined.error());
    JsonText json;
    json.text("id", defined->id.to_string()).text("name", definition->name);
    json.texts("permissions", PermissionSet::of_texts(definition->permissions).texts());
    json.texts("deny", PermissionSet::of_texts(definition->deny).texts()).truth("built_in", false);
    Response response = api::json(201, json.finish());
    response.headers.add("Location", "/api/v1/admin/roles/" + defined->id.to_string());
    co_return with_outcome(std::move(response), {defined->position, defined->repeated});
}

Reply change_role(Context& context, Request& request) {
    auto claims = authenticate(context, request);
    if (!claims) co_return claims.error();
    auto definition = read_definition(request, Of::kKnown);
    if (!definition) co_return definition.error();
    const Order order = [&](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::change_role(context.services, bearer, id_of(request, "id"), *definition, caller);
    };
    Response answer = co_await carry_out(context, request, *claims, order);
    co_return answer;
}

Reply delete_role(Context& context, Request& request) {
    const Order order = [&context, &request](const commands::Bearer& bearer, const commands::Caller& caller) {
        return commands::delete_role(context.services, bearer, id_of(request, "id"), caller);
    };
    return carry_out(context, request, order);
}

Reply assign_role(Context& context, Request& request) {
    return give_role(context, request, Subject::user(id_of(request, "id")));
}

Reply withdraw_role(Context& context, Request& request) {
    return take_role(context, request, Subject::user(id_of(request, "id")));
}

}  // namespace keyledger::api::routes
