#include "api/routes/access/assigned_roles.hpp"

#include "api/routes/conditions.hpp"
#include "api/routes/reading.hpp"

namespace keyledger::api::routes {

void write_role(JsonText& json, const projections::RoleRow& role) {
    json.text("id", role.id.to_string())
        .text("name", role.name)
        .texts("permissions", role.permissions)
        .texts("deny", role.deny)
        .boolean("built_in", role.built_in);
}

Reply list_assigned_roles(Call& call, SubjectId subject_id) {
    auto roles = co_await projections::list_assigned_roles(call.context.queries, subject_id, call.request.deadline);
    if (!roles) co_return refuse_query(call.request, roles.error());
    JsonText json;
    write_items(json, roles->value, [](JsonText& item, const projections::AssignedRoleRow& assigned) {
        write_role(item, assigned.role);
        item.time("assigned_at", assigned.assigned_at);
    });
    co_return with_entity_tag(call.request, at_position(api::json(200, json.finish()), roles->position), "");
}

}  // namespace keyledger::api::routes
