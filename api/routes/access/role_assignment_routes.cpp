// Roles are given to users, service accounts and groups, and taken away.
#include "api/routes/call.hpp"
#include "commands/access/roles.hpp"
#include "domain/access/subject.hpp"

namespace keyledger::api::routes {
namespace {

Reply assign(Call& call, Subject subject) {
    auto outcome =
        co_await commands::assign_role(call.services(), call.bearer(), subject, call.id<Role>("role"), call.caller());
    co_return done(call, outcome);
}

Reply withdraw(Call& call, Subject subject) {
    const RoleId role_id = call.id<Role>("role");
    auto outcome = co_await commands::withdraw_role(call.services(), call.bearer(), subject, role_id, call.caller());
    if (outcome && role_id.is_nil()) co_return refuse(call, commands::CommandError(refusals::kRoleUnknown));
    co_return done(call, outcome);
}

Reply assign_role(Call& call) { return assign(call, Subject::user(call.id<User>())); }
Reply withdraw_role(Call& call) { return withdraw(call, Subject::user(call.id<User>())); }
Reply assign_group_role(Call& call) { return assign(call, Subject::group(call.id<Group>())); }
Reply withdraw_group_role(Call& call) { return withdraw(call, Subject::group(call.id<Group>())); }
Reply assign_account_role(Call& call) { return assign(call, Subject::service_account(call.id<ServiceAccount>())); }
Reply withdraw_account_role(Call& call) { return withdraw(call, Subject::service_account(call.id<ServiceAccount>())); }

using enum Method;
using enum RateLimit;
using enum Authentication;

constexpr Needs kKeyOfUser{.idempotency_key = KeyScope::kUser};
// clang-format off
constexpr RouteRow kRows[] = {
    {"assignRole", kPut, "/api/v1/admin/users/{id}/roles/{role}", assign_role, kOrdinary, kUser, kKeyOfUser},
    {"withdrawRole", kDelete, "/api/v1/admin/users/{id}/roles/{role}", withdraw_role, kOrdinary, kUser, kKeyOfUser},
    {"assignGroupRole", kPut, "/api/v1/admin/groups/{id}/roles/{role}", assign_group_role, kOrdinary, kUser,
     kKeyOfUser},
    {"withdrawGroupRole", kDelete, "/api/v1/admin/groups/{id}/roles/{role}", withdraw_group_role, kOrdinary, kUser,
     kKeyOfUser},
    {"assignServiceAccountRole", kPut, "/api/v1/admin/service-accounts/{id}/roles/{role}", assign_account_role,
     kOrdinary, kUser, kKeyOfUser},
    {"withdrawServiceAccountRole", kDelete, "/api/v1/admin/service-accounts/{id}/roles/{role}",
     withdraw_account_role, kOrdinary, kUser, kKeyOfUser},
};
// clang-format on

}  // namespace

RouteTable role_assignment_routes() { return kRows; }

}  // namespace keyledger::api::routes
