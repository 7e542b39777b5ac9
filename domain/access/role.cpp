#include "domain/access/role.hpp"

namespace keyledger {
namespace {

using Events = std::vector<RoleEvent>;
using Status = Role::Status;

bool may(const Role&, const DefineRole& command) { return command.held.covers(command.rules); }
// Removing a permission from a role takes it from everybody who has the role, and removing a denial gives it: both
// need the permission, too. Denials that do not change concern nobody.
bool may(const Role& role, const ChangeRole& command) {
    if (!command.held.covers(command.rules) || !command.held.covers(role.rules)) return false;
    return command.rules.deny == role.rules.deny || command.held.covers(AccessRules::everything());
}
bool may(const Role& role, const DeleteRole& command) { return command.held.covers_for_many(role.rules); }

RoleDecision decide_on(const Role& role, const DefineRole& command) {
    if (role.status != Status::kAbsent) return Unexpected(refusals::kBegunTwice);
    if (!may(role, command)) return Unexpected(refusals::kExceedsAuthority);
    return Events{RoleDefined{command.name, command.rules.allow.texts(), command.kind, command.rules.deny.texts()}};
}

RoleDecision decide_on(const Role& role, const ChangeRole& command) {
    if (role.status != Status::kDefined) return Unexpected(refusals::kRoleUnknown);
    if (role.kind == RoleKind::kBuiltIn) return Unexpected(refusals::kRoleBuiltIn);
    if (!may(role, command)) return Unexpected(refusals::kExceedsAuthority);
    if (command.role_holders == RoleHolders::kEveryone && command.rules.allow.reaches_administration())
        return Unexpected(refusals::kNotForEveryone);
    if (role.name == command.name && role.rules == command.rules) return Events{};
    return Events{RoleChanged{command.name, command.rules.allow.texts(), command.rules.deny.texts()}};
}

RoleDecision decide_on(const Role& role, const DeleteRole& command) {
    if (role.status != Status::kDefined) return Unexpected(refusals::kRoleUnknown);
    if (role.kind == RoleKind::kBuiltIn) return Unexpected(refusals::kRoleBuiltIn);
    if (!may(role, command)) return Unexpected(refusals::kExceedsAuthority);
    return Events{RoleDeleted{}};
}

Role apply(Role role, const RoleDefined& event) {
    role.status = Status::kDefined;
    role.name = event.name;
    role.rules = AccessRules(PermissionSet::of_texts(event.permissions), PermissionSet::of_texts(event.deny));
    role.kind = event.kind;
    return role;
}
Role apply(Role role, const RoleChanged& event) {
    role.name = event.name;
    role.rules = AccessRules(PermissionSet::of_texts(event.permissions), PermissionSet::of_texts(event.deny));
    return role;
}
Role apply(Role role, const RoleDeleted&) {
    role.status = Status::kDeleted;
    role.rules = {};
    return role;
}

}  // namespace

bool has_authority(const Role& role, const RoleCommand& command) {
    return std::visit([&](const auto& c) { return may(role, c); }, command);
}

std::vector<ClaimedName> Role::held_names() const {
    return status == Status::kDefined ? held_as("role_name", name, refusals::kRoleNameTaken)
                                      : std::vector<ClaimedName>{};
}

RoleDecision decide(const Role& role, const RoleCommand& command) {
    return std::visit([&](const auto& c) { return decide_on(role, c); }, command);
}

Role evolve(Role role, const RoleEvent& event, const Recorded&) {
    return std::visit([&](const auto& e) { return apply(std::move(role), e); }, event);
}

}  // namespace keyledger
