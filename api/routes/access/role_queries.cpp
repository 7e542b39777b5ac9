// Roles, and which a user has: of the read model `permissions`, each at a position.
#include "api/routes/access/assigned_roles.hpp"
#include "api/routes/call.hpp"
#include "api/routes/conditions.hpp"
#include "api/routes/reading.hpp"
#include "commands/access/answers_at_head.hpp"
#include "commands/access/permissions.hpp"
#include "commands/entity_tags.hpp"
#include "projections/models/permissions.hpp"
#include "projections/models/roles.hpp"

namespace keyledger::api::routes {
namespace {

namespace rows = keyledger::projections;
using commands::CommandError;

Reply list_roles(Call& call) {
    const auto page = read_page(call, "roles");
    if (!page) co_return page.error();
    const auto cursor = cursor_of<rows::RoleCursor>(*page);
    auto roles = co_await rows::list_roles(call.context.queries, cursor, page->limit, call.request.deadline);
    if (!roles) co_return refuse_query(call.request, roles.error());
    co_return list_answer(call, *page, *roles, write_role);
}

Reply show_role(Call& call) {
    auto found = co_await rows::find_role(call.context.queries, call.id<Role>(), call.request.deadline);
    if (!found) co_return refuse_query(call.request, found.error());
    if (!found->value) co_return refuse(call, CommandError(refusals::kRoleUnknown));
    JsonText json;
    write_role(json, *found->value);
    const AccessRules rules(PermissionSet::of_texts(found->value->permissions),
                            PermissionSet::of_texts(found->value->deny));
    const std::string state = commands::role_tag(found->value->name, rules);
    co_return with_entity_tag(call.request, at_position(api::json(200, json.finish()), found->position), state);
}

Reply list_user_roles(Call& call) {
    auto user = co_await commands::existing_user(call.services(), call.id<User>(), call.request.deadline);
    if (!user) co_return refuse(call, user.error());
    Response answer = co_await list_assigned_roles(call, call.id<User>());
    co_return answer;
}

using enum Method;
using enum RateLimit;
using enum Authentication;

// clang-format off
constexpr RouteRow kRows[] = {
    {"listRoles", kGet, "/api/v1/admin/roles", list_roles, kOrdinary, kUser,
     {.permission = &commands::kReadRoles, .model = rows::kPermissionsModel, .input = Input::kQuery}},
    {"showRole", kGet, "/api/v1/admin/roles/{id}", show_role, kOrdinary, kUser,
     {.permission = &commands::kReadRoles, .model = rows::kPermissionsModel, .bad_id = refusals::kRoleUnknown}},
    {"listUserRoles", kGet, "/api/v1/admin/users/{id}/roles", list_user_roles, kOrdinary, kUser,
     {.permission = &commands::kReadRoles, .model = rows::kPermissionsModel, .bad_id = refusals::kUserUnknown}},
};
// clang-format on

}  // namespace

RouteTable role_queries() { return kRows; }

}  // namespace keyledger::api::routes
